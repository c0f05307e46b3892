"""What takes a mail out of the outbox: handed over, given up, left, or taken care of after a worker died."""

import random
import smtplib
from datetime import datetime, timedelta
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from obole.audit_log import operations as audit_log
from obole.gateways.sms import contract as sms, registry as sms_registry
from obole.lib import actors, files
from obole.lib.queue import defer, each
from obole.lib.states import Transition
from obole.lib.transactions import atomic_with_retry, forbid_transaction
from obole.limits import operations as limits
from obole.limits.rules import MINUTE, Quota, TooMany
from obole.mailing import queries, rules, states
from obole.mailing.models import Message
from obole.mailing.operations.addresses import mark_address
from obole.mailing.states import AddressFault, Channel, MessageState

MOST_TRIES = 8
ABANDONED_AFTER = timedelta(minutes=10)
SPREAD = timedelta(minutes=4)
"""Over how long the mails that a domain does not take yet come again."""


class DeliveryUnknown(Exception):
    """The mail server fell silent after it was given a mail: nobody knows whether it left."""


def deliver(*, message_id: int, at: datetime, task: str = "mailing.deliver") -> None:
    """
    Hand one mail over to the mail server, or one SMS to who carries them; what is not waiting is left alone.

    A domain that the operator wants to be written to slowly has its turn: what comes too early comes again, as
    ``task``, within a few minutes.

    An address that the server says does not exist is asked once: it will say the same eight times. It is marked, and
    the next mails to it are not tried, but for those that sign in: who waits for one is at their screen.

    :raises OSError: if the server did not take it and it will be tried again (the queue waits and retries).
    """
    channel, to = Message.objects.values_list("channel", "to").get(pk=message_id)
    if not _is_carried(channel):
        _keep(message_id=message_id, at=at)
        return
    later = _turn_of(to, at=at) if channel == Channel.MAIL else None
    if later is not None:
        defer(task, at=later, message_id=message_id)
        return
    message = _claim(message_id=message_id, at=at)
    if message is None:
        return
    try:
        with forbid_transaction("sending a mail"):
            _hand_over_sms(message) if channel == Channel.SMS else _hand_over(message)
    except (OSError, ValueError, DeliveryUnknown, sms.Refused) as error:
        move, said, fault = _failure(message, error)
        _finish(message_id=message_id, move=move, at=at, error=said, fault=fault)
        if move is states.POSTPONE:
            raise
    else:
        _finish(message_id=message_id, move=states.SEND, at=at)


def _failure(message: Message, error: Exception) -> tuple[Transition, str, AddressFault | None]:
    """Return what becomes of a message that was not taken, what is kept of it, and what is wrong with its address."""
    if isinstance(error, sms.Refused):
        return states.FAIL, f"{rules.SMS_REFUSED}{error}", None
    if isinstance(error, DeliveryUnknown):
        return states.DOUBT, str(error), None
    if not isinstance(error, OSError):
        # Nothing has left: an address or a header is not what a mail may hold, and will not be the next time.
        return states.FAIL, f"{rules.UNWRITABLE}{type(error).__name__}", None
    final, said = rules.is_for_good(error), rules.as_said(error)
    if final:
        return states.FAIL, said, rules.fault_of(said)
    return _after_failure(message), said, None


def _is_carried(channel: str) -> bool:
    """Tell whether the operator said who carries what goes by a channel; else it is kept, and read in the CRM."""
    if channel == Channel.SMS:
        return bool(settings.SMS_URL)
    return bool(settings.SMTP_URL) or not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")


def _turn_of(to: str, *, at: datetime) -> datetime | None:
    """Count a mail for its domain; return when to try again if that one had as many as it takes in a minute."""
    domain = to.rpartition("@")[2].lower()
    most = settings.MAIL_PACES.get(domain)
    if most is None:
        return None
    try:
        limits.use(Quota(name="mail_pace", most=most, per=MINUTE), domain, at=at)
    except TooMany as refused:
        # Spread over a while: those that wait would all come back at once.
        return at + max(refused.wait, SPREAD * random.random())
    return None


def _hand_over_sms(message: Message) -> None:
    service = sms_registry.service(settings.SMS_URL)
    if service is not None:
        service.send(sms.Sms(key=message.public_id, to=message.to, text=message.text))


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
