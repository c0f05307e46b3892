"""How the catalogue is read."""

from django.db.models import Prefetch, QuerySet

from obole.catalogue.models import FormDraft, FormVersion, Product, Scheme, Service


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


def past_keys(scheme: Scheme) -> set[str]:
    """Return every key that a question of the dispositif has, or had: an answer's name is never given to another."""
    versions = FormVersion.objects.filter(scheme=scheme).order_by("number").values_list("fields", flat=True)
    return {field["key"] for fields in versions for field in fields}


def products_of(scheme: Scheme) -> QuerySet[Product]:
    """Return what the dispositif bills, in the order shown."""
    return Product.objects.filter(scheme=scheme, enabled=True).order_by("position", "id")
