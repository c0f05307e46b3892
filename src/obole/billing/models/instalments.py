"""One price billed in several invoices: what was planned, and what became of it."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.instalment_states import InstalmentState
from obole.billing.models.frozen import protect_but_for_a_merge
from obole.billing.models.invoice_types import InvoiceType
from obole.billing.models.invoices import Invoice
from obole.catalogue.models import PricingVersion
from obole.directory.models import Citizen
from obole.dossiers.models import Dossier
from obole.pricing.instalments import InstalmentKind


class BillingPlan(models.Model):
    """The échéancier of a price: what was priced, once, and whom it is billed to. Never changed: its parts live."""

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="plans")
    type = models.ForeignKey(InvoiceType, on_delete=models.PROTECT, related_name="plans")
    payer = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="plans")
    version = models.ForeignKey(PricingVersion, on_delete=models.PROTECT, related_name="plans")
    answers = models.JSONField()
    result = models.JSONField()
    """What ``pricing.text.codec`` writes of a ``Result``: the whole of it."""
    period = models.CharField(max_length=60, blank=True)
    total_cents = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.CheckConstraint(condition=models.Q(total_cents__gt=0), name="plan_total_positive")]
        triggers = [protect_but_for_a_merge(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dossier}: {self.total_cents}"


class PlannedInstalmentQuerySet(models.QuerySet["PlannedInstalment"]):
    """Parts, and how they are locked."""

    def locked(self) -> "PlannedInstalmentQuerySet":
        return self.select_for_update(of=("self",))


_SAID = ("plan_id", "rank", "kind", "cents", "share")
_SAID_CHANGED = "(({}) IS DISTINCT FROM ({}))".format(
    ", ".join(f"OLD.{column}" for column in _SAID), ", ".join(f"NEW.{column}" for column in _SAID)
)


class PlannedInstalment(models.Model):
    """
    One invoice of an échéancier: planned for a day, then billed, or abandoned with a reason. Its amount never changes.
    """

    class Kind(models.TextChoices):
        ACOMPTE = InstalmentKind.ACOMPTE, _("Acompte")
        BALANCE = InstalmentKind.BALANCE, _("Solde")
        INSTALMENT = InstalmentKind.INSTALMENT, _("Échéance")

    plan = models.ForeignKey(BillingPlan, on_delete=models.PROTECT, related_name="parts")
    rank = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    cents = models.PositiveBigIntegerField()
    share = models.JSONField()
    """What ``pricing.text.codec`` writes of an ``Instalment``."""
    issue_on = models.DateField(_("à émettre le"))
    state = models.CharField(
        _("statut"), max_length=10, choices=InstalmentState.choices, default=InstalmentState.PLANNED
    )
    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, null=True, related_name="part")
    reason = models.CharField(_("motif"), max_length=200, blank=True)
    """Why it was abandoned."""

    objects: ClassVar[PlannedInstalmentQuerySet] = PlannedInstalmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["plan", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "rank"], name="planned_instalment_rank_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=InstalmentState.values), name="plannedinstalment_state_known"
            ),
            models.CheckConstraint(condition=models.Q(cents__gt=0, rank__gt=0), name="planned_instalment_positive"),
            models.CheckConstraint(
                condition=models.Q(state="billed", invoice__isnull=False)
                | (~models.Q(state="billed") & models.Q(invoice=None)),
                name="planned_instalment_billed_if_invoice",
            ),
            models.CheckConstraint(
                condition=(models.Q(state="abandoned") & ~models.Q(reason=""))
                | (~models.Q(state="abandoned") & models.Q(reason="")),
                name="planned_instalment_abandoned_with_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["issue_on", "id"], name="planned_instalment_to_bill", condition=models.Q(state="planned")
            )
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="amount_stays", operation=pgtrigger.Update, condition=pgtrigger.Condition(_SAID_CHANGED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.rank}"
