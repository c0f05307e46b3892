"""Every write about dossiers: a citizen applies and completes, an agent reviews."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import translation

from obole.catalogue import queries as catalogue
from obole.catalogue import rules as pricing
from obole.catalogue.fields import FieldKind, FilledBy
from obole.catalogue.forms import conditions, estimating
from obole.catalogue.models import FormVersion, Product, Scheme
from obole.dossiers import notices, rules, states
from obole.dossiers.models import Attachment, Dossier, DossierCounter, Estimate, Item, Sketch
from obole.dossiers.uploads import StoredUpload
from obole.lib import days
from obole.lib.states import Move
from obole.lib.transactions import whole
from obole.trail import operations as trail

Answer = Any
"""What ``catalogue.forms.questions.kept`` gives, or a list of rows of it."""


class SchemeClosed(Exception):
    """The dispositif takes no more applications."""


class DossierEnded(Exception):
    """Nobody works on the dossier any more: it was refused, given up or closed."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a citizen filled: answers by field key, quantities by product id, files in the store."""

    answers: Mapping[str, Answer]
    quantities: Mapping[int, Decimal]
    uploads: Sequence[StoredUpload] = field(default_factory=tuple)


@whole
def submit(*, citizen_id: int, form_id: int, request_key: str, filled: Filled, actor: str, at: datetime) -> Dossier:
    """
    Make and submit a dossier. The same ``request_key`` again returns the dossier that it made.

    :raises SchemeClosed: if the dispositif is not open any more.
    :raises obole.dossiers.rules.MissingAnswer: if a required question is empty.
    :raises obole.dossiers.rules.TooManyRows: if a group has more rows than it may.
    :raises obole.dossiers.rules.BadQuantity: if a quantity is outside its product's bounds.
    """
    # The counter is locked first: a double click waits here, then finds the dossier of the first.
    counter = _locked_counter()
    twin = Dossier.objects.filter(request_key=request_key, citizen=citizen_id).first()
    if twin is not None:
        return twin
    form = FormVersion.objects.select_related("scheme").get(pk=form_id)
    if not Scheme.objects.open().filter(pk=form.scheme_id).exists():
        raise SchemeClosed(form.scheme.name)
    dossier = Dossier(request_key=request_key, scheme=form.scheme, form=form, citizen_id=citizen_id, created_at=at)
    step = states.SUBMIT.apply(dossier)
    dossier.number = counter.last = counter.last + 1
    dossier.submitted_at = at
    counter.save(update_fields=["last"])
    dossier.answers = rules.settle(form.form_fields, filled.answers, known={}, attached=_attached(filled))
    dossier.save(force_insert=True)
    _keep(dossier, filled, at=at)
    _estimate(dossier, at=at)
    Sketch.objects.filter(citizen=citizen_id, scheme=form.scheme_id).delete()
    trail.record(step, subject=dossier, actor=actor, at=at)
    notices.send("dossier_received", dossier, at=at)
    return dossier


@whole
def put_aside(
    *,
    citizen_id: int,
    form_id: int,
    typed: Mapping[str, Sequence[str]],
    files: Mapping[str, StoredUpload],
    at: datetime,
) -> Sketch:
    """
    Keep an application that will be finished later, in the place of the one that this citizen began of the dispositif.

    :raises SchemeClosed: if the dispositif is not open any more.
    """
    form = FormVersion.objects.select_related("scheme").get(pk=form_id)
    if not Scheme.objects.open().filter(pk=form.scheme_id).exists():
        raise SchemeClosed(form.scheme.name)
    # No JSON of the database holds a NUL: the same letter would be dropped when the form is sent.
    said = {
        name: [value.replace("\x00", "") for value in values] for name, values in typed.items() if "\x00" not in name
    }
    stored = {name: asdict(upload) for name, upload in files.items()}
    values = {"form": form, "typed": said, "files": stored, "kept_at": at}
    sketch, _made = Sketch.objects.update_or_create(citizen_id=citizen_id, scheme=form.scheme, defaults=values)
    return sketch


@whole
def forget_sketch(*, citizen_id: int, public_id: str) -> None:
    """Forget an application that was begun. One that is gone already stays so."""
    Sketch.objects.filter(citizen=citizen_id, public_id=public_id).delete()


