"""How long the town keeps what is not accounting."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.audit_log import history


@history.track()
class Retention(models.Model):
    """The durations (one row), in days or months. Invoices, receipts and entries stay ten years."""

    drafts_days = models.PositiveSmallIntegerField(
        _("demandes commencées et jamais envoyées (jours)"), default=90, validators=[MinValueValidator(7)]
    )
    account_mails_days = models.PositiveSmallIntegerField(
        _("courriels de connexion (jours)"),
        default=7,
        validators=[MinValueValidator(1)],
        help_text=_("Codes, invitations et liens de mot de passe : leur texte ne sert plus."),
    )
    mails_months = models.PositiveSmallIntegerField(
        _("autres courriels (mois)"), default=24, validators=[MinValueValidator(3)]
    )
    refused_months = models.PositiveSmallIntegerField(
        _("réponses et pièces des demandes refusées ou retirées (mois)"), default=24, validators=[MinValueValidator(3)]
    )
    inactive_months = models.PositiveSmallIntegerField(
        _("comptes sans activité (mois)"), default=36, validators=[MinValueValidator(12)]
    )
    attendance_days = models.PositiveSmallIntegerField(
        _("fichiers de présence (jours)"),
        default=90,
        db_default=90,
        validators=[MinValueValidator(7)],
        help_text=_("Le fichier nomme des enfants : ce qu’il a fait compter reste, lui est effacé."),
    )
    only = models.BooleanField(default=True, unique=True, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="retention_is_alone")]

    def __str__(self) -> str:
        return str(_("Durées de conservation"))
