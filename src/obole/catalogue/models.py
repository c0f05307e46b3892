"""Prestations, their dispositifs, and the versions of their forms and of their pricing."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.api_keys.models import ApiKey
from obole.audit_log import history
from obole.catalogue.fields import FormField
from obole.catalogue.rules import absence_reasons
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.lib import texts
from obole.lib.actors import ActorField


class ServiceQuerySet(models.QuerySet["Service"]):
    """Prestations, and which agents see or handle what is asked of them."""

    def seen_by(self, agent: Agent) -> "ServiceQuerySet":
        return self if agent.all_services else self.filter(accesses__agent=agent)

    def handled_by(self, agent: Agent) -> "ServiceQuerySet":
        """Return those whose dossiers the agent may review and bill."""
        if not agent.may(Right.REVIEW):
            return self.none()
        return self if agent.all_services else self.filter(accesses__agent=agent, accesses__handles=True)

    def open_to(self, key_id: int) -> "ServiceQuerySet":
        """Return those that the key of a software was given: none says all of them."""
        return self.filter(key_accesses__key=key_id)


@history.track()
class Service(models.Model):
    """A prestation: what the town offers (restauration scolaire)."""

    name = models.CharField(_("nom"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    pictogram = models.CharField(_("pictogramme"), max_length=20, blank=True)
    position = models.PositiveSmallIntegerField(_("ordre"), default=0)
    enabled = models.BooleanField(_("proposée sur le portail"), default=True)

    objects: ClassVar[ServiceQuerySet] = ServiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        self.name = texts.clean_line(self.name)
        super().clean_fields(exclude=exclude)


@history.track()
class ServiceAccess(models.Model):
    """An agent sees the dossiers of a prestation, with their invoices and mails; and handles them, or only reads."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="accesses")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="accesses")
    handles = models.BooleanField(_("instruit"), default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "agent"], name="service_access_once")]

    def __str__(self) -> str:
        return f"{self.agent} / {self.service}"


class ServiceKey(models.Model):
    """The key of a software works for a prestation; what it does there is what it was given (``api_keys.Scope``)."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="key_accesses")
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="accesses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "key"], name="service_key_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.key} / {self.service}"


class SchemeQuerySet(models.QuerySet["Scheme"]):
    """Dispositifs, and which ones citizens may apply for."""

    def open(self) -> "SchemeQuerySet":
        return self.filter(enabled=True, service__enabled=True)


class BilledOn(models.TextChoices):
    """What the consumption of a dispositif is billed on."""

    COUNTED = "counted", _("ce qui est compté sur la feuille de présence")
    BOOKED = "booked", _("ce qui est réservé, les jours d’école, sauf absence excusée")
    BOOKED_ALL_YEAR = "all_year", _("ce qui est réservé, vacances scolaires comprises, sauf absence excusée")


@history.track()
class Scheme(models.Model):
    """A dispositif: one form of a prestation that a citizen can apply for."""

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="schemes", verbose_name=_("prestation"))
    name = models.CharField(_("nom"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    enabled = models.BooleanField(_("ouvert aux demandes"), default=True)
    simulator = models.BooleanField(
        _("simulateur proposé aux usagers"),
        default=False,
        help_text=_("Sans compte, chacun peut voir ce que cela lui coûterait. Il faut une tarification publiée."),
    )
    billed_on = models.CharField(
        _("facturé sur"), max_length=8, choices=BilledOn.choices, default=BilledOn.COUNTED, db_default=BilledOn.COUNTED
    )
    absence_reasons = models.TextField(
        _("motifs d’absence"),
        max_length=2000,
        blank=True,
        default=absence_reasons.DEFAULT,
        db_default=absence_reasons.DEFAULT,
        validators=[absence_reasons.check],
    )
    """One a line: see ``absence_reasons.parse``."""
    position = models.PositiveSmallIntegerField(_("ordre"), default=0)

    objects: ClassVar[SchemeQuerySet] = SchemeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        self.name = texts.clean_line(self.name)
        super().clean_fields(exclude=exclude)

    @property
    def takes_bookings(self) -> bool:
        """Whether what is reserved is billed."""
        return self.billed_on != BilledOn.COUNTED


# The version itself never changes: who made which one, and when, is enough.
@history.track(exclude=["fields"])
class FormVersion(models.Model):
    """
    The fields of a dispositif's form as they were from a moment on. A dossier keeps the version it was filled with.
    """

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


@history.track(exclude=["pricing"])
class PricingVersion(models.Model):
    """How a dispositif is priced, as it was from a moment on. An invoice keeps the version that priced it."""

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="pricings")
    number = models.PositiveIntegerField()
    pricing = models.JSONField()
    """What ``rules.codec`` writes of a ``rules.Pricing``: checked when it was published."""
    created_at = models.DateTimeField()
    created_by = ActorField()

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
    changed_by = ActorField()
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
