"""Two that wait for each other, and two that cannot both be true: the server undoes one, and F74 begins it anew."""

from collections.abc import Callable
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from psycopg.errors import DeadlockDetected, SerializationFailure

from obole.lib import transactions
from obole.lib.transactions import atomic_with_retry
from obole.payments.models import Attempt, BankExchange
from obole.payments.operations import gateway_status, polling
from obole.regies.models import Entry, Regie
from tests.faults.steps import NOTIFICATION, RED, hear_paid
from tests.gateways.payfip.bank import IDOP
from tests.payments.steps import assert_nothing_received, assert_paid_once, pay
from tests.portal.conftest import Clock, bill
from tests.races.crowd import at_once
from tests.world import Town, make_regie, run_tasks

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 20


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "PAUSE_SECONDS", (0.0, 0.001))


def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "TRIES", 1)


def let_the_other_be_undone() -> None:
    """The server undoes whom waits the longest: this one waits longer than any test before it looks."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL deadlock_timeout = '30s'")


def f74_crossing(town: Town) -> None:
    """Two operations lock the same two régies in opposite orders and meet in the middle: both are done, each once."""
    pair = [town.regie.pk, make_regie("SPO", "Régie Sports").pk]
    middle, tries = Barrier(2, timeout=PATIENCE_SECONDS), list[int]()

    @atomic_with_retry
    def rename(first: int, second: int) -> None:
        tries.append(first)
        one = Regie.objects.locked().get(pk=first)
        if tries.count(first) == 1:
            middle.wait()
        other = Regie.objects.locked().get(pk=second)
        for regie in (one, other):
            regie.description += "."
            regie.save(update_fields=["description"])

    assert at_once(lambda: rename(*pair), lambda: rename(*pair[::-1])) == [None, None]
    assert set(Regie.objects.order_by("id").values_list("description", flat=True)) == {".."}
    assert 2 < len(tries) <= 4


def test_f74_of_two_that_wait_for_each_other_the_one_undone_is_begun_anew(town: Town) -> None:
    f74_crossing(town)


def test_neg_f74_without_a_second_try_one_of_the_two_is_lost(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    no_second_try(monkeypatch)
    with pytest.raises(RED):
        f74_crossing(town)


def cross_with(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return who locks the régie, then the attempt's invoice, while its payment is booked in the right order."""
    middle, post = Barrier(2, timeout=PATIENCE_SECONDS), gateway_status.ledger.post

    def meet(**values: Any) -> Entry:
        monkeypatch.setattr(gateway_status.ledger, "post", post)
        middle.wait()
        return post(**values)

    def upside_down() -> None:
        with transaction.atomic():
            let_the_other_be_undone()
            Regie.objects.locked().get(pk=attempt.regie_id)
            middle.wait()
            type(attempt.invoice).objects.locked().get(pk=attempt.invoice_id)

    monkeypatch.setattr(gateway_status.ledger, "post", meet)
    return upside_down


