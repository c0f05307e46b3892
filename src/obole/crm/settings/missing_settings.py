"""What is not ready yet: what the first screen warns about, and each list shows."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing.models import InvoiceType
from obole.catalogue.models import FormVersion, PricingVersion, Scheme
from obole.gateways import registry
from obole.regies.models import Regie


@dataclass(frozen=True)
class MissingSetting:
    """One thing to do, and where."""

    sentence: str
    url: str


def is_ready(regie: Regie) -> bool:
    """Tell whether the bank's settings are complete."""
    try:
        return not registry.check_settings(regie.gateway, regie.gateway_settings)
    except registry.UnknownGateway:
        return False


def of_regies() -> list[MissingSetting]:
    """Return the régies in use whose bank's settings are not complete."""
    sentence = _("%(name)s : réglages bancaires incomplets")
    regies = Regie.objects.filter(enabled=True).order_by("name", "id")
    return [
        MissingSetting(sentence % {"name": regie}, reverse("crm:settings_regie", args=[regie.pk]))
        for regie in regies
        if not is_ready(regie)
    ]


def of_types() -> list[MissingSetting]:
    """Return the types de factures that no dossier can use."""
    sentence = _("%(name)s : sans régie")
    without = InvoiceType.objects.filter(enabled=True, regie=None).order_by("name", "id")
    return [MissingSetting(sentence % {"name": item}, reverse("crm:settings_type", args=[item.pk])) for item in without]


def with_parts() -> QuerySet[Scheme]:
    """Return the dispositifs, each saying whether it has a form, a pricing and a type de facture."""
    return (
        Scheme.objects.select_related("service")
        .annotate(
            has_form=Exists(FormVersion.objects.filter(scheme=OuterRef("pk"))),
            has_pricing=Exists(PricingVersion.objects.filter(scheme=OuterRef("pk"))),
            has_type=Exists(InvoiceType.objects.filter(schemes=OuterRef("pk"), enabled=True)),
        )
        .order_by("service__position", "service__name", "position", "name", "id")
    )


def missing(scheme: Scheme) -> list[str]:
    """Return what a dispositif of ``with_parts`` lacks."""
    parts = {"has_form": _("formulaire"), "has_pricing": _("tarification"), "has_type": _("type de facture")}
    return [name for part, name in parts.items() if not getattr(scheme, part)]


def of_schemes() -> list[MissingSetting]:
    """Return the open dispositifs that cannot be applied for or billed."""
    sentence = _("%(name)s : sans %(parts)s")
    return [
        MissingSetting(
            sentence % {"name": part, "parts": ", ".join(missing(part))}, reverse("crm:settings_scheme", args=[part.pk])
        )
        for part in with_parts().filter(enabled=True)
        if missing(part)
    ]
