"""Reminders decided, and handed over if their invoices are still due."""

from collections.abc import Collection, Sequence
from copy import copy
from datetime import date, datetime
from functools import cache
from typing import NamedTuple

from django.db.models import prefetch_related_objects

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing, rules as billing_rules
from obole.billing.access import require_biller
from obole.billing.models import Invoice, Letter
from obole.directory import queries as directory
from obole.lib import actors, dates
from obole.lib.actors import Actor
from obole.lib.open_days import Calendar
from obole.lib.states import TransitionRecord
from obole.lib.transactions import atomic_with_retry
from obole.mailing import operations as mailing, queries as mail_queries, rules as mail_rules
from obole.mailing.models import Message
from obole.payments import queries as payments
from obole.reminders import queries, rules
from obole.reminders.emails import SEVERAL, Chosen, Words, documents, together
from obole.reminders.models import Reminder
from obole.reminders.queries import ReminderRefusal

MOST_RETURNED = 500
"""Left in one transaction, which holds their invoices meanwhile."""


class ReminderRefused(Exception):
    """An agent may not have this invoice reminded now; the message is a French sentence for them."""

    def __init__(self, why: ReminderRefusal) -> None:
        super().__init__(str(why.label))
        self.why = why


@atomic_with_retry
def remind(*, invoice_id: int, at: datetime) -> Reminder | None:
    """Decide the next reminder of an invoice alone, if one is due now, as ``remind_many`` does."""
    return next(iter(_decide([invoice_id], at=at)), None)


@atomic_with_retry
def remind_many(*, invoice_ids: Collection[int], at: datetime) -> list[Reminder]:
    """
    Decide the next reminder of each invoice that is due one now; once for each step, however many workers ask.

    Nobody who has paid, is paying, paid what a person still looks at, contests, was granted a rest, cannot pay online
    since the bank is down, or has neither an e-mail nor a postal address is reminded. Who has no e-mail that works is
    written to on paper. Where its type says so, an invoice brings the others of its payer that are due a reminder too:
    one mail lists them. The invoices are locked together: a few hundred at once, so that who pays waits for less than
    a second.
    """
    return _decide({*invoice_ids, *queries.to_go_together(invoice_ids)}, at=at)


def _decide(invoice_ids: Collection[int], *, at: datetime) -> list[Reminder]:
    today = dates.day_of(at)
    # What its document says is long, and no reminder repeats it.
    locked = Invoice.objects.locked().defer("wording").filter(pk__in=invoice_ids)
    invoices = list(locked.order_by("pk"))
    # Invoices decided together have few types and régies: one object of each, not one for each invoice.
    prefetch_related_objects(invoices, "type", "regie", "payer")
    prefetch_related_objects([one for one in invoices if one.type.reminder_together], "dossier__scheme")
    due, sent = _still_due(invoices, today=today), queries.sent_of_each(invoice_ids)
    unpayable, mails = set(payments.regies_not_payable(today)), queries.mails_of(invoices)
    calendar_of = cache(queries.calendar_of)
    chosen = [
        Chosen(invoice, rank, sent[invoice.pk], mails[invoice.pk])
        for invoice in invoices
        if invoice.pk in due and invoice.regie_id not in unpayable and (mails[invoice.pk] or invoice.payer.address)
        if (rank := _rank_due(invoice, sent[invoice.pk], today=today, calendar=calendar_of(invoice.type))) is not None
    ]
    return _send(chosen, actor=actors.WORKER, at=at)


