"""What the comptable gave back of money that had been paid over to them."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.actors import ActorField
from obole.payments.models.receipts import Receipt
from obole.regies.models import Entry, Regie


class Regularisation(models.Model):
    """Money of a receipt that was taken back after it was paid over, and that the comptable has given back."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="regularisations")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="regularisations")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="regularisations")
    """One entry for all that one transfer of the comptable gives back."""
    cents = models.PositiveBigIntegerField()
    reference = models.CharField(_("référence"), max_length=60)
    at = models.DateTimeField()
    actor = ActorField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "receipt"], name="regularisation_once"),
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="regularisation_positive"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.receipt_id}: {self.cents}"
