"""One price billed in several invoices: what was planned, and what became of it."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models.invoices import Invoice, InvoiceType
from obole.billing.part_states import PartState
from obole.catalogue.models import PricingVersion
from obole.catalogue.rules import PartKind
from obole.directory.models import Citizen
from obole.dossiers.models import Dossier


class BillingPlan(models.Model):
    """The échéancier of a price: what was priced, once, and whom it is billed to. Never changed: its parts live."""

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="plans")
    type = models.ForeignKey(InvoiceType, on_delete=models.PROTECT, related_name="plans")
    payer = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="plans")
    version = models.ForeignKey(PricingVersion, on_delete=models.PROTECT, related_name="plans")
    answers = models.JSONField()
    result = models.JSONField()
    """What ``catalogue.rules.codec`` writes of a ``Result``: the whole of it."""
    period = models.CharField(max_length=60, blank=True)
    total_cents = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.CheckConstraint(condition=models.Q(total_cents__gt=0), name="plan_total_positive")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dossier}: {self.total_cents}"


class PlanPartQuerySet(models.QuerySet["PlanPart"]):
    """Parts, and how they are locked."""

    def locked(self) -> "PlanPartQuerySet":
        return self.select_for_update(of=("self",))


_SAID = ("plan_id", "rank", "kind", "cents", "share")
_SAID_CHANGED = "(({}) IS DISTINCT FROM ({}))".format(
    ", ".join(f"OLD.{column}" for column in _SAID), ", ".join(f"NEW.{column}" for column in _SAID)
)


class PlanPart(models.Model):
    """One invoice of an échéancier: planned for a day, then billed, or abandoned with a reason. Its amount never changes."""

    class Kind(models.TextChoices):
        ACOMPTE = PartKind.ACOMPTE, _("Acompte")
        BALANCE = PartKind.BALANCE, _("Solde")
        INSTALMENT = PartKind.INSTALMENT, _("Échéance")

    plan = models.ForeignKey(BillingPlan, on_delete=models.PROTECT, related_name="parts")
    rank = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    cents = models.PositiveBigIntegerField()
    share = models.JSONField()
    """What ``catalogue.rules.codec`` writes of a ``Part``."""
    issue_on = models.DateField(_("à émettre le"))
    state = models.CharField(_("statut"), max_length=10, choices=PartState.choices, default=PartState.PLANNED)
    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, null=True, related_name="part")
    reason = models.CharField(_("motif"), max_length=200, blank=True)
    """Why it was abandoned."""

    objects: ClassVar[PlanPartQuerySet] = PlanPartQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["plan", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "rank"], name="plan_part_rank_once"),
            models.CheckConstraint(condition=models.Q(state__in=PartState.values), name="planpart_state_known"),
            models.CheckConstraint(condition=models.Q(cents__gt=0, rank__gt=0), name="plan_part_positive"),
            models.CheckConstraint(
                condition=models.Q(state="billed", invoice__isnull=False)
                | (~models.Q(state="billed") & models.Q(invoice=None)),
                name="plan_part_billed_if_invoice",
            ),
            models.CheckConstraint(
                condition=(models.Q(state="abandoned") & ~models.Q(reason=""))
                | (~models.Q(state="abandoned") & models.Q(reason="")),
                name="plan_part_abandoned_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["issue_on", "id"], name="plan_part_to_bill", condition=models.Q(state="planned"))
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="amount_stays", operation=pgtrigger.Update, condition=pgtrigger.Condition(_SAID_CHANGED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.rank}"