@atomic_with_retry
def remind_now(*, invoice_id: int, actor: Actor, at: datetime) -> Reminder:
    """
    Have the payer of a late invoice reminded because an agent asks for it, whatever day the scenario of its type gives.

    It is the next reminder of that scenario, with its words, and takes its place: the worker does not send the same
    words again, and the one after waits for its own day, at least ``rules.SMALLEST_GAP`` days after this one. Where the
    scenario is at its end, or the type has none, the words still follow each other up to the last ones. A day has one
    reminder of an invoice at most, whoever asks for it: the second of two clicks is refused, and the database agrees.

    :raises obole.directory.rules.NotAllowed: to who handles neither its prestation nor its régie.
    :raises ReminderRefused: saying why, if it may not be reminded now.
    """
    invoice = Invoice.objects.locked().select_related("type", "regie").get(pk=invoice_id)
    require_biller(invoice, actor=actor, at=at)
    why = queries.refusals([invoice.pk], today=dates.day_of(at)).get(invoice.pk)
    if why is not None:
        raise ReminderRefused(why)
    made = _send([_by_hand(invoice)], actor=actor, at=at)
    if not made:
        raise ReminderRefused(ReminderRefusal.TODAY)
    return made[0]


def next_words(invoice: Invoice, *, today: date) -> mail_rules.RenderedMail:
    """Return what the next reminder of an invoice would say today; nothing is written."""
    shown = copy(invoice)
    if shown.payable_until is not None:
        shown.payable_until = max(shown.payable_until, billing_rules.payable_after_reminder(today))
    return Words(directory.the_authority())([_by_hand(shown)])


def deliver(*, message_id: int, at: datetime) -> None:
    """
    Hand a reminder over, unless an invoice that it asks for was paid, cancelled or is being paid since it was decided,
    or mails to its payer come back now: then it is left, and its steps come again if they are due once more.

    :raises OSError: if the mail server did not take it and it will be tried again.
    """
    reminders = Reminder.objects.filter(message=message_id).select_related("invoice").order_by("id")
    invoices = [reminder.invoice for reminder in reminders]
    if len(_still_due(invoices, today=dates.day_of(at))) < len(invoices):
        _drop(message_id=message_id, reason=mail_rules.NOT_DUE, at=at)
    elif not mail_queries.is_usable(Message.objects.get(pk=message_id).to):
        _drop(message_id=message_id, reason=mail_rules.UNDELIVERABLE, at=at)
    else:
        mailing.deliver(message_id=message_id, at=at, task="reminders.deliver")


def deliver_sms(*, message_id: int, at: datetime) -> None:
    """
    Hand over the SMS that goes beside a reminder, unless its invoice is not asked for any more.

    :raises OSError: if it was not taken and will be tried again.
    """
    invoice_id = Message.objects.values_list("about_id", flat=True).get(pk=message_id)
    if queries.still_due([invoice_id or 0], today=dates.day_of(at)):
        mailing.deliver(message_id=message_id, at=at, task="reminders.deliver_sms")
    else:
        mailing.cancel(message_id=message_id, reason=mail_rules.NOT_DUE, at=at)


@atomic_with_retry
def _drop(*, message_id: int, reason: str, at: datetime) -> None:
    """Leave the reminders whose mail waits; one that was left, or has gone meanwhile, stays as it is."""
    if mailing.cancel(message_id=message_id, reason=reason, at=at):
        Reminder.objects.filter(message=message_id).update(dropped_at=at)


@atomic_with_retry
def leave_returned(*, at: datetime) -> int:
    """
    Leave the reminders whose mail was refused or came back from an address that no mail reaches, and return how many:
    nobody read them, and their steps come again, on paper where the payer has a postal address.
    """
    lost = queries.returned().order_by("invoice", "id").values_list("invoice", flat=True)
    held = Invoice.objects.locked().filter(pk__in=list(lost[:MOST_RETURNED])).order_by("pk")
    invoices = {invoice.pk: invoice for invoice in held}
    left = list(queries.returned().filter(invoice__in=invoices).order_by("id"))
    Reminder.objects.filter(pk__in=[reminder.pk for reminder in left]).update(dropped_at=at)
    step = TransitionRecord("reminder.return", "", "")
    said = [(step, invoices[reminder.invoice_id], {"step": reminder.step}) for reminder in left]
    audit_log.log_transitions(said, actor=actors.WORKER, at=at)
    return len(left)


