"""Money moves under a mandate of that day; ``tests/access/test_operations.py`` tries who has none."""

import pytest

from obole.directory.rules import NotAllowed
from obole.lib import actors
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies import operations as regies
from tests.books import check_books
from tests.payments.test_suspense import surplus
from tests.world import NOON, RIB, Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db
CASH = payments.Money(cents=100, means=Receipt.Means.CASH)


@pytest.fixture
def town() -> Town:
    return make_town()


def test_a_mandate_moves_money_until_its_last_day(town: Town) -> None:
    due, who = make_invoice(town, meals=4), {"actor": town.regisseur.actor}
    _paid, receipt = surplus(town)
    payments.take_money(invoice_id=due.pk, money=CASH, request_key="t", at=later(30), **who)
    regies.configure_mandates(
        agent_id=town.regisseur.pk,
        terms={town.regie.pk: regies.MandateTerms(ends_on=NOON.date())},
        actor=actors.OPERATOR,
        at=later(31),
    )
    payments.take_unmatched(regie_id=town.regie.pk, money=CASH, request_key="u", at=later(32), **who)
    with pytest.raises(NotAllowed):
        payments.request_refund(
            receipt_id=receipt.pk, cents=1, reason="r", account=RIB, request_key="r", at=later(days=1), **who
        )
    check_books()
