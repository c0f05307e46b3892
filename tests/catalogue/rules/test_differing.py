"""What publishing a pricing would change."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from obole.catalogue.rules import parts as p
from obole.catalogue.rules import tariffs as t
from obole.catalogue.rules.comparing import raised
from obole.catalogue.rules.differing import Kind, differ
from tests.catalogue.rules.build import d, fixed, line, n, product, tariff
from tests.catalogue.rules.dispositifs import SCHOOL

EMPTY = p.Pricing()


def with_next_year(percent: str = "2") -> p.Pricing:
    """Return the school's pricing with a version for the year to come."""
    first, *others = SCHOOL.tariffs
    new = raised(
        first.versions[0], d(percent), effect=date(2027, 9, 1), deliberation="2027-33", voted_on=date(2027, 6, 11)
    )
    return replace(SCHOOL, tariffs=(replace(first, versions=(*first.versions, new)), *others))


def test_the_same_differs_in_nothing() -> None:
    assert differ(SCHOOL, SCHOOL).is_empty
    assert differ(EMPTY, EMPTY).is_empty


def test_a_version_to_come_is_shown_beside_the_one_that_it_follows() -> None:
    [changed] = differ(SCHOOL, with_next_year()).tariffs
    assert (changed.kind, changed.label) == (Kind.CHANGED, "Enfance")
    [version] = changed.versions
    assert (version.kind, version.effect, version.deliberation) == (Kind.ADDED, date(2027, 9, 1), "2027-33")
    meal = next(one for one in version.figures if one.label == "701–1000 / repas")
    assert (meal.old, meal.new, meal.percent) == (d("3.25"), d("3.32"), d("2.2"))
    assert len(version.figures) == 21 and not version.other


def test_a_version_that_goes_or_changes_is_told() -> None:
    [back] = differ(with_next_year(), SCHOOL).tariffs
    assert [(one.kind, one.effect, one.figures) for one in back.versions] == [(Kind.REMOVED, date(2027, 9, 1), ())]
    [dearer] = differ(with_next_year(), with_next_year("3")).tariffs
    [version] = dearer.versions
    assert (version.kind, version.other) == (Kind.CHANGED, False)
    assert any(one.old != one.new for one in version.figures)


def test_a_vote_that_changes_without_its_figures_is_told() -> None:
    one = fixed("salle", 45000)
    other = replace(one, versions=(replace(one.versions[0], deliberation="2026-42"),))
    [changed] = differ(replace(EMPTY, tariffs=(one,)), replace(EMPTY, tariffs=(other,))).tariffs
    assert changed.versions[0].other


def test_a_tariff_that_comes_and_one_that_goes() -> None:
    one, other = replace(EMPTY, tariffs=(fixed("a", 100),)), replace(EMPTY, tariffs=(fixed("b", 250),))
    added, removed = differ(one, other).tariffs
    assert (added.kind, removed.kind) == (Kind.ADDED, Kind.REMOVED)
    assert [(x.old, x.new) for x in added.versions[0].figures] == [(None, Decimal("2.5"))]
    assert [x.kind for x in removed.versions] == [Kind.REMOVED]


def test_a_tariff_that_is_of_another_kind_shows_both() -> None:
    one, other = fixed("a", 100), tariff("a", t.Given(of=n(3), cap=500))
    [changed] = differ(replace(EMPTY, tariffs=(one,)), replace(EMPTY, tariffs=(other,))).tariffs
    assert [(x.label, x.old, x.new) for x in changed.versions[0].figures] == [
        ("minimum", None, None), ("maximum", None, d(5)), ("prix", d(1), None),
    ]  # fmt: skip


def test_the_other_parts_are_told_by_name() -> None:
    new = replace(
        SCHOOL, lines=(*SCHOOL.lines[1:], line("adulte", product="pai")), products=(*SCHOOL.products, product("adulte", tariff="pai")),
        questions=(replace(SCHOOL.questions[0], label="QF"), *SCHOOL.questions[1:]), terms=p.Terms(acompte=d(30)),
    )  # fmt: skip
    found = [(one.kind, str(one.sort), one.label) for one in differ(SCHOOL, new).parts]
    assert found == [
        (Kind.CHANGED, "question", "QF"), (Kind.ADDED, "produit", "Adulte"), (Kind.ADDED, "ligne", "Adulte"),
        (Kind.REMOVED, "ligne", "Repas"), (Kind.CHANGED, "paiement", ""),
    ]  # fmt: skip
