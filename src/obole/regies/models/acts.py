"""The acte constitutif of a régie: what the authority and the comptable allowed it, once and in writing."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.audit_log import history
from obole.lib import iban


class Means(models.TextChoices):
    """How money comes in."""

    CARD = "card", _("carte bancaire en ligne")
    DEBIT = "debit", _("prélèvement en ligne")
    CASH = "cash", _("espèces")
    CHEQUE = "cheque", _("chèque")
    TERMINAL = "terminal", _("carte bancaire au guichet")
    TRANSFER = "transfer", _("virement")
    CESU = "cesu", _("CESU")


@history.track()
class FoundingAct(models.Model):
    """What an acte constitutif says. A régie without one works as before there were any: nothing is refused."""

    regie = models.OneToOneField("regies.Regie", on_delete=models.PROTECT, related_name="act")
    reference = models.CharField(
        _("référence de l’acte"), max_length=80, help_text=_("Par exemple « arrêté n° 2026-014 ».")
    )
    signed_on = models.DateField(_("date de l’acte"))
    allowed_means = ArrayField(
        models.CharField(max_length=10, choices=Means.choices), verbose_name=_("moyens de paiement autorisés")
    )
    max_held_cents = models.PositiveBigIntegerField(
        _("montant maximum de l’encaisse"), validators=[MinValueValidator(1)]
    )
    """Above it, the régisseur must pay over without waiting for the end of the month."""
    float_cents = models.PositiveBigIntegerField(_("fonds de caisse"), default=0)
    guarantee_cents = models.PositiveBigIntegerField(_("cautionnement"), default=0)
    iban = models.CharField(_("IBAN du compte DFT"), max_length=34, blank=True)
    pays_refunds = models.BooleanField(
        _("la régie rembourse elle-même"),
        default=False,
        help_text=_(
            "Depuis son compte DFT, si l’acte le prévoit. Sinon le comptable paie chaque remboursement par mandat."
        ),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(max_held_cents__gt=0), name="act_ceiling_positive"),
            models.CheckConstraint(
                condition=models.Q(allowed_means__contained_by=Means.values) & ~models.Q(allowed_means=[]),
                name="act_means_known",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def clean(self) -> None:
        """
        Check the account's number.

        :raises ValidationError: at its field.
        """
        if self.iban:
            try:
                self.iban = iban.clean(self.iban)
            except ValueError:
                raise ValidationError({"iban": _("Un caractère de cet IBAN est faux : recopiez-le du RIB.")}) from None