def f74_payment(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The transaction that books a payment is the one that the server undoes: the payment is booked all the same, once.
    """
    attempt = pay(bill(town, 5200))
    upside_down = cross_with(attempt, monkeypatch)
    told = at_once(lambda: hear_paid(attempt).state, upside_down)
    assert told == ["paid", None]
    run_tasks()
    assert_paid_once(attempt.invoice, attempt)


def test_f74_a_payment_that_a_deadlock_undid_is_booked_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    f74_payment(town, monkeypatch)


def test_neg_f74_without_a_second_try_the_payment_waits_for_the_next_question(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_second_try(monkeypatch)
    with pytest.raises(RED):
        f74_payment(town, monkeypatch)


def f74_return(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The payer who comes back at that moment reads that it is paid, not that the site is out of order."""
    attempt = pay(bill(town, 5200))
    upside_down = cross_with(attempt, monkeypatch)
    browser = Client(raise_request_exception=False)
    page, _none = at_once(lambda: browser.get(f"/paiements/retour/{attempt.public_id}/"), upside_down)
    assert not isinstance(page, Exception) and page is not None
    assert page.status_code == 200 and "Paiement reçu" in page.content.decode()


def test_f74_the_return_page_meets_a_deadlock_and_shows_the_payment(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    f74_return(town, monkeypatch)


def test_neg_f74_without_a_second_try_the_return_page_is_out_of_order(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_second_try(monkeypatch)
    with pytest.raises(RED):
        f74_return(town, monkeypatch)


def _undone(kind: type[psycopg.OperationalError] = DeadlockDetected) -> OperationalError:
    error = OperationalError("undone")
    error.__cause__ = kind("undone")
    return error


def f74_doorbell(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt, keep = pay(bill(town, 5200)), polling.keep_exchange
    Attempt.objects.filter(pk=attempt.pk).update(gateway_reference=IDOP)

    def victim(*args: Any, **values: Any) -> None:
        monkeypatch.setattr(polling, "keep_exchange", keep)
        keep(*args, **values)
        raise _undone()

    monkeypatch.setattr(polling, "keep_exchange", victim)
    answer = Client(raise_request_exception=False).post(NOTIFICATION, {"idop": IDOP})
    assert (answer.status_code, BankExchange.objects.filter(kind="notification").count()) == (200, 1)


def test_f74_a_doorbell_that_a_deadlock_undid_is_kept_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    f74_doorbell(town, monkeypatch)


def test_neg_f74_without_a_second_try_the_bank_is_told_to_ring_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_second_try(monkeypatch)
    with pytest.raises(RED):
        f74_doorbell(town, monkeypatch)


def f74_serialization(town: Town) -> None:
    """A transaction that wants one picture of the books finds a row changed under it: it takes a new picture."""
    at, turns = connection.settings_dict, list[int]()

    @atomic_with_retry
    def rename() -> None:
        turns.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        regie = Regie.objects.get(pk=town.regie.pk)
        if len(turns) == 1:
            with psycopg.connect(f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}") as other:
                other.execute("UPDATE regies_regie SET description = 'a'")
        regie.description += "b"
        regie.save(update_fields=["description"])

    rename()
    assert (Regie.objects.get().description, len(turns)) == ("ab", 2)


def test_f74_two_that_cannot_both_be_true_are_done_one_after_the_other(town: Town) -> None:
    f74_serialization(town)


def test_neg_f74_without_a_second_try_the_second_is_refused(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    no_second_try(monkeypatch)
    with pytest.raises(RED):
        f74_serialization(town)


@pytest.mark.parametrize("kind", [DeadlockDetected, SerializationFailure])
def test_f74_it_is_tried_three_times_and_no_more_with_a_rest_between(
    town: Town, monkeypatch: pytest.MonkeyPatch, kind: type[psycopg.OperationalError]
) -> None:
    rests, turns = list[float](), list[int]()
    monkeypatch.setattr(transactions, "PAUSE_SECONDS", (0.01, 0.06))
    monkeypatch.setattr("obole.lib.transactions.time.sleep", rests.append)

    @atomic_with_retry
    def never() -> None:
        turns.append(1)
        raise _undone(kind)

    with pytest.raises(OperationalError):
        never()
    assert len(turns) == 3
    assert len(rests) == 2 and 0.01 <= rests[0] <= 0.06 and 0.02 <= rests[1] <= 0.12


@pytest.mark.parametrize("error", [OperationalError("gone"), IntegrityError("twice"), ValueError("wrong")], ids=repr)
def test_f74_nothing_else_is_tried_again(town: Town, error: Exception) -> None:
    """A connection that is gone, a rule that was broken: what happened is not known, or would happen again."""
    turns = list[int]()

    @atomic_with_retry
    def fail() -> None:
        turns.append(1)
        raise error

    with pytest.raises(type(error)):
        fail()
    assert len(turns) == 1


def test_f74_inside_another_transaction_only_the_outermost_is_begun_anew(town: Town) -> None:
    turns = list[str]()

    @atomic_with_retry
    def inner() -> None:
        turns.append("inner")
        if len(turns) < 4:
            raise _undone()

    @atomic_with_retry
    def outer() -> None:
        turns.append("outer")
        inner()

    outer()
    assert turns == ["outer", "inner"] * 2
    turns.clear()
    with pytest.raises(OperationalError), transaction.atomic():
        inner()
    assert turns == ["inner"]


def test_f74_what_was_undone_left_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = pay(bill(town, 5200))

    def victim(**_values: Any) -> Entry:
        raise _undone()

    monkeypatch.setattr(gateway_status.ledger, "post", victim)
    with pytest.raises(OperationalError):
        hear_paid(attempt)
    assert_nothing_received(attempt.invoice)
