"""What a finance software is told in PES V2: how a régie's codes are said there, and the files that were made."""

import re
from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.audit_log import history
from obole.lib.actors import ActorField
from obole.recovery.models.transmissions import Transmission, TransmissionLine
from obole.recovery.rules.pes import Edition
from obole.recovery.rules.pes.checking import RULES, siret_is_right
from obole.regies.models import Regie

LAST_BORDEREAU = 9_999_999


def _written_as(element: str, sentence: Any) -> RegexValidator:
    """Return what refuses a value that the protocol would."""
    return RegexValidator(rf"\A(?:{RULES[element][0]})\Z", sentence, flags=re.ASCII)


@history.track()
class PesSettings(models.Model):
    """
    How a régie's transmissions are said in PES V2: what the comptable gave, and our imputations in its codes.

    Without a row, no file is made; what a row does not say is asked for when a file needs it.
    """

    regie = models.OneToOneField(Regie, on_delete=models.PROTECT, related_name="pes")
    post = models.CharField(
        _("codique du poste comptable (IdPost)"),
        max_length=7,
        validators=[_written_as("IdPost", _("6 ou 7 chiffres, ou 02A / 02B puis 3 ou 4 chiffres."))],
    )
    siret = models.CharField(
        _("SIRET du budget (IdColl)"),
        max_length=14,
        validators=[_written_as("IdColl", _("Un SIRET a 14 chiffres."))],
        help_text=_("Celui de la commune, ou du budget annexe s’il en a un."),
    )
    collectivity = models.CharField(
        _("code collectivité (CodCol)"), max_length=3, validators=[_written_as("CodCol", _("Trois chiffres."))]
    )
    budget = models.CharField(
        _("code budget (CodBud)"),
        max_length=2,
        validators=[_written_as("CodBud", _("Deux caractères, par exemple 00 ou A1."))],
    )
    first_bordereau = models.PositiveIntegerField(
        _("premier numéro de bordereau de l’année"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(LAST_BORDEREAU)],
        help_text=_("Plus haut, si un autre logiciel numérote les rôles du même budget. Ensuite, de un en un."),
    )
    debt_prefix = models.CharField(
        _("préfixe des numéros de dette"),
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"\A[0-9]{1,3}\Z", _("Un à trois chiffres."))],
        help_text=_("Deux régies du même budget en ont deux différents : leurs factures portent les mêmes numéros."),
    )
    period = models.CharField(
        _("période (Per)"), max_length=1, default="1", validators=[_written_as("Per", _("Un chiffre."))]
    )
    edition = models.CharField(
        _("avis des sommes à payer (Edition)"), max_length=2, choices=Edition.choices, blank=True, default=""
    )
    organisations = models.CharField(
        _("catégorie des associations et des entreprises (CatTiers)"),
        max_length=2,
        blank=True,
        validators=[_written_as("CatTiers", _("Deux chiffres, que le comptable vous donne."))],
    )
    products = models.JSONField(_("codes produits locaux (CodProdLoc)"), default=dict, blank=True)
    """The code of each of our imputations; that of lines without one is at the empty name."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(edition__in=Edition.values), name="pes_edition_known"),
            models.UniqueConstraint(
                fields=["siret", "collectivity", "budget", "debt_prefix"],
                name="pes_debts_told_apart",
                violation_error_message=_(
                    "Une autre régie du même budget a ce préfixe : deux factures auraient le même numéro de dette."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"PES {self.siret}/{self.budget}"

    def clean(self) -> None:
        """
        Check the key of the SIRET, and the codes of the imputations.

        :raises ValidationError: at the field.
        """
        if not siret_is_right(self.siret):
            raise ValidationError({"siret": _("Un chiffre de ce SIRET est faux : recopiez-le.")})
        if not isinstance(self.products, dict):
            raise ValidationError({"products": _("Un code pour chaque imputation.")})
        sentence = _("Le code de « %(nature)s » a de une à quatre lettres sans accent ou chiffres.")
        for nature, code in self.products.items():
            if not (isinstance(code, str) and re.fullmatch(RULES["CodProdLoc"][0], code, re.ASCII)):
                raise ValidationError({"products": sentence % {"nature": nature or _("sans imputation")}})


class PesFile(models.Model):
    """
    A bordereau of the ORMC, numbered for good: what of a transmission was written for the comptable, in their codes.

    One that they refused is withdrawn, with the reason; the next one has another number.
    """

    transmission = models.ForeignKey(Transmission, on_delete=models.PROTECT, related_name="pes_files")
    post = models.CharField(max_length=7)
    siret = models.CharField(max_length=14)
    collectivity = models.CharField(max_length=3)
    budget = models.CharField(max_length=2)
    year = models.PositiveSmallIntegerField()
    bordereau = models.PositiveIntegerField()
    notices_on = models.DateField(null=True)
    """When the authority sends the avis des sommes à payer, if it does."""
    made_at = models.DateTimeField()
    made_by = ActorField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = ActorField(null=True)  # type: ignore[misc]
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["siret", "collectivity", "budget", "year", "bordereau"], name="pes_bordereau_once"
            ),
            models.UniqueConstraint(
                fields=["transmission"], condition=models.Q(withdrawn_at=None), name="pes_file_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(bordereau__gte=1, bordereau__lte=LAST_BORDEREAU), name="pes_bordereau_written"
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~models.Q(withdrawn_reason=""),
                name="pes_file_withdrawn_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="withdrawn_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.withdrawn_at IS NOT NULL OR (OLD.transmission_id, OLD.post, OLD.siret, OLD.collectivity,"
                    " OLD.budget, OLD.year, OLD.bordereau, OLD.notices_on, OLD.made_at, OLD.made_by)"
                    " IS DISTINCT FROM (NEW.transmission_id, NEW.post, NEW.siret, NEW.collectivity, NEW.budget,"
                    " NEW.year, NEW.bordereau, NEW.notices_on, NEW.made_at, NEW.made_by)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.bordereau:07d}"


class PesPiece(models.Model):
    """An article of the rôle: which invoice of the transmission has which number in the file."""

    file = models.ForeignKey(PesFile, on_delete=models.PROTECT, related_name="pieces")
    line = models.ForeignKey(TransmissionLine, on_delete=models.PROTECT, related_name="pes_pieces")
    number = models.PositiveIntegerField()

    class Meta:
        ordering = ["file", "number"]
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="pes_piece_number_once"),
            models.UniqueConstraint(fields=["file", "line"], name="pes_piece_names_a_line_once"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"


class PesContent(models.Model):
    """The XML of a file: written once, served as it is for ever."""

    file = models.OneToOneField(PesFile, on_delete=models.PROTECT, related_name="content")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest
