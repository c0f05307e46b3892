"""What changed in the configuration, as pages tell it: a title, who, when, each field before and after."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing.models import CoveredScheme, InvoiceType
from obole.catalogue.models import FormVersion, PricingVersion, Scheme, Service, ServiceAccess
from obole.configuration.queries.history import TrackedChange
from obole.crm.shared import pricing_changes, setting_changes
from obole.crm.shared.setting_changes import FieldChange
from obole.directory.models import Agent, Authority
from obole.mailing.models import Template
from obole.personal_data.models import Retention
from obole.pricing.diff import pricing_diff
from obole.pricing.text import codec
from obole.regies.models import Mandate, Regie

HIDDEN = frozenset({"id", "public_id", "logo_format", "only", "user_id"})
"""Columns that say nothing to anybody; a logo is told by its digest."""
_PAGES: dict[type[models.Model], str] = {
    Service: "settings_service",
    Scheme: "settings_scheme",
    InvoiceType: "settings_type",
    Regie: "settings_regie",
    Agent: "settings_agent",
}
_RESTORED: dict[type[models.Model], tuple[str, str]] = {
    InvoiceType: ("settings_type_state", "id"),
    Template: ("settings_mail_state", "kind"),
}
"""By model, the page of a past state, and the column that names the row there."""
_TONES = {"insert": "to_pay", "update": "neutral", "delete": "refused"}


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: datetime
    title: str
    detail: str = ""
    tone: str = "neutral"
    url: str = ""
    changes: list[FieldChange] = field(default_factory=list)
    parts: list[tuple[str, str, str]] = field(default_factory=list)
    """Of a form or a pricing: what becomes of a part, its tone, its name."""
    restore: str = ""
    """Where the state that it left can be taken again."""


def entries(happened: Iterable[TrackedChange]) -> list[Entry]:
    """Return what happened, as a page lists it."""
    return [entry(item) for item in happened]


def entry(change: TrackedChange) -> Entry:
    """Return one thing that happened, as a page lists it."""
    return Entry(
        at=change.at,
        title=title(change),
        detail=change.who or _("directement dans la base de données"),
        tone=_TONES[change.label],
        url=_url(change),
        changes=fields(change),
        parts=parts(change),
        restore=restore_url(change),
    )


def restore_url(change: TrackedChange) -> str:
    """Return where the state that a change left can be taken again; nothing of what has no such page."""
    if change.label == "delete" or change.model not in _RESTORED:
        return ""
    view, named = _RESTORED[change.model]
    return reverse(f"crm:{view}", args=[change.data[named], change.event])


def title(change: TrackedChange) -> str:
    """Say what happened to what."""
    said = _acts(change.model)[change.label]
    return said % {"name": change.name, "number": change.data.get("number"), "sort": _sorts().get(change.model, "")}


def fields(change: TrackedChange) -> list[FieldChange]:
    """Return each field before and after."""
    return list(_fields(change))


def parts(change: TrackedChange) -> list[tuple[str, str, str]]:
    """
    Say what a version changes to the one before it: question by question, tariff by tariff; nothing of a first one.
    """
    before, after = change.versions
    if before is None or after is None:
        return []
    if change.model is FormVersion:
        return setting_changes.questions(before.form_fields, after.form_fields)
    found = pricing_changes.version_rows(
        pricing_diff.diff_pricings(*(codec.parse(version.pricing) for version in (before, after)))
    )
    tariffs = [
        (tariff.kind, tariff.tone, _("Tarif « %(label)s »") % {"label": tariff.label}) for tariff in found.tariffs
    ]
    return [*tariffs, *found.parts]


def _fields(change: TrackedChange) -> Iterator[FieldChange]:
    names = {item.column: item.name for item in change.model._meta.fields}
    for column, before, after in change.changes:
        if column not in HIDDEN:
            yield field_change(change.model, names.get(column, column), before, after)


def field_change(model: type[models.Model], name: str, before: Any, after: Any) -> FieldChange:
    """Return one field before and after; a logo is told by the beginning of its digest."""
    if name == "logo_digest":
        return FieldChange(_("Logo"), _image(before), _image(after))
    return setting_changes.field_changes(model, name, before, after)


def _image(digest: Any) -> str:
    return _("image %(digest)s") % {"digest": str(digest)[:8]} if digest else setting_changes.NOTHING


def _url(change: TrackedChange) -> str:
    if change.label == "delete" or change.model not in _PAGES:
        return ""
    return reverse(f"crm:{_PAGES[change.model]}", args=[change.pk])


def _acts(model: type[models.Model]) -> dict[str, str]:
    """Return the sentence of each act on a row of this model."""
    if model in (FormVersion, PricingVersion):
        published = _("Formulaire publié : %(name)s, version %(number)s")
        priced = _("Tarification publiée : %(name)s, version %(number)s")
        said = published if model is FormVersion else priced
        return dict.fromkeys(("insert", "update", "delete"), said)
    if model is Mandate:
        return {
            "insert": _("Mandat donné : %(name)s"),
            "update": _("Mandat modifié : %(name)s"),
            "delete": _("Mandat retiré : %(name)s"),
        }
    if model is ServiceAccess:
        return {
            "insert": _("Prestation ouverte à un agent : %(name)s"),
            "update": _("Prestation d’un agent changée : %(name)s"),
            "delete": _("Prestation fermée à un agent : %(name)s"),
        }
    if model is Retention:
        return dict.fromkeys(("insert", "update", "delete"), _("Durées de conservation choisies"))
    if model is CoveredScheme:
        return {
            "insert": _("Dispositif ajouté à un type de facture : %(name)s"),
            "update": _("Dispositif d’un type de facture changé : %(name)s"),
            "delete": _("Dispositif retiré d’un type de facture : %(name)s"),
        }
    return {
        "insert": _("%(sort)s « %(name)s » : création"),
        "update": _("%(sort)s « %(name)s » : modification"),
        "delete": _("%(sort)s « %(name)s » : suppression"),
    }


def _sorts() -> dict[type[models.Model], str]:
    return {
        Authority: _("Collectivité"),
        Regie: _("Régie"),
        Service: _("Prestation"),
        Scheme: _("Dispositif"),
        InvoiceType: _("Type de facture"),
        Template: _("Modèle de courriel"),
        Agent: _("Agent"),
    }
