"""The canteen of the demo: its pricing makes sense, and the family of the handbook pays what the handbook says."""

from datetime import date

import pytest

from obole.catalogue import rules
from obole.cli.demo import canteen

USAGER = {"repas": "16", "repas2": "16", "repas3": "14", "soir": "24"}


@pytest.mark.parametrize("on", [date(2025, 9, 1), date(2026, 8, 31), date(2026, 11, 23)])
def test_the_family_of_the_handbook_pays_158_88(on: date) -> None:
    compiled = rules.compile_pricing(rules.parse(rules.as_dict(canteen.pricing())))
    result = compiled.price(compiled.read(canteen.month_of("Nina", USAGER, "1")), on=on)
    assert result.total_cents == 158_88
    assert [line.row for line in result.lines] == ["Nina", "Léo", "Sacha", "Nina", "Nina"]


def test_a_month_has_the_children_that_ate() -> None:
    month = canteen.month_of("Tom", {**USAGER, "repas2": "0", "repas3": "0", "soir": "0"}, "0")
    assert month["enfants"] == [{"prenom": "Tom", "repas": "16", "soir": "0", "hors_delai": "0"}]
