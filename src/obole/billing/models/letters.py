"""What is said of invoices on paper, to who has no address for mails: letters, and those that are printed together."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models.invoices import Invoice
from obole.lib.actors import ActorField
from obole.regies.models import Regie


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
    """One letter about an invoice: the words as they were when it was decided, as those of a mail."""

    class Kind(models.TextChoices):
        """What it says; the document itself, an invoice or an avoir, is printed behind the first two."""

        NOTICE = "notice", _("Facture")
        CREDIT_NOTE = "credit_note", _("Avoir")
        REMINDER = "reminder", _("Relance")
        INSTALMENT = "instalment", _("Échéancier")
        OTHER = "other", _("Avis")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject = models.CharField(_("objet"), max_length=250)
    text = models.TextField(_("texte"))
    cause = models.CharField(max_length=120, null=True, unique=True)
    """Why it was written, once, as the cause of the mail that it stands for; none where its kind or its row says it."""
    written_at = models.DateTimeField()
    batch = models.ForeignKey(LetterBatch, on_delete=models.PROTECT, null=True, related_name="letters")
    dropped_at = models.DateTimeField(null=True)
    """When it was left out of a batch: nothing was due any more, or its reminders were suspended."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["notice", "credit_note", "reminder", "instalment", "other"]),
                name="letter_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(batch=None) | models.Q(dropped_at=None), name="letter_printed_or_dropped"
            ),
            # An invoice has many of the others, each kept unique by its own row, or by its cause.
            models.UniqueConstraint(
                fields=["invoice", "kind"],
                condition=models.Q(kind__in=["notice", "credit_note"]),
                name="letter_once_a_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="letter_unprinted", condition=models.Q(batch=None, dropped_at=None))
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.subject


class LetterBatchPdf(models.Model):
    """The PDF of a batch: rendered once, served as it is, until the first of its letters loses its words."""

    batch = models.OneToOneField(LetterBatch, on_delete=models.PROTECT, related_name="document")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="goes_with_its_words",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (SELECT 1 FROM billing_letter WHERE batch_id = OLD.batch_id AND text = '') THEN
                        RAISE EXCEPTION 'the PDF of a batch stays as long as its letters have their words'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN OLD;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.digest
