"""Every write of the outbox."""

import logging
import smtplib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import models
from django.utils.translation import gettext as _

from obole.audit_log import configuration, operations as audit_log
from obole.lib import actors, files, sql, texts
from obole.lib.actors import Actor
from obole.lib.queue import defer, defer_many, each
from obole.lib.states import Transition
from obole.lib.transactions import atomic_with_retry, forbid_transaction, require_transaction
from obole.limits import operations as limits
from obole.limits.rules import ACCOUNT_MAILS, NOTICE_MAILS, TooMany
from obole.mailing import queries, rules, states
from obole.mailing.default_templates import KINDS as KINDS
from obole.mailing.models import Message, OtherSubject, Template
from obole.mailing.operations.addresses import mark_address, trust_address as trust_address
from obole.mailing.operations.bounces import read_bounces as read_bounces
from obole.mailing.states import AddressFault, MessageState

logger = logging.getLogger(__name__)
MOST_TRIES = 8
ABANDONED_AFTER = timedelta(minutes=10)
MADE_BY_STRANGERS = {"account": ACCOUNT_MAILS, "dossier_received": NOTICE_MAILS}
"""The kinds of mails that somebody can have sent to an address that is not theirs."""
_SAID = (
    "public_id",
    "cause",
    "kind",
    "to",
    "subject",
    "text",
    "html",
    "attachments",
    "confidential",
    "at_most_once",
    "about_kind",
    "about_id",
    "state",
    "created_at",
    "tries",
    "last_error",
)
_ADD = """
    INSERT INTO mailing_message (
        public_id, cause, kind, "to", subject, text, html, attachments, confidential, at_most_once, about_kind,
        about_id, state, created_at, tries, last_error
    )
    SELECT * FROM json_to_recordset(%(said)s) AS said (
        public_id text, cause text, kind text, "to" text, subject text, text text, html text, attachments jsonb,
        confidential boolean, at_most_once boolean, about_kind text, about_id bigint, state text,
        created_at timestamptz, tries smallint, last_error text
    )
    ON CONFLICT (cause) DO NOTHING
    RETURNING id, cause
"""
"""Who comes second with the same cause waits for the first, and adds nothing; no savepoint is needed for a refusal."""


class DeliveryUnknown(Exception):
    """The mail server fell silent after it was given a mail: nobody knows whether it left."""


@dataclass(frozen=True, kw_only=True)
class Email:
    """What to send, to whom, and about what."""

    cause: str
    kind: str
    to: str
    rendered: rules.RenderedMail
    about: models.Model | None = None
    also_about: Sequence[models.Model] = ()
    """What it is about besides, where it lists several things."""
    attachments: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    confidential: bool = False
    at_most_once: bool = False
    task: str = "mailing.deliver"
    """
    The worker's task that delivers it, given ``message_id``: a room that must look again before sending has its own.
    """


def queue(letter: Email, *, at: datetime) -> Message | None:
    """
    Put a mail in the outbox, in the transaction that decides it. A cause that has its mail already makes no other.

    :returns: the message, or None if this cause had one, or if strangers made the town write too often to it.
    :raises RuntimeError: outside a transaction.
    """
    return queue_many([letter], at=at).get(letter.cause)


def queue_many(letters: Sequence[Email], *, at: datetime) -> dict[str, Message]:
    """
    Put mails in the outbox as ``queue`` does, in one statement.

    :returns: the messages that were added, by their cause.
    :raises RuntimeError: outside a transaction.
    """
    require_transaction("a mail")
    wanted = {letter.cause: letter for letter in letters if not _too_many(letter, at=at)}
    messages = {cause: _message(letter, at=at) for cause, letter in wanted.items()}
    said = [{name: getattr(message, name) for name in _SAID} for message in messages.values()]
    added = {cause: pk for pk, cause in sql.execute(_ADD, said=sql.as_json(said))} if said else {}
    tasks: dict[str, list[int]] = {}
    others: list[OtherSubject] = []
    for cause, pk in added.items():
        messages[cause].pk = pk
        others += _other_subjects(pk, wanted[cause].also_about)
        tasks.setdefault(wanted[cause].task, []).append(pk)
    if others:
        OtherSubject.objects.bulk_create(others)
    for task, keys in tasks.items():
        defer_many(task, [{"message_id": pk} for pk in keys])
    return {cause: messages[cause] for cause in added}


def _other_subjects(message_id: int, subjects: Iterable[models.Model]) -> list[OtherSubject]:
    return [OtherSubject(message_id=message_id, about_kind=one._meta.label_lower, about_id=one.pk) for one in subjects]


