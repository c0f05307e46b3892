"""What people read in « Statut » is derived; the list's filter and each row must say the same."""

import pytest
from django.db import transaction

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.lib import days
from obole.payments import standing
from obole.payments.standing import Standing
from tests.payments.steps import come_back, pay
from tests.world import Town, later, make_invoice, make_town

TODAY = days.day_of(later())


def receive(invoice: Invoice, cents: int) -> None:
    """Count part of an invoice, as money at a counter would."""
    with transaction.atomic():
        locked = Invoice.objects.locked().get(pk=invoice.pk)
        billing.settle_invoice(invoice=locked, cents=cents, actor="tests", at=later())


def one_of_each(town: Town) -> dict[Standing, set[int]]:
    made = {name: make_invoice(town, meals=4, at=later(days=-days_ago)) for name, days_ago in AGES.items()}
    paid = make_invoice(town)
    come_back(pay(paid), 1)
    pay(made["in progress"])
    receive(made["part paid"], 300)
    receive(made["late, part paid"], 300)
    billing.cancel_invoice(invoice_id=made["cancelled"].pk, code="other", comment="erreur", actor="tests", at=later())
    billing.transfer_invoice(invoice_id=made["transferred"].pk, actor="tests", at=later())
    return {
        Standing.DUE: {made["due"].pk}, Standing.IN_PROGRESS: {made["in progress"].pk},
        Standing.LATE: {made["late"].pk, made["late, part paid"].pk}, Standing.PART_PAID: {made["part paid"].pk},
        Standing.PAID: {paid.pk}, Standing.CANCELLED: {made["cancelled"].pk}, Standing.TRANSFERRED: {made["transferred"].pk},
    }  # fmt: skip


AGES = {
    "due": 0,
    "in progress": 0,
    "part paid": 20,
    "late": 21,
    "late, part paid": 40,
    "cancelled": 0,
    "transferred": 90,
}


@pytest.mark.django_db(transaction=True)
def test_each_row_and_the_filter_say_the_same() -> None:
    expected = one_of_each(make_town())
    everything = Invoice.objects.order_by("id")

    shown: dict[Standing, set[int]] = {}
    for row in standing.show_all(everything, today=TODAY):
        shown.setdefault(row.standing, set()).add(row.invoice.pk)

    assert shown == expected
    for name, keys in expected.items():
        found = standing.filter_by(everything, [name], today=TODAY)
        assert set(found.values_list("pk", flat=True)) == keys, name
