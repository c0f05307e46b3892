"""
What the people of the demo ask for: their forms are complete, their answers are priced, and the handbook's family pays
its bill.
"""

import random
from datetime import date

import pytest

from obole.catalogue.fields import FilledBy
from obole.catalogue.forms import checking
from obole.directory.models import Citizen
from obole.dossiers.rules import answers_to_keep
from obole.pricing.checking import check_pricing
from obole.pricing.engine import compiled_pricing
from obole.pricing.text import codec
from obole_demo import chapters, dispositifs, personas

SOMEBODY = Citizen(
    kind="company", organisation="Café des Halles", last_name="Lefèvre", address="3 rue des Halles\n99210 Valbourg"
)
STORY = [date(2025, 9, 1), date(2026, 8, 31), date(2026, 11, 23)]


@pytest.mark.parametrize("key", dispositifs.BY_KEY)
def test_a_dispositif_can_be_published(key: str) -> None:
    plan = dispositifs.BY_KEY[key]
    assert checking.check(plan.form) == []
    if plan.pricing is not None:
        described = codec.as_dict(plan.pricing)
        assert codec.parse(described) == plan.pricing and check_pricing.check(plan.pricing) == []
        assert plan.type is not None, "what has a price is invoiced"


@pytest.mark.parametrize("key", [*chapters.OTHERS, *chapters.UNBILLED])
def test_a_wish_is_complete_and_comes_to_something(key: str) -> None:
    plan = dispositifs.BY_KEY[key]
    compiled = compiled_pricing.compile_pricing(plan.pricing) if plan.pricing else None
    for seed in range(40):
        wish = personas.of(key, random.Random(seed), SOMEBODY)
        kept = answers_to_keep(plan.form, wish.answers, known={}, attached=())
        assert kept == {name: value for name, value in wish.answers.items() if value not in ("", [])}, (
            "all of it is asked"
        )
        noted = answers_to_keep(plan.form, wish.noted, known=kept, attached=(), by=FilledBy.AGENT)
        assert noted == kept | {name: value for name, value in wish.noted.items() if value not in ("", [])}
        if compiled is not None and key not in chapters.UNBILLED:
            answers = compiled.read(personas.priced(plan.form, noted, wish.counted))
            assert all(compiled.price(answers, on=on).total_cents > 0 for on in STORY)


def test_a_story_has_four_hundred_invoices_and_leaves_nothing_out() -> None:
    assert chapters.FAMILIES * chapters.CAMPAIGNS + sum(chapters.OTHERS.values()) == 400
    assert {*chapters.OTHERS, *chapters.UNBILLED, "cantine"} == set(dispositifs.BY_KEY), "each has its dossiers"


def test_the_family_of_the_handbook_pays_158_88() -> None:
    plan = dispositifs.BY_KEY["cantine"]
    wish = personas.family(random.Random(1), SOMEBODY, children=3)
    assert plan.pricing is not None
    compiled = compiled_pricing.compile_pricing(plan.pricing)
    first, *others = chapters.HANDBOOK
    counted = {"enfants": [{**first, "hors_delai": "1"}, *others]}
    result = compiled.price(compiled.read(personas.priced(plan.form, wish.answers, counted)), on=STORY[-1])
    names = [row["prenom"] for row in wish.answers["enfants"]]
    assert result.total_cents == 158_88
    assert [line.row for line in result.lines] == [*names, names[0], names[0]]


def test_a_month_has_the_children_that_are_registered() -> None:
    wish = personas.family(random.Random(2), SOMEBODY, children=1)
    answers = personas.priced(dispositifs.BY_KEY["cantine"].form, wish.answers, wish.counted)
    assert [(row["repas"], bool(row["prenom"])) for row in answers["enfants"]] == [("16", True)]
