"""The main job, from the draft to the receipt, on the smallest gateway."""

from decimal import Decimal

import pytest

from obole.billing.models import Invoice
from obole.lib import actors, money, texts
from obole.mailing.models import Message
from obole.payments import operations as payments, pdf_documents
from obole.payments.models import Attempt, Receipt
from obole.regies.queries import balances
from tests.actors import somebody
from tests.world import later, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db


def pay(invoice: Invoice, minutes: float = 1) -> Attempt:
    return payments.start_payment(
        invoice_id=invoice.pk,
        email="usager@example.org",
        request_key=texts.token(),
        actor=somebody("usager"),
        at=later(minutes),
    )


def test_an_invoice_is_paid_once_and_credited_to_its_regie() -> None:
    town = make_town()
    invoice = make_invoice(town, meals=16)
    assert invoice.number == "ENF-2026-000001"
    assert invoice.total_cents == money.times(Decimal(16), 325) == 5200

    attempt = pay(invoice)
    for minutes in (2, 3):
        payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.gateway("payfip"), at=later(minutes))
    run_tasks()

    invoice.refresh_from_db()
    assert invoice.state == "paid"
    held = balances(town.regie)
    assert (held["card_clearing"], held["revenue_due"], held["receivable"], held["suspense"]) == (5200, 5200, 0, 0)
    receipt = Receipt.objects.get()
    assert pdf_documents.read_pdf(receipt.paper).startswith(b"%PDF-1.7")
    kinds = list(Message.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["dossier_received", "invoice_deposited", "payment_receipt"]
