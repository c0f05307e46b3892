"""Letters gathered, and handed to the post: reminders, and every notice that no mail brings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from obole.audit_log import operations as audit_log
from obole.billing.models import Invoice, Letter, LetterBatch
from obole.billing.states import InvoiceState
from obole.directory.models import Agent
from obole.directory.rules import NotAllowed, Right
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.states import TransitionRecord
from obole.lib.transactions import atomic_with_retry
from obole.recovery import operations as recovery
from obole.reminders import queries
from obole.reminders.models import Reminder

MOST_LETTERS = 500
"""In one batch: what is put in envelopes in a day."""


@atomic_with_retry
def make_batch(*, regie_id: int, actor: Actor, at: datetime) -> LetterBatch | None:
    """
    Gather the letters of a régie that wait and that an agent handles, to be printed together; ``MOST_LETTERS`` at once.

    Invoices that are not due any more are left out, and so are reminders of what is disputed, held or being paid: these
    come again as another letter if they are due once more.

    :returns: None if none is left to print.
    :raises obole.directory.rules.NotAllowed: to who bills nothing there.
    """
    agent = _who_bills(actor)
    if not Invoice.objects.handled_by(agent).filter(regie=regie_id).exists():
        raise NotAllowed(f"{actor.id} handles no invoice of régie {regie_id}")
    waiting = queries.letters_waiting(agent).filter(invoice__regie=regie_id).order_by("id")
    letters = list(waiting.select_for_update(of=("self",)).select_related("invoice")[:MOST_LETTERS])
    still_true = _still_true(letters, today=dates.day_of(at))
    due = [one for one in letters if one.pk in still_true]
    left = [one.pk for one in letters if one.pk not in still_true]
    Letter.objects.filter(pk__in=left).update(dropped_at=at)
    Reminder.objects.filter(letter__in=left).update(dropped_at=at)
    recovery.leave_letters(letter_ids=left, at=at)
    if not due:
        return None
    batch = LetterBatch.objects.create(regie_id=regie_id, made_at=at, made_by=actor, count=len(due))
    Letter.objects.filter(pk__in=[one.pk for one in due]).update(batch=batch)
    _log_letters("letter.print", batch, due, actor=actor, at=at)
    return batch


@atomic_with_retry
def post_batch(*, batch_id: int, actor: Actor, at: datetime) -> LetterBatch:
    """
    Write that the letters of a batch were handed to the post; said again, it changes nothing.

    :raises obole.directory.rules.NotAllowed: to who does not handle all the invoices that it is about.
    """
    batch = LetterBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if not queries.batches_of(_who_bills(actor)).filter(pk=batch_id).exists():
        raise NotAllowed(f"{actor.id} does not handle the letters of batch {batch_id}")
    if batch.posted_at is None:
        batch.posted_at, batch.posted_by = at, actor
        batch.save(update_fields=["posted_at", "posted_by"])
        letters = batch.letters.select_related("invoice").order_by("id")
        _log_letters("letter.post", batch, letters, actor=actor, at=at)
    return batch


def _still_true(letters: Sequence[Letter], *, today: date) -> set[int]:
    """Return which letters still say what is true: an avoir, and what was decided of an invoice, always do."""
    payable = queries.still_due([one.invoice_id for one in letters], today=today)
    instalments = [one.pk for one in letters if one.kind == Letter.Kind.INSTALMENT]
    asked = recovery.letters_still_asked(instalments, today=today) if instalments else set()
    asks = {Letter.Kind.REMINDER: payable, Letter.Kind.INSTALMENT: asked}
    return {one.pk for one in letters if _is_true(one, asks)}


def _is_true(letter: Letter, asks: Mapping[Any, Collection[int]]) -> bool:
    if letter.kind == Letter.Kind.NOTICE:
        return letter.invoice.state == InvoiceState.DUE
    if letter.kind == Letter.Kind.INSTALMENT:
        return letter.pk in asks[letter.kind]
    return letter.kind not in asks or letter.invoice_id in asks[letter.kind]


def _log_letters(verb: str, batch: LetterBatch, letters: Iterable[Letter], *, actor: Actor, at: datetime) -> None:
    step = TransitionRecord(verb, "", "")
    said = [(step, letter.invoice, _printed(batch, letter)) for letter in letters]
    audit_log.log_transitions(said, actor=actor, at=at)


def _printed(batch: LetterBatch, letter: Letter) -> dict[str, str | int]:
    return {"batch": batch.pk, "kind": letter.kind}


def _who_bills(actor: Actor) -> Agent:
    agent = Agent.objects.filter(pk=actor.pk_of("agent") or 0).first()
    if agent is None or not agent.may(Right.REVIEW):
        raise NotAllowed(f"{actor.id} prints no letters")
    return agent
