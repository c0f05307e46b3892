"""What puts a mail in the outbox: its words, its cause, its place in the queue of the worker."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from obole.audit_log import configuration
from obole.lib import sql, texts
from obole.lib.actors import Actor
from obole.lib.languages import Language
from obole.lib.queue import defer_many
from obole.lib.transactions import atomic_with_retry, require_transaction
from obole.limits import operations as limits
from obole.limits.rules import ACCOUNT_MAILS, NOTICE_MAILS, TooMany
from obole.mailing import queries, rules
from obole.mailing.default_templates import KINDS
from obole.mailing.english_templates import ENGLISH
from obole.mailing.models import Message, OtherSubject, Template
from obole.mailing.states import Channel

logger = logging.getLogger(__name__)
MADE_BY_STRANGERS = {"account": ACCOUNT_MAILS, "dossier_received": NOTICE_MAILS}
"""The kinds of mails that somebody can have sent to an address that is not theirs."""
_SAID = (
    "public_id",
    "cause",
    "kind",
    "channel",
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
        public_id, cause, kind, channel, "to", subject, text, html, attachments, confidential, at_most_once, about_kind,
        about_id, state, created_at, tries, last_error
    )
    SELECT * FROM json_to_recordset(%(said)s) AS said (
        public_id text, cause text, kind text, channel text, "to" text, subject text, text text, html text,
        attachments jsonb, confidential boolean, at_most_once boolean, about_kind text, about_id bigint, state text,
        created_at timestamptz, tries smallint, last_error text
    )
    ON CONFLICT (cause) DO NOTHING
    RETURNING id, cause
"""
"""Who comes second with the same cause waits for the first, and adds nothing; no savepoint is needed for a refusal."""


@dataclass(frozen=True, kw_only=True)
class Email:
    """What to send, to whom, and about what; an SMS has a telephone in ``to`` and its text alone in ``rendered``."""

    cause: str
    kind: str
    to: str
    rendered: rules.RenderedMail
    channel: Channel = Channel.MAIL
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
        channel=letter.channel,
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


def compose(
    kind: str, variables: rules.Values, *, own: queries.TemplateTexts | None = None, language: str = Language.FRENCH
) -> rules.RenderedMail:
    """
    Fill the words for this kind of mail: ``own``, else the town's, else the default ones; for who reads English, the
    default ones in English, since the town writes in French.

    Words that cannot be filled are told to the operator and passed over: a mail never undoes what it is about.
    """
    if language == Language.ENGLISH:
        return rules.render(ENGLISH[kind].subject, ENGLISH[kind].body, variables, language=language)
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
