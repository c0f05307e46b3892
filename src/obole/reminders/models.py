"""Which reminder was sent for which invoice: one row, once, before the mail leaves or the letter is printed."""

import pgtrigger
from django.db import models
from django.db.models import DateField, F, Func
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib.actors import ActorField
from obole.mailing.models import Message
from obole.regies.models import Regie

DAY_DECIDED = Func(
    F("decided_at"), template="((%(expressions)s AT TIME ZONE 'Europe/Paris')::date)", output_field=DateField()
)


class Reminder(models.Model):
    """The n-th reminder of an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    step = models.PositiveSmallIntegerField()
    message = models.OneToOneField(Message, on_delete=models.PROTECT, null=True, related_name="reminder")
    """Its mail; without one it is a ``Letter``."""
    decided_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)
    """When it was left, its payer being at the bank for instance: nobody read it, and its step is not lost."""

    class Meta:
        ordering = ["invoice", "step", "id"]
        constraints = [
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


class LetterBatch(models.Model):
    """Letters of a régie that are printed together, and put in the post."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="letter_batches")
    made_at = models.DateTimeField()
    made_by = ActorField()
    count = models.PositiveIntegerField()
    posted_at = models.DateTimeField(null=True)
    """When an agent said that they were handed to the post."""
    posted_by = ActorField(null=True)  # type: ignore[misc]

    class Meta:
        ordering = ["-made_at", "-id"]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.pk} × {self.count}"


class Letter(models.Model):
    """A reminder on paper, for who has no address for mails: the words as they were when it was decided."""

    reminder = models.OneToOneField(Reminder, on_delete=models.PROTECT, related_name="letter")
    subject = models.CharField(_("objet"), max_length=250)
    text = models.TextField(_("texte"))
    batch = models.ForeignKey(LetterBatch, on_delete=models.PROTECT, null=True, related_name="letters")
    dropped_at = models.DateTimeField(null=True)
    """When it was left out of a batch: nothing was due any more, or its reminders were suspended."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(batch=None) | models.Q(dropped_at=None), name="letter_printed_or_dropped"
            )
        ]
        indexes = [models.Index(fields=["id"], name="letter_waiting", condition=models.Q(batch=None, dropped_at=None))]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.subject


class LetterBatchPdf(models.Model):
    """The PDF of a batch: rendered once, served as it is for ever."""

    batch = models.OneToOneField(LetterBatch, on_delete=models.PROTECT, related_name="document")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest
