"""Money that waits for a person: its payer is asked for no more until it is decided."""

import pytest
import time_machine

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.mailing.models import Message
from obole.payments import operations as payments, queries
from obole.payments.models import Anomaly, Receipt
from obole.payments.operations.starting import OnlineObstacle
from obole.reminders import operations as reminders
from obole.reminders.models import Reminder
from tests.actors import somebody
from tests.payments.steps import come_back, mails, pay
from tests.world import Town, later, make_fixed_invoice, make_invoice

pytestmark = pytest.mark.django_db
WHO = somebody("regisseur@valbourg.example")
LATE = 28


def paid_differently(town: Town) -> tuple[Invoice, Receipt]:
    invoice = make_fixed_invoice(town, 5209)
    attempt = pay(invoice)
    come_back(attempt, 3)
    return invoice, Receipt.objects.get(attempt=attempt)


def assert_asked_for_nothing(invoice: Invoice) -> None:
    with pytest.raises(payments.NotPayableOnline) as refused:
        pay(invoice, 60)
    assert refused.value.obstacle == OnlineObstacle.MONEY_WAITS
    assert reminders.remind(invoice_id=invoice.pk, at=later(days=LATE)) is None
    assert not Reminder.objects.exists()


def test_who_paid_differently_is_told_once_and_asked_for_nothing(town: Town) -> None:
    invoice, receipt = paid_differently(town)

    told = Message.objects.get(kind="payment_different")
    assert "Ne payez pas une seconde fois" in told.text and invoice.number in told.text
    assert mails() == ["payment_different"]
    assert queries.waiting_cents(invoice) == receipt.cents
    assert_asked_for_nothing(invoice)


def test_once_a_person_has_decided_the_invoice_is_asked_for_again(town: Town) -> None:
    invoice, _receipt = paid_differently(town)
    payments.close_anomaly(
        anomaly_id=Anomaly.objects.get().pk, note="Son autre facture.", keep=True, actor=WHO, at=later(50)
    )
    assert reminders.remind(invoice_id=invoice.pk, at=later(days=LATE)) is not None
    assert pay(invoice, 60).state == "waiting"


def test_a_reminder_that_was_decided_before_the_money_came_does_not_leave(town: Town) -> None:
    invoice = make_fixed_invoice(town, 5209)
    attempt = pay(invoice)
    payments.resolve_attempt(attempt_id=attempt.pk, actor=WHO, at=later(1))
    Anomaly.objects.update(closed_at=later(2), closed_by=WHO, outcome="kept", note="x")
    reminder = reminders.remind(invoice_id=invoice.pk, at=later(days=LATE))
    assert reminder is not None
    Anomaly.objects.update(closed_at=None, closed_by=None, outcome="", note="")
    with time_machine.travel(later(days=LATE)):
        reminders.deliver(message_id=reminder.message_id, at=later(days=LATE))
    reminder.message.refresh_from_db()
    assert reminder.message.state == "dropped"


def test_an_invoice_that_does_a_paid_one_again_waits_for_its_money(town: Town) -> None:
    paid, other = make_invoice(town), make_invoice(town)
    come_back(pay(paid), 3)
    payments.cancel_invoice(invoice_id=paid.pk, code="quantity", comment="", actor=WHO, at=later(5))
    draft = billing.redo_invoice(invoice_id=paid.pk, actor=WHO, at=later(6))
    again = billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=later(7))

    assert queries.waiting_cents(again) == 5200
    assert_asked_for_nothing(again)
    assert pay(other, 60).state == "waiting", "another invoice of the same payer is another debt"
    payments.apply_receipt(
        receipt_id=Receipt.objects.get().pk, invoice_id=again.pk, reason="x", actor=WHO, at=later(70)
    )
    assert queries.waiting_cents(again) == 0
