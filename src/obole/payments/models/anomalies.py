"""What a person must look at."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.directory.models import Agent
from obole.lib.actors import ActorField
from obole.mailing.models import Message
from obole.payments.models.attempts import Attempt
from obole.payments.models.receipts import Receipt
from obole.payments.models.refunds import Refund
from obole.regies.models import Regie


class Anomaly(models.Model):
    """Something about money, or a mail about it, that a person must look at (« À traiter »)."""

    class Kind(models.TextChoices):
        INVOICE_NOT_DUE = "not_due", _("Paiement d’une facture déjà payée, annulée ou transmise")
        SURPLUS = "surplus", _("Paiement plus élevé que ce qui restait dû")
        DIFFERENT = "different", _("La banque répond autre chose que ce qui lui a été envoyé")
        UNMATCHED = "unmatched", _("Encaissement dont la facture est inconnue")
        FREED = "freed", _("Encaissement d’une facture annulée depuis")
        UNKNOWN_ANSWER = "unknown", _("Réponse inconnue de la banque")
        NO_START = "no_start", _("La banque refuse d’ouvrir des paiements")
        NO_ANSWER = "no_answer", _("Sans réponse de la banque depuis sept jours")
        REVERSED = "reversed", _("Paiement rejeté après coup")
        MISTAKE = "mistake", _("Quittance annulée au guichet")
        REFUND_WAITS = "refund", _("Remboursement qui attend depuis trop longtemps")
        UNDELIVERED = "mail", _("Courriel non remis")
        CEILING = "ceiling", _("Encaisse au-dessus du maximum")
        REMITTANCE_LATE = "late", _("Versement au comptable en retard")
        BANK_ONLY = "bank_only", _("Lignes du relevé à rapprocher")
        HERE_ONLY = "here_only", _("Sommes que la banque n’a pas montrées")

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("Imputé sur une facture")
        REFUND = "refund", _("Remboursement demandé")
        TREASURY = "treasury", _("À reverser au comptable")
        KEPT = "kept", _("Gardé en recettes à classer")
        REBILLED = "rebilled", _("Facture refaite et payée")
        NOTED = "noted", _("Traité autrement")

    cause = models.CharField(max_length=60, unique=True)
    """The kind and what it is about: nobody is asked twice."""
    kind = models.CharField(max_length=10, choices=Kind.choices)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, null=True, related_name="anomalies")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, related_name="anomalies")
    """The money that waits in recettes à classer, when there is some."""
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="anomalies")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, related_name="anomalies")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="anomalies")
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, null=True, related_name="anomalies")
    """Empty for a mail that no régie answers for."""
    assignee = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, related_name="anomalies", verbose_name=_("confié à")
    )
    """In whose hands it is; whoever answers for the régie may still deal with it."""
    details = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = ActorField(null=True)  # type: ignore[misc]
    outcome = models.CharField(_("issue"), max_length=8, choices=Outcome.choices, blank=True)
    note = models.TextField(_("ce qui a été fait"), blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closed_at=None, closed_by=None, outcome="")
                | (models.Q(closed_at__isnull=False) & models.Q(closed_by__isnull=False) & ~models.Q(outcome="")),
                name="anomaly_closed_by_somebody",
            )
        ]
        indexes = [models.Index(fields=["-opened_at"], name="anomaly_open", condition=models.Q(closed_at=None))]

    def __str__(self) -> str:
        return self.cause

    @property
    def named(self) -> str:
        """What it is called in a list: what it is, and the invoice that it is about."""
        kind = str(Anomaly.Kind(self.kind).label)
        return f"{kind}, {self.invoice}" if self.invoice else kind
