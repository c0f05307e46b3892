"""Money of recettes à classer and its lawful ends; money given back."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from obole.billing import operations as billing
from obole.billing.models import CreditNote, Invoice
from obole.lib import actors, texts
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Allocation, Anomaly, Attempt, Receipt, Refund
from obole.payments.operations import NotApplicable, SuspenseObstacle
from tests.actors import somebody
from tests.books import check_books, count_everything
from tests.payments.steps import held, mails, pay, state_of
from tests.payments.test_counter import take
from tests.world import (
    RIB,
    Town,
    correct,
    later,
    make_citizen,
    make_invoice,
    make_regie,
    make_town,
    make_type,
    run_tasks,
)

pytestmark = pytest.mark.django_db

WHO, OTHER = somebody("regisseur@valbourg.example"), somebody("suppleant@valbourg.example")
M = Receipt.Means


@pytest.fixture
def town() -> Town:
    return make_town()


def come_paid(attempt: Attempt, minutes: float) -> Receipt:
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=later(minutes))
    return Receipt.objects.get(attempt=attempt)


def surplus(town: Town) -> tuple[Invoice, Receipt]:
    """Pay an invoice at the counter while its payer is at the bank: the card comes in too."""
    invoice = make_invoice(town)
    attempt = pay(invoice)
    take(invoice.pk, 5200)
    return invoice, come_paid(attempt, 5)


def apply(receipt: Receipt, invoice: Invoice, cents: int | None = None) -> int:
    return payments.apply_receipt(
        receipt_id=receipt.pk, invoice_id=invoice.pk, cents=cents, reason="Même famille", actor=WHO, at=later(20)
    )


def test_f27_paid_at_the_counter_while_at_the_bank_the_card_waits_in_suspense_and_both_are_told(town: Town) -> None:
    invoice, receipt = surplus(town)
    run_tasks()

    assert state_of(invoice) == "paid"
    assert (receipt.invoice, held(town.regie, "cash", "card_clearing", "suspense")) == (None, (5200, 5200, 5200))
    task = Anomaly.objects.get()
    assert (task.kind, task.receipt, task.closed_at) == ("not_due", receipt, None)
    assert "payment_surplus" in mails()
    check_books()


def test_a_card_that_brings_more_than_what_is_left_pays_it_and_the_rest_waits(town: Town) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    take(invoice.pk, 2000)

    receipt = come_paid(attempt, 5)

    assert state_of(invoice) == "paid"
    assert held(town.regie, "cash", "card_clearing", "revenue_due", "suspense") == (2000, 5200, 5200, 2000)
    task = Anomaly.objects.get()
    assert (task.kind, task.receipt) == ("surplus", receipt)
    check_books()


def test_suspense_is_applied_to_another_invoice_of_the_same_payer(town: Town) -> None:
    _paid, receipt = surplus(town)
    smaller, larger = make_invoice(town, meals=6), make_invoice(town)

    assert apply(receipt, smaller) == 1950
    assert Anomaly.objects.get().closed_at is None, "some of it still waits"
    assert apply(receipt, larger) == 3250

    assert (state_of(smaller), state_of(larger)) == ("paid", "due")
    larger.refresh_from_db()
    assert larger.remaining_cents == 1950
    task = Anomaly.objects.get()
    assert (task.outcome, task.closed_by) == ("applied", WHO)
    assert held(town.regie, "suspense") == (0,)
    check_books()


def _other_regie(town: Town) -> tuple[Invoice, int | None]:
    regie = make_regie("SPO", "Régie Sports")
    town.type = make_type(regie, [town.scheme], name="Sports")
    return make_invoice(town), None


UNLAWFUL: dict[SuspenseObstacle, Callable[[Town], tuple[Invoice, int | None]]] = {
    SuspenseObstacle.OTHER_REGIE: _other_regie,
    SuspenseObstacle.OTHER_PAYER: lambda town: (make_invoice(town, citizen=make_citizen("autre@example.org")), None),
    SuspenseObstacle.NOT_DUE: lambda _town: (Invoice.objects.get(state="paid"), None),
    SuspenseObstacle.TOO_MUCH: lambda town: (make_invoice(town, meals=6), 1951),
}


@pytest.mark.parametrize("why", UNLAWFUL)
def test_what_the_law_or_the_amounts_forbid_changes_nothing(town: Town, why: SuspenseObstacle) -> None:
    _paid, receipt = surplus(town)
    invoice, cents = UNLAWFUL[why](town)
    before = count_everything()
    with pytest.raises(NotApplicable) as refused:
        apply(receipt, invoice, cents)
    assert refused.value.why == why
    assert count_everything() == before
    check_books()


def click(receipt: Receipt, invoice: Invoice) -> int:
    return payments.apply_receipt(
        receipt_id=receipt.pk,
        invoice_id=invoice.pk,
        cents=1000,
        reason="Même famille",
        actor=WHO,
        at=later(20),
        request_key="one form",
    )


def test_the_same_form_sent_twice_counts_waiting_money_once(town: Town) -> None:
    _paid, receipt = surplus(town)
    invoice, other = make_invoice(town), make_invoice(town)

    assert [click(receipt, invoice), click(receipt, invoice)] == [1000, 1000]

    assert held(town.regie, "suspense") == (4200,)
    assert Allocation.objects.filter(receipt=receipt).count() == 1
    assert apply(receipt, other, 500) == 500, "another form is another decision"
    check_books()


def test_the_same_form_sent_twice_neg_without_its_key_it_counts_twice(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    _paid, receipt = surplus(town)
    invoice = make_invoice(town)
    keep = payments.booking.keep_allocations
    monkeypatch.setattr(
        payments.booking, "keep_allocations", lambda *rows, request_key=None, **said: keep(*rows, **said)
    )
    click(receipt, invoice)
    click(receipt, invoice)
    assert held(town.regie, "suspense") == (3200,)


def test_a_key_counts_money_once_for_the_database_too(town: Town) -> None:
    _paid, receipt = surplus(town)
    _other, second = surplus(town)
    click(receipt, make_invoice(town))
    with pytest.raises(IntegrityError, match="request_key"):
        click(second, make_invoice(town))


def test_f28_money_for_a_cancelled_invoice_can_bring_it_back_under_a_new_number(town: Town) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    payments.cancel_invoice(invoice_id=invoice.pk, code="other", comment="erreur", actor=WHO, at=later(1))
    receipt = come_paid(attempt, 5)
    assert (state_of(invoice), held(town.regie, "suspense")) == ("cancelled", (5200,))

    again = payments.rebill_receipt(
        receipt_id=receipt.pk, invoice_id=invoice.pk, reason="Annulée à tort", actor=WHO, at=later(9)
    )

    assert (state_of(again), again.number, state_of(invoice)) == ("paid", "ENF-2026-000002", "cancelled")
    assert again.replaces == invoice
    assert Anomaly.objects.get().outcome == "rebilled"
    check_books()


def test_an_avoir_on_a_paid_invoice_frees_its_money_for_the_next(town: Town) -> None:
    invoice = make_invoice(town)
    receipt = take(invoice.pk, 5200)

    note = payments.cancel_invoice(invoice_id=invoice.pk, code="quantity", comment="", actor=WHO, at=later(2))
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=later(3))
    correct(draft, repas=14, period="novembre", at=later(4))
    billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=later(5))
    assert apply(receipt, draft) == 4550

    assert (note.number, note.cents, note.why) == ("ENF-AV-2026-000001", 5200, "Quantité erronée")
    assert (state_of(invoice), state_of(draft), draft.number) == ("cancelled", "paid", "ENF-2026-000002")
    assert held(town.regie, "cash", "suspense", "revenue_due", "receivable") == (5200, 650, 4550, 0)
    assert [item.kind for item in Anomaly.objects.all()] == ["freed"]
    check_books()


def test_a_refund_is_asked_approved_by_another_and_done_and_its_money_is_promised_once(town: Town) -> None:
    _paid, receipt = surplus(town)
    with pytest.raises(payments.TooMuch) as refused:
        ask_refund(receipt, 5201)
    assert refused.value.cents == 5200

    refund = ask_refund(receipt, 5200)
    assert Anomaly.objects.get().outcome == "refund"
    with pytest.raises(payments.TooMuch):
        ask_refund(receipt, 1)
    with pytest.raises(NotApplicable):
        apply(receipt, make_invoice(town))
    with pytest.raises(payments.SamePerson):
        payments.approve_refund(refund_id=refund.pk, actor=WHO, at=later(30))
    with pytest.raises(ForbiddenTransition):
        payments.complete_refund(refund_id=refund.pk, mandate="M-1", actor=OTHER, at=later(30))
    assert held(town.regie, "suspense") == (5200,)

    payments.approve_refund(refund_id=refund.pk, actor=OTHER, at=later(31))
    with pytest.raises(payments.MandateMissing):
        payments.complete_refund(refund_id=refund.pk, mandate=" ", actor=WHO, at=later(32))
    payments.complete_refund(refund_id=refund.pk, mandate="Mandat 2026-118", actor=WHO, at=later(33))
    with pytest.raises(ForbiddenTransition):
        payments.complete_refund(refund_id=refund.pk, mandate="Mandat 2026-118", actor=WHO, at=later(34))

    assert held(town.regie, "suspense", "treasury_deposit", "remitted") == (0, 0, 5200)
    assert "payment_refunded" in mails()
    check_books()


def ask_refund(receipt: Receipt, cents: int, key: str = "") -> Refund:
    return payments.request_refund(
        receipt_id=receipt.pk,
        cents=cents,
        reason="Payé deux fois",
        account=RIB,
        request_key=key or texts.token(),
        actor=WHO,
        at=later(25),
    )


def test_the_same_refund_form_sent_twice_asks_once(town: Town) -> None:
    _paid, receipt = surplus(town)
    assert ask_refund(receipt, 1000, "form") == ask_refund(receipt, 1000, "form")
    assert Refund.objects.count() == 1


def test_a_refund_that_is_given_up_gives_its_money_and_its_task_back(town: Town) -> None:
    _paid, receipt = surplus(town)
    refund = ask_refund(receipt, 5200)

    payments.give_up_refund(refund_id=refund.pk, reason="La famille préfère l’imputer", actor=WHO, at=later(40))

    assert Anomaly.objects.get().closed_at is None
    check_books()
    assert apply(receipt, make_invoice(town)) == 5200
    check_books()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_refund SET decided_by = requested_by, state = 'approved'",
        "UPDATE payments_refund SET cents = 5201",
        "UPDATE payments_refund SET state = 'done'",
        "DELETE FROM payments_refund",
        "UPDATE payments_allocation SET cents = 1",
        "DELETE FROM payments_allocation",
        "UPDATE billing_creditnote SET cents = 1",
        "DELETE FROM billing_creditnote",
    ],
)
def test_the_database_refuses_what_the_operations_would_not_do(town: Town, statement: str) -> None:
    paid, receipt = surplus(town)
    ask_refund(receipt, 5200)
    payments.cancel_invoice(invoice_id=paid.pk, code="twice", comment="", actor=WHO, at=later(50))
    refused = "Cannot (update|delete)|violates check|more than receipt"
    with pytest.raises(DatabaseError, match=refused), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_more_than_a_receipt_holds_is_refused_by_the_database_too(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    _paid, receipt = surplus(town)
    ask_refund(receipt, 5200)
    monkeypatch.setattr(payments.suspense.queries, "free_cents", lambda _receipt: 5200)
    with pytest.raises(IntegrityError, match="more than receipt"):
        apply(receipt, make_invoice(town))


def test_money_brings_back_no_other_invoice_than_the_one_it_paid(town: Town) -> None:
    _paid, receipt = surplus(town)
    other = make_invoice(town)
    payments.cancel_invoice(invoice_id=other.pk, code="twice", comment="", actor=WHO, at=later(6))
    before = count_everything()
    with pytest.raises(NotApplicable) as refused:
        payments.rebill_receipt(receipt_id=receipt.pk, invoice_id=other.pk, reason="x", actor=WHO, at=later(9))
    assert refused.value.why == SuspenseObstacle.OTHER_INVOICE
    assert count_everything() == before


def test_f29_an_amount_changes_only_by_an_avoir_and_a_new_invoice(town: Town) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    with pytest.raises(billing.NotADraft):
        correct(invoice, repas=1, at=later(1))
    payments.cancel_invoice(invoice_id=invoice.pk, code="quantity", comment="", actor=WHO, at=later(2))
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=later(2))
    correct(draft, repas=10, at=later(3))
    new = billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=later(4))

    receipt = come_paid(attempt, 5)

    assert receipt.cents == 5200, "the old payment is matched to what was asked"
    assert (state_of(invoice), state_of(new)) == ("cancelled", "due")
    assert apply(receipt, new) == 3250
    assert held(town.regie, "suspense") == (1950,)
    check_books()


def test_a_draft_is_given_up_without_a_trace_in_the_numbers(town: Town) -> None:
    invoice = make_invoice(town)
    payments.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=later(2))
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=later(3))
    assert billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=later(3)) == draft
    billing.discard_draft(invoice_id=draft.pk, actor=WHO, at=later(4))
    assert make_invoice(town).number == "ENF-2026-000002"
    assert CreditNote.objects.count() == 1
    check_books()


def test_money_that_waits_is_not_closed_with_a_word_but_kept_with_a_reason(town: Town) -> None:
    surplus(town)
    task = Anomaly.objects.get()
    with pytest.raises(payments.MoneyWaits):
        payments.close_anomaly(anomaly_id=task.pk, note="vu", actor=WHO, at=later(9))
    payments.close_anomaly(anomaly_id=task.pk, note="Don à la caisse des écoles", actor=WHO, at=later(9), keep=True)
    task.refresh_from_db()
    assert (task.outcome, task.note) == ("kept", "Don à la caisse des écoles")
    check_books()


def test_what_waits_too_long_and_what_did_not_leave_are_found_once(town: Town) -> None:
    _paid, receipt = surplus(town)
    refund = ask_refund(receipt, 5200)
    assert payments.open_overdue_tasks(at=later(days=14)) == 0
    assert payments.open_overdue_tasks(at=later(days=16)) == 1
    assert payments.open_overdue_tasks(at=later(days=17)) == 0
    task = Anomaly.objects.get(kind="refund")
    assert (task.refund, task.regie) == (refund, town.regie)
    payments.approve_refund(refund_id=refund.pk, actor=OTHER, at=later(days=17))
    payments.complete_refund(refund_id=refund.pk, mandate="M", actor=WHO, at=later(days=18))
    assert not Anomaly.objects.filter(closed_at=None).exists()


def test_allocations_tell_who_and_why(town: Town) -> None:
    _paid, receipt = surplus(town)
    apply(receipt, make_invoice(town))
    last = Allocation.objects.order_by("id").last()
    assert last is not None
    assert (last.actor, last.reason, last.cents) == (WHO, "Même famille", 5200)
