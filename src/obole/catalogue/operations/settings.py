"""Prestations, dispositifs and products, created and changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.catalogue.models import MOST_PRODUCTS, Product, Scheme, Service
from obole.lib.transactions import whole
from obole.trail import configuration


def configure_service(*, service_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> Service:
    """Create or change a prestation."""
    return configuration.configure(Service, pk=service_id, values=values, actor=actor, at=at)


def configure_scheme(*, scheme_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> Scheme:
    """Create or change a dispositif; its form and its products have operations of their own."""
    return configuration.configure(Scheme, pk=scheme_id, values=values, actor=actor, at=at)


@whole
def configure_product(*, product_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> Product:
    """
    Create or change a product. Dossiers that were filled before keep the price that they showed.

    :raises django.core.exceptions.ValidationError: if a value breaks the model's rules, or there are too many of them.
    """
    if product_id is None and "scheme" in values:
        scheme = Scheme.objects.select_for_update().get(pk=values["scheme"].pk)
        if Product.objects.filter(scheme=scheme).count() >= MOST_PRODUCTS:
            said = _(
                "Ce dispositif a déjà %(most)d produits : c’est le plus. Faites-en plusieurs dispositifs, ou une tarification."
            )
            raise ValidationError(said % {"most": MOST_PRODUCTS})
    return configuration.configure(Product, pk=product_id, values=values, actor=actor, at=at)


@whole
def create_products(*, scheme_id: int, every: Sequence[Mapping[str, Any]], actor: str, at: datetime) -> list[Product]:
    """
    Create the products of a dispositif, all at once: one that comes from a file, or is copied, may have hundreds.

    :raises django.core.exceptions.ValidationError: if a value is refused.
    """
    scheme = Scheme.objects.get(pk=scheme_id)
    return configuration.create(Product, every=[{**values, "scheme": scheme} for values in every], actor=actor, at=at)