def _message(letter: Email, *, at: datetime) -> Message:
    about = letter.about
    return Message(
        cause=letter.cause,
        kind=letter.kind,
        to=letter.to,
        subject=letter.rendered.subject,
        text=letter.rendered.text,
        html=letter.rendered.html,
        attachments=[dict(attachment) for attachment in letter.attachments],
        confidential=letter.confidential,
        at_most_once=letter.at_most_once,
        about_kind=about._meta.label_lower if about else "",
        about_id=about.pk if about else None,
        created_at=at,
    )


def queue_again(message: Message, *, to: str, at: datetime) -> Message | None:
    """
    Put the same mail in the outbox once more, as it was written; the one that did not arrive stays as it is. Asked
    twice, it is sent once. Runs in the caller's transaction, which holds the message.

    :returns: the copy, the one of before included; None if too many went to that address.
    """
    copy = Email(
        cause=queries.cause_of_copy(message),
        kind=message.kind,
        to=to,
        rendered=rules.RenderedMail(message.subject, message.text, message.html),
        about=queries.subject_of(message),
        also_about=queries.other_subjects_of(message),
        attachments=message.attachments,
        confidential=message.confidential,
        at_most_once=message.at_most_once,
    )
    return queue(copy, at=at) or queries.copy_of(message)


def _too_many(letter: Email, *, at: datetime) -> bool:
    """Tell whether an address, proven or not, has had its share of what anybody can make the town send."""
    quota = MADE_BY_STRANGERS.get(letter.kind)
    try:
        if quota is not None:
            limits.use(quota, letter.to.lower(), at=at)
    except TooMany:
        logger.warning("too many mails « %s » to one address in a day: not sent", letter.kind)
        return True
    return False


def compose(kind: str, variables: Mapping[str, str], *, own: queries.TemplateTexts | None = None) -> rules.RenderedMail:
    """
    Fill the words for this kind of mail: ``own``, else the town's, else the default ones.

    Words that cannot be filled are told to the operator and passed over: a mail never undoes what it is about.
    """
    # The town's words are looked up only where they are needed.
    for said in (own, None):
        said = said or queries.template_of(kind)
        try:
            return rules.render(said.subject, said.body, variables)
        except rules.BadTemplate as error:
            logger.error("the words of a mail « %s » cannot be filled: %s", kind, error)
    return rules.render(KINDS[kind].subject, KINDS[kind].body, variables)


@atomic_with_retry
def send_sample(words: rules.RenderedMail, *, kind: str, to: str, at: datetime) -> bool:
    """Send the words of a mail, with sample values, to who writes them; tell whether it leaves."""
    shown = replace(words, subject=_("[Essai] %(subject)s") % {"subject": words.subject})
    letter = Email(cause=f"sample:{texts.token()}", kind=kind, to=to, rendered=shown)
    return queue(letter, at=at) is not None


def deliver(*, message_id: int, at: datetime) -> None:
    """
    Hand one mail over to the mail server; a mail that is not waiting is left alone.

    An address that the server says does not exist is asked once: it will say the same eight times. It is marked, and
    the next mails to it are not tried, but for those that sign in: who waits for one is at their screen.

    :raises OSError: if the server did not take it and it will be tried again (the queue waits and retries).
    """
    if not settings.SMTP_URL and settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        _keep(message_id=message_id, at=at)
        return
    message = _claim(message_id=message_id, at=at)
    if message is None:
        return
    try:
        with forbid_transaction("sending a mail"):
            _hand_over(message)
    except ValueError as error:
        # Nothing has left: an address or a header is not what a mail may hold, and will not be the next time.
        said = f"{rules.UNWRITABLE}{type(error).__name__}"
        _finish(message_id=message_id, move=states.FAIL, at=at, error=said)
    except DeliveryUnknown as error:
        _finish(message_id=message_id, move=states.DOUBT, at=at, error=str(error))
    except OSError as error:
        final = rules.is_for_good(error)
        move = states.FAIL if final else _after_failure(message)
        said = rules.as_said(error)
        _finish(message_id=message_id, move=move, at=at, error=said, fault=rules.fault_of(said) if final else None)
        if move is states.POSTPONE:
            raise
    else:
        _finish(message_id=message_id, move=states.SEND, at=at)


def _hand_over(message: Message) -> None:
    """
    Give a mail to the mail server.

    :raises PerhapsSent: if the server fell silent with a mail that must not leave twice.
    :raises OSError: if it did not take the mail.
    """
    email = _as_email(message)
    connection = email.connection = get_connection()
    # Until the server answers, nothing has left.
    connection.open()
    try:
        email.send()
    except OSError as error:
        refused = isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)
        if message.at_most_once and not refused:
            raise DeliveryUnknown(str(error)) from error
        raise
    finally:
        connection.close()


def _after_failure(message: Message) -> Transition:
    return states.FAIL if message.tries >= MOST_TRIES else states.POSTPONE


