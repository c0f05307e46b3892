"""A payer's account, and what they paid in a year, when invoices and money go to the comptable: as in the ledger."""

from datetime import date

import pytest

from obole.billing.models import Invoice
from obole.payments import operations as payments
from obole.payments.queries import accounts, years
from obole.payments.queries.accounts import Movement, MovementKind
from obole.regies.ledger import Cause
from tests.payments.steps import held
from tests.recovery.steps import come_back, hand_over, remind_all
from tests.recovery.test_late_money import MINUTES, OTHER, ask, pay_too_late
from tests.world import Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db
DAYS = (date(2026, 1, 1), date(2027, 12, 31))


@pytest.fixture
def town() -> Town:
    return make_town()


def account(town: Town) -> list[Movement]:
    """Return the movements of the only payer, once they come to what the ledger says that is owed, less what waits."""
    found = accounts.account_of(Invoice.objects.of_payer(town.citizen), *DAYS)
    owed, waits = held(town.regie, "receivable", "suspense")
    assert found.closing_cents == owed - waits
    assert (found.due_cents, found.kept_cents) == (owed, waits)
    return [one for one, _balance in found.lines]


def test_what_is_handed_over_leaves_the_account_and_what_comes_back_is_due_again(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    [line] = hand_over(town, invoice)
    assert [(one.kind, one.cents) for one in account(town)] == [
        (MovementKind.INVOICE, 5200),
        (MovementKind.TRANSFER, -5200),
    ]
    come_back(line, town)
    assert [one.cents for one in account(town)] == [5200, -5200, 5200]


def test_late_money_is_kept_then_is_the_comptable_s_and_was_paid_all_the_same(town: Town) -> None:
    _invoice, receipt = pay_too_late(town)
    assert [one.kind for one in account(town)][-1] == MovementKind.PAYMENT
    mine = Invoice.objects.of_payer(town.citizen)
    [kept] = years.paid_in_year(mine, 2027)
    assert (kept.cents, kept.invoice, kept.is_handed_over) == (5200, None, False)

    refund = ask(receipt)
    payments.approve_refund(refund_id=refund.pk, actor=OTHER, at=later(MINUTES + 11))
    payments.clear_receipts(
        regie_id=town.regie.pk,
        receipt_ids=[receipt.pk],
        cause=Cause(kind="clearing", key="1"),
        label="PayFiP",
        actor=town.regisseur.actor,
        at=later(MINUTES + 15),
    )
    payments.complete_refund(refund_id=refund.pk, mandate="VIR 12", actor=OTHER, at=later(MINUTES + 20))

    assert [one.kind for one in account(town)][-1] == MovementKind.HANDED_OVER
    [handed] = years.paid_in_year(mine, 2027)
    assert (handed.cents, handed.is_handed_over) == (5200, True)
