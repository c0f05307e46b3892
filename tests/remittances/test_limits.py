"""The acte constitutif: what a régie may take and hold, and who is told when it holds too much or pays too late."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from obole.lib.actors import WORKER
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Receipt
from obole.payments.operations.counter import CounterObstacle
from obole.payments.operations.starting import OnlineObstacle
from obole.regies import queries as regies
from obole.regies.models import FoundingAct, Means
from obole.remittances import operations, queries
from tests.books import check_books
from tests.payments.steps import pay
from tests.remittances.steps import paid, sign, write_act
from tests.world import NOON, WHO, Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def look(at: datetime) -> None:
    operations.follow_limits(at=at)


def tasks(kind: str) -> list[tuple[bool, str]]:
    rows = Anomaly.objects.filter(kind=kind).order_by("id")
    return [(item.closed_at is None, item.details) for item in rows]


def test_without_an_act_everything_is_as_before(town: Town) -> None:
    assert regies.allowed_means(town.regie) == frozenset(Means)
    paid(town, Receipt.Means.CARD)
    look(NOON + timedelta(minutes=10))
    assert tasks("ceiling") == []


def test_a_means_that_the_act_does_not_allow_is_refused_at_every_door(town: Town) -> None:
    write_act(town.regie, allowed_means=[Means.CHEQUE, Means.TRANSFER])
    invoice = make_invoice(town)
    cash = payments.Money(cents=100, means=Receipt.Means.CASH)
    with pytest.raises(payments.MoneyNotTaken) as refused:
        payments.take_money(invoice_id=invoice.pk, money=cash, request_key="a", actor=WHO, at=later(1))
    assert refused.value.hindrance == CounterObstacle.MEANS
    with pytest.raises(payments.MoneyNotTaken) as refused:
        payments.take_unmatched(regie_id=town.regie.pk, money=cash, request_key="b", actor=WHO, at=later(1))
    assert refused.value.hindrance == CounterObstacle.MEANS
    with pytest.raises(payments.NotPayableOnline) as closed:
        pay(invoice)
    assert closed.value.obstacle == OnlineObstacle.MEANS
    assert not Receipt.objects.exists()
    paid(town, Receipt.Means.CHEQUE)
    write_act(town.regie)
    pay(invoice)
    check_books()


def test_an_act_says_its_account_rightly_and_a_ceiling(town: Town) -> None:
    with pytest.raises(ValidationError, match="IBAN"):
        write_act(town.regie, iban="FR76 3000 6000 0112 3456 7890 188")
    with pytest.raises(ValidationError):
        write_act(town.regie, max_held_cents=0)
    with pytest.raises(ValidationError):
        write_act(town.regie, allowed_means=["gold"])
    act = write_act(town.regie)
    assert act.iban == "FR7630006000011234567890189"
    with pytest.raises(DatabaseError), transaction.atomic():
        FoundingAct.objects.filter(pk=act.pk).update(allowed_means=["gold"])
    assert write_act(town.regie, max_held_cents=1).pk == act.pk


def test_too_much_is_a_task_as_long_as_it_is_held(town: Town) -> None:
    write_act(town.regie, max_held_cents=52_00)
    paid(town)
    look(later(10))
    assert tasks("ceiling") == []
    paid(town, meals=4)
    look(later(20))
    look(later(30))
    assert tasks("ceiling") == [(True, "65,00\u00a0€ / 52,00\u00a0€")]

    anomaly = Anomaly.objects.get(kind="ceiling")
    assert anomaly.regie == town.regie
    payments.close_anomaly(anomaly_id=anomaly.pk, note="versé demain", actor=town.regisseur.actor, at=later(40))
    look(later(50))
    assert tasks("ceiling")[0][0] is False
    look(later(days=7, minutes=41))
    assert tasks("ceiling")[0][0] is True

    operations.record_transfer(remittance_id=sign(town).pk, reference="V", actor=WHO, at=later(days=7, minutes=50))
    look(later(days=7, minutes=60))
    closed = Anomaly.objects.get(kind="ceiling")
    assert (closed.outcome, closed.closed_by, closed.note) == ("noted", WORKER, "Ce n’est plus le cas.")
    paid(town, meals=31)
    look(later(days=7, minutes=70))
    assert tasks("ceiling") == [(True, "100,75\u00a0€ / 52,00\u00a0€")]
    check_books()


def test_a_month_without_a_bordereau_is_late_while_something_waits(town: Town) -> None:
    look(later(days=90))
    assert tasks("late") == []
    paid(town)
    assert queries.late_since(town.regie, at=later(days=30)) is None
    look(later(days=31))
    assert tasks("late") == [(True, "25/12/2026")]
    sign(town)
    look(later(days=31, minutes=5))
    assert tasks("late") == [(False, "25/12/2026")]
    assert queries.late_since(town.regie, at=later(days=300)) is None
