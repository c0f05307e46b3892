"""The machine's cash: a drawer opened and counted, what lacks or is too much, and what is handed in to the bank."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from obole.cash_desk import operations as cash_desk, queries
from obole.cash_desk.models import CashSession, Deposit
from obole.cash_desk.rules import VALUES
from obole.lib import texts
from obole.lib.actors import Actor
from obole.lib.states import ForbiddenTransition
from obole.regies.queries import balances
from tests.faults.machine import REGISSEUR, SCENE, crashes, index
from tests.faults.machine_of_recovery import Comptable
from tests.faults.model import Money

REFUSED = (cash_desk.NoOpenSession, cash_desk.NotEnoughCash)


@dataclass
class Drawn:
    """The drawer's session that is open, or one that was closed with a difference."""

    pk: int
    opening: int
    takings: int = 0
    booked: int = 0
    settled: int = 0

    @property
    def cents(self) -> int:
        return self.opening + self.takings


@dataclass
class Parcel:
    """A remise to the bank."""

    pk: int
    regie: int
    cents: int
    cheques: list[Money] = field(default_factory=list)
    state: str = "prepared"


def coins(cents: int) -> dict[int, int]:
    """Count an amount with as few coins as can be."""
    counted = {}
    for value in VALUES:
        counted[value], cents = divmod(cents, value)
    return {value: number for value, number in counted.items() if number}


