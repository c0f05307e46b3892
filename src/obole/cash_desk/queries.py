"""How drawers, sessions and remises are read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Abs, Coalesce

from obole.cash_desk import rules
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import CashMovement, CashSession, Deposit, DepositLine, DifferenceSettlement, Drawer
from obole.directory.models import Agent
from obole.payments import queries as payments
from obole.payments.models import Receipt
from obole.regies import queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Regie

CAUSES = ("receipt", "reversal__receipt", "deposit", "settlement")


def drawers(regie: Regie) -> QuerySet[Drawer]:
    """Return the drawers of a régie, by name."""
    return Drawer.objects.filter(regie=regie).order_by("name", "id")


def keeps_drawers(regie_id: int) -> bool:
    """Tell whether cash of the régie goes through a drawer that somebody has open."""
    return Drawer.objects.filter(regie=regie_id, enabled=True).exists()


def sessions(regie: Regie) -> QuerySet[CashSession]:
    """Return the sessions of a régie with their drawer and agent, the last first."""
    rows = CashSession.objects.filter(regie=regie).select_related("drawer", "agent", "regie", "entry")
    return rows.order_by("-opened_at", "-id")


def open_session_of(agent: Agent, regie_id: int) -> CashSession | None:
    """Return the session that the agent has open in the régie."""
    return CashSession.objects.open().filter(regie=regie_id, agent=agent).select_related("drawer").first()


def must_open(agent: Agent, regie_id: int) -> bool:
    """Tell whether the agent takes no cash of the régie before they open a drawer."""
    return keeps_drawers(regie_id) and open_session_of(agent, regie_id) is None


def last_session(drawer: Drawer) -> CashSession | None:
    """Return the last session of a drawer, open or not."""
    return CashSession.objects.filter(drawer=drawer).order_by("-opened_at", "-id").first()


def moved_cents(session: CashSession) -> int:
    """Return what came into a drawer since it was opened, less what left it, in cents."""
    return CashMovement.objects.filter(session=session).aggregate(sum=Sum("cents"))["sum"] or 0


def expected_cents(session: CashSession) -> int:
    """Return what must be in a drawer: what it was opened with, and what moved since."""
    return session.opening_cents + moved_cents(session)


def movements(session: CashSession) -> QuerySet[CashMovement]:
    """Return the movements of a session with what caused them, oldest first."""
    rows = CashMovement.objects.filter(session=session).select_related(*CAUSES, "receipt__invoice")
    return rows.order_by("at", "id")


def movements_on(regie: Regie, day: date) -> QuerySet[CashMovement]:
    """Return the movements of all the drawers of a régie on a day in Paris, the last first."""
    rows = CashMovement.objects.filter(session__regie=regie, at__date=day)
    return rows.select_related(*CAUSES, "receipt__invoice", "session__drawer").order_by("-at", "-id")


@dataclass(frozen=True)
class DrawerContent:
    """What a drawer must hold now: the fonds de caisse, and the takings while it is open."""

    drawer: Drawer
    session: CashSession | None
    """The one that is open, else the last one."""
    fund_cents: int
    takings_cents: int

    @property
    def cents(self) -> int:
        """All of it."""
        return self.fund_cents + self.takings_cents

    @property
    def is_open(self) -> bool:
        """Whether somebody has it open."""
        return self.session is not None and self.session.is_open


@dataclass(frozen=True)
class CashPosition:
    """
    Where the cash of a régie is. What the ledger says is the takings; the fonds de caisse, which the comptable
    advanced, is beside it and in no account.
    """

    balance: int
    """Of the account *caisse*."""
    contents: list[DrawerContent]
    prepared: int
    """Set aside for the bank, in remises that it has not credited."""

    @property
    def funds(self) -> int:
        """The fonds de caisse of the drawers that are enabled."""
        return sum(content.fund_cents for content in self.contents if content.drawer.enabled)

    @property
    def safe(self) -> int:
        """What is in the safe: in no drawer that is open, and not set aside for the bank."""
        takings = (content.takings_cents for content in self.contents)
        return rules.in_hand(balance=self.balance, open_takings=takings, prepared=self.prepared)

    @property
    def free(self) -> int:
        """What may leave the safe: less what it owes to drawers that gave back more than they took."""
        return self.safe + sum(min(0, content.takings_cents) for content in self.contents)

    @property
    def physical(self) -> int:
        """All the cash that must be there to be counted."""
        return self.funds + self.balance

    def at(self, session: CashSession) -> DrawerContent:
        """Return what the drawer of an open session holds."""
        return next(content for content in self.contents if content.drawer.pk == session.drawer_id)

    def available(self, session: CashSession | None) -> int:
        """Return what may leave by a drawer (the safe where there is none) and be made up from the safe."""
        return self.free if session is None else self.safe + self.at(session).takings_cents


def cash_position(regie: Regie) -> CashPosition:
    """Return where the cash of a régie is now, with four queries."""
    latest = (
        CashSession.objects.filter(regie=regie)
        .select_related("agent", "drawer")
        .order_by("drawer_id", "-opened_at", "-id")
        .distinct("drawer_id")
    )
    last = {session.drawer_id: session for session in latest}
    opened = [session.pk for session in last.values() if session.is_open]
    rows = CashMovement.objects.filter(session__in=opened).order_by("session").values("session")
    taken = {row["session"]: row["sum"] for row in rows.annotate(sum=Sum("cents"))}
    contents = [_content(drawer, last.get(drawer.pk), taken) for drawer in drawers(regie)]
    waiting = Deposit.objects.filter(regie=regie, kind=Deposit.Kind.CASH, state=DepositState.PREPARED)
    prepared = waiting.aggregate(sum=Sum("cents"))["sum"] or 0
    return CashPosition(regies.balances(regie)[Account.CASH], contents, prepared)


def _content(drawer: Drawer, session: CashSession | None, taken: dict[int, int]) -> DrawerContent:
    if session is None:
        return DrawerContent(drawer, None, 0, 0)
    if session.is_open:
        return DrawerContent(drawer, session, session.opening_cents, taken.get(session.pk, 0))
    return DrawerContent(drawer, session, session.fund_cents, 0)


def deposits(regie: Regie) -> QuerySet[Deposit]:
    """Return the remises of a régie, the last first."""
    rows = Deposit.objects.filter(regie=regie).select_related("session__drawer", "regie", "entry")
    return rows.order_by("-prepared_at", "-id")


def depositable(regie_id: int, kind: Deposit.Kind) -> QuerySet[Receipt]:
    """Return the cheques or CESU of a régie that are still in instance, and in no remise, oldest first."""
    held = Exists(DepositLine.objects.filter(receipt=OuterRef("pk"), holds=True))
    rows = payments.in_instance(regie_id).filter(means=Receipt.Means(kind)).exclude(held)
    return rows.order_by("received_at", "id")


def lines(deposit: Deposit) -> QuerySet[DepositLine]:
    """Return the cheques or CESU of a remise, in the order in which they came."""
    rows = DepositLine.objects.filter(deposit=deposit).select_related("receipt__invoice__payer", "receipt__reversal")
    return rows.order_by("receipt__received_at", "receipt_id")


def not_in_instance(deposit: Deposit) -> list[Receipt]:
    """Return what of a remise was taken back or credited otherwise since it was prepared."""
    still = payments.in_instance(deposit.regie_id).filter(pk=OuterRef("receipt"))
    gone = DepositLine.objects.filter(deposit=deposit).exclude(Exists(still)).values("receipt")
    return list(Receipt.objects.filter(pk__in=gone).order_by("id"))


def deposit_of(receipt: Receipt) -> Deposit | None:
    """Return the remise that a cheque is in."""
    return Deposit.objects.filter(lines__receipt=receipt, lines__holds=True).first()


def movement_of(receipt: Receipt) -> CashMovement | None:
    """Return how cash of a receipt came into a drawer."""
    return CashMovement.objects.filter(receipt=receipt).select_related("session__drawer", "session__agent").first()


def settlements(session: CashSession) -> QuerySet[DifferenceSettlement]:
    """Return what became of a session's difference, oldest first."""
    return DifferenceSettlement.objects.filter(session=session).select_related("entry").order_by("at", "id")


