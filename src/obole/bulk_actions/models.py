"""What an agent asked for of many rows, and what became of each of them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from obole.directory.models import Agent


class BulkVerb(models.TextChoices):
    """What can be done to a selection."""

    CANCEL_INVOICES = "invoice.cancel", _("Annuler les factures")
    REDO_INVOICES = "invoice.redo", _("Annuler et refaire les factures")
    REMIND = "invoice.remind", _("Relancer les payeurs")
    HOLD = "invoice.hold", _("Suspendre les relances")
    CHANGE_DUE_DATE = "invoice.due_date", _("Reporter l’échéance")
    PRINT_INVOICES = "invoice.print", _("Imprimer les factures (ZIP de PDF)")
    ISSUE_DRAFTS = "draft.issue", _("Émettre les brouillons")
    ASSIGN_DOSSIERS = "dossier.assign", _("Confier les dossiers")
    ASSIGN_TASKS = "task.assign", _("Confier les points à traiter")
    RESEND_MAILS = "task.resend", _("Renvoyer les courriels")
    ATTEST = "payer.attest", _("Attester ce qui a été payé dans une année")
    TAKE_DOSSIERS = "dossier.take", _("Prendre en charge les dossiers")


OF_DOSSIERS = frozenset({BulkVerb.TAKE_DOSSIERS, BulkVerb.ASSIGN_DOSSIERS})
"""What is done to dossiers; the other verbs are of invoices and drafts."""

OF_TASKS = frozenset({BulkVerb.ASSIGN_TASKS, BulkVerb.RESEND_MAILS})
"""What is done to what waits for a person."""


OF_PAYERS = frozenset({BulkVerb.ATTEST})
"""What is done for people who pay."""


class BulkAction(models.Model):
    """One thing asked for of many rows. It is done by the worker, row after row."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="bulk_actions")
    verb = models.CharField(max_length=20, choices=BulkVerb.choices)
    parameters = models.JSONField(default=dict)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    """Comes with the page that shows what will happen: sent twice, it is done once."""
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    file_digest = models.CharField(max_length=64, blank=True)
    """What printing makes, in the file store."""
    file_size = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["agent", "-asked_at"], name="bulk_action_of_agent")]
        constraints = [
            models.CheckConstraint(condition=Q(verb__in=BulkVerb.values), name="bulk_action_verb_known"),
            models.CheckConstraint(
                condition=Q(total__gte=F("done") + F("failed") + F("skipped")), name="bulk_action_counts"
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at=None) | Q(ended_at__isnull=False), name="bulk_action_cancelled_is_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} × {self.total}"

    @property
    def handled(self) -> int:
        """How many rows there is nothing more to do for."""
        return self.done + self.failed + self.skipped


class BulkRow(models.Model):
    """One row of a selection, and what became of it."""

    class Outcome(models.TextChoices):
        PENDING = "pending", _("En attente")
        DONE = "done", _("Fait")
        FAILED = "failed", _("Refusé")
        SKIPPED = "skipped", _("Laissé de côté")

    action = models.ForeignKey(BulkAction, on_delete=models.CASCADE, related_name="rows")
    object_id = models.PositiveBigIntegerField()
    """An invoice, a draft, a dossier, a task or a payer: the verb says which."""
    position = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.PENDING)
    reason = models.CharField(max_length=300, blank=True)
    """Why it was refused or left, as a sentence for the agent."""
    file_digest = models.CharField(max_length=64, blank=True, db_default="")
    """The document that was made for it, in the file store, where no other row keeps it."""

    class Meta:
        ordering = ["action", "position"]
        indexes = [models.Index(fields=["action", "outcome", "position"], name="bulk_row_next")]
        constraints = [
            models.UniqueConstraint(fields=["action", "object_id"], name="bulk_row_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["pending", "done", "failed", "skipped"]), name="bulk_row_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["pending", "done"], reason="")
                | (Q(outcome__in=["failed", "skipped"]) & ~Q(reason="")),
                name="bulk_row_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action_id}/{self.position}: {self.outcome}"