class CashDesk(Comptable):
    """The cash of both régies: one keeps it in a safe, the other goes through a drawer."""

    def __init__(self) -> None:
        super().__init__()
        for left_open in CashSession.objects.open().order_by("pk"):
            cents = queries.expected_cents(left_open)
            cash_desk.close_session(
                session_id=left_open.pk, count=coins(cents), expected_cents=cents, actor=REGISSEUR, at=SCENE.now
            )
        self.drawn: Drawn | None = None
        self.counted: list[Drawn] = []
        self.parcels: dict[int, Parcel] = {}
        self.in_the_safe = {town.regie.pk: queries.cash_position(town.regie).safe for town in SCENE.towns[:2]}

    # Where the cash is.

    @property
    def cashier(self) -> Actor:
        return SCENE.towns[0].regisseur.actor

    def _keeps_a_drawer(self, regie: int) -> bool:
        return regie == SCENE.towns[1].regie.pk

    def _open_in(self, regie: int) -> Drawn | None:
        return self.drawn if self._keeps_a_drawer(regie) else None

    def _differences(self, regie: int) -> int:
        """Return what lacks, less what is too much, of what was counted and not settled."""
        sign = [(1 if one.booked > 0 else -1, one) for one in self.counted if self._keeps_a_drawer(regie)]
        return sum(one.settled * way - one.booked for way, one in sign)

    def _cash(self, regie: int) -> int:
        """Return what the example put in the caisse."""
        ours = [item for item in self.model.money.values() if item.regie == regie and item.means == "cash"]
        gone = [one for one in self.parcels.values() if one.regie == regie and one.state == "credited"]
        taken = sum(item.cents for item in ours if not item.gone)
        return taken - sum(one.cents for one in gone if not one.cheques) - self._differences(regie)

    def _prepared(self, regie: int) -> int:
        ours = [one for one in self.parcels.values() if one.regie == regie and one.state == "prepared"]
        return sum(one.cents for one in ours if not one.cheques)

    def _safe(self, regie: int) -> int:
        drawn = self._open_in(regie)
        return self.in_the_safe[regie] + self._cash(regie) - (drawn.takings if drawn else 0) - self._prepared(regie)

    def _why_no_cash_leaves(self, regie: int, cents: int) -> str:
        """Say why nobody gives so much cash away, out of the drawer where there is one."""
        if self._keeps_a_drawer(regie) and self.drawn is None:
            return "no drawer"
        drawn = self._open_in(regie)
        if drawn is None:
            return "" if self._safe(regie) >= cents else "not enough"
        return "" if min(self._safe(regie) + drawn.takings, drawn.cents) >= cents else "not enough"

    def _moves(self, regie: int, cents: int) -> None:
        drawn = self._open_in(regie)
        if drawn is not None:
            drawn.takings += cents

    def _why_not_by_hand(self, regie: int, means: str) -> str:
        return "no drawer" if means == "cash" and self._keeps_a_drawer(regie) and self.drawn is None else ""

    # The drawer.

    @rule(cents=st.sampled_from([0, 100, 100_00]), crash=crashes)
    def open_the_drawer(self, cents: int, crash: int) -> None:
        def act() -> CashSession:
            return cash_desk.open_session(
                drawer_id=SCENE.drawer, count=coins(cents), reason="x", actor=self.cashier, at=SCENE.now
            )

        try:
            session = self.done(act, crash)
        except cash_desk.CannotOpen:
            assert self.drawn is not None
            return
        assert self.drawn is None
        self.drawn = Drawn(session.pk, cents)

    @rule(difference=st.sampled_from([0, 0, 0, -30, -5000, 70]), crash=crashes)
    def count_the_drawer(self, difference: int, crash: int) -> None:
        drawn = self.drawn
        if drawn is None:
            return
        counted = max(0, drawn.cents + difference)
        difference = counted - drawn.cents
        drawn.booked = difference if difference > 0 else -min(-difference, max(0, drawn.takings))

        def act() -> CashSession:
            return cash_desk.close_session(
                session_id=drawn.pk,
                count=coins(counted),
                expected_cents=drawn.cents,
                explanation="x",
                actor=REGISSEUR,
                at=SCENE.now,
            )

        regie = SCENE.towns[1].regie.pk
        closed = self.booked(regie, act, crash=crash) if drawn.booked else self.done(act, crash)
        if closed is None:
            drawn.booked = 0
            return
        self.drawn = None
        self.counted.append(drawn)

    @rule(n=index, crash=crashes)
    def settle_a_difference(self, n: int, crash: int) -> None:
        open_ones = [one for one in self.counted if abs(one.booked) > one.settled]
        if not open_ones:
            return
        one, regie, key = open_ones[n % len(open_ones)], SCENE.towns[1].regie.pk, texts.token()
        left, repaid = abs(one.booked) - one.settled, one.booked < 0
        why = "" if self.drawn else "no drawer"
        settled = self.booked(
            regie,
            lambda: cash_desk.settle_difference(
                session_id=one.pk, cents=left, reference="x", request_key=key, actor=self.cashier, at=SCENE.now
            ),
            why=why if repaid else self._why_no_cash_leaves(regie, left),
            refusal=REFUSED,
            crash=crash,
        )
        if settled is not None:
            one.settled += left
            self._moves(regie, left if repaid else -left)

    # The bank.

    @rule(n=st.integers(0, 1), cents=st.integers(1, 5000), own=st.booleans(), crash=crashes)
    def prepare_cash(self, n: int, cents: int, own: bool, crash: int) -> None:
        regie, key = SCENE.towns[n].regie.pk, texts.token()
        drawn = self._open_in(regie) if own else None
        if own:
            why = self._why_no_cash_leaves(regie, cents)
            why = why or ("not enough" if drawn and drawn.takings < cents else "")
        else:
            owes = min(0, self.drawn.takings) if self.drawn and self._keeps_a_drawer(regie) else 0
            why = "" if self._safe(regie) + owes >= cents else "not enough"

        def act() -> Deposit:
            return cash_desk.prepare_cash_deposit(
                regie_id=regie, count=coins(cents), from_drawer=own, request_key=key, actor=self.cashier, at=SCENE.now
            )

        made = self._prepared_unless(why, act, crash)
        if made is not None:
            if drawn is not None:
                drawn.takings -= cents
            self.parcels[made.pk] = Parcel(made.pk, regie, cents)

    @rule(n=st.integers(0, 1), most=st.integers(1, 3), crash=crashes)
    def prepare_cheques(self, n: int, most: int, crash: int) -> None:
        regie, key = SCENE.towns[n].regie.pk, texts.token()
        ours = [item for item in self.model.money.values() if (item.regie, item.means) == (regie, "cheque")]
        chosen = ours[-most:]
        if not chosen:
            return
        held = {item.pk for one in self.parcels.values() if one.state == "prepared" for item in one.cheques}
        wrong = any(item.gone or item.credited or item.pk in held for item in chosen)
        made = self._prepared_unless(
            "not in instance" if wrong else "",
            lambda: cash_desk.prepare_deposit(
                regie_id=regie,
                kind=Deposit.Kind.CHEQUE,
                receipt_ids=[item.pk for item in chosen],
                request_key=key,
                actor=self.cashier,
                at=SCENE.now,
            ),
            crash,
        )
        if made is not None:
            self.parcels[made.pk] = Parcel(made.pk, regie, made.cents, chosen)
            assert made.cents == sum(item.cents for item in chosen)

    def _prepared_unless(self, why: str, act: Callable[[], Deposit], crash: int) -> Deposit | None:
        """Prepare a remise, which books nothing, whatever is closed."""
        try:
            made: Deposit = self.done(act, crash)
        except (*REFUSED, cash_desk.NothingToDeposit) as refusal:
            assert why, refusal
            return None
        assert not why, f"{why}, and it was prepared"
        return made

    @rule(n=index, crash=crashes)
    def bank_credits_a_remise(self, n: int, crash: int) -> None:
        parcel = self._parcel(n)
        if parcel is None:
            return
        changed = any(item.gone or item.credited for item in parcel.cheques)
        reference = texts.token()
        done = self.booked(
            parcel.regie,
            lambda: cash_desk.credit_deposit(deposit_id=parcel.pk, reference=reference, actor=REGISSEUR, at=SCENE.now),
            why=parcel.state if parcel.state != "prepared" else "changed" if changed else "",
            refusal=(ForbiddenTransition, cash_desk.ReceiptsChanged),
            crash=crash,
        )
        if done is not None:
            parcel.state = "credited"
            for item in parcel.cheques:
                item.credited = True
            if not parcel.cheques:
                self.model.left[parcel.regie] -= parcel.cents

    @rule(n=index, crash=crashes)
    def remise_does_not_go(self, n: int, crash: int) -> None:
        parcel = self._parcel(n)
        if parcel is None:
            return
        try:
            self.done(
                lambda: cash_desk.cancel_deposit(deposit_id=parcel.pk, reason="x", actor=REGISSEUR, at=SCENE.now), crash
            )
        except ForbiddenTransition:
            assert parcel.state != "prepared"
            return
        assert parcel.state == "prepared"
        parcel.state = "cancelled"

    def _parcel(self, n: int) -> Parcel | None:
        known = list(self.parcels.values())
        return known[n % len(known)] if known else None

    def is_paid_over_as_the_model_says(self) -> None:
        super().is_paid_over_as_the_model_says()
        for town in SCENE.towns[:2]:
            pk, held = town.regie.pk, balances(town.regie)
            moved: dict[Any, int] = {name: held[name] - self.before[pk][name] for name in held}
            cheques = [item for item in self.model.money.values() if (item.regie, item.means) == (pk, "cheque")]
            assert moved["cash"] == self._cash(pk)
            assert moved["cash_differences"] == self._differences(pk)
            assert moved["cheques"] == sum(item.cents for item in cheques if not (item.gone or item.credited))
        if self.drawn is not None:
            assert queries.expected_cents(CashSession.objects.get(pk=self.drawn.pk)) == self.drawn.cents
