"""
Anything in any order: the real operations beside a small model that only counts, compared after each step.

The seeds of what was once wrong are kept by hypothesis; ``OBOLE_EXAMPLES`` asks for more than the suite's few.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import words
from obole.payments import operations as payments
from obole.payments import queries
from obole.payments.models import Attempt, Receipt, Refund, Reversal
from obole.payments.operations import reversing, suspense
from obole.payments.verification import BooksDiffer
from obole.regies.ledger import Unbalanced
from obole.regies.queries import balances
from tests.books import check_books
from tests.world import Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("OBOLE_EXAMPLES", "10"))
WHO, OTHER = "regisseur@valbourg.example", "suppleant@valbourg.example"
PAID = {Status.PAID_BY_CARD: Receipt.Means.CARD, Status.PAID_BY_DEBIT: Receipt.Means.DEBIT}
HEARD = [*PAID, Status.REFUSED, Status.ABANDONED, Status.PENDING]
index = st.integers(0, 5)


class Crash(RuntimeError):
    """The operation dies here."""


@dataclass
class Bill:
    """What the model knows of an invoice."""

    pk: int
    total: int
    received: int = 0
    state: str = "due"

    @property
    def left(self) -> int:
        return self.total - self.received if self.state == "due" else 0


@dataclass
class Money:
    """What the model knows of a receipt: what it counts for, by invoice, and what is promised or given back."""

    pk: int
    cents: int
    means: str
    counts: dict[int, int] = field(default_factory=dict)
    promised: int = 0
    gone: bool = False

    @property
    def free(self) -> int:
        return 0 if self.gone else self.cents - sum(self.counts.values()) - self.promised


TOWN: list[Town] = []


@contextmanager
def dying_at(statement: int) -> Iterator[None]:
    """Let the operation die at its n-th statement."""
    left = [statement]

    def count(execute: Callable[..., Any], *args: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Crash
        return execute(*args)

    with connection.execute_wrapper(count):
        yield


class House(RuleBasedStateMachine):
    """Invoices, attempts, money at the counter, avoirs, reversals, refunds, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.bills: list[Bill] = []
        self.money: list[Money] = []
        self.attempts: dict[int, bool] = {}
        self.refunds: dict[int, tuple[Money, int]] = {}
        self.minutes = 0
        self.before = self._held()

    def _held(self) -> dict[str, int]:
        return balances(TOWN[0].regie)

    @property
    def at(self) -> datetime:
        return later(self.minutes)

    def _bill(self, n: int) -> Bill:
        return self.bills[n % len(self.bills)]

    def _settle(self, bill: Bill, money: Money, cents: int) -> None:
        money.counts[bill.pk] = money.counts.get(bill.pk, 0) + cents
        bill.received += cents
        if bill.received == bill.total:
            bill.state = "paid"

    def _unsettle(self, bill: Bill, money: Money) -> None:
        bill.received -= money.counts.pop(bill.pk)
        if bill.state == "paid":
            bill.state = "due"

    @rule(minutes=st.integers(-60, 3000))
    def tick(self, minutes: int) -> None:
        self.minutes += minutes

    @rule(meals=st.integers(1, 20))
    def issue(self, meals: int) -> None:
        invoice = make_invoice(TOWN[0], meals=meals, at=self.at)
        self.bills.append(Bill(invoice.pk, invoice.total_cents))

    @precondition(lambda self: self.bills)
    @rule(n=index)
    def start(self, n: int) -> None:
        bill = self._bill(n)
        try:
            attempt = payments.start_payment(
                invoice_id=bill.pk, email="u@example.org", request_key=words.token(), actor="u", at=self.at
            )
        except (payments.NotPayableOnline, payments.AlreadyInProgress):
            return
        assert attempt.amount_cents == bill.left
        self.attempts[attempt.pk] = False

    @precondition(lambda self: self.attempts)
    @rule(n=index, status=st.sampled_from(HEARD), copies=st.integers(1, 3), crash=st.integers(0, 40))
    def bank(self, n: int, status: Status, copies: int, crash: int) -> None:
        pk = list(self.attempts)[n % len(self.attempts)]
        attempt = Attempt.objects.get(pk=pk)
        outcome = Outcome(
            status=status, said=status, exchange=Exchange(request="?", response=status), facts=attempt.sent,
            amount_cents=attempt.amount_cents,
        )  # fmt: skip
        if crash:
            try:
                with dying_at(crash):
                    payments.hear_outcome(attempt_id=pk, outcome=outcome, actor="payfip", at=self.at)
            except Crash:
                self.counts_what_the_model_counts()
        for _copy in range(copies):
            payments.hear_outcome(attempt_id=pk, outcome=outcome, actor="payfip", at=self.at)
        if status in PAID and not self.attempts[pk]:
            self.attempts[pk] = True
            bill = next(one for one in self.bills if one.pk == attempt.invoice_id)
            money = Money(Receipt.objects.get(attempt=pk).pk, attempt.amount_cents, PAID[status])
            self.money.append(money)
            if counted := min(bill.left, money.cents):
                self._settle(bill, money, counted)

    @precondition(lambda self: self.bills)
    @rule(n=index, share=st.integers(1, 4), means=st.sampled_from(["cash", "cheque"]))
    def counter(self, n: int, share: int, means: str) -> None:
        bill = self._bill(n)
        cents = max(1, bill.total // share)
        handed = payments.Money(cents=cents, means=Receipt.Means(means))
        try:
            receipt = payments.take_money(
                invoice_id=bill.pk, money=handed, request_key=words.token(), actor=WHO, at=self.at
            )
        except payments.NotTaken:
            assert cents > bill.left
            return
        assert cents <= bill.left
        money = Money(receipt.pk, cents, means)
        self.money.append(money)
        self._settle(bill, money, cents)

    @precondition(lambda self: self.money)
    @rule(n=index, kind=st.sampled_from(Reversal.Kind))
    def take_back(self, n: int, kind: Reversal.Kind) -> None:
        money = self.money[n % len(self.money)]
        try:
            payments.reverse_receipt(receipt_id=money.pk, kind=kind, reason="x", actor=WHO, at=self.at)
        except payments.NotReversible:
            assert money.promised or money.means not in reversing.ALLOWED[kind]
            return
        for bill in self.bills:
            if bill.pk in money.counts:
                self._unsettle(bill, money)
        money.gone = True

    @precondition(lambda self: self.bills)
    @rule(n=index)
    def cancel(self, n: int) -> None:
        bill = self._bill(n)
        if bill.state == "cancelled":
            return
        payments.cancel_invoice(invoice_id=bill.pk, code="twice", comment="", actor=WHO, at=self.at)
        for money in self.money:
            money.counts.pop(bill.pk, None)
        bill.received, bill.state = 0, "cancelled"

    @precondition(lambda self: self.money and self.bills)
    @rule(m=index, n=index)
    def apply(self, m: int, n: int) -> None:
        money, bill = self.money[m % len(self.money)], self._bill(n)
        try:
            counted = payments.apply_receipt(receipt_id=money.pk, invoice_id=bill.pk, reason="x", actor=WHO, at=self.at)
        except payments.NotApplicable:
            assert not min(money.free, bill.left)
            return
        assert counted == min(money.free, bill.left)
        self._settle(bill, money, counted)

    @precondition(lambda self: any(one.free for one in self.money))
    @rule(share=st.integers(1, 3))
    def ask_refund(self, share: int) -> None:
        money = next(one for one in self.money if one.free)
        cents = max(1, money.free // share)
        refund = payments.request_refund(
            receipt_id=money.pk, cents=cents, reason="x", request_key=words.token(), actor=WHO, at=self.at
        )
        money.promised += cents
        self.refunds[refund.pk] = (money, cents)

    @precondition(lambda self: self.refunds)
    @rule(n=index, ends=st.booleans())
    def end_refund(self, n: int, ends: bool) -> None:
        pk = list(self.refunds)[n % len(self.refunds)]
        if Refund.objects.get(pk=pk).state != "requested":
            return
        money, cents = self.refunds[pk]
        if not ends:
            payments.give_up_refund(refund_id=pk, reason="x", actor=OTHER, at=self.at)
            money.promised -= cents
            del self.refunds[pk]
            return
        payments.approve_refund(refund_id=pk, actor=OTHER, at=self.at)
        payments.complete_refund(refund_id=pk, mandate="M", actor=WHO, at=self.at)

    @invariant()
    def counts_what_the_model_counts(self) -> None:
        for bill in self.bills:
            invoice = Invoice.objects.get(pk=bill.pk)
            assert (invoice.state, invoice.received_cents) == (bill.state, bill.received)
        for money in self.money:
            assert queries.free_cents(Receipt.objects.get(pk=money.pk)) == money.free
        done = sum(cents for pk, (_money, cents) in self.refunds.items() if Refund.objects.get(pk=pk).state == "done")
        waiting = sum(one.free + one.promised for one in self.money) - done
        assert self._held()["suspense"] - self.before["suspense"] == waiting

    def teardown(self) -> None:
        check_books()


def play(examples: int, *, steps: int = 25, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    few = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True, database=None, phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    TOWN[:] = [make_town()]
    run_state_machine_as_test(House, settings=few)


def test_anything_in_any_order_keeps_every_euro_once() -> None:
    play(EXAMPLES)


def _settles_without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense, "_guard", lambda *_args, **_values: None)


def _forgets_to_unsettle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "unsettle_invoice", lambda **_values: None)


def _forgets_what_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reversing.queries, "allocated", lambda _receipt: {})


@pytest.mark.parametrize("mutant", [_settles_without_limit, _forgets_to_unsettle, _forgets_what_was_counted])
def test_neg_the_machine_finds_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    mutant(monkeypatch)
    # The model, the room's own checks, the database or the books: whichever sees it first.
    with pytest.raises((AssertionError, ValueError, IntegrityError, BooksDiffer, Unbalanced, billing.NotBillable)):
        play(25, phases=(Phase.generate,))
