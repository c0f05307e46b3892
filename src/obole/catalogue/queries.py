"""How the catalogue is read."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Prefetch, QuerySet

from obole.catalogue.models import FormDraft, FormVersion, PricingDraft, PricingVersion, Scheme, Service
from obole.pricing.engine import compiled_pricing
from obole.pricing.engine.compiled_pricing import Compiled
from obole.pricing.text import codec

COMPILED = 64
"""Pricings that a process keeps ready: a town's, and their last versions."""


def open_services() -> QuerySet[Service]:
    """Return the prestations that have something to apply for, with their open dispositifs as ``open_schemes``."""
    schemes = Prefetch("schemes", queryset=Scheme.objects.open(), to_attr="open_schemes")
    return Service.objects.filter(enabled=True, schemes__enabled=True).distinct().prefetch_related(schemes)


def current_form(scheme: Scheme) -> FormVersion | None:
    """Return the form in force, or None while nobody has published one."""
    return FormVersion.objects.filter(scheme=scheme).order_by("-number").first()


def form_draft(scheme: Scheme) -> FormDraft | None:
    """Return the form that is being worked on, or None while nobody changes anything."""
    return FormDraft.objects.filter(scheme=scheme).first()


def pricing_draft(scheme: Scheme) -> PricingDraft | None:
    """Return the pricing that is being worked on, or None while nobody changes anything."""
    return PricingDraft.objects.filter(scheme=scheme).first()


def past_keys(scheme: Scheme) -> set[str]:
    """Return every key that a question of the dispositif has, or had: an answer's name is never given to another."""
    versions = FormVersion.objects.filter(scheme=scheme).order_by("number").values_list("fields", flat=True)
    return {field["key"] for fields in versions for field in fields}


def current_pricing(scheme: Scheme) -> PricingVersion | None:
    """Return the pricing in force, or None while there is nothing to bill; its JSON is read when it is asked for."""
    return pricings_of(scheme).first()


def simulated_scheme(public_id: str) -> tuple[Scheme, PricingVersion] | None:
    """
    Return an open dispositif that citizens may simulate, with its pricing in force; None if there is nothing to
    simulate.
    """
    scheme = Scheme.objects.open().filter(public_id=public_id, simulator=True).select_related("service").first()
    version = current_pricing(scheme) if scheme else None
    return (scheme, version) if scheme and version else None


def current_pricings(scheme_ids: Collection[int]) -> dict[int, PricingVersion]:
    """Return the pricing in force of each of these dispositifs that has one, with one query."""
    versions = PricingVersion.objects.filter(scheme__in=scheme_ids).defer("pricing")
    return {one.scheme_id: one for one in versions.order_by("scheme_id", "-number").distinct("scheme_id")}


def pricings_of(scheme: Scheme) -> QuerySet[PricingVersion]:
    """Return every version of the dispositif's pricing, the newest first, without their JSON."""
    return PricingVersion.objects.filter(scheme=scheme).defer("pricing").order_by("-number")


def newest_pricings(schemes: QuerySet[Any]) -> dict[int, int]:
    """Return the id of the pricing in force of each dispositif of a query of their ids, with one query."""
    rows = PricingVersion.objects.filter(scheme__in=schemes).order_by("scheme_id", "-number").distinct("scheme_id")
    return dict(rows.values_list("scheme", "pk"))


def compiled_pricing_of(version: PricingVersion) -> Compiled:
    """Return a version ready to price: made once in a process, for a version never changes."""
    return _compiled(version.pk, version.created_at)


@lru_cache(maxsize=COMPILED)
def _compiled(version_id: int, _created_at: datetime) -> Compiled:
    described = PricingVersion.objects.values_list("pricing", flat=True).get(pk=version_id)
    return compiled_pricing.compile_pricing(codec.parse(described))


def forget_compiled_pricings() -> None:
    """Compile again from now on: for a process that turns to another database."""
    _compiled.cache_clear()
