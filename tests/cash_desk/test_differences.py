"""What becomes of a difference: repaid, or paid over, with a reference; never more than it was."""

import pytest
from django.db import IntegrityError, connection, transaction

from obole.books import verification
from obole.books.verification import BooksDiffer
from obole.cash_desk import operations as cash_desk, queries
from obole.cash_desk.models import CashSession, Deposit, DifferenceSettlement
from obole.cash_desk.operations import NoOpenSession, NotEnoughCash, NotSettled
from obole.lib import texts
from obole.regies.models import Entry
from tests.cash_desk.steps import Desk, balances, cash_deposit, closed, credited, make_drawer, opened, position, taken
from tests.world import NOON, WHO, later

pytestmark = pytest.mark.django_db


def with_difference(desk: Desk, cents: int) -> CashSession:
    session = opened(desk)
    taken(desk, 50_00)
    return closed(desk, session, 150_00 + cents, explanation="Erreur de rendu")


def settled(
    desk: Desk, session: CashSession, cents: int, *, key: str = "", reference: str = "Ordre de reversement 12"
) -> DifferenceSettlement:
    return cash_desk.settle_difference(
        session_id=session.pk,
        cents=cents,
        reference=reference,
        request_key=key or texts.token(),
        actor=desk.agent.actor,
        at=later(60),
    )


def test_what_lacked_is_repaid_in_two_times(desk: Desk) -> None:
    session = with_difference(desk, -8_00)
    assert balances(desk) == (42_00, 0, 0, 8_00)
    with pytest.raises(NoOpenSession):
        settled(desk, session, 8_00)
    mine = opened(desk, minutes=30)
    assert settled(desk, session, 5_00, key="k") == settled(desk, session, 5_00, key="k")
    assert queries.left_to_settle(session) == 3_00
    assert [item.left_cents for item in queries.unsettled(desk.regie)] == [3_00]
    for cents in (0, -1, 3_01):
        with pytest.raises(NotSettled):
            settled(desk, session, cents)
    with pytest.raises(NotSettled):
        settled(desk, session, 3_00, reference=" ")
    settled(desk, session, 3_00)
    assert balances(desk) == (50_00, 0, 0, 0)
    assert queries.expected_cents(mine) == 108_00
    assert not queries.unsettled(desk.regie).exists()
    assert Entry.objects.filter(cause_kind="cash_settlement").count() == 2
    with pytest.raises(NotSettled):
        settled(desk, session, 1)


def test_what_was_too_much_is_paid_over(desk: Desk) -> None:
    session = with_difference(desk, 2_00)
    assert balances(desk) == (52_00, 0, 0, -2_00)
    opened(desk, minutes=30)
    one = settled(desk, session, 2_00, reference="Quittance du comptable 7")
    assert one.kind == "paid_over"
    assert (balances(desk), position(desk).physical) == ((50_00, 0, 0, 0), 150_00)


def test_what_went_to_the_bank_is_not_paid_over_in_cash(desk: Desk) -> None:
    session = with_difference(desk, 2_00)
    credited(desk, cash_deposit(desk, 52_00), minutes=40)
    opened(desk, minutes=50)
    with pytest.raises(NotEnoughCash):
        settled(desk, session, 2_00)
    assert balances(desk) == (0, 0, 52_00, -2_00)


def test_without_a_drawer_it_is_the_safe_s(desk: Desk) -> None:
    session = with_difference(desk, -8_00)
    cash_desk.configure_drawer(drawer_id=desk.drawer.pk, values={"enabled": False}, actor=WHO, at=later(20))
    settled(desk, session, 8_00)
    assert position(desk).safe == 50_00


def test_the_database_refuses_more_than_the_difference(desk: Desk) -> None:
    session = with_difference(desk, -8_00)
    opened(desk, minutes=30)
    one = settled(desk, session, 5_00)
    entry = Entry.objects.filter(cause_kind="cash_session").get()
    with pytest.raises(IntegrityError, match="more than the difference"), transaction.atomic():
        DifferenceSettlement.objects.create(
            session=session, kind="repaid", cents=3_01, reference="x", request_key="x", at=NOON, actor=WHO, entry=entry
        )
    with pytest.raises(Exception, match="[Cc]annot"), transaction.atomic():
        DifferenceSettlement.objects.filter(pk=one.pk).update(cents=1)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE cash_desk_cashsession SET booked_cents = -700", "« caisse » holds"),
        ("UPDATE cash_desk_cashsession SET opening = '{\"100\": 99}'", "does not come to its amount"),
        ("UPDATE cash_desk_cashsession SET opening_cents = opening_cents + 100", "what was expected"),
        ("UPDATE cash_desk_cashmovement SET cents = cents + 1", "what was expected"),
        ("DELETE FROM cash_desk_cashmovement", "what was expected"),
        ("UPDATE cash_desk_deposit SET cents = cents - 1", "does not come to its amount|caisse"),
        ("UPDATE cash_desk_deposit SET sequence = 7", "gap"),
    ],
)
def test_verify_finds_what_was_altered(desk: Desk, sql: str, said: str) -> None:
    with_difference(desk, -8_00)
    cash_deposit(desk, 42_00)
    verification.verify()
    with pytest.raises(BooksDiffer, match=said), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica")
            cursor.execute(sql)
            cursor.execute("SET session_replication_role = origin")
        verification.verify()
    assert Deposit.objects.get().cents == 42_00
    assert make_drawer(desk.regie, "Piscine").enabled