@atomic_with_retry
def _keep(*, message_id: int, at: datetime) -> None:
    """Say that a mail went nowhere, because no mail server is set; it can be read in the CRM."""
    message = Message.objects.select_for_update().get(pk=message_id)
    if message.state != MessageState.QUEUED:
        return
    step = states.KEEP.apply(message)
    message.sent_at = at
    message.save(update_fields=["state", "sent_at"])
    audit_log.log_transition(step, subject=message, actor=actors.WORKER, at=at)


@atomic_with_retry
def _claim(*, message_id: int, at: datetime) -> Message | None:
    message = Message.objects.select_for_update().get(pk=message_id)
    if message.state != MessageState.QUEUED:
        return None
    if not message.confidential and queries.mark_of(message.to) is not None:
        _refuse(message, at=at)
        return None
    step = states.CLAIM.apply(message)
    message.claimed_at = at
    message.tries += 1
    message.save(update_fields=["state", "claimed_at", "tries"])
    audit_log.log_transition(step, subject=message, actor=actors.WORKER, at=at)
    return message


def _refuse(message: Message, *, at: datetime) -> None:
    step = states.REFUSE.apply(message)
    message.last_error = rules.UNDELIVERABLE
    message.save(update_fields=["state", "last_error"])
    audit_log.log_transition(step, subject=message, actor=actors.WORKER, at=at, error=rules.UNDELIVERABLE)


@atomic_with_retry
def _finish(
    *, message_id: int, move: Transition, at: datetime, error: str = "", fault: AddressFault | None = None
) -> None:
    message = Message.objects.select_for_update().get(pk=message_id)
    step = move.apply(message)
    message.last_error = error[:500]
    message.sent_at = at if message.state == MessageState.SENT else None
    message.save(update_fields=["state", "sent_at", "last_error"])
    audit_log.log_transition(step, subject=message, actor=actors.WORKER, at=at, error=error[:200])
    if fault is not None:
        mark_address(message, fault, said=error, at=at)


@atomic_with_retry
def cancel(*, message_id: int, reason: str, at: datetime) -> bool:
    """Give up a mail that has become pointless before it left, and tell so; one that left is left alone."""
    message = Message.objects.select_for_update().get(pk=message_id)
    if message.state != MessageState.QUEUED:
        return False
    step = states.DROP.apply(message)
    message.last_error = reason[:500]
    message.save(update_fields=["state", "last_error"])
    audit_log.log_transition(step, subject=message, actor=actors.WORKER, at=at, reason=reason)
    return True


def recover_abandoned(*, at: datetime) -> int:
    """
    Take care of mails whose worker died while handing them over, and return how many there were.

    A receipt may arrive twice and is queued again, a few times; a reminder must not, and waits for a person.
    """
    stale = Message.objects.filter(state=MessageState.SENDING, claimed_at__lt=at - ABANDONED_AFTER).order_by("id")
    each(stale, lambda message: _recover(message, at=at))
    return len(stale)


@atomic_with_retry
def _recover(message: Message, *, at: datetime) -> None:
    move = states.DOUBT if message.at_most_once else _after_failure(message)
    _finish(message_id=message.pk, move=move, at=at, error=rules.INTERRUPTED)
    if move is states.POSTPONE:
        defer("mailing.deliver", message_id=message.pk)


def configure_template(*, kind: str, subject: str, body: str, actor: Actor, at: datetime) -> Template:
    """
    Give a kind of mail the town's own words; the original ones, where it has none of its own, make no row.

    :raises obole.mailing.rules.BadTemplate: if they cannot be used; the words in force stay.
    """
    rules.check(subject, body, KINDS[kind].variables)
    existing = Template.objects.filter(kind=kind).first()
    values: dict[str, Any] = {"kind": kind, "subject": subject, "body": body}
    if existing is None and (subject, body) == (KINDS[kind].subject, KINDS[kind].body):
        return Template(**values)
    return configuration.configure(Template, pk=existing.pk if existing else None, values=values, actor=actor, at=at)


def written(message: Message) -> bytes:
    """Return a mail as it leaves, with its attachments, dated from when it left or was decided."""
    email = _as_email(message)
    email.extra_headers["Date"] = format_datetime(message.sent_at or message.created_at)
    return email.message().as_bytes()


def _as_email(message: Message) -> EmailMultiAlternatives:
    # The first is the sender of the envelope, to whom what does not arrive comes back; the second is what people read.
    sender = settings.MAIL_RETURN_TO or settings.DEFAULT_FROM_EMAIL
    email = EmailMultiAlternatives(message.subject, message.text, from_email=sender, to=[message.to])
    email.extra_headers["From"] = settings.DEFAULT_FROM_EMAIL
    email.extra_headers["Message-ID"] = rules.message_id(message.public_id)
    if message.html:
        email.attach_alternative(message.html, "text/html")
    for attachment in message.attachments:
        email.attach(attachment["name"], files.get(attachment["digest"]), attachment["type"])
    return email
