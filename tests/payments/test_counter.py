"""Money at the counter: what is taken, what is refused, and the numbers of the quittances."""

from functools import partial
from typing import Any

import pytest

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.lib import actors, texts
from obole.payments import operations as payments
from obole.payments.models import Allocation, Anomaly, Receipt
from obole.payments.operations import CounterObstacle, Money, MoneyNotTaken
from obole.regies.models import Regie
from tests.actors import somebody
from tests.books import check_books
from tests.payments.steps import held, mails, pay, state_of
from tests.world import NOON, Town, canteen, handed, later, make_invoice, make_town, publish, run_tasks

pytestmark = pytest.mark.django_db

M = Receipt.Means
WHO = somebody("guichet@valbourg.example")


@pytest.fixture
def town() -> Town:
    return make_town()


def take(invoice_id: int, cents: int, means: Receipt.Means = M.CASH, *, key: str = "", minutes: float = 1) -> Receipt:
    money = handed(cents, means, payer="Mme Lefèvre")
    return payments.take_money(
        invoice_id=invoice_id, money=money, request_key=key or texts.token(), actor=WHO, at=later(minutes)
    )


@pytest.mark.parametrize(
    ("means", "account"),
    [
        (M.CASH, "cash"),
        (M.CHEQUE, "cheques"),
        (M.TERMINAL, "card_clearing"),
        (M.TRANSFER, "treasury_deposit"),
        (M.CESU, "cheques"),
    ],
)
def test_each_means_is_held_where_it_belongs_and_gives_a_numbered_quittance(
    town: Town, means: Receipt.Means, account: str
) -> None:
    InvoiceType.objects.update(accepts_cesu=True)
    invoice = make_invoice(town)

    receipt = take(invoice.pk, 5200, means)
    run_tasks()

    assert (receipt.number, receipt.cents, receipt.remaining_cents) == ("ENF-Q-2026-000001", 5200, 0)
    assert state_of(invoice) == "paid"
    assert held(town.regie, account, "revenue_due", "receivable", "suspense") == (5200, 5200, 0, 0)
    assert mails() == ["payment_receipt"]
    check_books()


def test_parts_add_up_and_the_bank_is_asked_for_the_rest(town: Town) -> None:
    invoice = make_invoice(town)
    take(invoice.pk, 2000)
    take(invoice.pk, 1000, M.CHEQUE)

    attempt = pay(invoice, 2)

    assert attempt.amount_cents == 2200
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=later(5))
    assert state_of(invoice) == "paid"
    numbers = Receipt.objects.filter(attempt=None).order_by("id").values_list("number", flat=True)
    assert list(numbers) == ["ENF-Q-2026-000001", "ENF-Q-2026-000002"]
    assert held(town.regie, "cash", "cheques", "card_clearing", "revenue_due") == (2000, 1000, 2200, 5200)
    check_books()


@pytest.mark.parametrize(
    ("meals", "cents", "means", "hindrance", "could"),
    [
        (16, 5201, M.CASH, CounterObstacle.TOO_MUCH, 5200),
        (120, 30001, M.CASH, CounterObstacle.CASH_LIMIT, 30000),
        (16, 5200, M.CESU, CounterObstacle.CESU, 0),
    ],
)
def test_what_is_not_taken_leaves_no_number(
    town: Town, meals: int, cents: int, means: Receipt.Means, hindrance: CounterObstacle, could: int
) -> None:
    publish(town.scheme, canteen(most=200))
    invoice = make_invoice(town, meals=meals)
    with pytest.raises(MoneyNotTaken) as refused:
        take(invoice.pk, cents, means)
    assert (refused.value.hindrance, refused.value.cents) == (hindrance, could)
    assert not Receipt.objects.exists()
    assert take(invoice.pk, 100).number == "ENF-Q-2026-000001"


def test_cash_is_limited_over_all_the_parts_of_one_invoice(town: Town) -> None:
    publish(town.scheme, canteen(most=200))
    invoice = make_invoice(town, meals=120)
    take(invoice.pk, 20000)
    with pytest.raises(MoneyNotTaken) as refused:
        take(invoice.pk, 10001)
    assert refused.value.cents == 10000
    take(invoice.pk, 10000)
    take(invoice.pk, 9000, M.CHEQUE)
    assert state_of(invoice) == "paid"


