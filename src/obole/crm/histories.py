"""What changed in the configuration, as pages tell it: a title, who, when, and each field before and after."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing.models import CoveredScheme, InvoiceType
from obole.catalogue import rules
from obole.catalogue.models import FormVersion, PricingVersion, Product, Scheme, Service
from obole.configuration.queries.history import Happened
from obole.crm import changes, differences
from obole.crm.changes import Shown
from obole.directory.models import Agent, Authority
from obole.mailing.models import Template
from obole.regies.models import Mandate, Regie

HIDDEN = frozenset({"id", "public_id", "logo_format", "only", "user_id"})
"""Columns that say nothing to anybody; a logo is told by its digest."""
_PAGES: dict[type[models.Model], str] = {
    Service: "settings_service", Scheme: "settings_scheme", Product: "settings_product", InvoiceType: "settings_type",
    Regie: "settings_regie", Agent: "settings_agent",
}  # fmt: skip
_TONES = {"insert": "to_pay", "update": "neutral", "delete": "refused"}


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: datetime
    title: str
    detail: str = ""
    tone: str = "neutral"
    url: str = ""
    changes: list[Shown] = field(default_factory=list)
    parts: list[tuple[str, str, str]] = field(default_factory=list)
    """Of a form or a pricing: what becomes of a part, its tone, its name."""


def entries(happened: Iterable[Happened]) -> list[Entry]:
    """Return what happened, as a page lists it."""
    return [entry(one) for one in happened]


def entry(one: Happened) -> Entry:
    """Return one thing that happened, as a page lists it."""
    return Entry(
        at=one.at, title=title(one), detail=one.who or _("directement dans la base de données"), tone=_TONES[one.label],
        url=_url(one), changes=fields(one), parts=parts(one),
    )  # fmt: skip


def title(one: Happened) -> str:
    """Say what happened to what."""
    said = _acts(one.model)[one.label]
    return said % {"name": one.name, "number": one.data.get("number"), "sort": _sorts().get(one.model, "")}


def fields(one: Happened) -> list[Shown]:
    """Return each field before and after."""
    return list(_fields(one))


def parts(one: Happened) -> list[tuple[str, str, str]]:
    """Say what a version changes to the one before it: question by question, tariff by tariff; nothing of a first one."""
    before, after = one.versions
    if before is None or after is None:
        return []
    if one.model is FormVersion:
        return changes.questions(before.form_fields, after.form_fields)
    found = differences.shown(rules.differ(*(rules.parse(version.pricing) for version in (before, after))))
    tariffs = [
        (tariff.kind, tariff.tone, _("Tarif « %(label)s »") % {"label": tariff.label}) for tariff in found.tariffs
    ]
    return [*tariffs, *found.parts]


def _fields(one: Happened) -> Iterator[Shown]:
    names = {item.column: item.name for item in one.model._meta.fields}
    for column, before, after in one.changes:
        if column == "logo_digest":
            yield Shown(_("Logo"), _image(before), _image(after))
        elif column not in HIDDEN:
            yield changes.shown(one.model, names.get(column, column), before, after)


def _image(digest: Any) -> str:
    return _("image %(digest)s") % {"digest": str(digest)[:8]} if digest else changes.NOTHING


def _url(one: Happened) -> str:
    if one.label == "delete" or one.model not in _PAGES:
        return ""
    return reverse(f"crm:{_PAGES[one.model]}", args=[one.pk])


def _acts(model: type[models.Model]) -> dict[str, str]:
    """Return the sentence of each act on a row of this model."""
    if model in (FormVersion, PricingVersion):
        published = _("Formulaire publié : %(name)s, version %(number)s")
        priced = _("Tarification publiée : %(name)s, version %(number)s")
        said = published if model is FormVersion else priced
        return dict.fromkeys(("insert", "update", "delete"), said)
    if model is Mandate:
        return {
            "insert": _("Mandat donné : %(name)s"), "update": _("Mandat modifié : %(name)s"), "delete": _("Mandat retiré : %(name)s"),
        }  # fmt: skip
    if model is CoveredScheme:
        return {
            "insert": _("Dispositif ajouté à un type de facture : %(name)s"),
            "update": _("Dispositif d’un type de facture changé : %(name)s"),
            "delete": _("Dispositif retiré d’un type de facture : %(name)s"),
        }
    return {
        "insert": _("%(sort)s « %(name)s » : création"), "update": _("%(sort)s « %(name)s » : modification"),
        "delete": _("%(sort)s « %(name)s » : suppression"),
    }  # fmt: skip


def _sorts() -> dict[type[models.Model], str]:
    return {
        Authority: _("Collectivité"), Regie: _("Régie"), Service: _("Prestation"), Scheme: _("Dispositif"), Product: _("Produit"),
        InvoiceType: _("Type de facture"), Template: _("Modèle de courriel"), Agent: _("Agent"),
    }  # fmt: skip
