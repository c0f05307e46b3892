"""
Confluence and monotone truth: whatever comes, in whatever order, is doubled or is lost, what was paid is paid, once.

Two runs of the same bank are compared: one in which only the clock asks, one in which the news comes anyhow.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings as hypothesis_settings, strategies as st
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.billing.models import Invoice
from obole.gateways.base import Status
from obole.lib import actors
from obole.lib.states import Transition
from obole.payments import operations as payments, states
from obole.payments.models import Anomaly, Attempt, Receipt
from obole.payments.operations import gateway_status
from obole.payments.states import WATCHED, AttemptState
from obole.regies.queries import balances
from tests.faults.banks import ScriptedBank
from tests.faults.steps import (
    NOTIFICATION,
    RED,
    believe_the_doorbell,
    nothing_differs,
    nothing_is_final,
    only_waiting_is_paid,
)
from tests.payments.steps import pay
from tests.portal.conftest import Clock
from tests.world import NOON, Town, later, make_invoice

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("OBOLE_EXAMPLES", "6"))
PAID, QUESTIONS = ("card", "debit"), ("payments.resolve", "payments.probe")
TRIES, BEGINS, ENDS = 4, 30, 240
few = hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


Script = list[tuple[float, str]]


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """What a bank says of one payment: uncertain words, then the last one, which may be that it was paid."""
    minutes = sorted(draw(st.lists(st.integers(BEGINS, ENDS - 60), min_size=1, max_size=3, unique=True)))
    last = draw(st.sampled_from([*PAID, *PAID, "other amount", "refused", "abandoned", "pending"]))
    # A bank that takes « refused » back for anything but money would leave what was heard to chance.
    provisional = ["pending", "silent", *(["refused", "abandoned"] if last in (*PAID, "other amount") else [])]
    uncertain = st.sampled_from(provisional)
    return [*((float(minute), draw(uncertain)) for minute in minutes[:-1]), (float(minutes[-1]), last)]


Event = tuple[int, str, int, int]
Jump = tuple[int, str, int, str]
events = st.lists(
    st.tuples(
        st.integers(BEGINS, ENDS),
        st.sampled_from(["ring", "return", "sweep"]),
        st.integers(0, TRIES - 1),
        st.integers(1, 3),
    ),
    max_size=14,
)
"""At which minute, by which door, about which attempt, how many times. What is not in the list is lost."""


@dataclass
class World:
    """A town whose payers left for the bank: one invoice with two attempts, two with one."""

    town: Town
    clock: Clock
    bank: ScriptedBank
    script: list[Script]
    invoices: list[Invoice] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def leave(self) -> None:
        self.before = balances(self.town.regie)
        self.clock.at = NOON
        self.invoices = [make_invoice(self.town, meals=meals) for meals in (16, 5, 9)]
        first = pay(self.invoices[0])
        self.clock.at = later(25)
        # Long enough, and the bank knows no result: the invoice may be tried again.
        payments.resolve_attempt(attempt_id=first.pk, actor=actors.WORKER, at=self.clock.at)
        self.attempts = [first, *(pay(invoice, 26) for invoice in self.invoices)]
        for attempt, script in zip(self.attempts, self.script, strict=True):
            attempt.refresh_from_db()
            self.bank.scripts[attempt.gateway_reference or ""] = script

    def arrive(self, what: str, n: int, copies: int) -> None:
        for _copy in range(copies):
            if what == "ring":
                assert Client().post(NOTIFICATION, {"idop": self.attempts[n].gateway_reference}).status_code == 200
            elif what == "return":
                assert Client().get(f"/paiements/retour/{self.attempts[n].public_id}/").status_code == 200
            else:
                payments.sweep(at=self.clock.at)
        self.work()

    def work(self) -> None:
        jobs = list(ProcrastinateJob.objects.filter(task_name__in=QUESTIONS, status="todo").order_by("id"))
        ProcrastinateJob.objects.order_by("id")._raw_delete("default")
        for job in jobs:
            app.tasks[job.task_name].func(**job.args)

    def sweep_until_nothing_moves(self) -> None:
        """The clock alone: often at first, then until the bank is not asked any more."""
        for minute in (ENDS + 2, ENDS + 5, ENDS + 40, ENDS + 80, 2 * 1440, 4 * 1440, 9 * 1440, 9 * 1440 + 400):
            self.clock.at = later(minute)
            self.arrive("sweep", 0, 1)

    def end(self) -> dict[str, Any]:
        """What must not depend on the order. (Which of two payments of one invoice counts for it may.)"""
        tries = [attempt.pk for attempt in self.attempts]
        anomalies = Anomaly.objects.filter(attempt__in=tries).order_by("kind").values_list("kind", flat=True)
        rows = Invoice.objects.filter(pk__in=[invoice.pk for invoice in self.invoices]).order_by("pk")
        held = balances(self.town.regie)
        return {
            "invoices": list(rows.values_list("state", "received_cents")),
            "attempts": list(Attempt.objects.filter(pk__in=tries).order_by("pk").values_list("state", flat=True)),
            "receipts": sorted(Receipt.objects.filter(attempt__in=tries).values_list("cents", flat=True)),
            "anomalies": list(anomalies),
            "balances": {account: held[account] - self.before[account] for account in held},
        }

    def took(self) -> list[int]:
        """Return the attempts that this bank, at last, says were paid."""
        return [n for n, script in enumerate(self.script) if script[-1][1] in (*PAID, "other amount")]


@pytest.fixture
def bank(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> ScriptedBank:
    bank = ScriptedBank(clock)
    monkeypatch.setattr("obole.gateways.registry.build", lambda _kind, _settings, *, timeout: bank)
    return bank


def assert_same_end(world: Callable[[], World], happened: list[Event]) -> None:
    """Let the news of one bank come by the clock alone, then as it happened: both must end alike."""
    quiet = world()
    quiet.leave()
    quiet.sweep_until_nothing_moves()
    alone = quiet.end()
    busy = world()
    busy.leave()
    known: set[int] = set()
    for minute, what, n, copies in sorted(happened):
        busy.clock.at = later(minute)
        busy.arrive(what, n, copies)
        known = still_known(known, busy.attempts)
    busy.sweep_until_nothing_moves()
    still_known(known, busy.attempts)
    assert busy.end() == alone
    assert [n for n, state in enumerate(alone["attempts"]) if state == "paid"] == quiet.took()


def still_known(known: set[int], attempts: list[Attempt]) -> set[int]:
    """Fail if one that was known to be paid is not any more; return those that are."""
    paid = {
        item.pk
        for item in Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts], state="paid").order_by("pk")
    }
    assert known <= paid
    assert Receipt.objects.filter(attempt__in=paid).count() == len(paid)
    return paid


def test_14_any_order_and_any_loss_end_where_the_clock_alone_ends(town: Town, clock: Clock, bank: ScriptedBank) -> None:
    @few
    @given(script=st.lists(scripts(), min_size=TRIES, max_size=TRIES), happened=events)
    def same_end(script: list[Script], happened: list[Event]) -> None:
        assert_same_end(lambda: World(town, clock, bank, script), happened)

    same_end()


def _sweeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payments, "sweep", lambda **_values: None)


TELLING: list[Script] = [
    [(60.0, "card")],
    [(60.0, "other amount")],
    [(35.0, "refused"), (100.0, "debit")],
    [(40.0, "refused")],
]
NEWS: list[Event] = [
    (36, "ring", 2, 2),
    (45, "ring", 3, 1),
    (61, "ring", 1, 2),
    (62, "return", 0, 1),
    (70, "ring", 0, 2),
    (150, "sweep", 0, 1),
    (170, "ring", 2, 2),
]


def test_14_a_telling_case_ends_alike(town: Town, clock: Clock, bank: ScriptedBank) -> None:
    assert_same_end(lambda: World(town, clock, bank, TELLING), NEWS)


@pytest.mark.parametrize(
    "mutant", [nothing_is_final, only_waiting_is_paid, believe_the_doorbell, nothing_differs, _sweeps_nothing]
)
def test_neg_14_without_a_guard_the_order_decides(
    town: Town,
    clock: Clock,
    bank: ScriptedBank,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Callable[[pytest.MonkeyPatch], None],
) -> None:
    mutant(monkeypatch)
    with pytest.raises(RED):
        assert_same_end(lambda: World(town, clock, bank, TELLING), NEWS)


jumps = st.lists(
    st.tuples(
        st.integers(-3000, 3000),
        st.sampled_from(["ring", "return", "sweep"]),
        st.integers(1, 2),
        st.sampled_from(
            ["pending", "refused", "abandoned", "silent", "missing", "unknown", "card", "debit", "other amount"]
        ),
    ),
    min_size=1,
    max_size=8,
)
"""
By how many minutes the clock jumps, either way; which door; how many times; what the bank says then, lies included.
"""


def assert_never_unpaid(world: World, before: list[Jump], after: list[Jump]) -> None:
    """
    Let the bank say « paid » once between other words and jumps of the clock: once known, it stays, with its one
    receipt.
    """
    world.leave()
    world.clock.at = later(30)
    seen = None
    for minutes, what, copies, word in [*before, (1, "ring", 1, "card"), *after]:
        world.clock.at += timedelta(minutes=minutes)
        # It has been saying so for ever, as far as this clock can tell.
        world.bank.scripts[world.attempts[0].gateway_reference or ""] = [(-1e7, word)]
        world.arrive(what, 0, copies)
        attempt = Attempt.objects.get(pk=world.attempts[0].pk)
        receipts = list(Receipt.objects.filter(attempt=attempt).values_list("pk", "cents", "invoice"))
        if seen is not None:
            assert (attempt.state, receipts) == seen
        elif attempt.state == "paid":
            seen = (attempt.state, receipts)
    assert seen is not None and len(seen[1]) == 1


def test_13_what_was_paid_stays_paid_whatever_is_said_and_whatever_the_clock_does(
    town: Town, clock: Clock, bank: ScriptedBank
) -> None:
    @few
    @given(before=jumps, after=jumps)
    def never_unpaid(before: list[Jump], after: list[Jump]) -> None:
        assert_never_unpaid(World(town, clock, bank, [[] for _n in range(TRIES)]), before, after)

    never_unpaid()


def _a_refusal_undoes(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_final(monkeypatch)
    refuse = Transition("attempt.refuse", WATCHED | {AttemptState.PAID}, AttemptState.REFUSED)
    monkeypatch.setitem(gateway_status._HEARERS, Status.REFUSED, gateway_status._hear_negative(refuse))


def _expired_is_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Transition("attempt.pay", WATCHED - {AttemptState.EXPIRED}, AttemptState.PAID)
    monkeypatch.setattr(states, "PAY", late)


MORNING_AFTER = 2000
BACK: list[tuple[Callable[[pytest.MonkeyPatch], None], list[Jump], list[Jump]]] = [
    (_a_refusal_undoes, [], [(5, "return", 1, "refused")]),
    (nothing_is_final, [], [(5, "return", 1, "card")]),
    (only_waiting_is_paid, [(5, "return", 1, "refused")], []),
    (_expired_is_expired, [(MORNING_AFTER, "return", 1, "missing")], []),
]
"""A guard taken away, and what is said before and after « paid » so that it shows."""


@pytest.mark.parametrize(("_mutant", "before", "after"), BACK)
def test_13_each_of_these_is_true_with_its_guard(
    town: Town, clock: Clock, bank: ScriptedBank, _mutant: object, before: list[Jump], after: list[Jump]
) -> None:
    assert_never_unpaid(World(town, clock, bank, [[] for _n in range(TRIES)]), before, after)


@pytest.mark.parametrize(("mutant", "before", "after"), BACK)
def test_neg_13_without_a_guard_the_truth_goes_back(
    town: Town,
    clock: Clock,
    bank: ScriptedBank,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Callable[[pytest.MonkeyPatch], None],
    before: list[Jump],
    after: list[Jump],
) -> None:
    mutant(monkeypatch)
    with pytest.raises(RED):
        assert_never_unpaid(World(town, clock, bank, [[] for _n in range(TRIES)]), before, after)
