"""Several invoices in one payment: what each gets is stored before the bank is asked (row F39)."""

from collections.abc import Sequence

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.crm.invoices.invoice_list import InvoiceFilter
from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors, texts
from obole.mailing.models import Message
from obole.payments import display_status, operations as payments, queries
from obole.payments.display_status import DisplayStatus
from obole.payments.models import Allocation, Anomaly, Attempt, AttemptLine, Receipt, Refund, Reversal
from obole.payments.operations import booking, gateway_status
from obole.payments.operations.starting import OnlineObstacle
from tests.actors import somebody
from tests.faults.steps import RED
from tests.payments.steps import anomalies, come_back, held, mails, pay, state_of
from tests.payments.test_reversals import hear_debit
from tests.spaces import plain
from tests.world import NOON, RIB, WHO, Town, canteen, handed, later, make_citizen, make_invoice, publish, run_tasks

pytestmark = pytest.mark.django_db


def pay_together(invoices: Sequence[Invoice], minutes: float = 0, *, key: str = "") -> Attempt:
    first, *others = invoices
    return payments.start_payment(
        invoice_id=first.pk,
        also=[other.pk for other in others],
        email="usager@example.org",
        request_key=key or texts.token(),
        actor=somebody("usager"),
        at=later(minutes),
    )


def three(town: Town) -> list[Invoice]:
    """52,00 €, 32,50 € and 3,25 €."""
    return [make_invoice(town, meals=meals) for meals in (16, 10, 1)]


def shown(invoice: Invoice) -> DisplayStatus:
    invoice.refresh_from_db()
    return display_status.display(invoice, today=NOON.date()).status


def paid_but_the_cancelled_one(invoices: list[Invoice], attempt: Attempt) -> None:
    """Fail unless the second invoice's share is in recettes à classer, and the two others are paid."""
    assert [state_of(invoice) for invoice in (*invoices, attempt)] == ["paid", "cancelled", "paid", "paid"]
    receipt = Receipt.objects.get()
    assert list(Allocation.objects.values_list("invoice", "cents")) == [(invoices[0].pk, 5200), (invoices[2].pk, 325)]
    assert (receipt.cents, queries.free_cents(receipt)) == (8775, 3250)
    assert held(receipt.regie, "card_clearing", "suspense", "revenue_due") == (8775, 3250, 5525)
    assert anomalies() == ["not_due"]


def test_f39_a_basket_pays_all_of_its_invoices_once(town: Town) -> None:
    invoices = three(town)
    attempt = pay_together(invoices)
    assert attempt.amount_cents == 8775
    assert [shown(invoice) for invoice in invoices] == [DisplayStatus.IN_PROGRESS] * 3

    for minutes in (1, 2):
        come_back(attempt, minutes)
    run_tasks()

    assert [shown(invoice) for invoice in invoices] == [DisplayStatus.PAID] * 3
    assert list(Allocation.objects.order_by("invoice_id").values_list("cents", flat=True)) == [5200, 3250, 325]
    assert Receipt.objects.get().cents == 8775
    assert mails() == ["payment_receipt"]
    body = Message.objects.get(kind="payment_receipt").text
    assert "n° ENF-2026-000001 (52,00" in body and "n° ENF-2026-000003 (3,25" in body


def test_f39_the_share_of_an_invoice_cancelled_meanwhile_goes_to_recettes_a_classer(town: Town) -> None:
    invoices = three(town)
    attempt = pay_together(invoices)
    payments.cancel_invoice(invoice_id=invoices[1].pk, code="other", comment="erreur", actor=WHO, at=later(1))

    come_back(attempt, 2)

    paid_but_the_cancelled_one(invoices, attempt)
    anomaly = Anomaly.objects.get()
    assert (anomaly.invoice, plain(anomaly.details)) == (invoices[1], "ENF-2026-000002 : Annulée")
    surplus = Message.objects.get(kind="payment_surplus").text
    assert "32,50" in surplus and "ENF-2026-000002" in surplus