@whole
def complete(*, dossier_id: int, filled: Filled, actor: str, at: datetime) -> Dossier:
    """
    Answer the agent's request for a complement: the dossier goes back to review.

    :raises obole.lib.states.ForbiddenMove: if nothing was asked for.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    step = states.COMPLETE.apply(dossier)
    kept = Attachment.objects.filter(dossier=dossier).values_list("field_key", flat=True)
    dossier.answers = rules.settle(
        dossier.form.form_fields, filled.answers, known=dossier.answers, attached=[*kept, *_attached(filled)]
    )
    dossier.reason = ""
    dossier.save(update_fields=["state", "answers", "reason"])
    _keep(dossier, filled, at=at)
    _estimate(dossier, at=at)
    trail.record(step, subject=dossier, actor=actor, at=at)
    return dossier


@whole
def take(*, dossier_id: int, agent_id: int, actor: str, at: datetime) -> Dossier:
    """
    Put a submitted dossier in this agent's hands.

    :raises obole.lib.states.ForbiddenMove: if it is not waiting.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    step = states.TAKE.apply(dossier)
    dossier.agent_id = agent_id
    dossier.save(update_fields=["state", "agent"])
    trail.record(step, subject=dossier, actor=actor, at=at)
    return dossier


def ask_complement(*, dossier_id: int, reason: str, actor: str, at: datetime) -> Dossier:
    """Send the dossier back to the citizen, who reads ``reason``."""
    return _answer(
        states.ASK_COMPLEMENT, "dossier_incomplete", dossier_id=dossier_id, reason=reason, actor=actor, at=at
    )


def accept(*, dossier_id: int, reason: str, actor: str, at: datetime) -> Dossier:
    """Accept the dossier; ``reason`` may be empty."""
    return _answer(states.ACCEPT, "dossier_accepted", dossier_id=dossier_id, reason=reason, actor=actor, at=at)


def reject(*, dossier_id: int, reason: str, actor: str, at: datetime) -> Dossier:
    """Refuse the dossier; the citizen reads ``reason``."""
    return _answer(states.REJECT, "dossier_rejected", dossier_id=dossier_id, reason=reason, actor=actor, at=at)


@whole
def answer_as_agent(*, dossier_id: int, answers: Mapping[str, Answer], actor: str, at: datetime) -> Dossier:
    """
    Write the answers that are the agent's to give; those of the citizen are left as they are.

    :raises DossierEnded: if nobody works on it any more.
    :raises obole.dossiers.rules.MissingAnswer: if a required one is empty.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    if dossier.state not in states.OPEN:
        raise DossierEnded(dossier.reference)
    fields, before = dossier.form.form_fields, dossier.answers
    files = Attachment.objects.filter(dossier=dossier).values_list("field_key", flat=True)
    settled = rules.settle(fields, answers, known=before, attached=files, by=FilledBy.AGENT)
    mine = {one.key for one in fields if one.by == FilledBy.AGENT}
    # An agent's answer may put a citizen's beside the point: what the citizen said stays all the same.
    dossier.answers = {key: value for key, value in before.items() if key not in mine} | {
        key: value for key, value in settled.items() if key in mine
    }
    changed = [one.key for one in fields if before.get(one.key) != dossier.answers.get(one.key)]
    if changed:
        dossier.save(update_fields=["answers"])
        trail.note("dossier.answers", subject=dossier, actor=actor, at=at, fields=", ".join(changed)[:500])
    return dossier


@whole
def withdraw(*, dossier_id: int, actor: str, at: datetime) -> Dossier:
    """Give up an application before it is decided."""
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    step = states.WITHDRAW.apply(dossier)
    dossier.save(update_fields=["state"])
    trail.record(step, subject=dossier, actor=actor, at=at)
    return dossier


@whole
def close(*, dossier_id: int, actor: str, at: datetime) -> Dossier:
    """Close an accepted dossier: no more invoices will come from it."""
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    step = states.CLOSE.apply(dossier)
    dossier.save(update_fields=["state"])
    trail.record(step, subject=dossier, actor=actor, at=at)
    return dossier


@whole
def correct_quantities(*, dossier_id: int, quantities: Mapping[int, Decimal], actor: str, at: datetime) -> None:
    """
    Write the quantities that are the agent's to give; those of the citizen are left as they are.

    :raises obole.dossiers.rules.BadQuantity: if one is outside its product's bounds.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    items = list(Item.objects.filter(dossier=dossier).select_related("product"))
    theirs = [
        item for item in items if item.product.entered_by == Product.EnteredBy.AGENT and item.product_id in quantities
    ]
    for item, priced in zip(theirs, rules.price([item.product for item in theirs], quantities), strict=True):
        if item.quantity != priced.quantity:
            trail.note(
                "dossier.quantity", subject=dossier, actor=actor, at=at, product=item.product.name,
                before=str(item.quantity.normalize()), after=str(priced.quantity.normalize()),
            )  # fmt: skip
            item.quantity = priced.quantity
            item.save(update_fields=["quantity"])


