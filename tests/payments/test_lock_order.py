"""One lock order, really followed: each test of this folder fails on a transaction that takes its rows otherwise."""

from collections.abc import Callable

import pytest
from django.db import transaction

from obole.billing.models import CreditNote, Invoice
from obole.lib import texts, transactions
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies import numbering
from obole.regies.models import Regie, Series
from tests.locks import UpsideDown
from tests.payments.steps import come_back, pay
from tests.races.crowd import at_once
from tests.world import WHO, Town, later, make_citizen, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 24


def test_a_transaction_that_goes_up_is_found(town: Town) -> None:
    invoice = make_invoice(town)
    with pytest.raises(UpsideDown), transaction.atomic():
        Regie.objects.locked().get()
        Invoice.objects.locked().get(pk=invoice.pk)
    with pytest.raises(UpsideDown), transaction.atomic():
        Regie.objects.locked().get()
        numbering.take_number(regie=town.regie, kind=Series.Kind.QUITTANCE, year=2026)
    with transaction.atomic():
        Invoice.objects.locked().get(pk=invoice.pk)
        Regie.objects.locked().get()


@pytest.fixture
def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever the server undoes for another's sake be seen."""
    monkeypatch.setattr(transactions, "TRIES", 1)


def invoices(town: Town, how_many: int) -> list[Invoice]:
    made = []
    for rank in range(0, how_many, 6):
        citizen = make_citizen(f"payeur{rank}@example.org")
        made += [make_invoice(town, citizen=citizen) for _turn in range(min(6, how_many - rank))]
    return made


def money(cents: int) -> payments.Money:
    return payments.Money(cents=cents, means=Receipt.Means.CASH, payer_name="M. Dupont")


def take(invoice: Invoice) -> Callable[[], object]:
    return lambda: payments.take_money(
        invoice_id=invoice.pk, money=money(100), request_key=texts.token(), actor=WHO, at=later(1)
    )


def take_unmatched(regie: Regie) -> Callable[[], object]:
    return lambda: payments.take_unmatched(
        regie_id=regie.pk, money=money(100), request_key=texts.token(), actor=WHO, at=later(1)
    )


def cancel(invoice: Invoice) -> Callable[[], object]:
    return lambda: payments.cancel_invoice(
        invoice_id=invoice.pk, code=CreditNote.Reason.OTHER, comment="erreur", actor=WHO, at=later(2)
    )


def undone(*acts: Callable[[], object]) -> list[Exception]:
    return [item for item in at_once(*acts) if isinstance(item, Exception)]


@pytest.mark.usefixtures("no_second_try")
def test_a_crowd_at_the_counters_never_waits_for_itself(town: Town) -> None:
    due = invoices(town, CROWD // 2)
    acts = [act for invoice in due for act in (take(invoice), take_unmatched(town.regie))]
    assert undone(*acts) == []
    assert Receipt.objects.count() == CROWD


def take_for(*due: Invoice, key: str = "") -> Callable[[], object]:
    return lambda: payments.take_for_invoices(
        invoice_ids=[invoice.pk for invoice in due],
        money=money(sum(invoice.remaining_cents for invoice in due)),
        request_key=key or texts.token(),
        actor=WHO,
        at=later(1),
    )


@pytest.mark.usefixtures("no_second_try")
def test_sums_for_several_invoices_that_cross_each_other_take_each_invoice_once(town: Town) -> None:
    citizen = make_citizen("famille@example.org")
    one, two, three = (make_invoice(town, citizen=citizen) for _n in range(3))
    crossed = [take_for(one, two), take_for(two, three), take_for(three, one), take_for(two, one), take(one)] * 2
    odd = [item for item in undone(*crossed) if not isinstance(item, payments.MoneyNotTaken)]
    assert odd == []
    for invoice in (one, two, three):
        invoice.refresh_from_db()
        counted = sum(item.cents for item in invoice.allocations.all())
        assert counted == invoice.received_cents <= invoice.total_cents
    assert Receipt.objects.count() == Series.objects.get(kind=Series.Kind.QUITTANCE).last


def test_the_same_sum_sent_eight_times_at_once_is_taken_once(town: Town) -> None:
    citizen = make_citizen("famille@example.org")
    due = [make_invoice(town, citizen=citizen) for _n in range(3)]
    assert undone(*[take_for(*due, key="once")] * 8) == []
    assert Receipt.objects.count() == Series.objects.get(kind=Series.Kind.QUITTANCE).last == 1


@pytest.mark.usefixtures("no_second_try")
def test_avoirs_of_paid_and_of_unpaid_invoices_never_wait_for_each_other(town: Town) -> None:
    made = invoices(town, CROWD)
    for invoice in made[::2]:
        come_back(pay(invoice), 1)
    assert undone(*[cancel(invoice) for invoice in made]) == []
    assert CreditNote.objects.count() == CROWD


def test_an_unmatched_transfer_sent_twice_at_once_is_taken_once_and_leaves_no_gap(town: Town) -> None:
    def same() -> Receipt:
        return payments.take_unmatched(
            regie_id=town.regie.pk, money=money(100), request_key="once", actor=WHO, at=later(1)
        )

    assert len({item.pk for item in at_once(*[same] * 8) if isinstance(item, Receipt)}) == 1
    assert Receipt.objects.count() == Series.objects.get(kind=Series.Kind.QUITTANCE).last == 1
