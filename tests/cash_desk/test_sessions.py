"""Drawers: opened with a count, by one person; cash goes through them; closed with another count, to the cent."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from obole.billing.models import Invoice
from obole.cash_desk import operations as cash_desk, queries
from obole.cash_desk.models import CashMovement, CashSession, Deposit
from obole.cash_desk.operations import CannotOpen, CountUnexplained, ExpectedChanged, NoOpenSession, NotEnoughCash
from obole.cash_desk.rules import BadCount
from obole.directory.rules import NotAllowed
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Receipt, Reversal
from obole.payments.operations import MoneyNotTaken
from obole.regies import operations as regies
from obole.regies.models import Entry
from tests.cash_desk.steps import (
    FLOAT,
    Desk,
    M,
    balances,
    cash_deposit,
    closed,
    coins,
    credited,
    given_back,
    make_drawer,
    opened,
    position,
    taken,
)
from tests.world import NOON, WHO, later, make_invoice, make_regie

pytestmark = pytest.mark.django_db


def test_a_day_at_the_counter_to_the_cent(desk: Desk) -> None:
    session = opened(desk)
    assert (session.opening_cents, session.opening) == (100_00, {"2000": 3, "1000": 3, "100": 10})
    first, _second = taken(desk, 52_00), taken(desk, 17_35)
    taken(desk, 40_00, M.CHEQUE)
    given_back(desk, first)

    assert queries.expected_cents(session) == 117_35
    done = closed(desk, session, 117_35)

    assert (done.difference_cents, done.booked_cents, done.entry, done.fund_cents) == (0, 0, None, 100_00)
    assert done.takings_cents == 17_35, "what goes to the safe"
    assert balances(desk) == (17_35, 40_00, 0, 0)
    now = position(desk)
    assert (now.funds, now.safe, now.physical) == (100_00, 17_35, 117_35)


def test_the_fonds_de_caisse_is_in_no_account(desk: Desk) -> None:
    opened(desk)
    assert balances(desk) == (0, 0, 0, 0)
    assert not Entry.objects.filter(regie=desk.regie).exists()
    assert position(desk).physical == 100_00


@pytest.mark.parametrize(
    ("counted", "booked", "cash", "fund"),
    [(112_00, -8_00, 12_00, 100_00), (123_50, 3_50, 23_50, 100_00), (95_00, -20_00, 0, 95_00), (0, -20_00, 0, 0)],
    ids=["it lacks", "too much", "more than the takings lack", "all of it"],
)
def test_a_difference_is_explained_and_booked(desk: Desk, counted: int, booked: int, cash: int, fund: int) -> None:
    session = opened(desk)
    taken(desk, 20_00)
    with pytest.raises(CountUnexplained) as refused:
        closed(desk, session, counted)
    assert (refused.value.counted, refused.value.expected) == (counted, 120_00)
    assert CashSession.objects.get().is_open

    done = closed(desk, session, counted, explanation="Rendu de monnaie erroné")

    assert (done.difference_cents, done.booked_cents, done.fund_cents) == (counted - 120_00, booked, fund)
    assert balances(desk) == (cash, 0, 0, -booked)
    assert position(desk).physical == counted, "what was counted is what must be there from then on"
    assert "Rendu de monnaie erroné" in Entry.objects.get(cause_kind="cash_session").label


def test_what_moved_since_the_count_is_shown_again(desk: Desk) -> None:
    session = opened(desk)
    with pytest.raises(ExpectedChanged) as changed:
        cash_desk.close_session(
            session_id=session.pk, count=FLOAT, expected_cents=90_00, actor=desk.agent.actor, at=later(5)
        )
    assert changed.value.expected == 100_00
    closed(desk, session, 100_00)
    with pytest.raises(ForbiddenTransition):
        closed(desk, session, 100_00)


def test_another_who_answers_for_the_regie_closes_it(desk: Desk) -> None:
    done = closed(desk, opened(desk), 100_00, agent=desk.other)
    assert (done.agent, done.closed_by) == (desk.agent, desk.other.actor)


def test_one_open_session_a_drawer_and_one_an_agent(desk: Desk) -> None:
    opened(desk)
    second = make_drawer(desk.regie, "Piscine")
    for drawer, agent, why in ((desk.drawer, desk.other, "open"), (second, desk.agent, "has_another")):
        with pytest.raises(CannotOpen) as refused:
            opened(desk, drawer=drawer, agent=agent)
        assert refused.value.why == why
    known = CashSession.objects.get()
    for drawer, agent in ((desk.drawer, desk.other), (second, desk.agent)):
        with pytest.raises(IntegrityError), transaction.atomic():
            CashSession.objects.create(
                drawer=drawer, regie=desk.regie, agent=agent, opened_at=NOON, opening={}, opening_cents=0
            )
    cash_desk.configure_drawer(drawer_id=second.pk, values={"enabled": False}, actor=WHO, at=later(3))
    with pytest.raises(CannotOpen) as refused:
        opened(desk, drawer=second, agent=desk.other)
    assert refused.value.why == "disabled"
    with pytest.raises(ValidationError, match="ouverte"):
        cash_desk.configure_drawer(drawer_id=known.drawer_id, values={"enabled": False}, actor=WHO, at=later(3))


def test_an_opening_that_is_not_what_was_left_says_why(desk: Desk) -> None:
    closed(desk, opened(desk), 100_00)
    with pytest.raises(CountUnexplained) as refused:
        opened(desk, count=coins(150_00), minutes=12)
    assert (refused.value.counted, refused.value.expected) == (150_00, 100_00)
    again = opened(desk, count=coins(150_00), reason="Avance portée à 150 € par le comptable", minutes=12)
    assert (again.opening_cents, position(desk).funds) == (150_00, 150_00)


def test_cash_asks_for_an_open_drawer_and_other_means_do_not(desk: Desk) -> None:
    taken(desk, 40_00, M.CHEQUE)
    before = Receipt.objects.count()
    with pytest.raises(NoOpenSession) as refused:
        taken(desk, 10_00)
    assert refused.value.regie_id == desk.regie.pk
    with pytest.raises(NoOpenSession):
        unmatched(desk)
    assert Receipt.objects.count() == before
    opened(desk, agent=desk.other)
    with pytest.raises(NoOpenSession):
        taken(desk, 10_00)
    receipt = taken(desk, 10_00, agent=desk.other)
    assert receipt.cash_movement.session.agent == desk.other
    with pytest.raises(NoOpenSession):
        given_back(desk, receipt)
    assert not hasattr(Receipt.objects.get(pk=receipt.pk), "reversal")


def unmatched(desk: Desk, key: str = "u", cents: int = 5_00) -> Receipt:
    return cash_desk.take_unmatched(
        regie_id=desk.regie.pk,
        money=payments.Money(cents=cents, means=M.CASH),
        request_key=key,
        actor=desk.agent.actor,
        at=later(3),
    )


def test_the_same_form_sent_twice_moves_the_cash_once(desk: Desk) -> None:
    session = opened(desk)
    assert unmatched(desk) == unmatched(desk)
    invoice = make_invoice(desk.town)
    form: dict[str, Any] = {
        "invoice_id": invoice.pk,
        "money": payments.Money(cents=52_00, means=M.CASH),
        "request_key": "k",
        "actor": desk.agent.actor,
        "handed_cents": 60_00,
    }
    receipts = [cash_desk.take_money(**form, at=later(3)) for _twice in range(2)]
    assert receipts[0] == receipts[1]
    assert (receipts[0].cash_movement.handed_cents, receipts[0].cash_movement.change_cents) == (60_00, 8_00)
    assert queries.expected_cents(session) == 157_00
    given_back(desk, receipts[0])
    given_back(desk, receipts[0])
    assert queries.expected_cents(session) == 105_00
    closed(desk, session, 105_00)
    assert cash_desk.take_money(**form, at=later(30)) == receipts[0], "the drawer is closed, the money was taken"
    assert CashMovement.objects.count() == 3


def test_a_regie_without_a_drawer_is_as_it_was(desk: Desk) -> None:
    cash_desk.configure_drawer(drawer_id=desk.drawer.pk, values={"enabled": False}, actor=WHO, at=later())
    receipt = taken(desk, 20_00)
    assert position(desk).safe == 20_00
    given_back(desk, receipt)
    assert not CashMovement.objects.exists()
    assert balances(desk) == (0, 0, 0, 0)


def test_what_went_to_the_bank_is_not_given_back_out_of_the_fonds_de_caisse(desk: Desk) -> None:
    first = opened(desk)
    receipt = taken(desk, 30_00)
    closed(desk, first, 130_00)
    credited(desk, cash_deposit(desk, 30_00))
    opened(desk, minutes=100)
    with pytest.raises(NotEnoughCash) as refused:
        given_back(desk, receipt, minutes=101)
    assert refused.value.cents == 0
    taken(desk, 12_00, minutes=102)
    with pytest.raises(NotEnoughCash) as refused:
        given_back(desk, receipt, minutes=103)
    assert refused.value.cents == 12_00
    taken(desk, 18_00, minutes=104)
    given_back(desk, receipt, minutes=105)
    assert balances(desk) == (0, 0, 30_00, 0)


def test_what_a_drawer_gives_back_of_another_day_is_made_up_from_the_safe(desk: Desk) -> None:
    first = opened(desk)
    receipt = taken(desk, 30_00)
    closed(desk, first, 130_00)
    second = opened(desk, minutes=20)
    given_back(desk, receipt, minutes=21)
    assert (position(desk).safe, position(desk).free) == (30_00, 0), "the safe owes it to the drawer"
    with pytest.raises(NotEnoughCash):
        cash_deposit(desk, 30_00, minutes=22)
    done = closed(desk, second, 70_00, minutes=30)
    assert (done.takings_cents, done.fund_cents, position(desk).safe) == (-30_00, 100_00, 0)


def test_a_drawer_gives_back_what_it_has(desk: Desk) -> None:
    first = opened(desk)
    receipt = taken(desk, 30_00)
    closed(desk, first, 130_00)
    opened(desk, count=coins(10_00), reason="Fonds ramené à 10 €", minutes=20)
    with pytest.raises(NotEnoughCash) as refused:
        given_back(desk, receipt, minutes=21)
    assert refused.value.cents == 10_00


def test_the_limit_of_cash_stays(desk: Desk) -> None:
    opened(desk)
    with pytest.raises(MoneyNotTaken):
        taken(desk, 300_01)
    assert not Receipt.objects.exists() and Invoice.objects.get().received_cents == 0


def acts(desk: Desk, session: CashSession, receipt: Receipt) -> list[Callable[..., Any]]:
    """Return all that moves cash, ready for somebody to do."""
    regie, money = {"regie_id": desk.regie.pk}, payments.Money(cents=1, means=M.CASH)
    done = cash_deposit(desk, 1_00, from_drawer=True).pk
    return [
        partial(cash_desk.open_session, drawer_id=desk.drawer.pk, count={}),
        partial(cash_desk.close_session, session_id=session.pk, count={}, expected_cents=119_00),
        partial(cash_desk.take_money, invoice_id=receipt.invoice_id, money=money, request_key="k"),
        partial(cash_desk.take_unmatched, **regie, money=money, request_key="k"),
        partial(cash_desk.reverse_receipt, receipt_id=receipt.pk, kind=Reversal.Kind.MISTAKE, reason="r"),
        partial(cash_desk.prepare_cash_deposit, **regie, count={100: 1}, from_drawer=False, request_key="d"),
        partial(cash_desk.prepare_deposit, **regie, kind=Deposit.Kind.CHEQUE, receipt_ids=[1], request_key="d"),
        partial(cash_desk.credit_deposit, deposit_id=done, reference="r"),
        partial(cash_desk.cancel_deposit, deposit_id=done, reason="r"),
        partial(cash_desk.settle_difference, session_id=session.pk, cents=1, reference="r", request_key="s"),
    ]


def test_without_a_mandate_nobody_touches_cash(desk: Desk) -> None:
    session = opened(desk)
    for act in acts(desk, session, taken(desk, 20_00)):
        for actor in (desk.town.admin.actor, desk.town.agent.actor, desk.town.citizen.actor):
            with pytest.raises(NotAllowed):
                act(actor=actor, at=later(30))
                raise AssertionError(act)
    regies.configure_mandates(
        agent_id=desk.agent.pk, terms={desk.regie.pk: regies.MandateTerms(kind="reader")}, actor=WHO, at=later(31)
    )
    for act in acts(replace(desk, town=replace(desk.town, regisseur=desk.other)), *mine(desk)):
        with pytest.raises(NotAllowed):
            act(actor=desk.agent.actor, at=later(40))
            raise AssertionError(act)


def mine(desk: Desk) -> tuple[CashSession, Receipt]:
    """Let the other one open a drawer, and take money."""
    session = opened(desk, drawer=make_drawer(desk.regie, "Piscine"), agent=desk.other, minutes=32)
    return session, taken(desk, 20_00, agent=desk.other, minutes=33)


def test_a_machine_has_no_hands(desk: Desk) -> None:
    closed(desk, opened(desk), 100_00)
    with pytest.raises(NotAllowed):
        cash_desk.open_session(drawer_id=desk.drawer.pk, count=FLOAT, actor=WHO, at=later(20))
    with pytest.raises(NoOpenSession):
        cash_desk.take_unmatched(
            regie_id=desk.regie.pk,
            money=payments.Money(cents=1_00, means=M.CASH),
            request_key="m",
            actor=WHO,
            at=later(20),
        )


def test_a_coin_that_does_not_exist_opens_nothing(desk: Desk) -> None:
    for odd in ({300: 1}, {100: -1}, {100: 100_000}):
        with pytest.raises(BadCount):
            opened(desk, count=odd)
    assert not CashSession.objects.exists()


def test_what_was_counted_and_what_moved_never_change(desk: Desk) -> None:
    session = opened(desk)
    taken(desk, 20_00)
    for change in ({"opening_cents": 1}, {"agent": desk.other}):
        with pytest.raises(Exception, match="[Cc]annot update"), transaction.atomic():
            CashSession.objects.filter(pk=session.pk).update(**change)
    with pytest.raises(Exception, match="[Cc]annot"), transaction.atomic():
        CashMovement.objects.update(cents=1)
    done = closed(desk, session, 120_00)
    with pytest.raises(Exception, match="[Cc]annot update"), transaction.atomic():
        CashSession.objects.filter(pk=done.pk).update(explanation="x")
    other = cash_deposit(desk, 20_00)
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        CashMovement.objects.create(session=done, deposit=other, cents=-20_00, at=NOON, actor=WHO)


def test_another_regie_keeps_its_own_cash(desk: Desk) -> None:
    other = make_regie("DOM", "Régie Domaine")
    opened(desk)
    taken(desk, 20_00)
    assert not queries.keeps_drawers(other.pk)
    assert queries.cash_position(other).physical == 0
    assert not queries.sessions(other).exists()
