"""A drawer has one cashier at a time, what is counted is what is there, a cheque is on one bordereau."""

from collections.abc import Callable
from typing import Any

import pytest

from obole.books import verification
from obole.cash_desk import operations as cash_desk, queries
from obole.cash_desk.models import CashMovement, CashSession, CashSessionQuerySet, Deposit
from obole.cash_desk.operations import CannotOpen, ExpectedChanged, NoOpenSession, NotEnoughCash, NothingToDeposit
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Receipt
from tests.books import check_books
from tests.cash_desk.steps import (
    Desk,
    M,
    cash_deposit,
    cheque_deposit,
    closed,
    credited,
    given_back,
    make_desk,
    make_drawer,
    opened,
    taken,
)
from tests.races.crowd import EIGHT, Meeting, at_once, eight, without_lock
from tests.world import later

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    return make_desk()


def met(results: list[Any], *expected: type) -> list[Any]:
    """Return what was given, and fail on an error that nobody expected."""
    odd = [item for item in results if isinstance(item, Exception) and not isinstance(item, expected)]
    assert not odd, odd
    return [item for item in results if not isinstance(item, Exception)]


def unmatched(desk: Desk, key: str) -> Receipt:
    return cash_desk.take_unmatched(
        regie_id=desk.regie.pk,
        money=payments.Money(cents=10_00, means=M.CASH),
        request_key=key,
        actor=desk.agent.actor,
        at=later(5),
    )


def test_eight_open_one_drawer(desk: Desk) -> None:
    met(eight(lambda: opened(desk)), CannotOpen)
    assert CashSession.objects.open().count() == 1


def test_one_agent_opens_eight_drawers(desk: Desk) -> None:
    drawers = [make_drawer(desk.regie, f"Guichet {n}") for n in range(EIGHT)]
    acts: list[Callable[[], Any]] = [lambda one=one: opened(desk, drawer=one) for one in drawers]  # type: ignore[misc]
    assert len(met(at_once(*acts), CannotOpen)) == 1
    assert CashSession.objects.open().count() == 1


def test_the_same_form_eight_times_is_one_movement(desk: Desk) -> None:
    session = opened(desk)
    assert len(set(met(eight(lambda: unmatched(desk, "k"))))) == 1
    assert (CashMovement.objects.count(), queries.expected_cents(session)) == (1, 110_00)
    check_books()


def test_money_given_back_eight_times_leaves_once(desk: Desk) -> None:
    session = opened(desk)
    receipt = taken(desk, 30_00)
    met(eight(lambda: given_back(desk, receipt)))
    assert queries.expected_cents(session) == 100_00
    check_books()


def test_a_drawer_closed_while_cash_comes_in(desk: Desk) -> None:
    session = opened(desk)
    acts: list[Callable[[], Any]] = [lambda n=n: unmatched(desk, str(n)) for n in range(6)]  # type: ignore[misc]
    met(at_once(*acts, lambda: closed(desk, session, 100_00)), ExpectedChanged, NoOpenSession)
    session.refresh_from_db()
    taken_cents = 10_00 * Receipt.objects.count()
    assert CashMovement.objects.count() == Receipt.objects.count()
    assert queries.expected_cents(session) == 100_00 + taken_cents
    if not session.is_open:
        assert session.expected_cents == 100_00 + taken_cents
    check_books()


@pytest.mark.parametrize("guard", ["lock", "none"])
def test_neg_without_the_lock_of_the_session_cash_slips_in_after_the_count(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    session = opened(desk)
    meeting, moved = Meeting(guard), queries.moved_cents
    keep = cash_desk.counter.keep_movement  # type: ignore[attr-defined]

    def slowly_moved(one: CashSession) -> int:
        found = moved(one)
        meeting.wait()
        return found

    def slowly_kept(*args: Any, **values: Any) -> None:
        keep(*args, **values)
        meeting.wait()

    if guard == "none":
        monkeypatch.setattr(CashSessionQuerySet, "locked", without_lock)
    with monkeypatch.context() as patched:
        patched.setattr(queries, "moved_cents", slowly_moved)
        patched.setattr(cash_desk.counter, "keep_movement", slowly_kept)  # type: ignore[attr-defined]
        at_once(
            lambda: unmatched(desk, "k"),
            lambda: cash_desk.close_session(
                session_id=session.pk, count={50_00: 2}, expected_cents=100_00, actor=desk.agent.actor, at=later(9)
            ),
        )
    if guard == "lock":
        verification.verify()
        return
    with pytest.raises(verification.BooksDiffer, match="what was expected"):
        verification.verify()


def test_two_close_one_drawer(desk: Desk) -> None:
    session = opened(desk)
    taken(desk, 20_00)
    results = eight(lambda: closed(desk, session, 115_00, explanation="Erreur de rendu"))
    assert len(met(results, ForbiddenTransition)) == 1
    check_books()


def test_eight_put_one_cheque_on_a_bordereau(desk: Desk) -> None:
    cheque = taken(desk, 40_00, M.CHEQUE)
    assert len(met(eight(lambda: cheque_deposit(desk, [cheque])), NothingToDeposit)) == 1
    assert [deposit.sequence for deposit in Deposit.objects.all()] == [1]
    check_books()


def test_eight_take_the_same_cash_out_of_the_safe(desk: Desk) -> None:
    session = opened(desk)
    taken(desk, 50_00)
    closed(desk, session, 150_00)
    assert len(met(eight(lambda: cash_deposit(desk, 40_00)), NotEnoughCash)) == 1
    check_books()


def test_a_remise_is_credited_once(desk: Desk) -> None:
    deposit = cheque_deposit(desk, [taken(desk, 40_00, M.CHEQUE)])
    met(eight(lambda: credited(desk, deposit)))
    check_books()


def test_a_crowd_at_two_drawers_waits_for_nobody_for_ever(desk: Desk) -> None:
    """Taking, giving back, handing in and closing at once: no deadlock, and the books are right."""
    mine, theirs = opened(desk), opened(desk, drawer=make_drawer(desk.regie, "Piscine"), agent=desk.other)
    first, second = taken(desk, 30_00), taken(desk, 30_00, agent=desk.other)
    acts: list[Callable[[], Any]] = [
        lambda: unmatched(desk, "a"),
        lambda: given_back(desk, first),
        lambda: given_back(desk, second, agent=desk.other),
        lambda: taken(desk, 12_00, agent=desk.other),
        lambda: cash_deposit(desk, 10_00, from_drawer=True),
        lambda: cash_deposit(desk, 10_00),
        lambda: closed(desk, theirs, 100_00, agent=desk.other, explanation="Erreur"),
        lambda: closed(desk, mine, 100_00, explanation="Erreur"),
    ]
    met(at_once(*acts), NotEnoughCash, NoOpenSession, ExpectedChanged)
    check_books()
