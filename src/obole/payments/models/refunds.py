"""Decisions to give money back."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.payments.models.receipts import NEVER_ABOVE, Receipt
from obole.payments.refund_states import RefundState
from obole.regies.models import Entry, Regie


class Refund(models.Model):
    """A decision to give money of recettes à classer back: asked by one person, approved by another, paid by the comptable."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="refunds")
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("régie"))
    state = models.CharField(_("statut"), max_length=10, choices=RefundState.choices, default=RefundState.REQUESTED)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    cents = models.PositiveBigIntegerField(_("montant"))
    reason = models.CharField(_("motif"), max_length=300)
    requested_by = models.CharField(max_length=254)
    requested_at = models.DateTimeField()
    decided_by = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=254, blank=True)
    done_at = models.DateTimeField(null=True)
    mandate = models.CharField(_("référence du mandat ou du virement"), max_length=60, blank=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="refund")

    class Meta:
        ordering = ["requested_at", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RefundState.values), name="refund_state_known"),
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "done"])
                | (~models.Q(decided_by="") & ~models.Q(decided_by=models.F("requested_by"))),
                name="refund_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state="done", entry__isnull=False, done_at__isnull=False)
                | (~models.Q(state="done") & models.Q(entry=None, done_at=None)),
                name="refund_booked_when_done",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="never_above",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.After,
                func=NEVER_ABOVE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id}: {self.cents} {self.state}"
