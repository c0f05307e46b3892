"""What people read in « Statut » is derived; the list's filter and each row must say the same."""

import pytest
from django.db import transaction

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.crm.invoices.invoice_table import InvoiceTable
from obole.crm.shared import badges, exports
from obole.directory.models import Citizen
from obole.lib import dates
from obole.payments import display_status
from obole.payments.display_status import DisplayStatus
from tests.actors import somebody
from tests.payments.steps import come_back, pay
from tests.world import Town, later, make_invoice, make_town

TODAY = dates.day_of(later())


def receive(invoice: Invoice, cents: int) -> None:
    """Count part of an invoice, as money at a counter would."""
    with transaction.atomic():
        locked = Invoice.objects.locked().get(pk=invoice.pk)
        billing.settle_invoice(invoice=locked, cents=cents, actor=somebody("tests"), at=later())


def one_of_each(town: Town) -> dict[DisplayStatus, set[int]]:
    made = {name: make_invoice(town, meals=4, at=later(days=-days_ago)) for name, days_ago in AGES.items()}
    paid = make_invoice(town)
    come_back(pay(paid), 1)
    pay(made["in progress"])
    receive(made["part paid"], 300)
    receive(made["late, part paid"], 300)
    billing.cancel_invoice(
        invoice_id=made["cancelled"].pk, code="other", comment="erreur", actor=somebody("tests"), at=later()
    )
    billing.transfer_invoice(invoice_id=made["transferred"].pk, actor=somebody("tests"), at=later())
    return {
        DisplayStatus.DUE: {made["due"].pk},
        DisplayStatus.IN_PROGRESS: {made["in progress"].pk},
        DisplayStatus.LATE: {made["late"].pk, made["late, part paid"].pk},
        DisplayStatus.PART_PAID: {made["part paid"].pk},
        DisplayStatus.PAID: {paid.pk},
        DisplayStatus.CANCELLED: {made["cancelled"].pk},
        DisplayStatus.TRANSFERRED: {made["transferred"].pk},
    }


AGES = {
    "due": 0,
    "in progress": 0,
    "part paid": 20,
    "late": 21,
    "late, part paid": 40,
    "cancelled": 0,
    "transferred": 90,
}


@pytest.mark.django_db
def test_late_and_paid_in_part_is_said_to_be_both() -> None:
    town = make_town()
    late = make_invoice(town, at=later(days=-23))
    receive(late, 300)
    shown = display_status.display(display_status.with_progress(Invoice.objects.filter(pk=late.pk)).get(), today=TODAY)
    assert "En retard 3\u00a0j, payée en partie" in badges.invoice_badge(shown)


@pytest.mark.django_db
def test_each_row_and_the_filter_say_the_same() -> None:
    expected = one_of_each(make_town())
    everything = Invoice.objects.order_by("id")

    shown: dict[DisplayStatus, set[int]] = {}
    for row in display_status.display_all(everything, today=TODAY):
        shown.setdefault(row.status, set()).add(row.invoice.pk)

    assert shown == expected
    for name, keys in expected.items():
        found = display_status.filter_by(everything, [name], today=TODAY)
        assert set(found.values_list("pk", flat=True)) == keys, name


@pytest.mark.django_db
def test_a_file_says_of_each_invoice_what_the_list_says() -> None:
    one_of_each(make_town())
    Citizen.objects.update(organisation="Les Amis du Lac")
    rows = display_status.with_progress(Invoice.objects.order_by("id"))
    table = InvoiceTable(rows, today=TODAY)
    columns, read = exports.read(table)
    said = [[column.value(row) for column in columns] for row in read]
    for invoice, line in zip(rows, said, strict=True):
        shown = display_status.display(invoice, today=TODAY)
        found = dict(zip(table.columns.names(), line, strict=True))
        assert (found["status"], found["remaining"]) == (shown.status.label, exports.in_euros(invoice.remaining_cents))
        assert (found["payer"], found["dossier"]) == ("Les Amis du Lac", str(invoice.dossier))
    assert [str(column.title) for column in columns] == [str(column.title) for column in exports.columns_of(table)]
    assert len({line[table.columns.names().index("status")] for line in said}) == len(AGES)
