"""What stays on one side: lines that only the bank knows, money that it has not shown."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from obole.bank_statements import queries
from obole.bank_statements.models import Statement
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import Deposit
from obole.lib import dates
from obole.payments.models import Receipt
from obole.regies.models import Regie
from obole.remittances.models import Remittance
from obole.remittances.states import RemittanceState


@dataclass(frozen=True)
class Side:
    """How many there are, and the day of the oldest."""

    count: int
    oldest: date | None


def regies() -> QuerySet[Regie]:
    """Return the régies whose statements are imported: of the others, the bank's side is not known."""
    return Regie.objects.filter(statements__kind="account", statements__withdrawn_at=None).distinct().order_by("id")


def first_day(regie: Regie) -> date | None:
    """Return the first day that the statements cover: what the bank did before is shown by none."""
    rows = Statement.objects.filter(regie=regie, kind="account", withdrawn_at=None)
    return rows.order_by("first_day").values_list("first_day", flat=True).first()


def at_bank(regie: Regie, *, since: date) -> Side:
    """Return the lines that nobody has matched, of a day or before."""
    days = queries.open_lines(regie).filter(day__lte=since).values_list("day", flat=True)
    return Side(days.count(), days.first())


def only_here(regie: Regie, *, since: date) -> QuerySet[Receipt]:
    """Return the money in instance, and the transfers that no line shows, received on or before a day, oldest first."""
    begun = first_day(regie)
    transfers = queries.linkable_transfers(regie.pk)
    if begun is not None:
        transfers = transfers.filter(received_at__date__gte=begun)
    ids = Q(pk__in=queries.in_instance(regie.pk).values("pk")) | Q(pk__in=transfers.values("pk"))
    rows = Receipt.objects.filter(ids, received_at__date__lte=since)
    return rows.select_related("invoice", "attempt").order_by("received_at", "id")


def deposits_only_here(regie: Regie, *, since: date) -> QuerySet[Deposit]:
    """Return the remises that no line shows, prepared on or before a day, oldest first."""
    rows = queries.linkable_deposits(regie.pk).filter(prepared_at__date__lte=since)
    begun = first_day(regie)
    if begun is not None:
        rows = rows.exclude(state=DepositState.CREDITED, credited_at__date__lt=begun)
    return rows.order_by("prepared_at", "id")


def remittances_only_here(regie: Regie, *, since: date) -> QuerySet[Remittance]:
    """Return the bordereaux whose transfer no line shows, signed on or before a day, oldest first."""
    rows = queries.linkable_remittances(regie.pk).filter(signed_at__date__lte=since)
    begun = first_day(regie)
    if begun is not None:
        rows = rows.exclude(state=RemittanceState.TRANSFERRED, transferred_at__date__lt=begun)
    return rows.order_by("signed_at", "id")


def here(regie: Regie, *, since: date) -> Side:
    """Return all that the bank has not shown, of a day or before."""
    moments = (
        only_here(regie, since=since).values_list("received_at", flat=True),
        deposits_only_here(regie, since=since).values_list("prepared_at", flat=True),
        remittances_only_here(regie, since=since).values_list("signed_at", flat=True),
    )
    first = [moment for rows in moments if (moment := rows.first())]
    return Side(sum(rows.count() for rows in moments), dates.day_of(min(first)) if first else None)