def test_neg_f39_without_shares_a_cancelled_invoice_takes_what_is_not_its_own(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_come(shares: Sequence[AttemptLine]) -> list[booking.AllocatedAmount]:
        return [booking.AllocatedAmount(invoice=shares[0].invoice, cents=sum(share.cents for share in shares))]

    monkeypatch.setattr(gateway_status, "_parts", first_come)
    invoices = three(town)
    attempt = pay_together(invoices)
    payments.cancel_invoice(invoice_id=invoices[1].pk, code="other", comment="erreur", actor=WHO, at=later(1))
    with pytest.raises((*RED, ValueError)):
        come_back(attempt, 2)
        paid_but_the_cancelled_one(invoices, attempt)


def test_f39_an_invoice_paid_at_the_counter_meanwhile_keeps_that_money(town: Town) -> None:
    invoices = three(town)
    attempt = pay_together(invoices)
    money = handed(5200, Receipt.Means.CHEQUE)
    payments.take_money(invoice_id=invoices[0].pk, money=money, request_key=texts.token(), actor=WHO, at=later(1))

    come_back(attempt, 2)

    assert [state_of(invoice) for invoice in invoices] == ["paid"] * 3
    assert held(invoices[0].regie, "cheques", "suspense") == (5200, 5200)
    assert anomalies() == ["not_due"]


def test_f39_two_baskets_that_share_an_invoice_are_not_at_the_bank_together(town: Town) -> None:
    first, shared, last = three(town)
    pay_together([first, shared])
    with pytest.raises(payments.AlreadyInProgress):
        pay_together([shared, last])
    with pytest.raises(payments.AlreadyInProgress):
        pay(shared)
    assert (shown(last), Attempt.objects.count()) == (DisplayStatus.DUE, 1)


def test_f39_a_released_basket_lets_go_of_every_invoice(town: Town) -> None:
    invoices = three(town)
    attempt = pay_together(invoices)
    Attempt.objects.filter(pk=attempt.pk).update(released_at=later(30))
    assert not AttemptLine.objects.filter(holds=True).exists()
    assert pay(invoices[1], 31).amount_cents == 3250


def test_f39_the_database_itself_refuses_a_second_payment_of_an_invoice(town: Town) -> None:
    first, second, _third = three(town)
    pay_together([first, second])
    other = pay(make_invoice(town, meals=2), 1)
    with pytest.raises(DatabaseError, match="attempt_line_holds_once"), transaction.atomic():
        AttemptLine.objects.create(attempt=other, invoice=second, cents=1)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE payments_attemptline SET cents = 1")


def test_f39_invoices_too_small_to_be_paid_alone_are_paid_together(town: Town) -> None:
    publish(town.scheme, canteen(meal_cents=60))
    small = [make_invoice(town, meals=1) for _twice in range(2)]
    with pytest.raises(payments.NotPayableOnline):
        pay(small[0])
    attempt = pay_together(small[::-1])
    assert (attempt.amount_cents, attempt.reference) == (120, "ENF2026000002T1")


def test_f39_invoices_of_two_payers_or_of_two_regies_are_paid_apart(town: Town) -> None:
    mine, theirs = make_invoice(town), make_invoice(town, citizen=make_citizen("autre@example.org"))
    with pytest.raises(payments.NotPayableOnline) as refusal:
        pay_together([mine, theirs])
    assert (refusal.value.obstacle, Attempt.objects.count()) == (OnlineObstacle.APART, 0)


def test_f39_a_rejected_debit_makes_every_invoice_of_the_basket_due_again(town: Town) -> None:
    invoices = three(town)
    attempt = pay_together(invoices)
    receipt = hear_debit(attempt)
    payments.reverse_receipt(
        receipt_id=receipt.pk, kind=Reversal.Kind.REJECTED, reason="provision", actor=WHO, at=later(9)
    )
    assert [state_of(invoice) for invoice in invoices] == ["due"] * 3
    assert sorted(mails()).count("payment_reversed") == 3


def test_f39_mails_about_a_basket_name_what_they_are_about(town: Town) -> None:
    invoices = three(town)
    attempt = pay_together(invoices)
    outcome = Outcome(status=Status.REFUSED, said="R", exchange=Exchange(request="?", response="R"), facts=attempt.sent)
    payments.apply_gateway_status(attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=later(1))
    assert "ENF-2026-000001 et 2 autres" in Message.objects.get(kind="payment_refused").text

    payments.cancel_invoice(invoice_id=invoices[1].pk, code="other", comment="erreur", actor=WHO, at=later(2))
    come_back(attempt, 9)
    receipt = Receipt.objects.get()
    refund = payments.request_refund(
        receipt_id=receipt.pk,
        cents=3250,
        reason="annulée",
        account=RIB,
        request_key=texts.token(),
        actor=WHO,
        at=later(10),
    )
    payments.approve_refund(refund_id=refund.pk, actor=somebody("autre@valbourg.example"), at=later(11))
    payments.complete_refund(refund_id=refund.pk, mandate="M-1", actor=WHO, at=later(12))
    body = Message.objects.get(kind="payment_refunded").text
    assert "n° ENF-2026-000002." in body and "32,50" in body


def test_f39_the_same_button_pressed_twice_makes_one_basket(town: Town) -> None:
    invoices, key = three(town), texts.token()
    assert pay_together(invoices, key=key).pk == pay_together(invoices, 1, key=key).pk
    assert AttemptLine.objects.count() == 3


def cancel(invoice: Invoice) -> None:
    payments.cancel_invoice(
        invoice_id=invoice.pk, code="other", comment="erreur", actor=somebody("agent"), at=later(10)
    )


def refund(cents: int) -> Refund:
    asked = payments.request_refund(
        receipt_id=Receipt.objects.get().pk,
        cents=cents,
        reason="trop",
        account=RIB,
        request_key=texts.token(),
        actor=somebody("a"),
        at=later(11),
    )
    payments.approve_refund(refund_id=asked.pk, actor=somebody("b"), at=later(12))
    return asked


def complete(asked: Refund) -> None:
    payments.complete_refund(refund_id=asked.pk, mandate="M1", actor=somebody("c"), at=later(13))


def test_of_a_basket_the_invoice_whose_money_was_given_back_is_refunded_and_no_other(town: Town) -> None:
    first, second, third = three(town)
    come_back(pay_together([first, second, third]), 2)
    for item in (first, second):
        cancel(item)
    asked = refund(3250)
    payments.open_overdue_tasks(at=later(days=20))
    assert Anomaly.objects.get(kind="refund").invoice == second
    complete(asked)
    assert [shown(item) for item in (first, second, third)] == [
        DisplayStatus.CANCELLED,
        DisplayStatus.REFUNDED,
        DisplayStatus.PAID,
    ]
    for wanted, found in ((DisplayStatus.CANCELLED, first), (DisplayStatus.REFUNDED, second)):
        assert list(display_status.filter_by(Invoice.objects.all(), [wanted], today=NOON.date())) == [found]
    complete(refund(5200))
    assert [shown(item) for item in (first, second)] == [DisplayStatus.REFUNDED] * 2


def test_each_cancelled_invoice_of_a_basket_has_its_task_opened_by_who_cancelled_it(town: Town) -> None:
    first, second, _third = invoices = three(town)
    come_back(pay_together(invoices), 2)
    for item in (first, second):
        cancel(item)
    assert list(Anomaly.objects.order_by("id").values_list("kind", "invoice")) == [
        ("freed", first.pk),
        ("freed", second.pk),
    ]
    assert set(Record.objects.filter(verb="anomaly.open").values_list("actor__name", flat=True)) == {"agent"}
    receipt = Receipt.objects.get()
    for item in (first, second):
        item.refresh_from_db()
        assert queries.invoice_to_do_again(receipt, item) == item


def test_a_refused_basket_is_found_by_each_of_its_invoices(town: Town) -> None:
    invoices = [make_invoice(town, meals=meals) for meals in (16, 10)]
    attempt = pay_together(invoices)
    Attempt.objects.filter(pk=attempt.pk).update(state="refused", ended_at=later(5))
    asked = QueryDict(f"refused_from={NOON.date().isoformat()}")
    refused = InvoiceFilter(asked, Invoice.objects.all(), agent=town.admin, today=NOON.date())
    assert set(refused.qs) == set(invoices)
    desk = Client()
    desk.force_login(town.agent.user)
    page = desk.get(reverse("crm:search"), {"q": attempt.reference}).content.decode()
    assert [invoice.number in page for invoice in invoices if invoice.number] == [True, True]
