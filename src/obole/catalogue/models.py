"""Prestations, their dispositifs, the versions of their forms, and what is billed."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.catalogue.fields import FormField
from obole.lib import words
from obole.trail import history


@history.kept()
class Service(models.Model):
    """A prestation: what the town offers (restauration scolaire)."""

    name = models.CharField(_("nom"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    pictogram = models.CharField(_("pictogramme"), max_length=20, blank=True)
    position = models.PositiveSmallIntegerField(_("ordre"), default=0)
    enabled = models.BooleanField(_("proposée sur le portail"), default=True)

    class Meta:
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        self.name = words.clean_line(self.name)
        super().clean_fields(exclude=exclude)


class SchemeQuerySet(models.QuerySet["Scheme"]):
    """Dispositifs, and which ones citizens may apply for."""

    def open(self) -> "SchemeQuerySet":
        return self.filter(enabled=True, service__enabled=True)


@history.kept()
class Scheme(models.Model):
    """A dispositif: one form of a prestation that a citizen can apply for."""

    public_id = models.CharField(max_length=22, unique=True, default=words.token, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="schemes", verbose_name=_("prestation"))
    name = models.CharField(_("nom"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    enabled = models.BooleanField(_("ouvert aux demandes"), default=True)
    simulator = models.BooleanField(
        _("simulateur proposé aux usagers"),
        default=False,
        help_text=_("Sans compte, chacun peut voir ce que cela lui coûterait. Il faut une tarification publiée."),
    )
    position = models.PositiveSmallIntegerField(_("ordre"), default=0)

    objects: ClassVar[SchemeQuerySet] = SchemeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        self.name = words.clean_line(self.name)
        super().clean_fields(exclude=exclude)


# The version itself never changes: who made which one, and when, is enough.
@history.kept(exclude=["fields"])
class FormVersion(models.Model):
    """The fields of a dispositif's form as they were from a moment on. A dossier keeps the version it was filled with."""

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="forms")
    number = models.PositiveIntegerField()
    fields = models.JSONField(default=list)
    """A list of ``FormField`` as dictionaries."""
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["scheme", "-number"]
        constraints = [models.UniqueConstraint(fields=["scheme", "number"], name="form_version_once")]
        triggers = [pgtrigger.Protect(name="form_versions_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.scheme} v{self.number}"

    @property
    def form_fields(self) -> tuple[FormField, ...]:
        """The fields of the form, in order."""
        return tuple(FormField(**field) for field in self.fields)


@history.kept(exclude=["pricing"])
class PricingVersion(models.Model):
    """How a dispositif is priced, as it was from a moment on. An invoice keeps the version that priced it."""

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="pricings")
    number = models.PositiveIntegerField()
    pricing = models.JSONField()
    """What ``rules.codec`` writes of a ``rules.Pricing``: checked when it was published."""
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254)

    class Meta:
        ordering = ["scheme", "-number"]
        constraints = [models.UniqueConstraint(fields=["scheme", "number"], name="pricing_version_once")]
        triggers = [pgtrigger.Protect(name="pricing_versions_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.scheme} v{self.number}"


class Draft(models.Model):
    """What is being worked on: nobody fills it, it bills nobody. It becomes a version, and is gone."""

    revision = models.PositiveIntegerField(default=0)
    """Grows at each change: two people who work on one draft learn of each other."""
    base = models.PositiveIntegerField(default=0)
    """The number of the version that it was made from; 0 for none."""
    changed_by = models.CharField(max_length=254)
    changed_at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["scheme"]

    def __str__(self) -> str:
        return f"v{self.base}+{self.revision}"


class FormDraft(Draft):
    """A form that is being worked on."""

    scheme = models.OneToOneField(Scheme, on_delete=models.PROTECT, related_name="form_draft")
    fields = models.JSONField(default=list)
    """As in ``FormVersion``."""

    @property
    def form_fields(self) -> tuple[FormField, ...]:
        """The fields of the form, in order."""
        return tuple(FormField(**field) for field in self.fields)


class PricingDraft(Draft):
    """A pricing that is being worked on."""

    scheme = models.OneToOneField(Scheme, on_delete=models.PROTECT, related_name="pricing_draft")
    pricing = models.JSONField(default=dict)
    """As in ``PricingVersion``, but it may lack parts or make no sense yet."""


MOST_PRODUCTS = 300
"""Of one dispositif: more than a page can ask for, and than anybody would read."""


@history.kept()
class Product(models.Model):
    """What a dispositif bills: a unit, its price in cents, how many, and who says how many."""

    class EnteredBy(models.TextChoices):
        CITIZEN = "citizen", _("l’usager")
        AGENT = "agent", _("l’agent")

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="products", verbose_name=_("dispositif"))
    name = models.CharField(_("libellé"), max_length=120)
    unit = models.CharField(_("unité"), max_length=30, default="unité")
    unit_price_cents = models.PositiveIntegerField(_("prix unitaire"), validators=[MaxValueValidator(100_000_00)])
    minimum = models.DecimalField(_("quantité minimale"), max_digits=9, decimal_places=3, default=0)
    maximum = models.DecimalField(_("quantité maximale"), max_digits=9, decimal_places=3, default=100)
    decimals = models.PositiveSmallIntegerField(
        _("décimales de la quantité"),
        default=0,
        validators=[MaxValueValidator(3)],
        help_text=_("0 pour des unités entières, 2 pour des mètres carrés."),
    )
    entered_by = models.CharField(
        _("quantité saisie par"), max_length=8, choices=EnteredBy.choices, default=EnteredBy.CITIZEN
    )
    nature = models.CharField(
        _("imputation"), max_length=20, blank=True, help_text=_("Compte de nature, par exemple 7067.")
    )
    enabled = models.BooleanField(_("proposé"), default=True)
    position = models.PositiveSmallIntegerField(_("ordre"), default=0)

    class Meta:
        ordering = ["scheme", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minimum__gte=0, maximum__gte=models.F("minimum")), name="product_bounds_ordered"
            ),
            models.CheckConstraint(
                condition=models.Q(entered_by__in=["citizen", "agent"]), name="product_entered_by_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        self.name = words.clean_line(self.name)
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        """
        Check that the bounds are in order, and are quantities that could be typed.

        :raises ValidationError: with a sentence at each bound that is wrong.
        """
        least, most = self.minimum, self.maximum
        if not isinstance(least, Decimal | int) or not isinstance(most, Decimal | int):
            return  # What is no number was told before.
        decimals = min(max(self.decimals, 0), 3)
        wrong = {
            name: _("Cette limite a plus de décimales que la quantité n’en accepte.")
            for name, bound in (("minimum", least), ("maximum", most))
            if round(Decimal(bound), decimals) != bound
        }
        if most < least:
            wrong["maximum"] = _("La quantité maximale est plus petite que la minimale.")
        if wrong:
            raise ValidationError(wrong)
