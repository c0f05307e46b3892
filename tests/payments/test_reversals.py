"""Money taken back: a rejected direct debit, a bounced cheque, a wrong entry at the counter."""

import pytest
from django.db import IntegrityError

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Attempt, Receipt, Reversal
from obole.payments.operations import NotReversible
from tests.actors import somebody
from tests.books import check_books
from tests.payments.steps import anomalies, held, mails, pay, state_of
from tests.payments.test_counter import take
from tests.payments.test_suspense import apply, ask_refund, come_paid
from tests.world import Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db

WHO, SECOND = somebody("regisseur@valbourg.example"), somebody("suppleant@valbourg.example")
M = Receipt.Means


@pytest.fixture
def town() -> Town:
    return make_town()


def debit(town: Town, invoice: Invoice) -> Receipt:
    """Pay by direct debit at the sandbox."""
    attempt = pay(invoice)
    return hear_debit(attempt)


def hear_debit(attempt: Attempt) -> Receipt:
    outcome = Outcome(
        status=Status.PAID_BY_DEBIT,
        said="V",
        exchange=Exchange(request="?", response="V"),
        facts=attempt.sent,
        amount_cents=attempt.amount_cents,
    )
    payments.apply_gateway_status(attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=later(3))
    return Receipt.objects.get(attempt=attempt)


def reject(receipt: Receipt, kind: Reversal.Kind = Reversal.Kind.REJECTED) -> Reversal:
    return payments.reverse_receipt(
        receipt_id=receipt.pk, kind=kind, reason="Provision insuffisante", actor=WHO, at=later(days=9)
    )


def test_f35_a_debit_rejected_days_later_is_reversed_and_the_invoice_is_due_again(town: Town) -> None:
    invoice = make_invoice(town)
    receipt = debit(town, invoice)
    assert state_of(invoice) == "paid"

    first, again = reject(receipt), reject(receipt)

    assert first == again
    invoice.refresh_from_db()
    assert (invoice.state, invoice.remaining_cents, invoice.paid_at) == ("due", 5200, None)
    assert str(invoice.due_date) == "2026-12-19", "fifteen days from the rejection, not from the first issue"
    assert Attempt.objects.get().state == "reversed"
    assert held(town.regie, "debit_clearing", "revenue_due", "receivable", "claims") == (0, 0, 5200, 5200)
    assert [item.kind for item in Anomaly.objects.all()] == ["reversed"]
    assert mails() == ["payment_reversed"]
    check_books()
    assert pay(invoice, 60 * 24 * 10).amount_cents == 5200


def why_not(receipt: Receipt, code: Reversal.Code | None, reason: str) -> Reversal:
    return payments.reverse_receipt(
        receipt_id=receipt.pk, kind=Reversal.Kind.REJECTED, code=code, reason=reason, actor=WHO, at=later(days=9)
    )


def test_a_rejection_always_says_why(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt, cheque = debit(town, make_invoice(town)), take(make_invoice(town).pk, 100, means=M.CHEQUE)
    for code in (None, Reversal.Code.OTHER):
        with pytest.raises(payments.ReasonMissing):
            why_not(receipt, code, " ")
    with pytest.raises(ValueError, match="for a direct debit"):
        payments.reverse_receipt(
            receipt_id=cheque.pk,
            kind=Reversal.Kind.BOUNCED,
            code=Reversal.Code.FUNDS,
            reason="x",
            actor=WHO,
            at=later(9),
        )
    monkeypatch.setattr(Reversal, "why", property(lambda _self: "said elsewhere"))
    with pytest.raises(IntegrityError, match="reversal_says_why"):
        why_not(receipt, Reversal.Code.OTHER, "")
    assert not Reversal.objects.exists()
    why_not(receipt, Reversal.Code.CLOSED, "")
    check_books()


def test_f35_neg_a_card_is_not_rejected_and_neither_is_a_debit_whose_refund_is_under_way(town: Town) -> None:
    invoice = make_invoice(town)
    receipt = come_paid(pay(invoice), 3)
    with pytest.raises(NotReversible):
        reject(receipt)
    other = make_invoice(town)
    attempt = pay(other, 10)
    take(other.pk, 5200)
    money = hear_debit(attempt)
    refund = ask_refund(money, 100)
    with pytest.raises(NotReversible):
        reject(money)
    payments.approve_refund(refund_id=refund.pk, actor=SECOND, at=later(50))
    with pytest.raises(NotReversible):
        reject(money)
    check_books()


def refunded(receipt: Receipt, cents: int) -> None:
    refund = ask_refund(receipt, cents)
    payments.approve_refund(refund_id=refund.pk, actor=SECOND, at=later(50))
    payments.complete_refund(refund_id=refund.pk, mandate="M 7", actor=WHO, at=later(60))


def test_a_debit_that_bounces_after_a_refund_is_taken_back_and_its_payer_owes_the_refund(town: Town) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    take(invoice.pk, 2000)
    receipt = hear_debit(attempt)
    refunded(receipt, 2000)
    # The comptable paid it: the régie owes it the money that waited.
    assert held(town.regie, "debit_clearing", "suspense", "remitted") == (5200, 0, 2000)

    reversal = reject(receipt)

    assert reversal.refunded_cents == 2000
    assert (state_of(invoice), invoice.remaining_cents) == ("due", 3200)
    assert held(town.regie, "debit_clearing", "suspense", "fees", "revenue_due") == (0, 0, 2000, 2000)
    task = Anomaly.objects.get(closed_at=None)
    assert (task.kind, task.receipt) == ("reversed", receipt)
    assert task.details.startswith("20,00\xa0€ déjà remboursés")
    assert mails().count("payment_reversed") == 1
    with pytest.raises(payments.TooMuch):
        ask_refund(receipt, 1)
    check_books()


def test_a_debit_that_was_given_back_whole_can_still_bounce(town: Town) -> None:
    invoice = make_invoice(town)
    receipt = debit(town, invoice)
    payments.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=later(20))
    refunded(receipt, 5200)

    reject(receipt)

    assert state_of(invoice) == "cancelled"
    assert held(town.regie, "debit_clearing", "suspense", "fees", "revenue_due") == (0, 0, 5200, 0)
    check_books()


