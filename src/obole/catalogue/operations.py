"""Every write of the catalogue."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.catalogue import rules
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import FormVersion, PricingVersion, Product, Scheme, Service
from obole.lib import words
from obole.lib.transactions import whole
from obole.trail import configuration
from obole.trail import operations as trail


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

    :raises django.core.exceptions.ValidationError: if two fields share a key or a list has no choice.
    """
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    _check(fields)
    latest = FormVersion.objects.filter(scheme=scheme).order_by("-number").first()
    described = [field.as_dict() for field in fields]
    if latest is not None and latest.fields == _as_stored(described):
        return latest
    number = latest.number + 1 if latest else 1
    version = FormVersion.objects.create(scheme=scheme, number=number, fields=described, created_at=at)
    trail.note("scheme.publish_form", subject=scheme, actor=actor, at=at, version=number)
    return version


class PricingMoved(Exception):
    """Somebody else published a pricing since this one was looked at."""


@whole
def publish_pricing(
    *, scheme_id: int, described: object, actor: str, at: datetime, replaces: int | None = None
) -> PricingVersion:
    """
    Make this pricing, as ``json.loads`` gives it, the dispositif's from now on. The one in force, sent again, makes no version.

    :param replaces: the number of the version in force that the person has seen, 0 for none; None: whichever it is.
    :raises obole.catalogue.rules.Refused: with everything that is wrong with it.
    :raises PricingMoved: if another version came in force since.
    """
    # What is kept is what was understood: equal pricings are equal JSON, whatever was written out.
    kept = rules.as_dict(read_pricing(described))
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    latest = PricingVersion.objects.filter(scheme=scheme).order_by("-number").first()
    number = latest.number if latest else 0
    if latest is not None and latest.pricing == kept:
        return latest
    if replaces is not None and replaces != number:
        raise PricingMoved(f"{scheme}: {number}, not {replaces}")
    version = PricingVersion.objects.create(
        scheme=scheme, number=number + 1, pricing=kept, created_at=at, created_by=actor
    )
    trail.note("scheme.publish_pricing", subject=scheme, actor=actor, at=at, version=version.number)
    return version


def read_pricing(described: object) -> rules.Pricing:
    """
    Read and check a pricing, without publishing it.

    :raises obole.catalogue.rules.Refused: with everything that is wrong with it.
    """
    pricing = rules.parse(described)
    problems = rules.check(pricing)
    if problems:
        raise rules.Refused(problems)
    return pricing


def new_key(label: str, taken: set[str]) -> str:
    """Return a key for a new field, made of its label and unlike the others."""
    base = words.fold(label).replace(" ", "_")[:40] or "champ"
    candidates = (base, *(f"{base}_{n}" for n in range(2, len(taken) + 3)))
    return next(key for key in candidates if key not in taken)


def _as_stored(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**field, "choices": list(field["choices"])} for field in fields]


def _check(fields: Sequence[FormField]) -> None:
    if len({field.key for field in fields}) != len(fields):
        raise ValidationError(_("Deux champs du formulaire ont le même nom."))
    for field in fields:
        if field.kind not in FieldKind.values:
            raise ValidationError(_("Le champ « %(label)s » est d’un type inconnu.") % {"label": field.label})
        if field.kind == FieldKind.CHOICE and not field.choices:
            raise ValidationError(
                _("Le champ « %(label)s » est une liste : donnez au moins un choix.") % {"label": field.label}
            )
