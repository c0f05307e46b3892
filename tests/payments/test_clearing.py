"""Money in instance that the bank credits: once, and it is on the account from then on."""

import pytest
from django.db import IntegrityError, transaction

from obole.directory.rules import NotAllowed
from obole.payments import operations as payments
from obole.payments.models import Clearing, Receipt
from obole.payments.operations import NotClearable
from obole.regies.ledger import AlreadyPosted, Cause
from obole.regies.models import Entry
from tests.books import check_books
from tests.payments.steps import held, pay
from tests.payments.test_counter import take
from tests.payments.test_reversals import debit, reject
from tests.payments.test_suspense import come_paid
from tests.world import Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db
ACCOUNTS = ("card_clearing", "debit_clearing", "cheques", "treasury_deposit")


@pytest.fixture
def town() -> Town:
    return make_town()


def clear(town: Town, *receipts: Receipt, line: str = "1") -> Entry:
    return payments.clear_receipts(
        regie_id=town.regie.pk,
        receipt_ids=[receipt.pk for receipt in receipts],
        cause=Cause(kind="clearing", key=line),
        label="Virement PayFiP",
        actor=town.regisseur.actor,
        at=later(days=2),
    )


def test_one_line_of_the_bank_credits_many_receipts(town: Town) -> None:
    card, direct = come_paid(pay(make_invoice(town)), 5), debit(town, make_invoice(town))
    cheque = take(make_invoice(town).pk, 5200, Receipt.Means.CHEQUE)
    assert held(town.regie, *ACCOUNTS) == (card.cents, direct.cents, cheque.cents, 0)

    clear(town, card, direct, cheque)

    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, card.cents + direct.cents + cheque.cents)
    check_books()


def test_a_receipt_is_credited_once(town: Town) -> None:
    card = come_paid(pay(make_invoice(town)), 5)
    clear(town, card)
    with pytest.raises(NotClearable):
        clear(town, card, line="2")
    with pytest.raises(IntegrityError), transaction.atomic():
        kept = Clearing.objects.get()
        Clearing.objects.create(receipt=card, entry=kept.entry, at=kept.at, actor=kept.actor)
    other = come_paid(pay(make_invoice(town)), 5)
    with pytest.raises(AlreadyPosted):
        clear(town, other)
    check_books()


def test_cash_of_another_regie_or_taken_back_is_not(town: Town) -> None:
    cash, gone = take(make_invoice(town, meals=4).pk, 100), debit(town, make_invoice(town))
    reject(gone)
    for receipt in (cash, gone):
        with pytest.raises(NotClearable):
            clear(town, receipt)
    with pytest.raises(NotClearable):
        clear(town)


def test_a_debit_rejected_after_it_was_credited_leaves_the_account(town: Town) -> None:
    direct = debit(town, make_invoice(town))
    clear(town, direct)
    reject(direct)
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 0)
    check_books()


def test_without_a_mandate_nobody_says_that_money_came(town: Town) -> None:
    card = come_paid(pay(make_invoice(town)), 5)
    with pytest.raises(NotAllowed):
        payments.clear_receipts(
            regie_id=town.regie.pk,
            receipt_ids=[card.pk],
            cause=Cause(kind="clearing", key="1"),
            label="Virement",
            actor=town.admin.actor,
            at=later(days=2),
        )
