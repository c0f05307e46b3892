"""What a payer contests."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib.actors import ActorField


class Dispute(models.Model):
    """An invoice that its payer contests: while it is looked at, nobody is reminded, and nothing is handed over."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="disputes")
    reason = models.CharField(_("ce que dit le payeur"), max_length=300)
    by_payer = models.BooleanField(default=False)
    """Whether the payer reported it themselves: they read the answer."""
    opened_at = models.DateTimeField()
    opened_by = ActorField()
    closed_at = models.DateTimeField(null=True)
    closed_by = ActorField(null=True)  # type: ignore[misc]
    answer = models.CharField(_("suite donnée"), max_length=300, blank=True)

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=models.Q(closed_at=None), name="dispute_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None, closed_by=None, answer="")
                | (models.Q(closed_at__isnull=False, closed_by__isnull=False) & ~models.Q(answer="")),
                name="dispute_closed_with_an_answer",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.reason}"
