"""What changed in the configuration, whoever did it and however: read from the tables that only triggers write."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pghistory.models import Events

from obole.billing.models import CoveredScheme, InvoiceType
from obole.catalogue.models import FormVersion, PricingVersion, Scheme, Service, ServiceAccess
from obole.directory.models import Agent, Authority
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Template
from obole.personal_data.models import Retention
from obole.recovery.models import PesSettings
from obole.regies.models import FoundingAct, Mandate, Regie

KNOWN = "known"
"""What was there when the history began: compared with, never told."""


@dataclass(frozen=True)
class TrackedModel:
    """
    What a person asks the history of: a model, and those that hang on its rows, each by the column that says which.
    """

    label: Promise
    model: type[models.Model]
    parts: Mapping[type[models.Model], str]


SORTS: dict[str, TrackedModel] = {
    "authority": TrackedModel(_("Collectivité"), Authority, {}),
    "regie": TrackedModel(_("Régies"), Regie, {Mandate: "regie_id", FoundingAct: "regie_id", PesSettings: "regie_id"}),
    "service": TrackedModel(_("Prestations"), Service, {}),
    "scheme": TrackedModel(_("Dispositifs"), Scheme, {FormVersion: "scheme_id", PricingVersion: "scheme_id"}),
    "type": TrackedModel(_("Types de factures"), InvoiceType, {CoveredScheme: "invoicetype_id"}),
    "mail": TrackedModel(_("Modèles de courriel"), Template, {}),
    "agent": TrackedModel(_("Agents"), Agent, {Mandate: "agent_id", ServiceAccess: "agent_id"}),
    "retention": TrackedModel(_("Durées de conservation"), Retention, {}),
}
_KEPT = {model._meta.label: model for sort in SORTS.values() for model in (sort.model, *sort.parts)}
_NAMED: dict[str, type[models.Model]] = {
    "service_id": Service,
    "scheme_id": Scheme,
    "regie_id": Regie,
    "agent_id": Agent,
    "invoicetype_id": InvoiceType,
}


@dataclass(frozen=True)
class TrackedChange:
    """One row that came, changed or went: by whom, when, and its columns before and after."""

    model: type[models.Model]
    label: str
    """``insert``, ``update`` or ``delete``."""
    at: datetime
    who: str
    """Nothing where nobody told: a change by hand in the database."""
    pk: int
    """The row's own id."""
    name: str
    data: Mapping[str, Any]
    changes: list[tuple[str, Any, Any]]
    """Of an update, the columns that changed: name, before, after. What names another row gives its name."""
    event: int = 0
    """By which the state that it left is found again."""
    versions: tuple[Any, Any] = (None, None)
    """Of a form or a pricing that was published: the version before it, None for the first one, and itself."""


def changes(sort: str = "", *, about: models.Model | None = None) -> QuerySet[Any]:
    """
    Return what changed, newest first: of everything, of one sort of thing, or of one thing and what hangs on it.

    Comparing an event with the one before costs: take the page of slugs that is wanted, then ``tell`` them.
    """
    sorts = [SORTS[sort]] if sort else list(SORTS.values())
    kept = {model for sort in sorts for model in (sort.model, *sort.parts)}
    events = _across(kept if about is None else {type(about), *_parts_of(about)})
    return events if about is None else events.filter(pgh_slug__in=_slugs(about))


def describe_changes(slugs: Iterable[str]) -> list[TrackedChange]:
    """Return these events, in this order, and name what they are about; so many queries, however many they are."""
    asked = list(slugs)
    models_of = {model for model in _KEPT.values() if any(item.startswith(f"{_label(model)}:") for item in asked)}
    found = {event.pgh_slug: event for event in _across(models_of).filter(pgh_slug__in=asked)} if asked else {}
    events = [found[slug] for slug in asked if slug in found]
    names, versions = _names(events), _versions(events)
    return [_happened(event, names, versions) for event in events]


@dataclass(frozen=True)
class PastState:
    """What a row was after one of its changes: since when, by whom, and its fields by their names."""

    at: datetime
    who: str
    values: Mapping[str, Any]


def past_state(row: models.Model, event: int) -> PastState | None:
    """Return what a row was after that change of it; None if it has none such."""
    kept = _events_of(type(row))._default_manager.filter(pgh_obj_id=row.pk, pgh_id=event).exclude(pgh_label="delete")
    found: Any = kept.first()
    if found is None:
        return None
    told = found.pgh_context or {}
    fields = [field for field in row._meta.concrete_fields if not field.primary_key and hasattr(found, field.attname)]
    return PastState(
        at=datetime.fromisoformat(told["at"]) if "at" in told else found.pgh_created_at,
        who=told.get("actor", ""),
        # What a later version of the product added was not there.
        values={
            field.name: getattr(found, field.attname)
            for field in fields
            if field.null or getattr(found, field.attname) is not None
        },
    )