def is_still_due(invoice: Invoice, *, today: date) -> bool:
    """Tell whether its payer may still be reminded, as far as money, disputes and holds go."""
    return invoice.pk in _still_due([invoice], today=today)


def _still_due(invoices: Sequence[Invoice], *, today: date) -> set[int]:
    return queries.still_due([invoice.pk for invoice in invoices], today=today)


def _by_hand(invoice: Invoice) -> Chosen:
    sent = queries.sent_of(invoice)
    return Chosen(
        invoice, rules.next_late_rank(invoice.type.steps, sent), sent, queries.mails_of([invoice])[invoice.pk]
    )


def _send(every: Sequence[Chosen], *, actor: Actor, at: datetime) -> list[Reminder]:
    """Put reminders in the outbox, or with the letters; none that is there. The caller holds the invoices."""
    words_of = Words(directory.the_authority())
    # What a reminder says of the transmission must still be true when it is read.
    until = billing_rules.payable_after_reminder(dates.day_of(at))
    billing.keep_payable(invoices=[one.invoice for one in every], until=until)
    queued = _queue(together(every), words_of, at=at)
    made = [one for one in every if queued[one.invoice.pk].mail or not one.email]
    on_paper = [_letter(one, words_of([one]), at=at) for one in made if not one.email]
    letters = {letter.invoice_id: letter for letter in Letter.objects.bulk_create(on_paper)}
    reminders = Reminder.objects.bulk_create(
        Reminder(
            invoice=one.invoice,
            step=one.rank,
            message=queued[one.invoice.pk].mail,
            sms=queued[one.invoice.pk].sms,
            letter=letters.get(one.invoice.pk),
            decided_at=at,
        )
        for one in made
    )
    said = [("reminder.send" if one.email else "reminder.write", one) for one in made]
    audit_log.log_transitions(
        [(TransitionRecord(verb, "", ""), one.invoice, {"step": one.rank}) for verb, one in said], actor=actor, at=at
    )
    return reminders


class Queued(NamedTuple):
    """What went in the outbox for an invoice."""

    mail: Message | None
    sms: Message | None


def _queue(groups: Sequence[Sequence[Chosen]], words_of: Words, *, at: datetime) -> dict[int, Queued]:
    """Put the mails and the SMS of reminders in the outbox, and return them by the ids of their invoices."""
    nudges = [words_of.sms_of(group) for group in groups]
    mails = [_mail(group, words_of(group)) for group in groups if group[0].email]
    added = mailing.queue_many([*mails, *(nudge for nudge in nudges if nudge)], at=at)
    return {
        one.invoice.pk: Queued(added.get(group[0].cause), added.get(nudge.cause) if nudge else None)
        for group, nudge in zip(groups, nudges, strict=True)
        for one in group
    }


def _mail(group: Sequence[Chosen], words: mail_rules.RenderedMail) -> mailing.Email:
    first, *others = group
    return mailing.Email(
        cause=first.cause,
        kind=SEVERAL if others else first.kind,
        to=first.email,
        rendered=words,
        about=first.invoice,
        also_about=[one.invoice for one in others],
        attachments=[document for one in group for document in documents(one.invoice)],
        at_most_once=True,
        task="reminders.deliver",
    )


def _letter(one: Chosen, words: mail_rules.RenderedMail, *, at: datetime) -> Letter:
    kind = Letter.Kind.REMINDER
    return Letter(invoice=one.invoice, kind=kind, subject=words.subject, text=words.text, written_at=at)


def _rank_due(invoice: Invoice, sent: rules.Sent, *, today: date, calendar: Calendar) -> int | None:
    """Return the rank of the reminder that is due today, of those that the type of an invoice plans."""
    if not rules.sends(invoice.type, today, None, calendar=calendar) or queries.is_too_small(invoice):
        return None
    planned = queries.planned_next(invoice, today=today, sent=sent, calendar=calendar)
    return planned.rank if planned and planned.day <= today else None
