"""What reminders did: how many left at each step, by which way, and how many invoices were paid soon after."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from obole.billing.models import Invoice
from obole.directory.models import Agent
from obole.lib import dates
from obole.mailing.states import NOT_ARRIVED, MessageState
from obole.regies.models import Regie
from obole.reminders.models import Reminder

SOON = timedelta(days=7)
"""Within which a payment is counted as an answer to the reminder."""


@dataclass(frozen=True)
class StepResult:
    """What became of the reminders of one rank: how many, and cents of the invoices that were paid soon after."""

    step: int
    decided: int
    sent: int
    kept: int
    on_paper: int
    undelivered: int
    dropped: int
    paid: int
    paid_cents: int

    @property
    def per_cent(self) -> int:
        """How many in a hundred were paid soon after, rounded."""
        return round(100 * self.paid / self.decided) if self.decided else 0


def results(agent: Agent, first: date, last: date, regies: Iterable[Regie] = ()) -> list[StepResult]:
    """
    Return what the reminders of a period did, by their rank, of the invoices that an agent sees; one query.

    :param last: the last day, that one included.
    :param regies: of these alone; of all of them if none is named.
    """
    rows = Reminder.objects.filter(
        decided_at__gte=dates.midnight(first),
        decided_at__lt=dates.midnight(last + timedelta(days=1)),
        invoice__in=Invoice.objects.seen_by(agent),
    )
    wanted = list(regies)
    rows = rows.filter(invoice__regie__in=wanted) if wanted else rows
    soon = Q(invoice__paid_at__gte=F("decided_at"), invoice__paid_at__lt=F("decided_at") + SOON)
    counted = (
        rows.order_by("step")
        .values("step")
        .annotate(
            decided=Count("pk"),
            sent=Count("pk", filter=Q(message__state=MessageState.SENT)),
            kept=Count("pk", filter=Q(message__state=MessageState.KEPT)),
            on_paper=Count("pk", filter=Q(letter__batch__isnull=False)),
            undelivered=Count("pk", filter=Q(message__state__in=NOT_ARRIVED)),
            dropped=Count("pk", filter=Q(dropped_at__isnull=False)),
            paid=Count("pk", filter=soon),
            paid_cents=Coalesce(Sum("invoice__total_cents", filter=soon), 0),
        )
    )
    return [StepResult(**row) for row in counted]
