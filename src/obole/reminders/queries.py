"""How reminders are read."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Count, DateField, ExpressionWrapper, F, Func, IntegerField

from obole.billing.models import Invoice
from obole.payments import queries as payments
from obole.recovery import queries as recovery

NEXT_DELAY = Func(
    F("type__reminder_delays"),
    F("sent") + 1,
    template="(ARRAY(SELECT unnest(%(expressions)s]",
    arg_joiner=") ORDER BY 1))[",
    output_field=IntegerField(),
)
"""The delay of the first reminder that was not sent: ``sorted(delays)[sent + 1]``; null when all of them were."""


def candidates(today: date) -> Iterator[int]:
    """
    Return the ids of the late invoices whose next reminder's day has come; each is looked at again, locked, before it
    is sent.

    Those of a régie whose bank is down wait: they are still candidates the day after its recovery.
    """
    payable = Invoice.objects.late(today).exclude(regie__in=payments.regies_not_payable(today))
    payable = payable.exclude(recovery.is_disputed())
    late = payable.annotate(sent=Count("reminders"))
    reminded_on = ExpressionWrapper(F("due_date") + NEXT_DELAY, output_field=DateField())
    due = late.annotate(reminded_on=reminded_on).filter(reminded_on__lte=today).order_by("due_date", "id")
    return due.values_list("pk", flat=True).iterator(chunk_size=500)