def unsettled(regie: Regie) -> QuerySet[CashSession]:
    """Return the closed sessions whose booked difference is not settled whole; ``left_cents``: what is left of it."""
    settled = DifferenceSettlement.objects.filter(session=OuterRef("pk")).order_by().values("session")
    summed = Coalesce(Subquery(settled.annotate(sum=Sum("cents")).values("sum")), 0)
    rows = sessions(regie).exclude(booked_cents=0).annotate(left_cents=Abs(F("booked_cents")) - summed)
    return rows.filter(left_cents__gt=0)


def left_to_settle(session: CashSession) -> int:
    """Return what of a session's booked difference is not settled, in cents."""
    return abs(session.booked_cents) - (settlements(session).aggregate(sum=Sum("cents"))["sum"] or 0)


def waiting_deposits(regie: Regie) -> QuerySet[Deposit]:
    """Return the remises that the bank has not credited, the oldest first."""
    return deposits(regie).filter(state=DepositState.PREPARED).order_by("prepared_at", "id")


def total_cents(receipts: Iterable[Receipt]) -> int:
    """Return what receipts come to."""
    return sum(receipt.cents for receipt in receipts)


def summed(receipts: QuerySet[Receipt]) -> tuple[int, int]:
    """Return how many receipts there are, and what they come to, with one query."""
    found = receipts.order_by().aggregate(number=Count("id"), sum=Sum("cents"))
    return found["number"], found["sum"] or 0
