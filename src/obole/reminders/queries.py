"""How reminders are read."""

from collections.abc import Iterator
from datetime import date

from obole.billing.models import Invoice


def candidates(today: date) -> Iterator[int]:
    """Return the ids of the late invoices whose type has reminders; each is looked at again, locked, before anything is sent."""
    late = Invoice.objects.late(today).exclude(type__reminder_delays=[]).order_by("due_date", "id")
    return late.values_list("pk", flat=True).iterator(chunk_size=500)
