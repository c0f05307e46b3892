"""Which reminder was sent for which invoice: one row, once, before the mail leaves."""

from django.db import models

from obole.billing.models import Invoice
from obole.mailing.models import Message


class Reminder(models.Model):
    """The n-th reminder of an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    step = models.PositiveSmallIntegerField()
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="reminder")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["invoice", "step"]
        constraints = [models.UniqueConstraint(fields=["invoice", "step"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.invoice_id} n° {self.step}"
