"""
A small model of the product's money, without a database: what each rule of the machine must do, and where every euro is.

It shares no code with the product but the calendar of the questions to the bank, which is a pure calculation tested elsewhere.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from obole.payments.rules import next_ask, purged_from

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

    # Invoices and the money that they received.

    def settle(self, bill: Bill, money: Money, cents: int) -> None:
        money.counts[bill.pk] = money.counts.get(bill.pk, 0) + cents
        money.counted_for.add(bill.pk)
        bill.received += cents
        if money.means == "cash":
            bill.cash += cents
        if bill.received == bill.total:
            bill.state = "paid"

    def unsettle(self, bill: Bill, money: Money) -> None:
        cents = money.counts.pop(bill.pk, 0)
        bill.received -= cents
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
        return money.gone or (not money.promised and money.means in TAKEN_BACK[kind])

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
        return "" if money.free else "nothing_waits"

    def why_not_rebill(self, money: Money, bill: Bill) -> str:
        if bill.pk not in money.counted_for | {money.sent_for}:
            return "other_invoice"
        if bill.state != "cancelled":
            return "not_cancelled"
        return "" if money.free else "nothing_waits"

    # Attempts and the bank.

    def standing(self, bill: Bill) -> bool:
        return any(one.holds for one in self.tries.values() if one.bill == bill.pk)

    def why_not_online(self, bill: Bill, at: datetime) -> str:
        if not bill.left:
            return "not_due"
        if bill.left < SMALLEST_ONLINE:
            return "too_small"
        if self.standing(bill):
            return "in_progress"
        return "" if self.lines[bill.regie].may_ask(at, NO_WORKER) else "bank_down"

    def start(self, one: Try, at: datetime) -> None:
        """Ask the bank for its page."""
        if not self.bank_is_up:
            self.lines[one.regie].in_vain(at)
            one.state = "failed"
            return
        self.lines[one.regie].answered()
        one.next_ask = next_ask(opened_at=one.opened, at=at)

    def due_questions(self, at: datetime) -> tuple[list[int], list[tuple[str, int]]]:
        """Return the attempts that a sweep asks about, and what it asks each bank that is down, in their order."""
        due = sorted((one.next_ask, one.pk) for one in self.tries.values() if one.next_ask and one.next_ask <= at)
        cut = {regie: line for regie, line in self.lines.items() if line.down is not None}
        asked = [pk for _when, pk in due if self.tries[pk].regie not in cut]
        probes: list[tuple[str, int]] = []
        for regie, line in cut.items():
            first = next((pk for _when, pk in due if self.tries[pk].regie == regie), None)
            probes.append(("attempt", first) if first is not None and line.failures % 2 else ("probe", regie))
        return asked, probes

    def give_up_openings(self, at: datetime) -> None:
        for one in self.tries.values():
            if one.state == "opening" and one.opened < at - LOST:
                one.state = "failed"

    def probe(self, regie: int, at: datetime) -> None:
        """Ask a bank that was cut who we are: it must still prove that it takes payments."""
        line = self.lines[regie]
        if not line.may_ask(at):
            return
        if self.bank_is_up:
            line.answered(left=CALLS_IN_VAIN - 1)
        else:
            line.in_vain(at)

    def asks(self, one: Try, at: datetime) -> bool:
        """Ask the bank about an attempt; say whether it gave its word."""
        line = self.lines[one.regie]
        if one.state in FINAL or one.state in {"opening", "failed"}:
            return False
        if not line.may_ask(at):
            if one.next_ask is not None and one.next_ask > at:
                one.next_ask = at
            return False
        if self.bank_is_up:
            line.answered()
            return True
        line.in_vain(at)
        one.next_ask = next_ask(opened_at=one.opened, at=at)
        if one.next_ask is not None and line.down is not None:
            one.next_ask = at
        self._give_up(one)
        return False

    def hear(self, one: Try, at: datetime) -> str:
        """Take the bank's word; return the means when it is money that has to be counted."""
        if one.state in FINAL:
            return ""
        one.asked, one.next_ask = at, next_ask(opened_at=one.opened, at=at)
        if one.word in {"card", "debit"}:
            one.state, one.next_ask = "paid", None
            return one.word
        if one.word == "refused" and one.state in {"waiting", "abandoned"}:
            one.state = "refused"
        elif one.word == "abandoned" and one.state in {"waiting", "refused"}:
            one.state = "abandoned"
        elif one.word == "pending" or (one.word == "missing" and at < purged_from(opened_at=one.opened)):
            self._give_up(one)
            one.released = one.released or (one.holds and at - one.opened >= HELD_BACK)
        elif one.word == "missing":
            one.next_ask = None
            one.state = "expired" if one.state == "waiting" else one.state
        return ""

    def bank_money(self, one: Try, pk: int) -> None:
        """Count what the bank said was paid: what the invoice needs, if it is what was asked; the rest waits."""
        bill = self.bills[one.bill]
        money = Money(pk, one.regie, one.cents + one.surplus, one.word, bill.pk, bill.payer)
        self.money[pk] = money
        counted = 0 if one.surplus else min(bill.left, money.cents)
        if counted:
            self.settle(bill, money, counted)

    def _give_up(self, one: Try) -> None:
        if one.next_ask is None and one.state == "waiting":
            one.state = "expired"

    # Where the money is.

    def is_closed(self, regie: int, day: date) -> bool:
        until = self.closed[regie]
        return until is not None and day <= until

    def suspense(self, regie: int) -> int:
        ours = [one for one in self.money.values() if one.regie == regie]
        return sum(one.free + (0 if one.gone else one.promised - one.refunded) for one in ours)

    def due(self, regie: int) -> int:
        return sum(one.left for one in self.bills.values() if one.regie == regie)
