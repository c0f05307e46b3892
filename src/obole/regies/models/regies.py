"""The régie, who answers for it, its bank, and its series of numbers."""

from datetime import date
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now, TruncDate
from django.utils.translation import gettext_lazy as _

from obole.audit_log import history
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.lib.actors import ActorField
from obole.lib.dates import PARIS
from obole.regies import rules

SMALLEST_RELEASE_DELAY = 15
"""Minutes: PayFiP lets a payer open the payment page for as long as that."""


class RegieQuerySet(models.QuerySet["Regie"]):
    """Régies, and who may see which."""

    def locked(self) -> "RegieQuerySet":
        return self.select_for_update(no_key=True)

    def seen_by(self, agent: Agent) -> "RegieQuerySet":
        """Keep those whose money the agent may see: by a mandate of today; an administrator sees all."""
        if agent.profile == Profile.ADMINISTRATOR:
            return self
        return self.filter(pk__in=Mandate.objects.valid_today().of_agent(agent).values("regie"))

    def acted_on_by(self, agent: Agent) -> "RegieQuerySet":
        """Keep those whose money the agent may move: by a mandate of today that is not a reader's, any profile."""
        mandates = Mandate.objects.valid_today().of_agent(agent).that_act()
        return self.filter(pk__in=mandates.values("regie"))


# The bank may give a password; what use makes changes with every payment.
@history.track(exclude=["gateway_settings", "former_settings", "entry_count", "entry_head"])
class Regie(models.Model):
    """A régie d'encaissement: what a bank account is to a shop. Collects for the comptable public."""

    code = models.CharField(
        _("code"),
        max_length=6,
        unique=True,
        validators=[RegexValidator(r"^[A-Z]{2,6}$", _("De 2 à 6 lettres majuscules, sans accent."))],
        help_text=_(
            "Commence le numéro de chaque facture, par exemple ENF pour ENF-2026-000123. Ne change plus ensuite."
        ),
    )
    name = models.CharField(_("nom"), max_length=120, unique=True)
    enabled = models.BooleanField(_("activée"), default=True)
    gateway = models.CharField(_("tiers bancaire"), max_length=20, default="payfip")
    gateway_settings = models.JSONField(_("réglages du tiers bancaire"), default=dict, blank=True)
    gateway_shown = models.TextField(_("réglages de la banque"), default="", blank=True, editable=False)
    """The same for people, secrets masked: one a line. Its history is kept, and not that of the settings themselves."""
    former_settings = models.JSONField(default=dict, blank=True, editable=False)
    """By name, the settings of the banks that it had before: payments that went there are still asked about there."""
    release_delay = models.PositiveSmallIntegerField(
        _("délai de déblocage (minutes)"),
        default=20,
        validators=[MinValueValidator(SMALLEST_RELEASE_DELAY)],
        help_text=_(
            "Durée pendant laquelle une facture reste « En cours de paiement » avant un nouvel essai : 15 minutes au"
            " moins."
        ),
    )
    holds_cautions = models.BooleanField(
        _("habilitée à garder des cautions"),
        default=False,
        help_text=_(
            "Si son acte constitutif le prévoit. Une caution n’est pas une recette : elle n’entre dans aucun compte de"
            " la régie."
        ),
    )
    transfer_delay = models.PositiveSmallIntegerField(
        _("transmission au comptable (jours après l’échéance)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text=_(
            "Jusque-là, une facture en retard se paie encore à la régie ; ensuite elle peut être transmise. La facture"
            " et la dernière relance donnent cette date."
        ),
    )
    transfer_by_two = models.BooleanField(
        _("transmission décidée par deux personnes"),
        default=False,
        help_text=_("Une personne la prépare, une autre la transmet."),
    )
    campaigns_by_two = models.BooleanField(
        _("campagne déposée par une autre personne"),
        default=False,
        db_default=False,
        help_text=_("Qui ouvre une campagne de facturation ne la dépose pas."),
    )
    description = models.TextField(_("description"), blank=True)
    entry_count = models.PositiveBigIntegerField(default=0, editable=False)
    entry_head = models.CharField(max_length=64, default="", blank=True, editable=False)
    """The hash of the last entry; the next one is chained to it."""

    objects: ClassVar[RegieQuerySet] = RegieQuerySet.as_manager()  # type: ignore[assignment]
    never_recorded = frozenset({"gateway_settings", "former_settings"})
    """What ``audit_log.configuration`` says to have changed and never what it was: a bank may give a password."""

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(release_delay__gte=SMALLEST_RELEASE_DELAY), name="regie_release_delay_allowed"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.gateway_shown = rules.show_settings(self.gateway_settings, secret=settings.SECRET_KEY)
        super().save(*args, **kwargs)

    def settings_of(self, gateway: str) -> dict[str, str]:
        """Return the settings of a bank that it has, or had; none if it never had it."""
        known: dict[str, str] = (
            self.gateway_settings if gateway == self.gateway else self.former_settings.get(gateway, {})
        )
        return known


