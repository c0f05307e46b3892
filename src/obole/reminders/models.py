"""Which reminder was sent for which invoice: one row, once, before the mail leaves."""

from django.db import models
from django.db.models import DateField, F, Func

from obole.billing.models import Invoice
from obole.mailing.models import Message

DAY_DECIDED = Func(
    F("decided_at"), template="((%(expressions)s AT TIME ZONE 'Europe/Paris')::date)", output_field=DateField()
)


class Reminder(models.Model):
    """The n-th reminder of an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    step = models.PositiveSmallIntegerField()
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="reminder")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["invoice", "step"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "step"], name="reminder_once"),
            # Two agents, or an agent and the worker, may want one at the same moment: its payer reads one.
            models.UniqueConstraint("invoice", DAY_DECIDED, name="reminder_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} n° {self.step}"
