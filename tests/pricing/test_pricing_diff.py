"""What publishing a pricing would change."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from obole.pricing.diff.pricing_diff import ChangeKind, diff_pricings
from obole.pricing.diff.version_diff import next_year_version
from obole.pricing.model import parts as p, tariffs as t
from tests.pricing.build import d, fixed, line, n, product, tariff
from tests.pricing.dispositifs import SCHOOL

EMPTY = p.Pricing()


def with_next_year(percent: str = "2") -> p.Pricing:
    """Return the school's pricing with a version for the year to come."""
    first, *others = SCHOOL.tariffs
    new = next_year_version(
        first.versions[0], d(percent), effect=date(2027, 9, 1), deliberation="2027-33", voted_on=date(2027, 6, 11)
    )
    return replace(SCHOOL, tariffs=(replace(first, versions=(*first.versions, new)), *others))


def test_the_same_differs_in_nothing() -> None:
    assert diff_pricings(SCHOOL, SCHOOL).is_empty
    assert diff_pricings(EMPTY, EMPTY).is_empty


def test_a_version_to_come_is_shown_beside_the_one_that_it_follows() -> None:
    [changed] = diff_pricings(SCHOOL, with_next_year()).tariffs
    assert (changed.kind, changed.label) == (ChangeKind.CHANGED, "Enfance")
    [version] = changed.versions
    assert (version.kind, version.effect, version.deliberation) == (ChangeKind.ADDED, date(2027, 9, 1), "2027-33")
    meal = next(figure for figure in version.figures if figure.label == "701–1000 / repas")
    assert (meal.old, meal.new, meal.percent) == (d("3.25"), d("3.32"), d("2.2"))
    assert len(version.figures) == 21 and not version.other


def test_a_version_that_goes_or_changes_is_told() -> None:
    [back] = diff_pricings(with_next_year(), SCHOOL).tariffs
    assert [(version.kind, version.effect, version.figures) for version in back.versions] == [
        (ChangeKind.REMOVED, date(2027, 9, 1), ())
    ]
    [dearer] = diff_pricings(with_next_year(), with_next_year("3")).tariffs
    [version] = dearer.versions
    assert (version.kind, version.other) == (ChangeKind.CHANGED, False)
    assert any(figure.old != figure.new for figure in version.figures)


def test_a_vote_that_changes_without_its_figures_is_told() -> None:
    one = fixed("salle", 45000)
    other = replace(one, versions=(replace(one.versions[0], deliberation="2026-42"),))
    [changed] = diff_pricings(replace(EMPTY, tariffs=(one,)), replace(EMPTY, tariffs=(other,))).tariffs
    assert changed.versions[0].other


def test_a_tariff_that_comes_and_one_that_goes() -> None:
    one, other = replace(EMPTY, tariffs=(fixed("a", 100),)), replace(EMPTY, tariffs=(fixed("b", 250),))
    added, removed = diff_pricings(one, other).tariffs
    assert (added.kind, removed.kind) == (ChangeKind.ADDED, ChangeKind.REMOVED)
    assert [(x.old, x.new) for x in added.versions[0].figures] == [(None, Decimal("2.5"))]
    assert [x.kind for x in removed.versions] == [ChangeKind.REMOVED]


def test_a_tariff_that_is_of_another_kind_shows_both() -> None:
    one, other = fixed("a", 100), tariff("a", t.Given(of=n(3), cap=500))
    [changed] = diff_pricings(replace(EMPTY, tariffs=(one,)), replace(EMPTY, tariffs=(other,))).tariffs
    assert [(x.label, x.old, x.new) for x in changed.versions[0].figures] == [
        ("minimum", None, None),
        ("maximum", None, d(5)),
        ("prix", d(1), None),
    ]


def test_the_other_parts_are_told_by_name() -> None:
    new = replace(
        SCHOOL,
        lines=(*SCHOOL.lines[1:], line("adulte", product="pai")),
        products=(*SCHOOL.products, product("adulte", tariff="pai")),
        questions=(replace(SCHOOL.questions[0], label="QF"), *SCHOOL.questions[1:]),
        terms=p.Terms(acompte=d(30)),
    )
    found = [(part.kind, str(part.sort), part.label) for part in diff_pricings(SCHOOL, new).parts]
    assert found == [
        (ChangeKind.CHANGED, "question", "QF"),
        (ChangeKind.ADDED, "produit", "Adulte"),
        (ChangeKind.ADDED, "ligne", "Adulte"),
        (ChangeKind.REMOVED, "ligne", "Repas"),
        (ChangeKind.CHANGED, "paiement", ""),
    ]
