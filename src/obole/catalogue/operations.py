"""Every write of the catalogue."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from obole.catalogue.fields import FormField
from obole.catalogue.forms import checking
from obole.catalogue.models import FormVersion, Product, Scheme, Service
from obole.lib import words
from obole.lib.transactions import whole
from obole.trail import configuration
from obole.trail import operations as trail

LONGEST_KEY = 30
"""Room is left for what names a part of an answer (``key__from``) in the 40 letters of a name."""


def configure_service(*, service_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> Service:
    """Create or change a prestation."""
    return configuration.configure(Service, pk=service_id, values=values, actor=actor, at=at)


def configure_scheme(*, scheme_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> Scheme:
    """Create or change a dispositif; its form and its products have operations of their own."""
    return configuration.configure(Scheme, pk=scheme_id, values=values, actor=actor, at=at)


def configure_product(*, product_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> Product:
    """Create or change a product. Dossiers that were filled before keep the price that they showed."""
    return configuration.configure(Product, pk=product_id, values=values, actor=actor, at=at)


@whole
def publish_form(*, scheme_id: int, fields: Sequence[FormField], actor: str, at: datetime) -> FormVersion:
    """
    Make these fields the form of the dispositif from now on. Dossiers filled before keep theirs.

    :raises django.core.exceptions.ValidationError: with everything that is wrong with the form.
    """
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    if wrong := checking.check(fields):
        raise ValidationError(wrong)
    latest = FormVersion.objects.filter(scheme=scheme).order_by("-number").first()
    described = [field.as_dict() for field in fields]
    if latest is not None and latest.fields == described:
        return latest
    number = latest.number + 1 if latest else 1
    version = FormVersion.objects.create(scheme=scheme, number=number, fields=described, created_at=at)
    trail.note("scheme.publish_form", subject=scheme, actor=actor, at=at, version=number)
    return version


def new_key(label: str, taken: set[str]) -> str:
    """Return a key for a new field, made of its label and unlike the others."""
    base = words.fold(label).replace(" ", "_")[:LONGEST_KEY].strip("_") or "champ"
    # Prices and conditions know an answer by its key, and want a letter first.
    base = f"q_{base}" if base[0].isdigit() else base
    candidates = (base, *(f"{base}_{n}" for n in range(2, len(taken) + 3)))
    return next(key for key in candidates if key not in taken)
