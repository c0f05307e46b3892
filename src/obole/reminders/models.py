"""Which reminder was sent for which invoice: one row, once, before the mail leaves or the letter is printed."""

from django.db import models
from django.db.models import DateField, F, Func

from obole.billing.models import Invoice, Letter
from obole.mailing.models import Message

DAY_DECIDED = Func(
    F("decided_at"), template="((%(expressions)s AT TIME ZONE 'Europe/Paris')::date)", output_field=DateField()
)


class Reminder(models.Model):
    """The n-th reminder of an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    step = models.PositiveSmallIntegerField()
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, related_name="reminders")
    """Its mail, which may list other invoices of its payer; without one it is on paper."""
    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, null=True, related_name="reminder")
    sms = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, related_name="nudged")
    """The SMS beside it, where its step has one and its payer a mobile telephone."""
    decided_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)
    """When it was left, its payer being at the bank for instance: nobody read it, and its step is not lost."""

    class Meta:
        ordering = ["invoice", "step", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(message=None, letter__isnull=False) | models.Q(message__isnull=False, letter=None),
                name="reminder_by_mail_or_on_paper",
            ),
            models.UniqueConstraint(
                fields=["invoice", "step"], condition=models.Q(dropped_at=None), name="reminder_once"
            ),
            # Two agents, or an agent and the worker, may want one at the same moment: its payer reads one.
            models.UniqueConstraint(
                "invoice", DAY_DECIDED, condition=models.Q(dropped_at=None), name="reminder_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} n° {self.step}"
