"""The machine: a clock, a bank, arrêtés and invoices; what dies in the middle; and the comparison after each step."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.books import verification
from obole.cash_desk import operations as cash_desk
from obole.lib import dates, texts
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments, queries
from obole.payments.models import Attempt, Circuit, Refund
from obole.regies import operations as regies
from obole.regies.ledger import PeriodClosed
from obole.regies.models import Closing
from obole.regies.queries import balances
from obole.reminders import operations as reminders
from tests.actors import somebody
from tests.faults.banks import STATUS, Bank
from tests.faults.model import Bill, Model, Money, Try
from tests.world import NOON, Town, bill_dossier, correct, make_citizen, make_dossier, make_regie, make_town, make_type

REGISSEUR, OTHER = somebody("regisseur@valbourg.example"), somebody("suppleant@valbourg.example")
AWAY = (OperationalError, InterfaceError)
VERIFIED_EVERY = int(os.environ.get("OBOLE_VERIFIED_EVERY", "8"))
"""Steps between two recomputations of the books, which cost as much as several steps; there is one at the end too."""
index = st.integers(0, 5)
crashes = st.one_of(st.just(0), st.integers(1, 45))
"""Where the act dies: at its n-th statement; 0 for nowhere."""


class Crash(RuntimeError):
    """The process dies here."""


@dataclass
class Scene:
    """What all the examples of a run share: two régies, two payers, one bank, one clock."""

    towns: list[Town] = field(default_factory=list)
    bank: Bank = field(default_factory=Bank)
    now: datetime = NOON
    drawer: int = 0
    """Of the second régie: there, cash goes through somebody's hands."""

    def build(self) -> None:
        one = make_town()
        other = make_regie("CUL", "Régie Culture")
        regies.give_mandates(regie_id=other.pk, agent_ids=[one.regisseur.pk], actor=OTHER, at=NOON)
        # There, what is not paid is handed over within days, by two people and unreminded.
        handed_over = {"transfer_delay": 1, "transfer_by_two": True}
        regies.configure_regie(regie_id=other.pk, values=handed_over, actor=OTHER, at=NOON)
        other.refresh_from_db()
        kind = make_type(other, [one.scheme], name="Concerts", payment_term=0, reminder_steps=[])
        drawer = {"regie": other, "name": "Guichet"}
        self.drawer = cash_desk.configure_drawer(drawer_id=None, values=drawer, actor=OTHER, at=NOON).pk
        self.towns = [one, replace(one, regie=other, type=kind), replace(one, citizen=make_citizen("b@example.org"))]


SCENE = Scene()


