"""Transmissions: a selection of unpaid invoices that the comptable public recovers from then on."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib.actors import ActorField
from obole.recovery.line_states import LineState
from obole.recovery.states import TransmissionState
from obole.regies.models import Entry, Regie


class Obstacle(models.TextChoices):
    """Why an invoice is not handed over."""

    NOT_DUE = "not_due", _("n’est plus à payer")
    PAYING = "paying", _("paiement en cours")
    DISPUTED = "disputed", _("contestée par le payeur")
    HELD = "held", _("relances suspendues")
    TOO_SOON = "too_soon", _("encore payable à la régie")
    NOT_REMINDED = "not_reminded", _("pas encore relancée comme prévu")
    MANDATE = "mandate", _("mandat terminé pendant la transmission")


class Transmission(models.Model):
    """Invoices handed over together: asked for, then sent, by another person where the régie wants it."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="transmissions", verbose_name=_("régie"))
    state = models.CharField(
        _("statut"), max_length=10, choices=TransmissionState.choices, default=TransmissionState.REQUESTED
    )
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    by_two = models.BooleanField(default=False)
    """Whether the régie wanted a second person."""
    number = models.CharField(_("numéro"), max_length=24, null=True, unique=True)
    year = models.PositiveSmallIntegerField(null=True)
    sequence = models.PositiveIntegerField(null=True)
    """Taken when it is sent: one that is given up leaves no gap."""
    requested_by = ActorField()
    requested_at = models.DateTimeField()
    sent_by = ActorField(null=True)  # type: ignore[misc]
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=TransmissionState.values), name="transmission_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["requested", "given_up"],
                    number=None,
                    year=None,
                    sequence=None,
                    sent_by=None,
                    sent_at=None,
                )
                | models.Q(
                    state__in=["sending", "sent"],
                    number__isnull=False,
                    year__isnull=False,
                    sequence__gt=0,
                    sent_by__isnull=False,
                    sent_at__isnull=False,
                ),
                name="transmission_numbered_if_sent",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["sent", "given_up"], ended_at__isnull=False)
                | (~models.Q(state__in=["sent", "given_up"]) & models.Q(ended_at=None)),
                name="transmission_ended_with_its_state",
            ),
            models.CheckConstraint(
                condition=models.Q(by_two=False)
                | models.Q(sent_by=None)
                | ~models.Q(sent_by__id=models.F("requested_by__id")),
                name="transmission_sent_by_a_second_person",
            ),
            models.UniqueConstraint(fields=["regie", "year", "sequence"], name="transmission_sequence_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="numbered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.number IS NOT NULL AND (OLD.number, OLD.sent_by, OLD.sent_at)"
                    " IS DISTINCT FROM (NEW.number, NEW.sent_by, NEW.sent_at)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.regie_id}/{self.pk}"


class TransmissionLine(models.Model):
    """One invoice of a transmission, and what became of it."""

    transmission = models.ForeignKey(Transmission, on_delete=models.PROTECT, related_name="lines")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="transmissions")
    state = models.CharField(_("statut"), max_length=8, choices=LineState.choices, default=LineState.WAITING)
    cents = models.PositiveBigIntegerField(_("montant"))
    """What was left to pay when it was chosen; then, what the comptable was told to recover."""
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="transmission_line")
    decided_at = models.DateTimeField(null=True)
    obstacle = models.CharField(_("motif"), max_length=12, choices=Obstacle.choices, blank=True)
    titre_year = models.PositiveSmallIntegerField(_("exercice du titre"), null=True)
    titre_number = models.CharField(_("numéro du titre"), max_length=20, blank=True)
    """What the comptable calls it from then on."""
    returned_at = models.DateTimeField(null=True)
    return_reason = models.CharField(_("motif du retour"), max_length=300, blank=True)
    return_reference = models.CharField(_("référence du retour"), max_length=60, blank=True)
    return_entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="returned_transmission_line"
    )

    class Meta:
        ordering = ["transmission", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=LineState.values), name="transmissionline_state_known"),
            models.UniqueConstraint(fields=["transmission", "invoice"], name="transmission_names_an_invoice_once"),
            models.UniqueConstraint(
                fields=["invoice"], condition=models.Q(state="sent"), name="invoice_handed_over_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["sent", "returned"], entry__isnull=False, decided_at__isnull=False)
                | (~models.Q(state__in=["sent", "returned"]) & models.Q(entry=None, titre_year=None)),
                name="transmission_line_booked_if_sent",
            ),
            models.CheckConstraint(
                condition=(models.Q(state="refused", decided_at__isnull=False) & ~models.Q(obstacle=""))
                | (~models.Q(state="refused") & models.Q(obstacle="")),
                name="transmission_line_refused_with_its_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(state="returned", return_entry__isnull=False, returned_at__isnull=False)
                & ~models.Q(return_reason="")
                | ~models.Q(state="returned") & models.Q(return_entry=None, returned_at=None, return_reason=""),
                name="transmission_line_returned_with_its_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(titre_year=None, titre_number="")
                | (models.Q(titre_year__isnull=False) & ~models.Q(titre_number="")),
                name="titre_named_whole",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.transmission_id}: {self.invoice_id} {self.state}"

    @property
    def titre(self) -> str:
        """The titre as the comptable writes it: exercice, then number; nothing while it is not known."""
        return f"{self.titre_year}-{self.titre_number}" if self.titre_year else ""
