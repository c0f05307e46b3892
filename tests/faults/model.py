"""
A small model of the product's money, without a database: what each rule of the machine must do, and where every euro
is.

It shares no code with the product but the calendar of the questions to the bank, which is a pure calculation tested
elsewhere.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from obole.payments.rules import next_poll_at, purge_date

HELD_BACK, LOST = timedelta(minutes=20), timedelta(minutes=5)
MINUTE, NO_WORKER, CALLS_IN_VAIN = timedelta(seconds=55), timedelta(minutes=3), 5
SMALLEST_ONLINE, MOST_CASH = 100, 300_00
FINAL = frozenset({"paid", "reversed", "tested"})
TAKEN_BACK = {"rejected": {"debit"}, "bounced": {"cheque"}, "mistake": {"cash", "cheque", "transfer"}}


@dataclass
class Bill:
    """An invoice."""

    pk: int
    regie: int
    payer: int
    total: int
    state: str = "due"
    received: int = 0
    cash: int = 0
    reminders: int = 0
    again: int | None = None
    """The invoice that does it again."""
    contested: int | None = None
    """What its payer says against it, that nobody answered."""

    @property
    def left(self) -> int:
        return self.total - self.received if self.state == "due" else 0


@dataclass
class Money:
    """A receipt: what it counts for, by invoice, and what is promised or was given back."""

    pk: int
    regie: int
    cents: int
    means: str
    sent_for: int | None
    payer: int | None
    counts: dict[int, int] = field(default_factory=dict)
    counted_for: set[int] = field(default_factory=set)
    promised: int = 0
    refunded: int = 0
    gone: bool = False
    credited: bool = False
    due: int = 0
    """Of what it counts, or was taken back, what was not paid over: recettes à verser."""
    over: dict[int, int] = field(default_factory=dict)
    """Of what it counts, by invoice, what was paid over."""
    owed: int = 0
    """What the comptable owes of it: taken back after it was paid over."""

    @property
    def is_on_the_account(self) -> bool:
        return not self.gone and (self.credited or self.means == "transfer")

    @property
    def is_there(self) -> bool:
        """Whether what it counts may be paid over."""
        return self.credited or self.gone or self.means in {"cash", "transfer"}

    @property
    def free(self) -> int:
        return 0 if self.gone else self.cents - sum(self.counts.values()) - self.promised


@dataclass
class Try:
    """An attempt at the bank, and what the bank would say of it if it were asked."""

    pk: int
    bill: int
    regie: int
    cents: int
    opened: datetime
    state: str = "waiting"
    released: bool = False
    next_ask: datetime | None = None
    asked: datetime | None = None
    word: str = "pending"
    surplus: int = 0
    rung: int = 0
    free_at: datetime | None = None
    forget_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether it keeps its invoice « En cours de paiement »."""
        return self.state in {"opening", "waiting"} and not self.released


@dataclass
class Promise:
    """A refund."""

    money: Money
    cents: int
    asked_by: str
    state: str = "requested"
    to_comptable: bool = False


@dataclass
class Handed:
    """An invoice of a transmission."""

    pk: int
    bill: Bill
    state: str = "waiting"
    titre: str = ""


@dataclass
class Sending:
    """A transmission."""

    pk: int
    regie: int
    by: Any
    by_two: bool
    rows: list[Handed]
    state: str = "requested"


@dataclass
class Line:
    """The line to the bank of a régie, which is cut after too many calls in vain."""

    failures: int = 0
    down: datetime | None = None
    failing: datetime | None = None
    probed: datetime | None = None

    def may_ask(self, at: datetime, spacing: timedelta = MINUTE) -> bool:
        if self.down is None:
            return True
        if self.probed is None or self.probed > at - spacing:
            return False
        self.probed = at
        return True

    def in_vain(self, at: datetime) -> None:
        self.failures += 1
        self.failing = self.failing or at
        if self.failures >= CALLS_IN_VAIN and self.down is None:
            self.down, self.probed = self.failing, at

    def answered(self, *, left: int = 0) -> None:
        if self.failures or left:
            self.failures, self.failing, self.down = left, None, None


class Model:
    """Everything, and what happens to it."""

    def __init__(self, regies: list[int]) -> None:
        self.bills: dict[int, Bill] = {}
        self.money: dict[int, Money] = {}
        self.tries: dict[int, Try] = {}
        self.refunds: dict[int, Promise] = {}
        self.lines = {pk: Line() for pk in regies}
        self.closed: dict[int, date | None] = dict.fromkeys(regies)
        self.bank_is_up = True
        self.left, self.on_its_way, self.paid_for_us = (dict.fromkeys(regies, 0) for _each in range(3))
        """By régie: what left the compte DFT, what is in recettes versées, and what of it the comptable paid for us."""

    # Invoices and the money that they received.

    def settle(self, bill: Bill, money: Money, cents: int) -> None:
        money.counts[bill.pk] = money.counts.get(bill.pk, 0) + cents
        money.counted_for.add(bill.pk)
        money.due += cents
        bill.received += cents
        if money.means == "cash":
            bill.cash += cents
        if bill.received == bill.total:
            bill.state = "paid"

    def unsettle(self, bill: Bill, money: Money) -> None:
        cents = money.counts.pop(bill.pk, 0)
        bill.received -= cents
        back = min(cents, money.over.pop(bill.pk, 0))
        money.owed += back
        money.due -= cents - back
        if money.means == "cash":
            bill.cash -= cents
        if bill.state == "paid" and cents:
            bill.state = "due"

    def why_not_at_the_counter(self, bill: Bill, cents: int, means: str) -> str:
        if not bill.left:
            return "not_due"
        if cents > bill.left:
            return "too_much"
        return "cash_limit" if means == "cash" and cents > MOST_CASH - bill.cash else ""

    def cancel(self, bill: Bill) -> None:
        for money in self.money.values():
            self.unsettle(bill, money)
        bill.state = "cancelled"

    def may_take_back(self, money: Money, kind: str) -> bool:
        under_way = money.promised - money.refunded
        return money.gone or (not under_way and money.means in TAKEN_BACK[kind])

    def held(self, regie: int) -> int:
        """Return what the compte DFT holds."""
        ours = [item for item in self.money.values() if item.regie == regie]
        return sum(item.cents for item in ours if item.is_on_the_account) - self.left[regie]

    def to_remit(self, regie: int) -> int:
        """Return what recettes would be paid over now."""
        return sum(item.due for item in self.money.values() if item.regie == regie and item.is_there)

    def sign(self, regie: int, revenue: int) -> None:
        for item in self.money.values():
            if item.regie == regie and item.is_there:
                item.over, item.due = dict(item.counts), 0
        self.on_its_way[regie] += revenue

    def pay_back(self, promise: Promise) -> None:
        """Let the comptable pay: what they owed of it first, the rest is owed to them; or pay them from the account."""
        money = promise.money
        if promise.to_comptable:
            money.refunded += promise.cents
            self.left[money.regie] += promise.cents
            return
        settled = min(money.owed, promise.cents)
        money.owed -= settled
        money.refunded += promise.cents
        self.on_its_way[money.regie] += promise.cents - settled
        self.paid_for_us[money.regie] += promise.cents - settled

    def take_back(self, money: Money) -> None:
        for pk in list(money.counts):
            self.unsettle(self.bills[pk], money)
        money.gone = True

    def why_not_apply(self, money: Money, bill: Bill) -> str:
        if bill.regie != money.regie:
            return "other_regie"
        if money.payer not in (None, bill.payer):
            return "other_payer"
        if bill.state != "due":
            return "not_due"
        if not money.free:
            return "nothing_waits"
        return "" if self.most(money, bill) else "cash_limit"

    def most(self, money: Money, bill: Bill) -> int:
        """Return what may be counted of waiting money for a bill."""
        most = min(money.free, bill.left)
        return min(most, MOST_CASH - bill.cash) if money.means == "cash" else most

    def owed(self, regie: int) -> int:
        """Return what was refunded of money that was taken back afterwards."""
        return sum(item.refunded for item in self.money.values() if item.regie == regie and item.gone)

    def why_not_rebill(self, money: Money, bill: Bill) -> str:
        if bill.pk not in money.counted_for | {money.sent_for}:
            return "other_invoice"
        if bill.state != "cancelled":
            return "not_cancelled"
        return "" if money.free else "nothing_waits"

    # Attempts and the bank.

    def status(self, bill: Bill) -> bool:
        return any(item.holds for item in self.tries.values() if item.bill == bill.pk)

    def sent_for(self, bill: Bill) -> list[int]:
        """Return the receipts that were sent for a bill at the bank, or in any way for one that it does again."""
        before = {item.pk for item in self.bills.values() if item.again == bill.pk}
        ours = [item for item in self.money.values() if not item.gone]
        online = [item.pk for item in ours if item.sent_for == bill.pk and item.means in {"card", "debit"}]
        return online + [item.pk for item in ours if before & (item.counted_for | {item.sent_for})]

    def why_not_online(self, bill: Bill, at: datetime, *, money_waits: bool) -> str:
        if not bill.left:
            return "not_due"
        if bill.left < SMALLEST_ONLINE:
            return "too_small"
        if self.status(bill):
            return "in_progress"
        if money_waits:
            return "money_waits"
        return "" if self.lines[bill.regie].may_ask(at, NO_WORKER) else "bank_down"

    def start(self, item: Try, at: datetime) -> None:
        """Ask the bank for its page."""
        if not self.bank_is_up:
            self.lines[item.regie].in_vain(at)
            item.state = "failed"
            return
        self.lines[item.regie].answered()
        item.next_ask = next_poll_at(opened_at=item.opened, at=at)

    def due_questions(self, at: datetime) -> tuple[list[int], list[tuple[str, int]]]:
        """Return the attempts that a sweep asks about, and what it asks each bank that is down, in their order."""
        due = sorted((item.next_ask, item.pk) for item in self.tries.values() if item.next_ask and item.next_ask <= at)
        cut = {regie: line for regie, line in self.lines.items() if line.down is not None}
        asked = [pk for _when, pk in due if self.tries[pk].regie not in cut]
        probes: list[tuple[str, int]] = []
        for regie, line in cut.items():
            first = next((pk for _when, pk in due if self.tries[pk].regie == regie), None)
            probes.append(("attempt", first) if first is not None and line.failures % 2 else ("probe", regie))
        return asked, probes

    def rings(self, item: Try, at: datetime) -> bool:
        """Hear a notification, and say whether the bank is asked at once: then not for 30 seconds, a minute, two…"""
        if item.state in FINAL:
            return False
        forgotten = item.forget_at is None or item.forget_at <= at
        early = not forgotten and item.free_at is not None and item.free_at > at
        due = item.free_at if early and item.free_at else at
        if not early:
            item.rung = 1 if forgotten else item.rung + 1
            item.free_at = at + min(timedelta(hours=1), timedelta(seconds=30) * 2 ** (item.rung - 1))
            item.forget_at = at + timedelta(hours=2)
        if item.next_ask is None or item.next_ask > due:
            item.next_ask = due
        return not early

    def give_up_openings(self, at: datetime) -> None:
        for item in self.tries.values():
            if item.state == "opening" and item.opened < at - LOST:
                item.state = "failed"

    def probe(self, regie: int, at: datetime) -> None:
        """Ask a bank that was cut who we are: it must still prove that it takes payments."""
        line = self.lines[regie]
        if not line.may_ask(at):
            return
        if self.bank_is_up:
            line.answered(left=CALLS_IN_VAIN - 1)
        else:
            line.in_vain(at)

    def asks(self, item: Try, at: datetime) -> bool:
        """Ask the bank about an attempt; say whether it gave its word."""
        line = self.lines[item.regie]
        if item.state in FINAL or item.state in {"opening", "failed"}:
            return False
        if not line.may_ask(at):
            if item.next_ask is not None and item.next_ask > at:
                item.next_ask = at
            return False
        if self.bank_is_up:
            line.answered()
            return True
        line.in_vain(at)
        item.next_ask = next_poll_at(opened_at=item.opened, at=at)
        if item.next_ask is not None and line.down is not None:
            item.next_ask = at
        self._give_up(item)
        return False

    def hear(self, item: Try, at: datetime) -> str:
        """Take the bank's word; return the means when it is money that has to be counted."""
        if item.state in FINAL:
            return ""
        item.asked, item.next_ask = at, next_poll_at(opened_at=item.opened, at=at)
        if item.word in {"card", "debit"}:
            item.state, item.next_ask = "paid", None
            return item.word
        if item.word == "refused" and item.state in {"waiting", "abandoned"}:
            item.state = "refused"
        elif item.word == "abandoned" and item.state in {"waiting", "refused"}:
            item.state = "abandoned"
        elif item.word == "pending" or (item.word == "missing" and at < purge_date(opened_at=item.opened)):
            self._give_up(item)
            item.released = item.released or (item.holds and at - item.opened >= HELD_BACK)
        elif item.word == "missing":
            item.next_ask = None
            item.state = "expired" if item.state == "waiting" else item.state
        return ""

    def bank_money(self, item: Try, pk: int) -> None:
        """Count what the bank said was paid: what the invoice needs, if it is what was asked; the rest waits."""
        bill = self.bills[item.bill]
        money = Money(pk, item.regie, item.cents + item.surplus, item.word, bill.pk, bill.payer)
        self.money[pk] = money
        counted = 0 if item.surplus else min(bill.left, money.cents)
        if counted:
            self.settle(bill, money, counted)

    def _give_up(self, item: Try) -> None:
        if item.next_ask is None and item.state == "waiting":
            item.state = "expired"

    # Where the money is.

    def is_closed(self, regie: int, day: date) -> bool:
        until = self.closed[regie]
        return until is not None and day <= until

    def suspense(self, regie: int) -> int:
        ours = [item for item in self.money.values() if item.regie == regie]
        return sum(our.free + (0 if our.gone else our.promised - our.refunded) for our in ours)

    def due(self, regie: int) -> int:
        return sum(bill.left for bill in self.bills.values() if bill.regie == regie)
