"""Campaigns, and what becomes of each of their dossiers."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice, InvoiceType
from obole.campaigns.states import CampaignState
from obole.catalogue.models import Scheme, Service
from obole.directory.models import Agent
from obole.dossiers.models import Dossier
from obole.lib.actors import ActorField


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Campaigns, and which agents handle them."""

    def locked(self) -> "CampaignQuerySet":
        return self.select_for_update(of=("self",))

    def handled_by(self, agent: Agent) -> "CampaignQuerySet":
        """Keep those all of whose dispositifs are of prestations that the agent handles."""
        others = Scheme.objects.exclude(service__in=Service.objects.handled_by(agent))
        return self.exclude(pk__in=Campaign.schemes.through.objects.filter(scheme__in=others).values("campaign"))


class Campaign(models.Model):
    """What a type de facture bills for a period: one draft for each dossier of its dispositifs."""

    type = models.ForeignKey(InvoiceType, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("type"))
    schemes = models.ManyToManyField(Scheme, related_name="campaigns", verbose_name=_("dispositifs"))
    period = models.CharField(_("période"), max_length=60)
    first = models.DateField()
    last = models.DateField()
    """The days of the period, both included, whose consumption is billed at the prices of the last one."""
    only_field = models.CharField(max_length=60, blank=True)
    """The key of a question (the school, the class) by which attendance is checked, and dossiers may be chosen."""
    only_value = models.CharField(max_length=200, blank=True)
    """The answer to that question that its dossiers give; nothing: all of them."""
    state = models.CharField(_("statut"), max_length=10, choices=CampaignState.choices, default=CampaignState.COMPUTING)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    """Comes with the form: sent twice, it makes one campaign."""
    opened_at = models.DateTimeField(_("ouverte le"))
    opened_by = ActorField()
    computed_at = models.DateTimeField(null=True)
    deposited_by = ActorField(null=True)  # type: ignore[misc]
    """Who had it deposited; their rights are asked for again for each invoice."""
    deposited_at = models.DateTimeField(_("déposée le"), null=True)
    gaps = models.JSONField(default=list)
    """Open days on which nothing was counted, where the same day of other weeks was: ``rules.Gap`` as dictionaries."""

    objects: ClassVar[CampaignQuerySet] = CampaignQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CampaignState.values), name="campaign_state_known"),
            models.CheckConstraint(condition=Q(first__lte=models.F("last")), name="campaign_days_in_order"),
            models.CheckConstraint(
                condition=~Q(state__in=["depositing", "deposited"])
                | Q(deposited_at__isnull=False, deposited_by__isnull=False),
                name="campaign_deposited_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type.name}, {self.period}"


class Outcome(models.TextChoices):
    """What became of a dossier of a campaign."""

    WAITING = "waiting", _("À calculer")
    DRAFTED = "drafted", _("À déposer")
    CARRY = "carry", _("À reporter")
    CARRIED = "carried", _("Reportée")
    NOTHING = "nothing", _("Rien à facturer")
    REFUSED = "refused", _("À reprendre")
    LEFT = "left", _("Écartée")
    ISSUED = "issued", _("Déposée")


class Oddity(models.TextChoices):
    """What a person looks at before a dossier is billed (« anomalie »)."""

    NO_QUOTIENT = "no_quotient", _("Réponse qui manque au tarif (quotient)")
    NOTHING_COUNTED = "nothing_counted", _("Rien de compté")
    ZERO = "zero", _("Total à zéro")
    NEGATIVE = "negative", _("Total négatif")
    JUMP = "jump", _("Plus de moitié d’écart avec la fois d’avant")
    BILLED = "billed", _("Période déjà facturée")
    NO_ADDRESS = "no_address", _("Ni courriel ni adresse postale")
    NOT_ACCEPTED = "not_accepted", _("Dossier pas encore accepté")
    CLOSED = "closed", _("Dossier clos, et compté")
    ALONE = "alone", _("À facturer depuis le dossier")
    ANSWERS = "answers", _("Réponses à compléter")
    PRICE_CHANGED = "price_changed", _("Tarification changée depuis le calcul")
    CORRECTED = "corrected", _("Brouillon corrigé à la main")
    GONE = "gone", _("Brouillon abandonné")
    CARRIED = "carried", _("Sous le seuil : reportée")
    ADJUSTED = "adjusted", _("Régularise un mois déjà facturé")
    CREDIT = "credit", _("Crédit d’un mois passé, plus grand que la facture : il attend")


class CampaignRow(models.Model):
    """A dossier of a campaign, and what becomes of it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="rows")
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="campaign_rows")
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    oddities = ArrayField(models.CharField(max_length=20), default=list)
    reason = models.CharField(max_length=500, blank=True)
    """Why there is no draft, or why it was not deposited, as a sentence for the agent."""
    invoice = models.ForeignKey(Invoice, on_delete=models.SET_NULL, null=True, related_name="campaign_rows")
    """Its draft, then its invoice; none once a draft was given up."""
    cents = models.PositiveBigIntegerField(default=0)
    """What its draft came to when it was computed, then when the deposit was confirmed."""
    before_cents = models.PositiveBigIntegerField(null=True)
    """What the invoice before came to, of the same dossier and type; none if there was none."""

    class Meta:
        ordering = ["campaign", "id"]
        indexes = [
            models.Index(fields=["campaign", "outcome", "id"], name="campaign_row_next"),
            GinIndex(fields=["oddities"], name="campaign_row_by_oddity"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "dossier"], name="campaign_row_once"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="campaign_row_outcome_known"),
            models.CheckConstraint(
                condition=~Q(outcome="issued") | Q(invoice__isnull=False), name="campaign_row_issued_has_an_invoice"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.dossier_id}: {self.outcome}"

    @property
    def said_oddities(self) -> list[str]:
        """What is to be looked at, in words."""
        return [str(Oddity(code).label) for code in self.oddities]


class Adjustment(models.Model):
    """
    What an invoice of a campaign bills of an earlier month, counted late or wrongly: the last one that stands says what
    of that month is billed by now.
    """

    row = models.ForeignKey(CampaignRow, on_delete=models.PROTECT, related_name="adjustments")
    of = models.ForeignKey(CampaignRow, on_delete=models.PROTECT, related_name="adjusted_by")
    answers = models.JSONField()
    """What the dossier answers to its pricing for that month, this one included."""
    cents = models.BigIntegerField()
    """What it adds; below zero, what it takes away."""

    class Meta:
        ordering = ["row", "id"]
        constraints = [models.UniqueConstraint(fields=["row", "of"], name="adjustment_once")]

    def __str__(self) -> str:
        return f"{self.of_id} → {self.row_id}: {self.cents}"