class MandateQuerySet(models.QuerySet["Mandate"]):
    """Mandates, and what they allow."""

    def of_agent(self, agent: Agent) -> "MandateQuerySet":
        return self.filter(agent=agent)

    def valid_on(self, day: date | TruncDate) -> "MandateQuerySet":
        begun = models.Q(starts_on=None) | models.Q(starts_on__lte=day)
        return self.filter(begun, models.Q(ends_on=None) | models.Q(ends_on__gte=day))

    def valid_today(self) -> "MandateQuerySet":
        """Keep those of today in Paris, by the database's clock."""
        return self.valid_on(TruncDate(Now(), tzinfo=PARIS))

    def that_act(self) -> "MandateQuerySet":
        return self.exclude(kind="reader")


@history.track()
class Mandate(models.Model):
    """An agent answers for a régie, in a quality and between two days: only those see its money, and move it."""

    class Kind(models.TextChoices):
        HOLDER = "holder", _("Régisseur titulaire")
        SUBSTITUTE = "substitute", _("Mandataire suppléant")
        DELEGATE = "delegate", _("Mandataire")
        READER = "reader", _("Lecteur")

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="mandates")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="mandates")
    kind = models.CharField(_("qualité"), max_length=10, choices=Kind.choices, default=Kind.HOLDER)
    starts_on = models.DateField(_("à partir du"), null=True, blank=True)
    ends_on = models.DateField(_("jusqu’au"), null=True, blank=True)
    """The last day of the mandate (Europe/Paris)."""

    objects: ClassVar[MandateQuerySet] = MandateQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["regie", "agent"], name="mandate_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["holder", "substitute", "delegate", "reader"]), name="mandate_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(starts_on=None)
                | models.Q(ends_on=None)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="mandate_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} / {self.regie}"


class BankChange(models.Model):
    """Another bank or other settings of it, that an administrator asks for a régie that works: a second one decides."""

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="bank_changes")
    gateway = models.CharField(max_length=20)
    gateway_settings = models.JSONField(default=dict)
    requested_by = ActorField()
    requested_at = models.DateTimeField()
    decided_by = ActorField(null=True)  # type: ignore[misc]
    decided_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)

    class Meta:
        ordering = ["requested_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["regie"], condition=models.Q(decided_at=None), name="bank_change_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_at=None, decided_by=None, accepted=None)
                | models.Q(decided_at__isnull=False, decided_by__isnull=False, accepted__isnull=False),
                name="bank_change_decided_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(accepted=True) | ~models.Q(decided_by__id=models.F("requested_by__id")),
                name="bank_change_accepted_by_a_second_person",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.regie}: {self.gateway}"


class Series(models.Model):
    """
    The last number given in a series of a régie and a year. A locked row, not a sequence: a rollback leaves no gap.

    Numbers of what payers and the comptable are given are continuous: a gap would have to be explained to the latter.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("factures")
        CREDIT_NOTE = "credit_note", _("avoirs")
        QUITTANCE = "quittance", _("quittances")
        DEPOSIT = "deposit", _("remises à la banque")
        TRANSMISSION = "transmission", _("transmissions au comptable")
        REMITTANCE = "remittance", _("bordereaux de versement")

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="series")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["regie", "kind", "year"], name="regie_series_once")]

    def __str__(self) -> str:
        return f"{self.regie_id}/{self.kind}/{self.year}: {self.last}"
