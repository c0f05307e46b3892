"""What happened to a setting, as its page tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log import queries as audit_log
from obole.audit_log.models import Record
from obole.catalogue.models import Scheme
from obole.configuration.queries import history as changes
from obole.configuration.queries.history import TrackedChange
from obole.crm.shared import configuration_events
from obole.crm.shared.configuration_events import Entry
from obole.lib import dates

SHOWN = 15
COMPARED = 60
"""Rows that changed: one act may change several."""
VERBS = {
    "configure": gettext_lazy("Réglages modifiés"),
    "agent.open": gettext_lazy("Accès rouvert"),
    "agent.shut": gettext_lazy("Accès fermé"),
    "agent.invite": gettext_lazy("Invitation envoyée"),
    "agent.accept_invitation": gettext_lazy("Invitation acceptée"),
    "agent.change_address": gettext_lazy("Adresse changée"),
    "agent.end_sessions": gettext_lazy("Sessions terminées"),
    "agent.forget_second_factors": gettext_lazy("Secondes preuves retirées"),
    "regie.mandates": gettext_lazy("Agents mandatés"),
    "regie.pass_mandate": gettext_lazy("Remise de service"),
    "regie.bank_test": gettext_lazy("Réglages de la banque testés"),
    "regie.bank_asked": gettext_lazy("Changement de banque demandé"),
    "regie.bank_decided": gettext_lazy("Changement de banque décidé"),
    "agent.mandates": gettext_lazy("Mandats de l’agent"),
    "agent.services": gettext_lazy("Prestations de l’agent"),
    "regie.close": gettext_lazy("Comptes arrêtés"),
    "circuit.open": gettext_lazy("La banque ne répond plus"),
    "circuit.close": gettext_lazy("La banque répond de nouveau"),
    "scheme.publish_form": gettext_lazy("Formulaire publié"),
    "scheme.publish_pricing": gettext_lazy("Tarification publiée"),
    "scheme.discard_form": gettext_lazy("Modifications du formulaire abandonnées"),
}
PUBLISHED = {"scheme.publish_form": ":formversion", "scheme.publish_pricing": ":pricingversion"}
LOGO = frozenset({"logo_digest", "logo_format"})


@dataclass(frozen=True)
class History:
    """The last things that happened to a setting, and where to read all of them."""

    entries: list[Entry]
    url: str


def history(*subjects: models.Model | None) -> History | None:
    """Return the last changes of these things, newest first; the first one is what the page is about."""
    known = [subject for subject in subjects if subject is not None]
    if not known:
        return None
    parts = {(part._meta.label_lower, part.pk): str(part) for part in known[1:]}
    moved = changes.describe_changes(changes.changes(about=known[0]).values_list("pgh_slug", flat=True)[:COMPARED])
    details = {_place(item): item for item in moved if item.label == "update" or item.versions[1]}
    # The newest state is the present one: nothing to restore.
    states = [item for item in moved if item.model is type(known[0])][1:]
    restorable = {_place(item): configuration_events.restore_url(item) for item in states}
    told = [
        replace(
            _entry(record, parts.get((record.subject_kind, record.subject_id), ""), details),
            restore=restorable.get((record.subject_kind, record.subject_id, record.at), ""),
        )
        for record in audit_log.about(*known)[:SHOWN]
    ]
    # What no operation did is in no trail.
    by_hand = [configuration_events.entry(item) for item in moved if not item.who]
    entries = sorted([*told, *by_hand], key=lambda item: item.at, reverse=True)[:SHOWN]
    return History(entries, _all_of(known[0])) if entries else None


def _place(change: TrackedChange) -> tuple[str, int, datetime]:
    """Say where the trail speaks of a change: a version is told of its dispositif."""
    if change.versions[1]:
        return f"{Scheme._meta.label_lower}:{change.model._meta.model_name}", int(change.data["scheme_id"]), change.at
    return change.model._meta.label_lower, change.pk, change.at


def _all_of(subject: models.Model) -> str:
    sort = next((name for name, item in changes.SORTS.items() if item.model is type(subject)), "")
    return f"{reverse('crm:settings_history')}?{urlencode({'sort': sort, 'one': subject.pk})}" if sort else ""


def _entry(record: Record, part: str, details: Mapping[tuple[str, int, datetime], TrackedChange]) -> Entry:
    """Tell one change; ``part`` names what is below the thing that the page is about."""
    title = f"{part}\u00a0: {_title(record)}" if part else str(_title(record))
    detail = " · ".join(piece for piece in (record.actor.name, _detail(record)) if piece)
    kind = record.subject_kind + PUBLISHED.get(record.verb, "")
    compared = details.get((kind, record.subject_id, record.at))
    if record.verb != "configure" and record.verb not in PUBLISHED:
        compared = None
    shown = configuration_events.fields(compared) if compared else []
    parts = configuration_events.parts(compared) if compared else []
    tone = "to_pay" if _made(record) else "neutral"
    return Entry(at=record.at, title=title, detail=detail, tone=tone, changes=shown, parts=parts)


def _title(record: Record) -> object:
    return _("Création") if _made(record) else VERBS.get(record.verb, record.verb)


def _made(record: Record) -> bool:
    """Tell a creation from a change of what is never told, and from the old records of forms saved unchanged."""
    if record.verb != "configure" or record.details.get("before") != "{}":
        return False
    hidden: frozenset[str] = getattr(apps.get_model(record.subject_kind), "never_recorded", frozenset())
    return bool({name for name in str(record.details.get("fields", "")).split(", ") if name} - hidden)


def _detail(record: Record) -> str:
    details = record.details
    if "version" in details:
        return _("version %(number)s") % {"number": details["version"]}
    if "agents" in details:
        return str(details["agents"]) or _("aucun")
    if "until" in details:
        return _("au %(day)s") % {"day": dates.format_long(date.fromisoformat(str(details["until"])))}
    if "failures" in details:
        return _("%(failures)s appels sans réponse") % {"failures": details["failures"]}
    if "answer" in details:
        said = _("refusés par la banque") if details["answer"] == "refused" else _("reconnus par la banque")
        return " ".join(filter(None, (said, str(details["code"]))))
    if "after" in details:
        return f"{details['before']} → {details['after']}"
    return "" if _made(record) or record.verb.startswith("agent.") else _fields(record)


def _fields(record: Record) -> str:
    """Name the fields that changed as the form does."""
    names = [name for name in str(record.details.get("fields", "")).split(", ") if name]
    model = apps.get_model(record.subject_kind)
    labels = [_("logo") if name in LOGO else _label(model, name) for name in names]
    return ", ".join(dict.fromkeys(labels)) or _("rien n’a changé")


def _label(model: type[models.Model], name: str) -> str:
    try:
        return str(getattr(model._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        return name
