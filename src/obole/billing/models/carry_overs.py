"""A price too small to be invoiced alone."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models.frozen import protect_but_for_a_merge
from obole.billing.models.invoice_types import InvoiceType
from obole.billing.models.invoices import Invoice
from obole.catalogue.models import PricingVersion
from obole.directory.models import Citizen
from obole.dossiers.models import Dossier

_SAID = ("dossier_id", "type_id", "payer_id", "result", "cents")
_SAID_CHANGED = "(({}) IS DISTINCT FROM ({}))".format(
    ", ".join(f"OLD.{column}" for column in _SAID), ", ".join(f"NEW.{column}" for column in _SAID)
)


class CarryOverQuerySet(models.QuerySet["CarryOver"]):
    """What was carried over, and what of it still waits."""

    def locked(self) -> "CarryOverQuerySet":
        return self.select_for_update(of=("self",))

    def waiting(self) -> "CarryOverQuerySet":
        """Keep what is neither invoiced nor given up."""
        return self.filter(invoice=None, reason="")


class CarryOver(models.Model):
    """
    What waits for the payer's next invoice of the same type (« report »): then it is lines of that one, or it is given
    up.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="carried")
    type = models.ForeignKey(InvoiceType, on_delete=models.PROTECT, related_name="carried")
    payer = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="carried")
    version = models.ForeignKey(PricingVersion, on_delete=models.PROTECT, related_name="carried")
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    answers = models.JSONField()
    result = models.JSONField()
    """What ``pricing.text.codec`` writes of a ``Result``."""
    period = models.CharField(max_length=60, blank=True)
    cents = models.PositiveBigIntegerField()
    carried_at = models.DateTimeField()
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="carried")
    reason = models.CharField(_("motif"), max_length=200, blank=True)
    """Why it was given up."""

    objects: ClassVar[CarryOverQuerySet] = CarryOverQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["carried_at", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="carry_over_positive"),
            models.CheckConstraint(condition=models.Q(invoice=None) | models.Q(reason=""), name="carry_over_ends_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            protect_but_for_a_merge(
                name="amount_stays", operation=pgtrigger.Update, condition=pgtrigger.Condition(_SAID_CHANGED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id}: {self.cents}"
