"""What was left to recover when a day ended: whatever happened since, and to the cent what the ledger says."""

from datetime import date, timedelta
from typing import Any

import pytest

from obole.payments import operations as payments
from obole.payments.models import Reversal
from obole.recovery import queries
from obole.recovery.rules import Age
from tests.crm.desk import pay
from tests.payments.test_reversals import debit, reject
from tests.recovery.steps import LATE, come_back, hand_over, remind_all
from tests.recovery.test_transmissions import take
from tests.world import NOON, WHO, Town, later, make_fixed_invoice, make_invoice, make_town

pytestmark = pytest.mark.django_db
START = NOON.date()


@pytest.fixture
def town() -> Town:
    return make_town()


def day(days: int) -> date:
    return START + timedelta(days=days)


def agree(town: Town, on: date) -> int:
    """Return what is left on a day, once the rows and the ledger said the same."""
    rest = queries.sum_rests(queries.outstanding(town.regie, on)).rest
    assert rest == queries.receivable_on(town.regie, on, today=date.max), on
    return rest


def test_every_day_of_a_long_story_agrees_with_the_ledger(town: Town) -> None:
    plain, partly, bounced = make_invoice(town), make_invoice(town), make_invoice(town)
    cancelled, rejected = make_invoice(town, at=later(days=2)), make_invoice(town)
    reject(debit(town, rejected))
    pay(make_fixed_invoice(town, 12_00))
    take(partly, 1200, days=4)
    cheque = take(bounced, 5200, days=5)
    payments.cancel_invoice(invoice_id=cancelled.pk, code="twice", comment="", actor=WHO, at=later(days=6))
    remind_all(town)
    back: dict[str, Any] = {"kind": Reversal.Kind.BOUNCED, "reason": "Sans provision", "actor": WHO}
    payments.reverse_receipt(receipt_id=cheque.pk, at=later(days=70), **back)
    lines = hand_over(town, plain, partly, at=later(days=90))
    come_back(lines[0], town, days=95)
    take(plain, 200, days=97)
    known = {n: agree(town, day(n)) for n in range(-1, 110)}
    assert (known[-1], known[0], known[2], known[3]) == (0, 3 * 5200, 4 * 5200, 4 * 5200)
    assert known[4] - known[5] == 5200 and known[70] - known[69] == 5200
    assert known[89] - known[90] == 5200 + 4000 and known[95] - known[94] == 5200 and known[96] - known[97] == 200
    assert queries.receivable_on(town.regie, day(200), today=day(100)) == known[109]


def test_ages_and_reminders_are_those_of_the_day(town: Town) -> None:
    make_invoice(town)
    remind_all(town)
    ages = [(age, day(20 + late)) for age, late in zip(Age, (-1, 0, 31, 61, 91), strict=True)]
    for age, on in ages:
        rows = queries.outstanding(town.regie, on)
        assert {name: cents for name, cents in queries.rests_by_age(rows, on).items() if cents} == {age: 5200}
        assert [queries.in_age(rows, other, on).count() for other in Age] == [int(other == age) for other in Age]
        assert Age.of(day(20), on) is age
    assert [queries.outstanding(town.regie, day(n)).get().reminded for n in (26, 27, 41, 60)] == [0, 1, 2, 3]


def test_a_regie_sees_its_own(town: Town, django_assert_num_queries: Any) -> None:
    for _turn in range(3):
        make_invoice(town)
    rows = queries.outstanding(town.regie, day(LATE))
    with django_assert_num_queries(1):
        assert {invoice.payer.display_name for invoice in rows} == {town.citizen.display_name}
