"""What is not ready yet: what the first screen warns about, and each list shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.api_keys.models import ApiKey
from obole.billing.models import InvoiceType
from obole.catalogue.models import FormVersion, PricingDraft, PricingVersion, Scheme
from obole.crm.settings.bank_refusals import refused_by_their_bank
from obole.gateways import registry
from obole.lib import dates, texts
from obole.regies.models import Mandate, Regie

RECOURSE = ("recours", "tribunal", "contest")
"""Words of which the voies de recours have one at least, wherever the document writes them."""
_COVERED = Q(invoice_types=OuterRef("pk"))


@dataclass(frozen=True)
class MissingSetting:
    """One thing to do, and where."""

    sentence: str
    url: str


SOON = timedelta(days=30)
"""A key that ends is replaced by hand in a software, which takes some days to come by."""


def of_api_keys(keys: Sequence[ApiKey]) -> list[MissingSetting]:
    """Return which keys in use end soon."""
    return [
        MissingSetting(
            _("« %(name)s » prend fin le %(day)s.") % {"name": key, "day": dates.format_short(key.expires_on)},
            reverse("crm:settings_api_key", args=[key.pk]),
        )
        for key in keys
        if key.expires_on <= dates.day_of(dates.now()) + SOON
    ]


def is_ready(regie: Regie) -> bool:
    """Tell whether the bank's settings are complete."""
    try:
        return not registry.check_settings(regie.gateway, regie.gateway_settings)
    except registry.UnknownGateway:
        return False


def of_regies() -> list[MissingSetting]:
    """Return what keeps the régies in use from working: their bank, or nobody who answers for them."""
    regies = list(Regie.objects.filter(enabled=True).order_by("name", "id"))
    acting = Mandate.objects.valid_today().that_act().filter(agent__user__is_active=True)
    answered_for = set(acting.order_by().values_list("regie", flat=True))
    refused = refused_by_their_bank(regies)
    return [
        MissingSetting(sentence % {"name": regie}, reverse("crm:settings_regie", args=[regie.pk]))
        for regie in regies
        for sentence in _of_regie(regie, answered_for=answered_for, refused=refused)
    ]


def _of_regie(regie: Regie, *, answered_for: set[int], refused: set[int]) -> Iterator[str]:
    if not is_ready(regie):
        yield _("%(name)s : réglages bancaires incomplets")
    elif regie.pk in refused:
        yield _("%(name)s : la banque a refusé ses réglages la dernière fois")
    if regie.pk not in answered_for:
        yield _("%(name)s : aucun agent mandaté aujourd’hui")


def of_types() -> list[MissingSetting]:
    """Return the types de factures in use that no dossier can use, or whose document lacks what the law wants."""
    used = InvoiceType.objects.filter(enabled=True).annotate(has_scheme=Exists(Scheme.objects.filter(_COVERED)))
    found = [(item, lacking(item, has_scheme=item.has_scheme)) for item in used.order_by("name", "id")]
    sentence = _("%(name)s : sans %(parts)s")
    return [
        MissingSetting(
            sentence % {"name": item, "parts": ", ".join(parts)}, reverse("crm:settings_type", args=[item.pk])
        )
        for item, parts in found
        if parts
    ]


def lacking(kind: InvoiceType, *, has_scheme: bool) -> list[str]:
    """Return what a type de facture lacks."""
    said = texts.fold(" ".join(getattr(kind, name) for name in ("introduction", "closing", "legal_mentions")))
    parts = {
        _("régie"): kind.regie_id is not None,
        _("dispositif"): has_scheme,
        _("mentions légales"): bool(kind.legal_mentions.strip()),
        _("voies de recours"): any(word in said for word in RECOURSE),
    }
    return [name for name, is_there in parts.items() if not is_there]


def with_parts() -> QuerySet[Scheme]:
    """Return the dispositifs, each saying whether it has a form, a pricing and a type de facture."""
    return (
        Scheme.objects.select_related("service")
        .annotate(
            has_form=Exists(FormVersion.objects.filter(scheme=OuterRef("pk"))),
            has_pricing=Exists(PricingVersion.objects.filter(scheme=OuterRef("pk"))),
            has_draft=Exists(PricingDraft.objects.filter(scheme=OuterRef("pk"))),
            has_type=Exists(InvoiceType.objects.filter(schemes=OuterRef("pk"), enabled=True)),
        )
        .order_by("service__position", "service__name", "position", "name", "id")
    )


def is_free(scheme: Scheme) -> bool:
    """
    Tell whether a dispositif of ``with_parts`` bills nothing, and lacks nothing for that: it has a form, and neither a
    pricing, begun or published, nor a type de facture.
    """
    # What ``with_parts`` adds to the rows.
    has: Any = scheme
    return bool(has.has_form) and not (has.has_pricing or has.has_draft or has.has_type)


def missing(scheme: Scheme) -> list[str]:
    """Return what a dispositif of ``with_parts`` lacks."""
    if is_free(scheme):
        return []
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