def test_a_debit_in_suspense_that_paid_two_invoices_is_taken_back_from_both(town: Town) -> None:
    first = make_invoice(town)
    attempt = pay(first)
    take(first.pk, 5200)
    receipt = hear_debit(attempt)
    second, third = make_invoice(town, meals=6), make_invoice(town, meals=4)
    apply(receipt, second)
    apply(receipt, third)

    reject(receipt)

    assert (state_of(first), state_of(second), state_of(third)) == ("paid", "due", "due")
    assert held(town.regie, "debit_clearing", "suspense", "cash") == (0, 0, 5200)
    check_books()


def test_a_wrong_entry_at_the_counter_is_taken_back_and_its_number_stays(town: Town) -> None:
    invoice = make_invoice(town)
    wrong = take(invoice.pk, 5200)
    reject(wrong, Reversal.Kind.MISTAKE)
    right = take(invoice.pk, 2500, minutes=60)

    assert (wrong.number, right.number) == ("ENF-Q-2026-000001", "ENF-Q-2026-000002")
    invoice.refresh_from_db()
    assert invoice.remaining_cents == 2700
    assert [item.kind for item in Anomaly.objects.all()] == ["mistake"]
    check_books()


def test_the_bearer_of_a_quittance_taken_back_is_told_and_a_second_person_looks(town: Town) -> None:
    invoice = make_invoice(town)
    wrong = take(invoice.pk, 5200)
    reject(wrong, Reversal.Kind.MISTAKE)

    told = Message.objects.get(kind="quittance_cancelled")
    assert (told.to, wrong.number in told.subject) == ("usager@example.org", True)
    assert "ne payez pas une seconde fois" in told.text
    asked = Anomaly.objects.get()
    with pytest.raises(payments.SamePerson):
        payments.close_anomaly(anomaly_id=asked.pk, note="Vu.", actor=WHO, at=later(days=10))
    payments.close_anomaly(anomaly_id=asked.pk, note="Rien en caisse.", actor=SECOND, at=later(days=10))
    asked.refresh_from_db()
    assert asked.closed_by == SECOND


def test_a_part_payment_that_bounces_after_the_transfer_does_not_bring_the_claim_back(town: Town) -> None:
    invoice = make_invoice(town)
    cheque = take(invoice.pk, 2000, M.CHEQUE)
    billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(5))

    reject(cheque, Reversal.Kind.BOUNCED)

    assert state_of(invoice) == "transferred"
    assert held(town.regie, "cheques", "receivable", "claims", "revenue_due") == (0, 0, 0, 0)
    check_books()


@pytest.mark.parametrize(("transferred", "asked"), [(True, ["mistake", "reversed"]), (False, ["mistake"])])
def test_a_wrong_entry_calls_a_person_only_if_the_comptable_was_told_otherwise(
    town: Town, transferred: bool, asked: list[str]
) -> None:
    invoice = make_invoice(town)
    wrong = take(invoice.pk, 2000)
    if transferred:
        billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(5))

    reject(wrong, Reversal.Kind.MISTAKE)

    assert anomalies() == asked
    assert "payment_reversed" not in mails()
    check_books()
