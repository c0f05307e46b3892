"""How reminders are read."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Count
from django.db.models.functions import Coalesce

from obole.billing.models import Invoice


def candidates(today: date) -> Iterator[int]:
    """Return the ids of the late invoices that have a reminder left; each is looked at again, locked, before anything is sent."""
    late = Invoice.objects.late(today).annotate(sent=Count("reminders"))
    unfinished = late.filter(sent__lt=Coalesce("type__reminder_delays__len", 0)).order_by("due_date", "id")
    return unfinished.values_list("pk", flat=True).iterator(chunk_size=500)
