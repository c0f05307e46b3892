"""What is left in peace until a day."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.directory.models import Citizen
from obole.lib.actors import ActorField


class Hold(models.Model):
    """
    Until a day, that one included, nobody is reminded of an invoice, and it is not handed over; or of all those of its
    payer. It ends by itself.
    """

    class Reason(models.TextChoices):
        DIFFICULTY = "difficulty", _("Difficulté du payeur")
        AGREEMENT = "agreement", _("Paiement échelonné convenu")
        DISPUTE = "dispute", _("Réclamation en cours")
        OTHER = "other", _("Autre motif")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="holds")
    """The one that it was asked for."""
    payer = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="holds")
    of_payer = models.BooleanField(default=False)
    """Whether it is for every invoice of the payer."""
    until = models.DateField(_("jusqu’au"))
    reason = models.CharField(_("motif"), max_length=12, choices=Reason.choices)
    comment = models.CharField(_("précision"), max_length=200, blank=True)
    placed_at = models.DateTimeField()
    placed_by = ActorField()
    ended_at = models.DateTimeField(null=True)
    """When it was lifted, replaced, or over."""

    class Meta:
        ordering = ["placed_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(ended_at=None, of_payer=False), name="hold_one_of_an_invoice"
            ),
            models.UniqueConstraint(
                fields=["payer"], condition=Q(ended_at=None, of_payer=True), name="hold_one_of_a_payer"
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.until:%Y-%m-%d}"
