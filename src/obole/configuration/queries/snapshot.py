"""The configuration as it is, read in a constant number of queries, and as a file says it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models

from obole.billing.models import InvoiceType
from obole.catalogue.models import FormVersion, PricingVersion, Scheme, Service
from obole.configuration.rules.entity_types import (
    ACTS,
    AUTHORITY,
    ENTITY_TYPES,
    FORMAT,
    MAILS,
    REGIES,
    SCHEMES,
    SERVICES,
    TYPES,
    EntityType,
    Row,
    Tree,
)
from obole.directory.models import Authority
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Template
from obole.pricing.text import codec
from obole.regies.models import FoundingAct, Regie


@dataclass
class Snapshot:
    """Every thing by its key, section by section; what hangs on dispositifs and types by their ids."""

    rows: dict[str, dict[str, Any]]
    forms: dict[int, FormVersion]
    pricings: dict[int, PricingVersion]


def take_snapshot() -> Snapshot:
    """Read the whole configuration."""
    found: dict[str, Any] = {
        AUTHORITY.section: Authority.objects.filter(only=True),
        REGIES.section: Regie.objects.order_by("code"),
        ACTS.section: FoundingAct.objects.select_related("regie").order_by("regie__code"),
        SERVICES.section: Service.objects.order_by("name"),
        SCHEMES.section: Scheme.objects.select_related("service").order_by("name"),
        TYPES.section: InvoiceType.objects.select_related("regie").prefetch_related("schemes").order_by("name"),
        MAILS.section: Template.objects.filter(kind__in=KINDS).order_by("kind"),
    }
    rows = {sort.section: {_key(sort, item): item for item in found[sort.section]} for sort in ENTITY_TYPES}
    return Snapshot(rows, _latest(FormVersion), _latest(PricingVersion))


def _key(sort: EntityType, row: Any) -> str:
    return str(_said(sort, sort.key, getattr(row, sort.key)))


def _latest(model: type[models.Model]) -> dict[int, Any]:
    newest = model._default_manager.order_by("scheme_id", "-number").distinct("scheme_id")
    return {version.scheme_id: version for version in newest}  # type: ignore[attr-defined]


def everything_as_dict(snapshot: Snapshot) -> Tree:
    """Return the whole configuration as a file says it."""
    tree = _tree()
    for sort in ENTITY_TYPES:
        rows = [entity_as_dict(snapshot, sort, row) for _key, row in sorted(snapshot.rows[sort.section].items())]
        if sort is not AUTHORITY:
            tree[sort.section] = rows
        elif rows:
            tree[sort.section] = rows[0]
    return tree


def scheme_as_dict(snapshot: Snapshot, scheme: Scheme) -> Tree:
    """Return a dispositif as a file says it, with its prestation."""
    row = snapshot.rows[SCHEMES.section][scheme.name]
    return {
        **_tree(),
        SERVICES.section: [entity_as_dict(snapshot, SERVICES, row.service)],
        SCHEMES.section: [entity_as_dict(snapshot, SCHEMES, row)],
    }


def type_as_dict(snapshot: Snapshot, invoice_type: InvoiceType) -> Tree:
    """Return a type de facture as a file says it; its régie and its dispositifs are only named."""
    return {
        **_tree(),
        TYPES.section: [entity_as_dict(snapshot, TYPES, snapshot.rows[TYPES.section][invoice_type.name])],
    }


def entity_as_dict(snapshot: Snapshot, sort: EntityType, row: Any) -> Row:
    """Return one thing as a file says it."""
    said = fields_as_dict(sort, row)
    if "form" in sort.parts and row.pk in snapshot.forms:
        said["form"] = [field.as_dict() for field in snapshot.forms[row.pk].form_fields]
    if "pricing" in sort.parts and row.pk in snapshot.pricings:
        said["pricing"] = codec.as_dict(codec.parse(snapshot.pricings[row.pk].pricing))
    return said


def fields_as_dict(sort: EntityType, row: Any) -> Row:
    """Return the fields of one thing as a file says them."""
    return {name: _said(sort, name, getattr(row, name)) for name in sort.fields}


def _said(sort: EntityType, name: str, value: Any) -> Any:
    if name in sort.links:
        return _named(sort.links[name], value)
    if isinstance(value, list):
        return value if any(isinstance(item, dict) for item in value) else sorted(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _named(section: str, value: Any) -> Any:
    key = REGIES.key if section == REGIES.section else SCHEMES.key
    if isinstance(value, models.Manager):
        return sorted(getattr(item, key) for item in value.all())
    return None if value is None else getattr(value, key)


def _tree() -> Tree:
    return {"obole": {"format": FORMAT}}