@whole
def _answer(move: Move, notice: str, *, dossier_id: int, reason: str, actor: str, at: datetime) -> Dossier:
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    step = move.apply(dossier)
    dossier.reason = reason.strip()
    dossier.decided_at = at if move in (states.ACCEPT, states.REJECT) else dossier.decided_at
    dossier.save(update_fields=["state", "reason", "decided_at"])
    trail.record(step, subject=dossier, actor=actor, at=at, reason=reason[:500])
    notices.send(notice, dossier, at=at)
    return dossier


def _locked_counter() -> DossierCounter:
    counter, _created = DossierCounter.objects.select_for_update().get_or_create(only=True)
    return counter


def _attached(filled: Filled) -> list[str]:
    return [upload.field_key for upload in filled.uploads]


def _keep(dossier: Dossier, filled: Filled, *, at: datetime) -> None:
    """Keep quantities and files. The price of a first filling is a promise; a citizen never moves an agent's quantity."""
    products = list(catalogue.products_of(dossier.scheme))
    promised = dict(Item.objects.filter(dossier=dossier).values_list("product_id", "unit_price_cents"))
    theirs = {
        product.pk: filled.quantities[product.pk]
        for product in products
        if product.entered_by == Product.EnteredBy.CITIZEN and product.pk in filled.quantities
    }
    Item.objects.bulk_create(
        [
            Item(dossier=dossier, product=one.product, quantity=one.quantity, unit_price_cents=one.unit_price_cents)
            for one in rules.price(products, theirs, promised)
            if one.product.pk not in promised or one.product.entered_by == Product.EnteredBy.CITIZEN
        ],
        update_conflicts=True,
        unique_fields=["dossier", "product"],
        update_fields=["quantity", "unit_price_cents"],
    )
    # The same file joined twice to the same question is one attachment.
    Attachment.objects.bulk_create(
        (
            Attachment(
                dossier=dossier, field_key=upload.field_key, digest=upload.digest, name=upload.name,
                content_type=upload.content_type, size=upload.size, added_at=at,
            )
            for upload in _asked_for(dossier, filled)
        ),
        ignore_conflicts=True,
    )  # fmt: skip


def _estimate(dossier: Dossier, *, at: datetime) -> None:
    """Keep what the application comes to today, where a pricing makes its amount."""
    version = catalogue.current_pricing(dossier.scheme)
    if version is None:
        return
    compiled, fields = catalogue.compiled(version), dossier.form.form_fields
    # It is kept: in French, whatever the language of who reads it now.
    with translation.override("fr"):
        found = estimating.of_form(compiled, fields, dossier.answers, on=days.day_of(at))
    Estimate.objects.create(
        dossier=dossier, pricing=version, result=pricing.as_dict(found.result), told=found.told,
        total_cents=found.total_cents, complete=found.is_complete, at=at,
    )  # fmt: skip


def _asked_for(dossier: Dossier, filled: Filled) -> Iterator[StoredUpload]:
    """Return the files that answer a question which is asked; one in a group, if a row names it."""
    fields = {one.key: one for one in dossier.form.form_fields if one.kind == FieldKind.FILE}
    decided = conditions.decide(dossier.form.form_fields, dossier.answers)
    for upload in filled.uploads:
        one = fields.get(upload.field_key)
        if one is None or not one.group:
            asked = one is None or decided.shows(one.key)
        else:
            asked = any(row.get(one.key) == upload.digest for row in dossier.answers.get(one.group, ()))
        if asked:
            yield upload
