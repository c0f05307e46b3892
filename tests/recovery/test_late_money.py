"""Money that comes for an invoice that the comptable has: kept, told, and paid over to whom it is owed."""

import pytest

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Receipt, Refund
from obole.payments.operations import AccountTooLow, NotTheComptables
from obole.regies.ledger import Cause
from tests.actors import somebody
from tests.books import check_books
from tests.crm.desk import browser, get, text_of, url
from tests.payments.steps import held, mails, pay
from tests.payments.test_suspense import come_paid, surplus
from tests.recovery.steps import LATE, come_back, hand_over, remind_all
from tests.world import Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db
MINUTES = LATE * 24 * 60
OTHER = somebody("suppleant@valbourg.example")


@pytest.fixture
def town() -> Town:
    return make_town()


def pay_too_late(town: Town) -> tuple[Invoice, Receipt]:
    """Leave the bank's page, have the invoice handed over, and let the bank say then that it was paid after all."""
    invoice = make_invoice(town)
    remind_all(town)
    attempt = pay(invoice, MINUTES - 60)
    left = Outcome(status=Status.ABANDONED, said="A", exchange=Exchange(request="?", response="A"), facts=attempt.sent)
    payments.apply_gateway_status(
        attempt_id=attempt.pk, outcome=left, actor=actors.gateway("payfip"), at=later(MINUTES - 50)
    )
    [line] = hand_over(town, invoice)
    assert line.state == "sent"
    return invoice, come_paid(attempt, MINUTES + 5)


def ask(receipt: Receipt, cents: int = 5200) -> Refund:
    return payments.request_refund(
        receipt_id=receipt.pk,
        cents=cents,
        reason="Payée après la transmission",
        request_key="late",
        actor=somebody("regisseur@valbourg.example"),
        at=later(MINUTES + 10),
        payee=Refund.Payee.TREASURY,
    )


def test_late_money_waits_and_its_payer_is_told(town: Town) -> None:
    invoice, receipt = pay_too_late(town)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.received_cents, receipt.invoice) == ("transferred", 0, None)
    assert held(town.regie, "card_clearing", "suspense", "revenue_due", "receivable") == (5200, 5200, 0, 0)
    task = Anomaly.objects.get()
    assert (task.kind, task.closed_at) == ("not_due", None)
    assert mails()[-1] == "payment_too_late"
    check_books()


def test_it_is_paid_over_to_the_comptable_by_two_people(town: Town) -> None:
    _invoice, receipt = pay_too_late(town)
    refund = ask(receipt)
    assert Anomaly.objects.get().outcome == "treasury"
    payments.approve_refund(refund_id=refund.pk, actor=OTHER, at=later(MINUTES + 11))
    done = {"refund_id": refund.pk, "mandate": "VIR 12", "actor": OTHER, "at": later(MINUTES + 20)}
    with pytest.raises(AccountTooLow) as refusal:
        payments.complete_refund(**done)
    assert refusal.value.cents == 0
    payments.clear_receipts(
        regie_id=town.regie.pk,
        receipt_ids=[receipt.pk],
        cause=Cause(kind="clearing", key="1"),
        label="PayFiP",
        actor=town.regisseur.actor,
        at=later(MINUTES + 15),
    )
    payments.complete_refund(**done)
    assert held(town.regie, "card_clearing", "treasury_deposit", "suspense") == (0, 0, 0)
    assert mails()[-1] == "payment_handed_over"
    assert Record.objects.filter(verb="refund.hand_over").count() == 1
    assert not Record.objects.filter(verb="refund.done").exists()
    check_books()


def test_only_what_came_for_the_comptable_goes_there(town: Town) -> None:
    _paid, receipt = surplus(town)
    with pytest.raises(NotTheComptables):
        ask(receipt)
    check_books()


def test_what_came_back_is_paid_with_the_money_that_waits(town: Town) -> None:
    invoice, receipt = pay_too_late(town)
    [line] = invoice.transmissions.all()
    come_back(line, town)
    with pytest.raises(NotTheComptables):
        ask(receipt)
    payments.apply_receipt(
        receipt_id=receipt.pk,
        invoice_id=invoice.pk,
        reason="Transmission annulée",
        actor=town.regisseur.actor,
        at=later(days=LATE + 6),
    )
    invoice.refresh_from_db()
    assert invoice.state == "paid"
    check_books()


def test_the_outcome_is_offered_on_screen(town: Town, time_machine: object) -> None:
    pay_too_late(town)
    time_machine.move_to(later(days=LATE + 1), tick=False)  # type: ignore[attr-defined]
    client, task = browser(town.regisseur), Anomaly.objects.get()
    page = text_of(get(client, "task", task.pk))
    assert "Reverser au comptable" in page and "Refaire la facture" not in page
    sent = {"action": "hand_over", "amount": "52,00", "reason": "Transmise", "request_key": "screen"}
    answer = client.post(url("task", task.pk), sent, follow=True)
    assert "le reversement est demandé" in text_of(answer)
    refund = Refund.objects.get()
    assert refund.payee == "treasury" and "le comptable public" in text_of(get(client, "refund", refund.pk))
