"""Types de factures: the moulds of invoices."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.audit_log import history
from obole.billing.rules.reminder_plan import Step, in_words, steps_of
from obole.catalogue.models import Scheme
from obole.lib import texts
from obole.regies.models import Regie


@history.track()
class InvoiceType(models.Model):
    """
    The mould of an invoice: which régie, when it is due, what the document says, when to remind. Its amount is the
    dispositif's to say.
    """

    name = models.CharField(_("nom"), max_length=120, unique=True)
    enabled = models.BooleanField(_("utilisable"), default=True)
    regie = models.ForeignKey(
        Regie,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="invoice_types",
        verbose_name=_("régie d’encaissement"),
        help_text=_("Sans régie, ce type ne peut servir à aucune facture."),
    )
    nature = models.CharField(_("imputation"), max_length=20, blank=True)
    payment_term = models.PositiveSmallIntegerField(
        _("délai de paiement (jours)"), default=30, validators=[MinValueValidator(0), MaxValueValidator(365)]
    )
    campaign_day = models.PositiveSmallIntegerField(
        _("campagne mensuelle à déposer avant le (jour du mois suivant)"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(28)],
        help_text=_("Après ce jour, l’accueil dit qu’elle manque. 0 : ce type ne se facture pas chaque mois."),
    )
    accepts_cesu = models.BooleanField(
        _("CESU acceptés au guichet"),
        default=False,
        help_text=_("Seulement pour la garde d’enfants, si une délibération le prévoit."),
    )
    is_childcare = models.BooleanField(
        _("ouvre droit au crédit d’impôt pour frais de garde"),
        default=False,
        db_default=False,
        help_text=_(
            "Garde d’enfants hors du domicile : crèche, garderie, accueil de loisirs. Seulement si ce type ne facture"
            " rien d’autre : les repas et les suppléments n’ouvrent pas droit."
        ),
    )
    """What is paid for it is on the attestation fiscale (CGI, article 200 quater B; BOI-IR-RICI-300, n° 140)."""
    schemes = models.ManyToManyField(Scheme, related_name="invoice_types", verbose_name=_("dispositifs"), blank=True)
    logo_digest = models.CharField(max_length=64, blank=True, editable=False)
    logo_format = models.CharField(max_length=4, blank=True, editable=False)
    colour = models.CharField(
        _("couleur"),
        max_length=7,
        default="#1f4a8a",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Une couleur s’écrit #1f4a8a."))],
    )
    heading = models.CharField(_("en-tête"), max_length=120, blank=True)
    introduction = models.TextField(_("introduction"), blank=True, max_length=3000)
    closing = models.TextField(_("paragraphe final"), blank=True, max_length=3000)
    payment_instructions = models.TextField(_("comment payer"), blank=True, max_length=3000)
    legal_mentions = models.TextField(_("mentions légales"), blank=True, max_length=3000)
    vat_mention = models.CharField(_("mention de TVA"), max_length=150, blank=True)
    reminder_steps = models.JSONField(_("plan de relance"), default=list, blank=True)
    """Each step as ``reminder_plan.Step`` has it, in the order of their days."""
    reminder_open_days_only = models.BooleanField(
        _("seulement les jours ouvrés"),
        default=False,
        help_text=_("Une relance qui tomberait un samedi, un dimanche ou un jour férié part le jour ouvré suivant."),
    )
    reminder_outside_school_holidays = models.BooleanField(
        _("pas pendant les vacances scolaires"),
        default=False,
        help_text=_(
            "Celles de la zone de la collectivité : une relance qui y tomberait part à la rentrée. L’été, elle attend"
            " septembre."
        ),
    )
    reminder_minimum_cents = models.PositiveBigIntegerField(
        _("montant minimal à relancer"),
        default=0,
        help_text=_("En dessous, la facture reste due et aucune relance ne part."),
    )
    reminder_first_hour = models.PositiveSmallIntegerField(
        _("envoyer à partir de (heure)"), default=8, validators=[MaxValueValidator(23)]
    )
    reminder_last_hour = models.PositiveSmallIntegerField(
        _("envoyer jusqu’à (heure)"), default=20, validators=[MinValueValidator(1), MaxValueValidator(24)]
    )
    reminder_together = models.BooleanField(
        _("une seule relance par payeur"),
        default=False,
        help_text=_(
            "Ses factures en retard à relancer le même jour, pour la même régie et le même service, tiennent dans un"
            " courriel qui les liste : « Relance de plusieurs factures ». Les lettres restent une par facture."
        ),
    )
    reminder_joins_invoice = models.BooleanField(_("joindre la facture (PDF) aux relances"), default=False)

    mail_words = models.JSONField(_("textes de ses courriels"), default=dict, blank=True)
    """By their kinds, the mails about its invoices that have words of their own, as ``type_mails`` has them."""

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def steps(self) -> tuple[Step, ...]:
        """The reminders that are planned, in the order of their days."""
        return steps_of(self.reminder_steps)

    @property
    def steps_in_words(self) -> str:
        """When the reminders are sent, in a few words."""
        return in_words(self.steps)

    def clean_fields(self, exclude: Any = None) -> None:
        self.name = texts.clean_line(self.name)
        super().clean_fields(exclude=exclude)


@history.track(linked=False)
class CoveredScheme(InvoiceType.schemes.through):  # type: ignore[name-defined,misc]  # made by Django
    """A dispositif that a type de facture covers: here so that its history is kept."""

    class Meta:
        proxy = True
