"""Drawers, counts, differences and remises, recomputed from their rows."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Abs, Coalesce

from obole.cash_desk import rules
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import CashMovement, CashSession, Deposit, DepositLine, DifferenceSettlement, UndoneCredit
from obole.payments.models import Receipt
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie

CHUNK = 2000
Check = tuple[QuerySet[Any], str]


def moved(regie: Regie) -> dict[Account, int]:
    """Return what the remises of cash, the differences of drawers and their settlements moved, by account."""
    deposits = Deposit.objects.filter(regie=regie, kind=Deposit.Kind.CASH, state=DepositState.CREDITED)
    credited = _sum(deposits, "cents")
    differences = _sum(CashSession.objects.filter(regie=regie), "booked_cents")
    settled = DifferenceSettlement.objects.filter(session__regie=regie)
    repaid = _sum(settled.filter(kind=DifferenceSettlement.Kind.REPAID), "cents")
    paid_over = _sum(settled.filter(kind=DifferenceSettlement.Kind.PAID_OVER), "cents")
    return {
        Account.TREASURY_DEPOSIT: credited,
        Account.CASH: differences + repaid - paid_over - credited,
        Account.CASH_DIFFERENCES: paid_over - differences - repaid,
    }


def differences() -> Iterator[str]:
    """Yield the first row of each kind that is not what the others say, in a sentence; then each odd count."""
    for wrong, sentence in (*_sessions(), *_movements(), *_deposits()):
        first = wrong.order_by("pk").first()
        if first is not None:
            yield f"{first._meta.verbose_name} {first.pk}: {sentence}"
    for session in CashSession.objects.order_by("id").iterator(chunk_size=CHUNK):
        yield from _counts(session)
    for deposit in Deposit.objects.filter(kind=Deposit.Kind.CASH).order_by("id").iterator(chunk_size=CHUNK):
        if not _comes_to(deposit.count, deposit.cents):
            yield f"remise {deposit}: its count does not come to its amount"


def _sum(rows: QuerySet[Any], cents: str) -> int:
    return int(rows.order_by().aggregate(sum=Sum(cents))["sum"] or 0)


def _comes_to(count: object, cents: int | None) -> bool:
    return isinstance(count, dict) and rules.is_count(count) and rules.total(count) == cents


def _counts(session: CashSession) -> Iterator[str]:
    """Compare what was counted with its amount, and what was booked of a difference with what had to be."""
    if not _comes_to(session.opening, session.opening_cents):
        yield f"cash session {session.pk}: its opening count does not come to its amount"
    if session.closing is not None and not _comes_to(session.closing, session.closing_cents):
        yield f"cash session {session.pk}: its closing count does not come to its amount"
    takings = (session.expected_cents or session.opening_cents) - session.opening_cents
    if session.booked_cents != rules.booked_cents(difference=session.difference_cents, takings=takings):
        yield f"cash session {session.pk}: what was booked of its difference is not what it must be"


def _sessions() -> Iterator[Check]:
    sessions = CashSession.objects.all()
    yield sessions.exclude(drawer__regie=F("regie")), "its drawer is of another régie"
    moves = CashMovement.objects.filter(session=OuterRef("pk")).order_by().values("session").annotate(s=Sum("cents"))
    settled = DifferenceSettlement.objects.filter(session=OuterRef("pk")).order_by().values("session")
    summed = sessions.annotate(
        moves=Coalesce(Subquery(moves.values("s")), Value(0)),
        settled=Coalesce(Subquery(settled.annotate(s=Sum("cents")).values("s")), Value(0)),
    )
    closed = summed.filter(closing_cents__isnull=False)
    yield closed.exclude(expected_cents=F("opening_cents") + F("moves")), "what was expected is not what moved in it"
    yield summed.filter(settled__gt=Abs("booked_cents")), "more was settled than its difference"


def _movements() -> Iterator[Check]:
    movements = CashMovement.objects.all()
    taken, handed_in = movements.filter(receipt__isnull=False), movements.filter(deposit__isnull=False)
    yield taken.exclude(receipt__cents=F("cents")), "it is not its receipt"
    yield taken.exclude(receipt__means=Receipt.Means.CASH), "it is no cash"
    yield movements.filter(reversal__isnull=False).exclude(reversal__receipt__cents=-F("cents")), "it is not taken back"
    yield handed_in.exclude(deposit__cents=-F("cents")), "it is not its remise"
    yield handed_in.exclude(deposit__session=F("session")), "its remise left another drawer"
    signed = Case(When(settlement__kind=DifferenceSettlement.Kind.REPAID, then=F("cents")), default=-F("cents"))
    settled = movements.filter(settlement__isnull=False).annotate(signed=signed)
    yield settled.exclude(settlement__cents=F("signed")), "it is not what was settled"


def _deposits() -> Iterator[Check]:
    lines = DepositLine.objects.filter(deposit=OuterRef("pk")).order_by().values("deposit")
    pieces = Deposit.objects.exclude(kind=Deposit.Kind.CASH).annotate(
        of_lines=Coalesce(Subquery(lines.annotate(s=Sum("receipt__cents")).values("s")), Value(0)),
        how_many=Coalesce(Subquery(lines.annotate(n=Count("id")).values("n")), Value(0)),
    )
    yield pieces.exclude(of_lines=F("cents")), "its total is not the sum of its pieces"
    yield pieces.exclude(how_many=F("pieces")), "its pieces are not as many as it says"
    yield DepositLine.objects.exclude(receipt__means=F("deposit__kind")), "it is of another means than its remise"
    cancelled = Q(deposit__state=DepositState.CANCELLED)
    yield DepositLine.objects.filter(cancelled, holds=True), "its remise is cancelled and its receipt is held"
    yield DepositLine.objects.filter(holds=False).exclude(cancelled), "its remise stands and lets it go"
    standing = Exists(Deposit.objects.filter(entry=OuterRef("pk")))
    undone = Exists(UndoneCredit.objects.filter(Q(entry=OuterRef("pk")) | Q(undone_entry=OuterRef("pk"))))
    booked = Entry.objects.filter(cause_kind__in=("deposit", "deposit_undone"))
    yield booked.exclude(standing).exclude(undone), "it was booked for a remise and none says so"
    both = Exists(Deposit.objects.filter(entry=OuterRef("entry")))
    yield UndoneCredit.objects.filter(both), "it was undone and its credit stands"
