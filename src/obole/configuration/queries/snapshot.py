"""The configuration as it is, read in a constant number of queries, and as a file says it."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from obole.billing.models import InvoiceType
from obole.catalogue import rules
from obole.catalogue.models import FormVersion, PricingVersion, Product, Scheme, Service
from obole.configuration.rules.sorts import (
    AUTHORITY,
    FORMAT,
    MAILS,
    PRODUCTS,
    REGIES,
    SCHEMES,
    SERVICES,
    SORTS,
    TYPES,
    Row,
    Sort,
    Tree,
)
from obole.directory.models import Authority
from obole.mailing.defaults import KINDS
from obole.mailing.models import Template
from obole.regies.models import Regie


class CannotExport(ValueError):
    """The configuration cannot be said without ambiguity; the sentence says what to mend."""


@dataclass
class Snapshot:
    """Every thing by its key, section by section; what hangs on dispositifs and types by their ids."""

    rows: dict[str, dict[str, Any]]
    forms: dict[int, FormVersion]
    pricings: dict[int, PricingVersion]
    products: dict[int, dict[str, Product]]


def take() -> Snapshot:
    """
    Read the whole configuration.

    :raises CannotExport: if two products of one dispositif go by one name.
    """
    found: dict[str, Any] = {
        AUTHORITY.section: Authority.objects.filter(only=True),
        REGIES.section: Regie.objects.order_by("code"),
        SERVICES.section: Service.objects.order_by("name"),
        SCHEMES.section: Scheme.objects.select_related("service").order_by("name"),
        TYPES.section: InvoiceType.objects.select_related("regie").prefetch_related("schemes").order_by("name"),
        MAILS.section: Template.objects.filter(kind__in=KINDS).order_by("kind"),
    }
    rows = {sort.section: {getattr(one, sort.key): one for one in found[sort.section]} for sort in SORTS}
    return Snapshot(rows, _latest(FormVersion), _latest(PricingVersion), _products())


def _latest(model: type[models.Model]) -> dict[int, Any]:
    newest = model._default_manager.order_by("scheme_id", "-number").distinct("scheme_id")
    return {version.scheme_id: version for version in newest}  # type: ignore[attr-defined]


def _products() -> dict[int, dict[str, Product]]:
    found: dict[int, dict[str, Product]] = defaultdict(dict)
    for product in Product.objects.select_related("scheme").order_by("scheme_id", "position", "name", "id"):
        if product.name in found[product.scheme_id]:
            said = _(
                "Deux produits du dispositif « %(scheme)s » s’appellent « %(product)s » : donnez-leur deux noms, puis recommencez."
            )
            raise CannotExport(said % {"scheme": product.scheme, "product": product.name})
        found[product.scheme_id][product.name] = product
    return found


def everything(snapshot: Snapshot) -> Tree:
    """Return the whole configuration as a file says it."""
    tree = _tree()
    for sort in SORTS:
        rows = [described(snapshot, sort, row) for _key, row in sorted(snapshot.rows[sort.section].items())]
        if sort is not AUTHORITY:
            tree[sort.section] = rows
        elif rows:
            tree[sort.section] = rows[0]
    return tree


def of_scheme(snapshot: Snapshot, scheme: Scheme) -> Tree:
    """Return a dispositif as a file says it, with its prestation."""
    row = snapshot.rows[SCHEMES.section][scheme.name]
    return {
        **_tree(),
        SERVICES.section: [described(snapshot, SERVICES, row.service)],
        SCHEMES.section: [described(snapshot, SCHEMES, row)],
    }


def of_type(snapshot: Snapshot, invoice_type: InvoiceType) -> Tree:
    """Return a type de facture as a file says it; its régie and its dispositifs are only named."""
    return {
        **_tree(),
        TYPES.section: [described(snapshot, TYPES, snapshot.rows[TYPES.section][invoice_type.name])],
    }


def described(snapshot: Snapshot, sort: Sort, row: Any) -> Row:
    """Return one thing as a file says it."""
    said = plain(sort, row)
    if "form" in sort.parts and row.pk in snapshot.forms:
        said["form"] = [field.as_dict() for field in snapshot.forms[row.pk].form_fields]
    if "pricing" in sort.parts and row.pk in snapshot.pricings:
        said["pricing"] = rules.as_dict(rules.parse(snapshot.pricings[row.pk].pricing))
    if "products" in sort.parts:
        said["products"] = [plain(PRODUCTS, one) for one in snapshot.products.get(row.pk, {}).values()]
    return said


def plain(sort: Sort, row: Any) -> Row:
    """Return the fields of one thing as a file says them."""
    return {name: _said(sort, name, getattr(row, name)) for name in sort.fields}


def _said(sort: Sort, name: str, value: Any) -> Any:
    if name in sort.links:
        return _named(sort.links[name], value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _named(section: str, value: Any) -> Any:
    key = REGIES.key if section == REGIES.section else SCHEMES.key
    if isinstance(value, models.Manager):
        return sorted(getattr(one, key) for one in value.all())
    return None if value is None else getattr(value, key)


def _tree() -> Tree:
    return {"obole": {"format": FORMAT}}
