"""Money taken back: a rejected direct debit, a bounced cheque, a wrong entry at the counter."""

import pytest
from django.db import IntegrityError

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.gateways.base import Exchange, Outcome, Status
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Attempt, Receipt, Reversal
from obole.payments.operations import NotReversible
from tests.books import check_books
from tests.payments.steps import held, mails, pay, state_of
from tests.payments.test_counter import take
from tests.payments.test_suspense import apply, ask_refund, come_paid
from tests.world import Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db(transaction=True)

WHO = "regisseur@valbourg.example"
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
        status=Status.PAID_BY_DEBIT, said="V", exchange=Exchange(request="?", response="V"), facts=attempt.sent,
        amount_cents=attempt.amount_cents,
    )  # fmt: skip
    payments.hear_outcome(attempt_id=attempt.pk, outcome=outcome, actor="payfip", at=later(3))
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
    assert [one.kind for one in Anomaly.objects.all()] == ["reversed"]
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
            receipt_id=cheque.pk, kind=Reversal.Kind.BOUNCED, code=Reversal.Code.FUNDS, reason="x", actor=WHO, at=later(9)
        )  # fmt: skip
    monkeypatch.setattr(Reversal, "why", property(lambda _self: "said elsewhere"))
    with pytest.raises(IntegrityError, match="reversal_says_why"):
        why_not(receipt, Reversal.Code.OTHER, "")
    assert not Reversal.objects.exists()
    why_not(receipt, Reversal.Code.CLOSED, "")
    check_books()


def test_f35_neg_a_card_is_not_rejected_and_a_refunded_debit_neither(town: Town) -> None:
    invoice = make_invoice(town)
    receipt = come_paid(pay(invoice), 3)
    with pytest.raises(NotReversible):
        reject(receipt)
    other = make_invoice(town)
    attempt = pay(other, 10)
    take(other.pk, 5200)
    money = hear_debit(attempt)
    ask_refund(money, 100)
    with pytest.raises(NotReversible):
        reject(money)
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
    assert not Anomaly.objects.exists()
    check_books()


def test_a_part_payment_that_bounces_after_the_transfer_does_not_bring_the_claim_back(town: Town) -> None:
    invoice = make_invoice(town)
    cheque = take(invoice.pk, 2000, M.CHEQUE)
    billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(5))

    reject(cheque, Reversal.Kind.BOUNCED)

    assert state_of(invoice) == "transferred"
    assert held(town.regie, "cheques", "receivable", "claims", "revenue_due") == (0, 0, 0, 0)
    check_books()


@pytest.mark.parametrize(("transferred", "asked"), [(True, ["reversed"]), (False, [])])
def test_a_wrong_entry_calls_a_person_only_if_the_comptable_was_told_otherwise(
    town: Town, transferred: bool, asked: list[str]
) -> None:
    invoice = make_invoice(town)
    wrong = take(invoice.pk, 2000)
    if transferred:
        billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(5))

    reject(wrong, Reversal.Kind.MISTAKE)

    assert [one.kind for one in Anomaly.objects.all()] == asked
    assert "payment_reversed" not in mails()
    check_books()
