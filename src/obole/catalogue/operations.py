"""Every write of the catalogue."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.catalogue import rules
from obole.catalogue.fields import FormField
from obole.catalogue.forms import checking
from obole.catalogue.models import FormDraft, FormVersion, PricingDraft, PricingVersion, Product, Scheme, Service
from obole.lib.transactions import whole
from obole.trail import configuration, history
from obole.trail import operations as trail

MOST_PRODUCTS = 300
"""More than a page can ask for, and than anybody would read."""


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
    with history.told(actor=actor, at=at):
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
    with history.told(actor=actor, at=at):
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


class DraftMoved(Exception):
    """Somebody else changed the draft since the page was shown."""


@whole
def edit_pricing(*, scheme_id: int, pricing: rules.Pricing, revision: int, actor: str, at: datetime) -> PricingDraft:
    """
    Keep a pricing that is being worked on: it may make no sense yet. Invoices go on with the published one.

    :param revision: of the draft that the change was made on; 0 where there was none.
    :raises DraftMoved: if the draft is another one by now.
    :raises obole.catalogue.rules.Refused: if a part cannot be kept: a text that is too long, a formula that is too deep.
    """
    described = rules.as_dict(pricing)
    rules.parse(described)
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    draft = _pricing_draft(scheme, revision)
    if draft is None:
        draft = PricingDraft(scheme=scheme, base=_latest_pricing(scheme))
    draft.pricing = described
    draft.revision += 1
    draft.changed_by, draft.changed_at = actor, at
    draft.save()
    return draft


@whole
def publish_pricing_draft(*, scheme_id: int, revision: int, actor: str, at: datetime) -> PricingVersion:
    """
    Make the draft the dispositif's pricing from now on.

    :raises DraftMoved: if the draft is another one by now, or gone.
    :raises PricingMoved: if another version came in force since the draft was begun.
    :raises obole.catalogue.rules.Refused: with everything that is wrong with it.
    """
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    draft = _pricing_draft(scheme, revision)
    if draft is None:
        raise DraftMoved(scheme.name)
    version = publish_pricing(scheme_id=scheme_id, described=draft.pricing, actor=actor, at=at, replaces=draft.base)
    draft.delete()
    return version


@whole
def discard_pricing_draft(*, scheme_id: int, revision: int, actor: str, at: datetime) -> None:
    """
    Give up what was changed since the last version.

    :raises DraftMoved: if the draft is another one by now, or gone.
    """
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    draft = _pricing_draft(scheme, revision)
    if draft is None:
        raise DraftMoved(scheme.name)
    draft.delete()
    trail.note("scheme.discard_pricing", subject=scheme, actor=actor, at=at)


def _pricing_draft(scheme: Scheme, revision: int) -> PricingDraft | None:
    draft = PricingDraft.objects.select_for_update().filter(scheme=scheme).first()
    if (draft.revision if draft else 0) != revision:
        raise DraftMoved(scheme.name)
    return draft


def _latest_pricing(scheme: Scheme) -> int:
    latest = PricingVersion.objects.filter(scheme=scheme).order_by("-number").values_list("number", flat=True).first()
    return latest or 0


@whole
def edit_form(*, scheme_id: int, fields: Sequence[FormField], revision: int, actor: str, at: datetime) -> FormDraft:
    """
    Keep the fields of a form that is being worked on. Citizens go on with the published one.

    :param revision: of the draft that the change was made on; 0 where there was none.
    :raises DraftMoved: if the draft is another one by now.
    """
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    draft = _draft(scheme, revision) or FormDraft(scheme=scheme, base=_latest_number(scheme))
    draft.fields = [field.as_dict() for field in fields]
    draft.revision += 1
    draft.changed_by, draft.changed_at = actor, at
    draft.save()
    return draft


@whole
def publish_draft(*, scheme_id: int, revision: int, actor: str, at: datetime) -> FormVersion:
    """
    Make the draft the form of the dispositif from now on.

    :raises DraftMoved: if the draft is another one by now, or gone.
    :raises django.core.exceptions.ValidationError: with everything that is wrong with the form.
    """
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    draft = _draft(scheme, revision)
    if draft is None:
        raise DraftMoved(scheme.name)
    version = publish_form(scheme_id=scheme_id, fields=draft.form_fields, actor=actor, at=at)
    draft.delete()
    return version


@whole
def discard_draft(*, scheme_id: int, revision: int, actor: str, at: datetime) -> None:
    """
    Give up what was changed since the last version.

    :raises DraftMoved: if the draft is another one by now, or gone.
    """
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    draft = _draft(scheme, revision)
    if draft is None:
        raise DraftMoved(scheme.name)
    draft.delete()
    trail.note("scheme.discard_form", subject=scheme, actor=actor, at=at)


def _draft(scheme: Scheme, revision: int) -> FormDraft | None:
    draft = FormDraft.objects.select_for_update().filter(scheme=scheme).first()
    if (draft.revision if draft else 0) != revision:
        raise DraftMoved(scheme.name)
    return draft


def _latest_number(scheme: Scheme) -> int:
    latest = FormVersion.objects.filter(scheme=scheme).order_by("-number").first()
    return latest.number if latest else 0
