"""An invoice paid in parts, at the counter and online, in any order: F36."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings as hypothesis_settings, strategies as st

from obole.billing.models import Invoice
from obole.lib import dates, texts
from obole.payments import display_status, operations as payments
from obole.payments.models import Allocation, Attempt, Receipt
from obole.payments.operations import counter, gateway_status, starting
from obole.regies.ledger import Unbalanced
from obole.regies.queries import balances
from tests.actors import somebody
from tests.faults.banks import ScriptedBank
from tests.faults.steps import RED
from tests.payments.steps import come_back, pay
from tests.portal.conftest import Clock
from tests.world import NOON, Town, handed, later, make_invoice

pytestmark = pytest.mark.django_db
SMALLEST_ONLINE = 100
EXAMPLES = int(os.environ.get("OBOLE_EXAMPLES", "10"))
few = hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
parts = st.lists(
    st.tuples(
        st.sampled_from(["cash", "cheque", "transfer", "leave", "leave", "return", "return"]), st.integers(1, 6000)
    ),
    min_size=3,
    max_size=12,
)
"""At the counter: so many cents; online: a payer leaves for the bank, or one who left has paid there."""


@pytest.fixture
def bank(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> ScriptedBank:
    bank = ScriptedBank(clock)
    monkeypatch.setattr("obole.gateways.registry.build", lambda _kind, _settings, *, timeout: bank)
    return bank


class Parts:
    """One invoice, and what must be known of it after each part."""

    def __init__(self, town: Town, bank: ScriptedBank, meals: int) -> None:
        self.town, self.bank = town, bank
        self.invoice = make_invoice(town, meals=meals)
        self.before = balances(town.regie)["suspense"]
        self.settled = self.surplus = self.minutes = 0
        self.leaving: Attempt | None = None
        self.stage = 0

    @property
    def left(self) -> int:
        return self.invoice.total_cents - self.settled

    def hand_over(self, means: str, cents: int) -> None:
        money = handed(cents, Receipt.Means(means))
        try:
            payments.take_money(
                invoice_id=self.invoice.pk,
                money=money,
                request_key=texts.token(),
                actor=somebody("a"),
                at=later(self.minutes),
            )
        except payments.MoneyNotTaken as error:
            assert cents > self.left or error.hindrance == payments.CounterObstacle.CASH_LIMIT
            return
        assert cents <= self.left
        self.settled += cents

    def leave(self) -> None:
        try:
            attempt = pay(self.invoice, self.minutes)
        except payments.AlreadyInProgress:
            assert self.leaving is not None
            return
        except payments.NotPayableOnline:
            assert self.left < SMALLEST_ONLINE
            return
        assert self.leaving is None
        assert attempt.amount_cents == self.left, "the bank is asked for something else than what remains"
        assert self.bank.sent[attempt.gateway_reference or ""]["amount"] == str(self.left)
        self.leaving = attempt

    def come_back(self) -> None:
        if self.leaving is None:
            return
        self.bank.scripts[self.leaving.gateway_reference or ""] = [(-1.0, "card")]
        come_back(self.leaving, self.minutes)
        counted = min(self.left, self.leaving.amount_cents)
        self.settled += counted
        self.surplus += self.leaving.amount_cents - counted
        self.leaving = None

    def check(self) -> None:
        self.invoice.refresh_from_db()
        counted = sum(Allocation.objects.filter(invoice=self.invoice).order_by("id").values_list("cents", flat=True))
        assert self.invoice.received_cents == counted == self.settled <= self.invoice.total_cents
        assert balances(self.town.regie)["suspense"] - self.before == self.surplus
        stage = 0 if not self.settled else 1 if self.left else 2
        assert stage >= self.stage, "open, then part paid, then paid: never back"
        self.stage = stage
        assert self.invoice.state == ("due", "due", "paid")[stage]
        shown = display_status.display(
            display_status.with_progress(Invoice.objects.filter(pk=self.invoice.pk)).get(), today=dates.day_of(NOON)
        )
        at_the_bank = self.leaving is not None and stage < 2
        assert shown.status == ("in_progress" if at_the_bank else ("due", "part_paid", "paid")[stage])


def assert_parts_add_up(town: Town, bank: ScriptedBank) -> None:
    @few
    @given(meals=st.integers(1, 31), happened=parts)
    def add_up(meals: int, happened: list[tuple[str, int]]) -> None:
        invoice = Parts(town, bank, meals)
        for what, cents in [*happened, ("return", 0), ("leave", 0), ("return", 0)]:
            invoice.minutes += 1
            if what == "leave":
                invoice.leave()
            elif what == "return":
                invoice.come_back()
            else:
                invoice.hand_over(what, cents)
            invoice.check()
        assert invoice.left < SMALLEST_ONLINE

    add_up()


def test_f36_parts_at_the_counter_and_online_add_up_to_what_is_due(town: Town, bank: ScriptedBank) -> None:
    assert_parts_add_up(town, bank)


def _counter_takes_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "_guard", lambda *_args, **_more: None)


def _all_that_came_online_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_status, "min", max, raising=False)


def _bank_is_asked_for_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    order = starting._order
    monkeypatch.setattr(
        starting,
        "_order",
        lambda attempt, how_many: replace(order(attempt, how_many), amount_cents=attempt.invoice.total_cents),
    )


@pytest.mark.parametrize(
    "mutant", [_counter_takes_anything, _all_that_came_online_counts, _bank_is_asked_for_the_total]
)
def test_neg_f36_without_a_guard_more_is_asked_or_counted_than_is_due(
    town: Town, bank: ScriptedBank, monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    mutant(monkeypatch)
    with pytest.raises((*RED, ValueError, Unbalanced)):
        assert_parts_add_up(town, bank)
