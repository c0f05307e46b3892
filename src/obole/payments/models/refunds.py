"""Decisions to give money back."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.actors import ActorField
from obole.payments.models.receipts import NEVER_ABOVE, Receipt
from obole.payments.refund_states import RefundState
from obole.regies.models import Entry, Regie


class Refund(models.Model):
    """
    A decision to give money of recettes à classer to its payer, or to the comptable whom it was owed to: asked by one
    person, approved by another, then paid.
    """

    class Payer(models.TextChoices):
        REGIE = "regie", _("la régie, par virement")
        COMPTABLE = "comptable", _("le comptable, par mandat")

    class Payee(models.TextChoices):
        PAYER = "payer", _("le payeur")
        TREASURY = "treasury", _("le comptable public")

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="refunds")
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("régie"))
    state = models.CharField(_("statut"), max_length=10, choices=RefundState.choices, default=RefundState.REQUESTED)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    payee = models.CharField(_("à"), max_length=8, choices=Payee.choices, default=Payee.PAYER)
    """The comptable gets what came here for an invoice that was handed over."""
    cents = models.PositiveBigIntegerField(_("montant"))
    reason = models.CharField(_("motif"), max_length=300)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    """Seen by who completes it, and written down when it is; empty for a refund asked before there were any."""
    account_holder = models.CharField(_("titulaire du compte"), max_length=120, blank=True)
    requested_by = ActorField()
    requested_at = models.DateTimeField()
    decided_by = ActorField(null=True)  # type: ignore[misc]
    decided_at = models.DateTimeField(null=True)
    done_by = ActorField(null=True)  # type: ignore[misc]
    done_at = models.DateTimeField(null=True)
    mandate = models.CharField(_("référence du mandat ou du virement"), max_length=60, blank=True)
    paid_by = models.CharField(_("payé par"), max_length=10, choices=Payer.choices, blank=True)
    settled_cents = models.PositiveBigIntegerField(default=0)
    """Of what the comptable paid, what they owed: money that had been paid over to them before it was freed."""
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="refund")

    class Meta:
        ordering = ["requested_at", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RefundState.values), name="refund_state_known"),
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="refund_positive"),
            models.CheckConstraint(condition=models.Q(payee__in=["payer", "treasury"]), name="refund_payee_known"),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "done"])
                | (models.Q(decided_by__isnull=False) & ~models.Q(decided_by__id=models.F("requested_by__id"))),
                name="refund_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="done", entry__isnull=False, done_at__isnull=False, paid_by__in=["regie", "comptable"]
                )
                | (~models.Q(state="done") & models.Q(entry=None, done_at=None, paid_by="")),
                name="refund_booked_when_done",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_cents=0)
                | models.Q(paid_by="comptable", settled_cents__lte=models.F("cents")),
                name="refund_settles_what_the_comptable_owes",
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
