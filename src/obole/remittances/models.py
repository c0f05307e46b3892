"""Bordereaux de versement, and their documents."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.actors import ActorField
from obole.regies.models import Entry, Mandate, Regie
from obole.remittances.states import RemittanceState


class RemittanceQuerySet(models.QuerySet["Remittance"]):
    """Bordereaux."""

    def locked(self) -> "RemittanceQuerySet":
        return self.select_for_update(of=("self",), no_key=True)


class Remittance(models.Model):
    """
    What a régisseur signed over to the comptable: whole entries of the ledger (``regies.RemittedEntry``), each once.

    What it comes to never changes; its transfer leaves once, and is undone by a row of its own (``UndoneTransfer``).
    """

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="remittances")
    number = models.CharField(_("numéro"), max_length=24, unique=True)
    sequence = models.PositiveIntegerField()
    year = models.PositiveSmallIntegerField()
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    """Comes with the form: the same form sent twice signs one."""
    state = models.CharField(
        _("statut"), max_length=12, choices=RemittanceState.choices, default=RemittanceState.SIGNED
    )
    until = models.DateField(_("arrêté au"))
    """The last day of the entries that it holds."""
    entry_count = models.PositiveIntegerField()
    revenue_cents = models.BigIntegerField(_("recettes"))
    """What its entries moved of recettes à verser; less than zero where more was taken back than received."""
    refund_cents = models.PositiveBigIntegerField(_("remboursements payés par le comptable"), default=0)
    """What the comptable paid for the régie, and is given back with it."""
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="remittance")
    """Empty where it holds no recette: nothing but what the comptable paid for the régie."""
    signed_by = ActorField()
    quality = models.CharField(_("qualité"), max_length=10, choices=Mandate.Kind.choices)
    signed_at = models.DateTimeField()
    transfer_entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="transferred_remittance"
    )
    transfer_reference = models.CharField(_("référence du virement"), max_length=60, blank=True)
    transferred_by = ActorField(null=True)  # type: ignore[misc]
    transferred_at = models.DateTimeField(null=True)

    objects = RemittanceQuerySet.as_manager()

    class Meta:
        ordering = ["-signed_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["regie", "year", "sequence"], name="remittance_number_once"),
            models.CheckConstraint(condition=models.Q(state__in=RemittanceState.values), name="remittance_state_known"),
            models.CheckConstraint(
                condition=models.Q(revenue_cents__gt=-models.F("refund_cents"), entry_count__gt=0),
                name="remittance_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(quality__in=["holder", "substitute"]), name="remittance_signed_in_a_quality"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="transferred",
                    transfer_entry__isnull=False,
                    transferred_at__isnull=False,
                    transferred_by__isnull=False,
                )
                | models.Q(state="signed", transfer_entry=None, transferred_at=None, transferred_by=None),
                name="remittance_transferred_with_its_entry",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="transferred_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="transferred") & ~pgtrigger.Q(new__state="signed"),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total_cents(self) -> int:
        """What leaves the compte DFT for it."""
        return self.revenue_cents + self.refund_cents


class UndoneTransfer(models.Model):
    """A transfer that was recorded and had not left: what it had booked, and what books it the other way round."""

    remittance = models.ForeignKey(Remittance, on_delete=models.PROTECT, related_name="undone_transfers")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="undone_transfer")
    undone_entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="transfer_undone")
    reference = models.CharField(max_length=60)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    actor = ActorField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="transfer_undone_with_a_reason")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.remittance_id} {self.reference}"


class RemittancePdf(models.Model):
    """The PDF of a bordereau: rendered once, served as it is for ever."""

    remittance = models.OneToOneField(Remittance, on_delete=models.PROTECT, related_name="paper")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest
