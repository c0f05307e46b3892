"""A caution: a deposit against damage, that the town holds and gives back."""

from datetime import date
from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models.invoices import Invoice
from obole.billing.security_deposit_states import SecurityDepositState
from obole.directory.models import Citizen
from obole.dossiers.models import Dossier
from obole.lib import search_keys, texts
from obole.regies.models import Regie


class SecurityDepositQuerySet(models.QuerySet["SecurityDeposit"]):
    """Cautions, and how they are locked."""

    def locked(self) -> "SecurityDepositQuerySet":
        return self.select_for_update(of=("self",))

    def held(self) -> "SecurityDepositQuerySet":
        return self.filter(state=SecurityDepositState.RECEIVED)

    def held_on(self, day: date) -> "SecurityDepositQuerySet":
        """Keep those that the town held when a day ended, in Paris; what became of them since does not count."""
        there = models.Q(ended_at=None) | models.Q(ended_at__date__gt=day)
        return self.filter(there, received_at__date__lte=day)

    def matching(self, text: str) -> "SecurityDepositQuerySet":
        """Keep those whose label, reference, dossier or payer answers to a text."""
        typed = texts.clean_line(text)
        wanted = models.Q(label__icontains=typed) | models.Q(reference__icontains=typed)
        digits = typed.rsplit("-", 1)[-1].lstrip("0")
        if digits.isascii() and digits.isdigit() and len(digits) < 10:
            wanted |= models.Q(dossier__number=int(digits))
        keys = search_keys.asked(text)
        return self.filter(wanted | models.Q(payer__search_keys__contains=keys) if keys else wanted)


class SecurityDeposit(models.Model):
    """
    What is asked beside a price, once for a dossier. It is in no total and in no ledger: it is no revenue.

    Keeping some of it makes an invoice of that amount, which lives as any other.
    """

    class Means(models.TextChoices):
        CHEQUE = "cheque", _("Chèque, non encaissé")
        CASH = "cash", _("Espèces")
        TRANSFER = "transfer", _("Virement")

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="cautions")
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="cautions")
    payer = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="cautions")
    key = models.CharField(max_length=40)
    """Which caution of the pricing it is."""
    label = models.CharField(max_length=120)
    cents = models.PositiveBigIntegerField()
    state = models.CharField(
        _("statut"), max_length=8, choices=SecurityDepositState.choices, default=SecurityDepositState.ASKED
    )
    asked_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)
    means = models.CharField(_("moyen"), max_length=8, choices=Means.choices, blank=True)
    reference = models.CharField(_("référence"), max_length=60, blank=True)
    ended_at = models.DateTimeField(null=True)
    kept_cents = models.PositiveBigIntegerField(default=0)
    reason = models.CharField(_("motif"), max_length=200, blank=True)
    """Why it was kept, or is asked for no more."""
    invoice = models.OneToOneField(Invoice, on_delete=models.SET_NULL, null=True, related_name="caution")
    """Of what was kept; none while its draft was given up."""

    objects: ClassVar[SecurityDepositQuerySet] = SecurityDepositQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["dossier", "id"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "key"], name="security_deposit_once_for_a_dossier"),
            models.CheckConstraint(
                condition=models.Q(state__in=SecurityDepositState.values), name="securitydeposit_state_known"
            ),
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="security_deposit_positive"),
            models.CheckConstraint(
                condition=models.Q(state__in=["asked", "dropped"], received_at=None, means="")
                | (
                    models.Q(state__in=["received", "returned", "kept"], received_at__isnull=False)
                    & ~models.Q(means="")
                ),
                name="security_deposit_held_if_received",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["asked", "received"], ended_at=None)
                | models.Q(state__in=["returned", "kept", "dropped"], ended_at__isnull=False),
                name="security_deposit_ended_if_over",
            ),
            models.CheckConstraint(
                condition=models.Q(state="kept", kept_cents__gt=0, kept_cents__lte=models.F("cents"))
                | (~models.Q(state="kept") & models.Q(kept_cents=0, invoice=None)),
                name="security_deposit_kept_with_amount",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["kept", "dropped"]) | ~models.Q(reason=""),
                name="security_deposit_over_with_reason",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.label}: {self.cents}"

    @property
    def returned_cents(self) -> int:
        """What was given back, in cents: all that was not kept."""
        return (
            self.cents - self.kept_cents
            if self.state in (SecurityDepositState.RETURNED, SecurityDepositState.KEPT)
            else 0
        )
