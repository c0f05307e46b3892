"""What a datum is used by: wherever a formula, a condition, a grid or a name says it, and nowhere else."""

from dataclasses import replace

import pytest

from obole.pricing.model.parts import Pricing, Question, QuestionKind
from obole.pricing.uses import uses
from tests.pricing.dispositifs import SCHOOL, TERRACE, TOWN


def told(pricing: Pricing, key: str) -> list[tuple[str, str]]:
    return [(use.section, use.part.label) for use in uses(pricing)[key]]


def test_a_grid_a_line_a_condition_and_a_name_are_uses() -> None:
    assert ("tariffs", "Enfance") in told(SCHOOL, "qf")
    assert ("lines", "Repas") in told(SCHOOL, "repas")
    assert [section for section, _label in told(SCHOOL, "prenom")] == ["groups"]


def test_a_value_is_used_and_uses() -> None:
    assert any(section == "values" for section, _label in told(TERRACE, "dates__from"))
    assert any(section == "lines" for section, _label in told(TERRACE, "mois"))


def test_what_nothing_names_is_used_by_nothing() -> None:
    spare = Question(key="rien", label="Rien", kind=QuestionKind.NUMBER)
    assert told(replace(SCHOOL, questions=(*SCHOOL.questions, spare)), "rien") == []


@pytest.mark.parametrize("name", TOWN)
def test_the_town_asks_nothing_in_vain(name: str) -> None:
    assert [key for key, found in uses(TOWN[name]).items() if not found] == []
