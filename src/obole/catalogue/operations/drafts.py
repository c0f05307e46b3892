"""Forms and pricings that are being worked on: kept, published as a version, or given up."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from obole.audit_log import operations as audit_log
from obole.catalogue import queries
from obole.catalogue.fields import FormField
from obole.catalogue.models import FormDraft, FormVersion, PricingDraft, PricingVersion, Scheme
from obole.catalogue.operations.publishing import publish_form, publish_pricing
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.pricing.model.parts import Pricing
from obole.pricing.text import codec

D = TypeVar("D", FormDraft, PricingDraft)


class DraftMoved(Exception):
    """Somebody else changed the draft since the page was shown."""


@atomic_with_retry
def edit_form(*, scheme_id: int, fields: Sequence[FormField], revision: int, actor: Actor, at: datetime) -> FormDraft:
    """
    Keep the fields of a form that is being worked on. Citizens go on with the published one.

    :param revision: of the draft that the change was made on; 0 where there was none.
    :raises DraftMoved: if the draft is another one by now.
    """
    scheme = _lock(scheme_id)
    draft = _found(FormDraft, scheme, revision) or FormDraft(scheme=scheme, base=_latest(FormVersion, scheme))
    draft.fields = [field.as_dict() for field in fields]
    return _kept(draft, actor=actor, at=at)


@atomic_with_retry
def publish_draft(*, scheme_id: int, revision: int, actor: Actor, at: datetime) -> FormVersion:
    """
    Make the draft the form of the dispositif from now on.

    :raises DraftMoved: if the draft is another one by now, or gone.
    :raises django.core.exceptions.ValidationError: with everything that is wrong with the form.
    """
    draft = _one(FormDraft, _lock(scheme_id), revision)
    version = publish_form(scheme_id=scheme_id, fields=draft.form_fields, actor=actor, at=at)
    draft.delete()
    return version


@atomic_with_retry
def discard_draft(*, scheme_id: int, revision: int, actor: Actor, at: datetime) -> None:
    """
    Give up what was changed in a form since its last version.

    :raises DraftMoved: if the draft is another one by now, or gone.
    """
    scheme = _lock(scheme_id)
    _one(FormDraft, scheme, revision).delete()
    audit_log.log_event("scheme.discard_form", subject=scheme, actor=actor, at=at)


@atomic_with_retry
def edit_pricing(
    *, scheme_id: int, pricing: Pricing, asked: FormField | None = None, revision: int, actor: Actor, at: datetime
) -> PricingDraft:
    """
    Keep a pricing that is being worked on: it may make no sense yet. Invoices go on with the published one.

    :param asked: what it needs of the citizen, asked at the end of the form that is being worked on.
    :param revision: of the draft that the change was made on; 0 where there was none.
    :raises DraftMoved: if the draft is another one by now.
    :raises obole.pricing.model.problems.Refused: if a part cannot be kept: a text that is too long, a formula that is
        too deep.
    """
    described = codec.as_dict(pricing)
    codec.parse(described)
    scheme = _lock(scheme_id)
    draft = _found(PricingDraft, scheme, revision) or PricingDraft(scheme=scheme, base=_latest(PricingVersion, scheme))
    draft.pricing = described
    if asked is not None:
        _ask(scheme, asked, actor=actor, at=at)
    return _kept(draft, actor=actor, at=at)


@atomic_with_retry
def publish_pricing_draft(*, scheme_id: int, revision: int, actor: Actor, at: datetime) -> PricingVersion:
    """
    Make the draft the dispositif's pricing from now on.

    :raises DraftMoved: if the draft is another one by now, or gone.
    :raises PricingMoved: if another version came in force since the draft was begun.
    :raises obole.pricing.model.problems.Refused: with everything that is wrong with it.
    """
    draft = _one(PricingDraft, _lock(scheme_id), revision)
    version = publish_pricing(scheme_id=scheme_id, described=draft.pricing, actor=actor, at=at, replaces=draft.base)
    draft.delete()
    return version


@atomic_with_retry
def discard_pricing_draft(*, scheme_id: int, revision: int, actor: Actor, at: datetime) -> None:
    """
    Give up what was changed in a pricing since its last version.

    :raises DraftMoved: if the draft is another one by now, or gone.
    """
    scheme = _lock(scheme_id)
    _one(PricingDraft, scheme, revision).delete()
    audit_log.log_event("scheme.discard_pricing", subject=scheme, actor=actor, at=at)


def _ask(scheme: Scheme, asked: FormField, *, actor: Actor, at: datetime) -> None:
    known = queries.form_draft(scheme) or queries.current_form(scheme)
    fields = [*(known.form_fields if known else ()), asked]
    revision = known.revision if isinstance(known, FormDraft) else 0
    edit_form(scheme_id=scheme.pk, fields=fields, revision=revision, actor=actor, at=at)


def _lock(scheme_id: int) -> Scheme:
    return Scheme.objects.select_for_update().get(pk=scheme_id)


def _found(kind: type[D], scheme: Scheme, revision: int) -> D | None:
    """Return the draft that a change was made on; None where there was none, nor is one."""
    draft = kind._default_manager.select_for_update().filter(scheme=scheme).first()
    if (draft.revision if draft else 0) != revision:
        raise DraftMoved(scheme.name)
    return draft


def _one(kind: type[D], scheme: Scheme, revision: int) -> D:
    draft = _found(kind, scheme, revision)
    if draft is None:
        raise DraftMoved(scheme.name)
    return draft


def _kept(draft: D, *, actor: Actor, at: datetime) -> D:
    draft.revision += 1
    draft.changed_by, draft.changed_at = actor, at
    draft.save()
    return draft


def _latest(kind: type[FormVersion] | type[PricingVersion], scheme: Scheme) -> int:
    numbers = kind._default_manager.filter(scheme=scheme).order_by("-number").values_list("number", flat=True)
    return numbers.first() or 0
