"""What happened to a setting, as its page tells it."""

from datetime import date

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.lib import days
from obole.trail import queries as trail
from obole.trail.models import Record
from obole.ui.timeline import Event

SHOWN = 15
VERBS = {
    "configure": gettext_lazy("Réglages modifiés"),
    "regie.mandates": gettext_lazy("Agents mandatés"),
    "regie.close": gettext_lazy("Comptes arrêtés"),
    "circuit.open": gettext_lazy("La banque ne répond plus"),
    "circuit.close": gettext_lazy("La banque répond de nouveau"),
    "scheme.publish_form": gettext_lazy("Formulaire publié"),
    "scheme.publish_pricing": gettext_lazy("Tarification publiée"),
    "scheme.discard_form": gettext_lazy("Modifications du formulaire abandonnées"),
}
LOGO = frozenset({"logo_digest", "logo_format"})


def history(*subjects: models.Model | None) -> list[Event]:
    """Return the last changes of these things, newest first."""
    known = [subject for subject in subjects if subject is not None]
    parts = {(part._meta.label_lower, part.pk): str(part) for part in known[1:]}
    return [
        _event(record, parts.get((record.subject_kind, record.subject_id), ""))
        for record in trail.about(*known)[:SHOWN]
    ]


def _event(record: Record, part: str) -> Event:
    """Tell one change; ``part`` names what is below the thing that the page is about."""
    title = f"{part} : {_title(record)}" if part else str(_title(record))
    detail = " · ".join(piece for piece in (record.actor, _detail(record)) if piece)
    return Event(at=record.at, title=title, detail=detail, tone="to_pay" if _made(record) else "neutral")


def _title(record: Record) -> object:
    return _("Création") if _made(record) else VERBS.get(record.verb, record.verb)


def _made(record: Record) -> bool:
    return record.verb == "configure" and record.details.get("before") == "{}"


def _detail(record: Record) -> str:
    details = record.details
    if "version" in details:
        return _("version %(number)s") % {"number": details["version"]}
    if "agents" in details:
        return str(details["agents"]) or _("aucun")
    if "until" in details:
        return _("au %(day)s") % {"day": days.long(date.fromisoformat(str(details["until"])))}
    if "failures" in details:
        return _("%(failures)s appels sans réponse") % {"failures": details["failures"]}
    return "" if _made(record) else _fields(record)


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
