"""Money for invoices that a pricing made: VAT that no line holds, and lines that take away."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from obole.billing import queries
from obole.billing.models import Invoice
from obole.payments import operations as payments, rules
from obole.payments.models import Receipt, Reversal
from obole.payments.operations import booking
from obole.pricing.model import parts as p, tariffs as t
from obole.regies.models import Line
from tests.billing.priced import FAMILY, bill, publish
from tests.payments.steps import come_back, pay, state_of
from tests.payments.test_counter import take
from tests.pricing.build import fixed, line, product
from tests.pricing.dispositifs import SCHOOL, TAXED_HALL, TWENTY
from tests.world import WHO, Town, later

pytestmark = pytest.mark.django_db


def by_nature(invoice: Invoice) -> dict[str, int]:
    """Return what the ledger holds of an invoice's revenue, by nature."""
    held: dict[str, int] = {}
    for item in Line.objects.filter(account="revenue_due", entry__allocations__invoice=invoice).order_by("id"):
        held[item.nature] = held.get(item.nature, 0) + item.credit - item.debit
    return {nature: cents for nature, cents in held.items() if cents}


def test_vat_that_no_line_holds_is_paid_online_and_booked_as_vat(town: Town) -> None:
    invoice = bill(town, publish(town, TAXED_HALL), {})
    come_back(pay(invoice), 2)
    assert state_of(invoice) == "paid"
    assert by_nature(invoice) == {invoice.lines.get().nature: 450_00, "44571": 90_00}


def test_neg_without_the_vat_the_money_of_the_bank_is_not_booked(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def lines_only(_ids: object) -> dict[int, list[tuple[str, int]]]:
        return {invoice.pk: [(line.nature, line.amount_cents) for line in invoice.lines.order_by("position")]}

    invoice = bill(town, publish(town, TAXED_HALL), {})
    attempt = pay(invoice)
    monkeypatch.setattr(booking.billing, "amounts_by_nature", lines_only)
    with pytest.raises(ValueError, match="more than the lines hold"):
        come_back(attempt, 2)


def test_vat_is_paid_in_parts_then_taken_back(town: Town) -> None:
    invoice = bill(town, publish(town, TAXED_HALL), {})
    first = take(invoice.pk, 300_00, Receipt.Means.CHEQUE)
    last = take(invoice.pk, 240_00, Receipt.Means.CHEQUE)
    assert state_of(invoice) == "paid" and by_nature(invoice)["44571"] == 90_00
    for receipt in (last, first):
        payments.reverse_receipt(
            receipt_id=receipt.pk, kind=Reversal.Kind.BOUNCED, reason="sans provision", actor=WHO, at=later(9)
        )
    assert state_of(invoice) == "due" and by_nature(invoice) == {}


def test_a_line_that_takes_away_is_paid_in_parts(town: Town) -> None:
    family = {**FAMILY, "enfants": [{**FAMILY["enfants"][0], "absences": "2"}]}
    invoice = bill(town, publish(town, SCHOOL), family)
    for cents in (10_00, invoice.total_cents - 10_00):
        take(invoice.pk, cents, Receipt.Means.CHEQUE)
    assert state_of(invoice) == "paid"
    assert sum(by_nature(invoice).values()) == invoice.total_cents


def test_an_invoice_is_what_its_amounts_come_to(town: Town) -> None:
    both = p.Pricing(
        tariffs=(fixed("salle", 60000), fixed("remise", 10000, vat=TWENTY, typed=t.Typed.NET)),
        products=(product("salle"), product("remise")),
        lines=(line("salle"), line("remise", deduct=True)),
    )
    invoice = bill(town, publish(town, both), {})
    amounts = queries.amounts_by_nature([invoice.pk])[invoice.pk]
    assert sum(cents for _nature, cents in amounts) == invoice.total_cents == 480_00
    come_back(pay(invoice), 2)
    assert state_of(invoice) == "paid"


@given(
    amounts=st.lists(
        st.tuples(st.sampled_from(["7067", "70632", "44571"]), st.integers(-300, 900)), min_size=1, max_size=6
    ),
    cuts=st.lists(st.integers(0, 5400), max_size=4),
)
def test_parts_of_any_size_spread_to_the_whole(amounts: list[tuple[str, int]], cuts: list[int]) -> None:
    total = sum(cents for _nature, cents in amounts)
    if total <= 0:
        return
    stops = sorted({0, total, *(cut for cut in cuts if cut < total)})
    spread: dict[str, int] = {}
    for already, until in pairwise(stops):
        rows = rules.spread_by_nature(amounts, already_cents=already, cents=until - already)
        assert sum(cents for _nature, cents in rows) == until - already
        assert all(cents > 0 for _nature, cents in rows)
        for nature, cents in rows:
            spread[nature] = spread.get(nature, 0) + cents
    assert spread == dict(rules.spread_by_nature(amounts, already_cents=0, cents=total))