def _across(kept: Iterable[type[models.Model]]) -> QuerySet[Any]:
    # The library types neither its queries nor what it adds to the models.
    across: Any = Events.objects
    events: QuerySet[Any] = across.across(*(_events_of(model) for model in kept)).exclude(pgh_label=KNOWN)
    told_at = Cast(KeyTextTransform("at", "pgh_context"), models.DateTimeField())
    dated: QuerySet[Any] = events.annotate(
        who=Coalesce(KeyTextTransform("actor", "pgh_context"), models.Value(""), output_field=models.TextField()),
        at=Coalesce(told_at, F("pgh_created_at")),
    ).order_by("-at", "-pgh_created_at", "pgh_model", "-pgh_id")
    return dated


def _slugs(about: models.Model) -> list[str]:
    """Return the events of a thing and of what hangs on it: each table has an index for that."""
    found = [(type(about), {"pgh_obj_id": about.pk})]
    found += [(model, {column: about.pk}) for model, column in _parts_of(about).items()]
    return [
        f"{_label(model)}:{pk}"
        for model, wanted in found
        for pk in (
            _events_of(model)._default_manager.filter(**wanted).order_by("-pgh_id").values_list("pgh_id", flat=True)
        )
    ]


def _parts_of(about: models.Model) -> Mapping[type[models.Model], str]:
    return next((item.parts for item in SORTS.values() if item.model is type(about)), {})


def _label(model: Any) -> str:
    return _events_of(model)._meta.label


def _events_of(model: Any) -> type[models.Model]:
    found: type[models.Model] = model.pgh_event_model
    return found


def people() -> list[str]:
    """Return who has changed something, in the order of the alphabet."""
    return sorted({change for change in changes().order_by().values_list("who", flat=True).distinct() if change})


def _versions(events: list[Any]) -> dict[tuple[str, int, int], Any]:
    """Return the versions that were published and those before them, by model, dispositif and number."""
    found: dict[tuple[str, int, int], Any] = {}
    for model in (FormVersion, PricingVersion):
        wanted = Q(pk__in=[])
        for event in events:
            if event.pgh_obj_model == model._meta.label:
                number = event.pgh_data["number"]
                wanted |= Q(scheme_id=event.pgh_data["scheme_id"], number__in=(number - 1, number))
        rows: Iterable[Any] = model._default_manager.filter(wanted).order_by("pk")
        found |= {(model._meta.label, row.scheme_id, row.number): row for row in rows}
    return found


def _happened(
    event: Any, names: Mapping[str, Mapping[int, str]], versions: Mapping[tuple[str, int, int], Any]
) -> TrackedChange:
    data = event.pgh_data or {}
    moved = [
        (column, _named(names, column, before), _named(names, column, after))
        for column, (before, after) in (event.pgh_diff or {}).items()
    ]
    order = list(data)
    moved.sort(key=lambda item: order.index(item[0]))
    model = _KEPT[event.pgh_obj_model]
    place = (event.pgh_obj_model, data.get("scheme_id", 0))
    before, after = (versions.get((*place, number)) for number in (data.get("number", 0) - 1, data.get("number", 0)))
    return TrackedChange(
        model=model,
        label=event.pgh_label,
        at=event.at,
        who=event.who,
        pk=int(data.get("id", 0)),
        name=_name(data, names),
        data=data,
        changes=moved,
        event=event.pgh_id,
        versions=(before, after),
    )


def _named(names: Mapping[str, Mapping[int, str]], column: str, value: Any) -> Any:
    return names[column].get(value, value) if column in _NAMED and value is not None else value


def _name(data: Mapping[str, Any], names: Mapping[str, Mapping[int, str]]) -> str:
    """Return a row's own name, else the names of what it joins."""
    if "name" in data:
        return str(data["name"])
    if data.get("kind") in KINDS:
        return str(KINDS[data["kind"]].label)
    joined = [names[column].get(data[column], "") for column in _NAMED if column in data]
    return " – ".join(str(item) for item in joined if item)


def _names(events: list[Any]) -> dict[str, dict[int, str]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for event in events:
        for column in _NAMED:
            wanted[column] |= _ids(event, column)
    return {column: _names_of(model, wanted[column]) for column, model in _NAMED.items()}


def _ids(event: Any, column: str) -> set[int]:
    held = [(event.pgh_data or {}).get(column), *(event.pgh_diff or {}).get(column, ())]
    return {item for item in held if isinstance(item, int)}


def _names_of(model: type[models.Model], ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    return dict(model._default_manager.filter(pk__in=ids).order_by("pk").values_list("pk", "name"))