@contextmanager
def dying_at(statement: int, *, cut: bool) -> Iterator[None]:
    """Let the act die at its n-th statement, or let the database cut its connection there."""
    left = [statement]

    def count(execute: Callable[..., Any], *args: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not cut:
            raise Crash
        if left[0] == 0:
            at = connection.settings_dict
            with psycopg.connect(dbname=at["NAME"], host=at["HOST"], user=at["USER"]) as killer:
                killer.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        return execute(*args)

    with connection.execute_wrapper(count):
        yield


class House(RuleBasedStateMachine):
    """Two régies, their invoices, bank and clock; beside them, the model."""

    def __init__(self) -> None:
        super().__init__()
        self.model = SCENE.bank.model = Model([town.regie.pk for town in SCENE.towns[:2]])
        self.before = {town.regie.pk: balances(town.regie) for town in SCENE.towns[:2]}
        # Later than all that the examples before closed, whose attempts nobody watches any more.
        last = {regie: Closing.objects.filter(regie=regie).order_by("-until").first() for regie in self.before}
        self.model.closed = {regie: item.until if item else None for regie, item in last.items()}
        until = max((item.until for item in last.values() if item), default=None)
        SCENE.now = NOON if until is None else datetime.combine(until, NOON.timetz()) + timedelta(days=10)
        self.latest, self.looked = SCENE.now, 0
        Circuit.objects.update(failures=0, failing_since=None, down_since=None)
        Attempt.objects.filter(next_ask_at__isnull=False).update(next_ask_at=None)

    def is_paid_over_as_the_model_says(self) -> None:
        """Compare what left the régies: the versements' own part of the machine does."""

    # How an act is done: whole, or not at all and again, or refused for a reason that the model knows.

    @property
    def today(self) -> date:
        return dates.day_of(SCENE.now)

    def done(self, act: Callable[[], Any], crash: int) -> Any:
        if not crash:
            return act()
        try:
            with dying_at(crash, cut=crash % 2 == 0):
                return act()
        except (Crash, *AWAY):
            connection.close()
            self.is_what_the_model_says()
            return act()

    def booked(
        self, regie: int, act: Callable[[], Any], *, why: str = "", refusal: Any = (), crash: int = 0
    ) -> Any | None:
        """Do what is booked; None when it is refused, and the model says so too."""
        try:
            result = self.done(act, crash)
        except PeriodClosed:
            assert self.model.is_closed(regie, self.today)
            return None
        except refusal as error:
            assert why, error
            return None
        assert not why, f"{why}, and it was done"
        assert not self.model.is_closed(regie, self.today), "booked in a closed period"
        return result

    def _bill(self, n: int) -> Bill:
        return list(self.model.bills.values())[n % len(self.model.bills)]

    def _money(self, n: int) -> Money:
        return list(self.model.money.values())[n % len(self.model.money)]

    def _try(self, n: int) -> Try:
        return list(self.model.tries.values())[n % len(self.model.tries)]

    # The clock, the bank's mood, the arrêté.

    @rule(minutes=st.sampled_from([1, 6, 6, 25, 25, 40, 180, 1500, -3000, -61, 11000, 43200]))
    def tick(self, minutes: int) -> None:
        SCENE.now += timedelta(minutes=minutes)
        self.latest = max(self.latest, SCENE.now)

    @rule(up=st.sampled_from([True, True, False]))
    def bank_goes_or_comes(self, up: bool) -> None:
        self.model.bank_is_up = up

    @precondition(lambda self: self.model.tries)
    @rule(n=index, word=st.sampled_from([*STATUS, "card", "card"]), surplus=st.sampled_from([0, 0, 0, 150]))
    def payer_acts_at_the_bank(self, n: int, word: str, surplus: int) -> None:
        one = self._try(n)
        if one.word not in {"card", "debit"} and one.state not in {"opening", "failed"}:
            # Nobody pays who was sent nowhere; and money that a bank took is what it never takes back by a word.
            one.word, one.surplus = word, surplus if word in {"card", "debit"} else 0

    @rule(n=st.integers(0, 1), back=st.integers(0, 3))
    def close_period(self, n: int, back: int) -> None:
        regie, until = SCENE.towns[n].regie, self.today - timedelta(days=back)
        last = self.model.closed[regie.pk]
        # An exercice is closed by itself, at its last day.
        skips = (last + timedelta(days=1) if last else NOON.date()).year < until.year
        try:
            regies.close_period(regie_id=regie.pk, until=until, actor=REGISSEUR, at=SCENE.now)
        except regies.CannotClose:
            assert back == 0 or skips or (last is not None and until <= last)
            return
        assert back and not skips and (last is None or until > last)
        self.model.closed[regie.pk] = until

    # Invoices.

    @initialize(meals=st.integers(1, 20), n=st.integers(0, 2))
    def begin(self, meals: int, n: int) -> None:
        self.issue(n, meals, 0)
        self.issue(0, 4, 0)

    @rule(n=st.integers(0, 2), meals=st.integers(1, 20), crash=crashes)
    def issue(self, n: int, meals: int, crash: int) -> None:
        town, key = SCENE.towns[n], texts.token()
        dossier = make_dossier(town, meals=meals, at=SCENE.now)
        invoice = self.booked(
            town.regie.pk, lambda: bill_dossier(dossier, town.type, key=key, period="", at=SCENE.now), crash=crash
        )
        if invoice is not None:
            self.model.bills[invoice.pk] = Bill(invoice.pk, town.regie.pk, town.citizen.pk, meals * 325)

    @precondition(lambda self: self.model.bills)
    @rule(n=index, crash=crashes)
    def cancel(self, n: int, crash: int) -> None:
        bill = self._bill(n)
        why = "" if bill.state in {"due", "paid"} else bill.state
        note = self.booked(
            bill.regie,
            lambda: payments.cancel_invoice(invoice_id=bill.pk, code="twice", comment="", actor=OTHER, at=SCENE.now),
            why=why,
            refusal=ForbiddenTransition,
            crash=crash,
        )
        if note is not None:
            self.model.cancel(bill)

    @precondition(lambda self: self.model.bills)
    @rule(n=index, crash=crashes)
    def hand_over_to_the_comptable(self, n: int, crash: int) -> None:
        bill = self._bill(n)
        gone = self.booked(
            bill.regie,
            lambda: billing.transfer_invoice(invoice_id=bill.pk, actor=OTHER, at=SCENE.now),
            why="" if bill.state == "due" else bill.state,
            refusal=ForbiddenTransition,
            crash=crash,
        )
        if gone is not None:
            bill.state = "transferred"

    @precondition(lambda self: any(bill.state == "cancelled" for bill in self.model.bills.values()))
    @rule(n=index)
    def do_again(self, n: int) -> None:
        cancelled = [bill for bill in self.model.bills.values() if bill.state == "cancelled"]
        bill = cancelled[n % len(cancelled)]
        draft = billing.redo_invoice(invoice_id=bill.pk, actor=OTHER, at=SCENE.now)
        assert bill.again in (None, draft.pk)
        if bill.again is None:
            bill.again = draft.pk
            self.model.bills[draft.pk] = Bill(draft.pk, bill.regie, bill.payer, bill.total, "draft")

    @precondition(lambda self: self.model.bills)
    @rule(n=index, meals=st.integers(0, 9), crash=crashes)
    def correct_a_draft(self, n: int, meals: int, crash: int) -> None:
        bill = self._draft_or_not(n)
        try:
            self.done(lambda: correct(Invoice.objects.get(pk=bill.pk), repas=meals, at=SCENE.now), crash)
        except billing.NotADraft:
            assert bill.state != "draft"
            return
        assert bill.state == "draft"
        bill.total = meals * 325

    @precondition(lambda self: self.model.bills)
    @rule(n=index, gives_up=st.booleans(), crash=crashes)
    def issue_or_discard_a_draft(self, n: int, gives_up: bool, crash: int) -> None:
        bill = self._draft_or_not(n)
        if gives_up and bill.state == "draft":
            billing.discard_draft(invoice_id=bill.pk, actor=OTHER, at=SCENE.now)
            del self.model.bills[bill.pk]
            next(item for item in self.model.bills.values() if item.again == bill.pk).again = None
            return
        why = "not a draft" if bill.state != "draft" else "" if bill.total else "empty"
        issued = self.booked(
            bill.regie,
            lambda: billing.issue_invoice(invoice_id=bill.pk, actor=OTHER, at=SCENE.now),
            why=why,
            refusal=(ForbiddenTransition, billing.EmptyInvoice),
            crash=crash,
        )
        if issued is not None:
            bill.state = "due"

    def _draft_or_not(self, n: int) -> Bill:
        drafts = [bill for bill in self.model.bills.values() if bill.state == "draft"]
        return drafts[n % len(drafts)] if drafts and n else self._bill(n)

    @precondition(lambda self: self.model.bills)
    @rule(n=index)
    def remind(self, n: int) -> None:
        bill = self._bill(n)
        reminder = reminders.remind(invoice_id=bill.pk, at=SCENE.now)
        if reminder is not None:
            assert (
                bill.left
                and bill.contested is None
                and not self.model.status(bill)
                and self.model.lines[bill.regie].down is None
            )
            assert reminder.step == bill.reminders + 1 <= 3
            bill.reminders += 1

    @invariant()
    def is_what_the_model_says(self) -> None:
        """Compare the database with the model, and with what the product itself checks every night."""
        bills, money, tries = self.model.bills, self.model.money, self.model.tries
        rows: Any = Invoice.objects.filter(pk__in=bills).order_by("pk")
        assert list(rows.values_list("pk", "state", "total_cents", "received_cents")) == [
            (bill.pk, bill.state, bill.total, bill.received)
            for bill in sorted(bills.values(), key=lambda bill: bill.pk)
        ]
        free = queries.free_by_receipt(money)
        assert {pk: free.get(pk, 0) for pk in money} == {pk: item.free for pk, item in money.items()}
        rows = (
            Attempt.objects.filter(pk__in=tries).order_by("pk").values_list("pk", "state", "next_ask_at", "released_at")
        )
        assert [(pk, state, ask, released is not None) for pk, state, ask, released in rows] == [
            (item.pk, item.state, item.next_ask, item.released) for _pk, item in sorted(tries.items())
        ]
        rows = Refund.objects.filter(pk__in=self.model.refunds).values_list("pk", "state")
        assert dict(rows) == {pk: refund.state for pk, refund in self.model.refunds.items()}
        for regie, line in self.model.lines.items():
            known = Circuit.objects.filter(regie=regie).values_list("failures", "down_since").first() or (0, None)
            assert known == (line.failures, line.down)
        for town in SCENE.towns[:2]:
            held, before = balances(town.regie), self.before[town.regie.pk]
            assert held["suspense"] - before["suspense"] == self.model.suspense(town.regie.pk)
            assert held["receivable"] - before["receivable"] == self.model.due(town.regie.pk)
        self.is_paid_over_as_the_model_says()
        self.looked += 1
        if self.looked % VERIFIED_EVERY == 0:
            verification.verify()
