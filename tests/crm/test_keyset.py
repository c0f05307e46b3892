"""Pages that go on from a row: all rows, once each, whichever way, however they are sorted, whatever came meanwhile."""

import pytest
from django.db.models import QuerySet

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.crm.shared.keyset import KeysetPaginator, neighbours
from tests.world import Town, make_citizen, make_invoice

pytestmark = pytest.mark.django_db
SORTS = [
    ("-issued_at",),
    ("number",),
    ("payer_key",),
    ("-payer_key",),
    ("standing", "due_date"),
    ("label", "-total_cents"),
    ("-total_cents", "payer_key"),
    ("paid_key",),
    ("-due_cents",),
    ("dossier_number",),
    ("regie_id",),
    ("payer__sort_key",),
]


@pytest.fixture
def listed(town: Town) -> QuerySet[Invoice]:
    others = [make_citizen(f"autre{n}@example.org", last_name=f"Nom{n % 2}") for n in range(3)]
    for n in range(7):
        make_invoice(town, meals=1 + n % 3, citizen=others[n % 3])
    return billing.invoices_to_list(town.admin)


def walk(rows: QuerySet[Invoice], way: str) -> list[int]:
    """Follow the pages to their end, one way."""
    pages, page = KeysetPaginator(rows, 2), ""
    found = []
    if way == "before":
        while (one := pages.page(page)).after:
            page = one.after
    for _turn in range(20):
        one = pages.page(page)
        found.append([row.pk for row in one])
        page = getattr(one, way)
        if not page:
            break
    return [pk for some in (found if way == "after" else found[::-1]) for pk in some]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("way", ["after", "before"])
def test_every_row_is_on_one_page(listed: QuerySet[Invoice], sort: tuple[str, ...], way: str) -> None:
    rows = listed.order_by(*sort)
    last = "-id" if sort[0].startswith("-") else "id"
    assert walk(rows, way) == list(listed.order_by(*sort, last).values_list("pk", flat=True))


def test_a_row_that_comes_meanwhile_is_neither_shown_twice_nor_hides_another(
    town: Town, listed: QuerySet[Invoice]
) -> None:
    rows = listed.order_by("-total_cents")
    first = KeysetPaginator(rows, 3).page("")
    seen = [row.pk for row in first]
    new = make_invoice(town, meals=30)
    second = [row.pk for row in KeysetPaginator(rows, 3).page(first.after)]
    expected = [pk for pk in listed.order_by("-total_cents", "-id").values_list("pk", flat=True) if pk != new.pk]
    assert seen + second == expected[:6]


@pytest.mark.parametrize(
    "asked", ["2", "a.", "a.!!", "a.bnVsbA", "b.W10", "a.WyJ4Il0", "a." + "A" * 5000, "\0", "a.W251bGxd"]
)
def test_an_address_that_says_nothing_shows_the_first_page(listed: QuerySet[Invoice], asked: str) -> None:
    rows = listed.order_by("-total_cents")
    assert [row.pk for row in KeysetPaginator(rows, 2).page(asked)] == [
        row.pk for row in KeysetPaginator(rows, 2).page("")
    ]


def test_a_page_costs_one_query_wherever_it_is(listed: QuerySet[Invoice], django_assert_num_queries: object) -> None:
    pages = KeysetPaginator(listed.order_by("payer_key"), 2)
    first = pages.page("")
    with django_assert_num_queries(1):  # type: ignore[operator]
        pages.page(first.after)


def test_the_neighbours_of_a_row_are_those_of_the_list(listed: QuerySet[Invoice]) -> None:
    rows = listed.order_by("-total_cents")
    order = list(listed.order_by("-total_cents", "-id"))
    assert neighbours(rows, order[2]) == (order[1], order[3])
    assert neighbours(rows, order[0])[0] is None and neighbours(rows, order[-1])[1] is None