@pytest.mark.parametrize("ending", ["paid", "cancelled", "regie"])
def test_nothing_is_taken_for_what_is_not_due(town: Town, ending: str) -> None:
    invoice = make_invoice(town)
    if ending == "paid":
        take(invoice.pk, 5200)
    elif ending == "cancelled":
        billing.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=NOON)
    else:
        Regie.objects.update(enabled=False)
    with pytest.raises(MoneyNotTaken) as refused:
        take(invoice.pk, 100, minutes=3)
    assert refused.value.hindrance == (CounterObstacle.REGIE_CLOSED if ending == "regie" else CounterObstacle.NOT_DUE)


def test_the_same_form_sent_twice_takes_the_money_once(town: Town) -> None:
    invoice = make_invoice(town)
    assert take(invoice.pk, 2000, key="form") == take(invoice.pk, 2000, key="form")
    assert Allocation.objects.count() == 1
    check_books()


def test_a_transfer_without_a_reference_waits_for_who_knows(town: Town) -> None:
    money = Money(cents=5200, means=M.TRANSFER, payer_name="M. Inconnu")
    for _twice in range(2):
        receipt = payments.take_unmatched(
            regie_id=town.regie.pk, money=money, request_key="form", actor=WHO, at=later(1)
        )
    assert held(town.regie, "treasury_deposit", "suspense") == (5200, 5200)
    task = Anomaly.objects.get()
    assert (task.kind, task.receipt, task.details) == ("unmatched", receipt, "M. Inconnu")

    invoice = make_invoice(town)
    payments.apply_receipt(
        receipt_id=receipt.pk, invoice_id=invoice.pk, reason="Retrouvé au téléphone", actor=WHO, at=later(9)
    )

    assert state_of(invoice) == "paid"
    task.refresh_from_db()
    assert (task.outcome, task.closed_by) == ("applied", WHO)
    check_books()


def unmatched_cash(town: Town, cents: int) -> Receipt:
    money = Money(cents=cents, means=M.CASH, payer_name="M. Inconnu")
    return payments.take_unmatched(
        regie_id=town.regie.pk, money=money, request_key=texts.token(), actor=WHO, at=later(1)
    )


def test_cash_without_an_invoice_has_the_same_limit(town: Town) -> None:
    with pytest.raises(MoneyNotTaken) as refused:
        unmatched_cash(town, 30001)
    assert (refused.value.hindrance, refused.value.cents) == (CounterObstacle.CASH_LIMIT, 30000)
    assert not Receipt.objects.exists()
    assert unmatched_cash(town, 30000).number == "ENF-Q-2026-000001"


def test_cash_that_finds_its_invoice_later_is_limited_with_what_was_paid_in_cash_before(town: Town) -> None:
    publish(town.scheme, canteen(most=200))
    invoice, other = make_invoice(town, meals=120), make_invoice(town, meals=120)
    take(invoice.pk, 20000)
    receipt = unmatched_cash(town, 30000)

    def apply(to: Invoice, cents: int | None) -> int:
        return payments.apply_receipt(
            receipt_id=receipt.pk, invoice_id=to.pk, cents=cents, reason="Son reçu", actor=WHO, at=later(9)
        )

    with pytest.raises(payments.NotApplicable) as refused:
        apply(invoice, 10001)
    assert (refused.value.why, refused.value.cents) == (payments.SuspenseObstacle.CASH_LIMIT, 10000)
    assert apply(invoice, None) == 10000
    with pytest.raises(payments.NotApplicable, match="cash_limit"):
        apply(invoice, None)
    assert apply(other, None) == 20000
    assert state_of(invoice) == "due"


def test_money_of_the_bank_is_not_taken_at_the_counter(town: Town) -> None:
    for cents, means in ((100, M.CARD), (0, M.CASH)):
        money = handed(cents, means)
        with pytest.raises(ValueError, match="not money at the counter"):
            payments.take_unmatched(regie_id=town.regie.pk, money=money, request_key="x", actor=WHO, at=later(1))
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("known", [{}, {"reference": "0001234"}, {"bank": "Banque postale"}])
def test_neg_a_cheque_that_nobody_could_find_again_is_taken_at_no_door(town: Town, known: dict[str, str]) -> None:
    money = Money(cents=100, means=M.CHEQUE, **known)
    doors: tuple[partial[Any], ...] = (
        partial(payments.take_money, invoice_id=make_invoice(town).pk),
        partial(payments.take_for_invoices, invoice_ids=[make_invoice(town).pk]),
        partial(payments.take_unmatched, regie_id=town.regie.pk),
    )
    for take_it in doors:
        with pytest.raises(MoneyNotTaken) as refusal:
            take_it(money=money, request_key="cheque", actor=WHO, at=later(1))
        assert refusal.value.hindrance == CounterObstacle.CHEQUE
    assert not Receipt.objects.exists()
