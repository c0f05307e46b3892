"""Mails that come back: read where they arrive, believed if they quote a mail of ours, and told to a person."""

import logging
from datetime import datetime

from django.conf import settings

from obole.audit_log import operations as audit_log
from obole.lib import actors, imap
from obole.lib.queue import each
from obole.lib.transactions import atomic_with_retry, forbid_transaction
from obole.mailing import rules, states
from obole.mailing.models import Message
from obole.mailing.operations.addresses import mark_address
from obole.mailing.rules import delivery_reports
from obole.mailing.rules.delivery_reports import DeliveryReport, Outcome
from obole.mailing.states import MessageState

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 200


def read_bounces(*, at: datetime) -> int:
    """
    Read what came back since the last time, and return how many mails that was.

    Each is marked as read once it is treated, and stays where it is; one that cannot be treated stops no other.

    :raises OSError: if the mailbox does not answer; the next time reads what this one did not.
    """
    if not settings.BOUNCES_IMAP_URL:
        return 0
    with forbid_transaction("reading mails that come back"), imap.opened(settings.BOUNCES_IMAP_URL) as mailbox:
        waiting = mailbox.unseen(MOST_AT_ONCE)
        each(waiting, lambda key: _read(mailbox, key, at=at))
    return len(waiting)


def _read(mailbox: imap.Mailbox, key: str, *, at: datetime) -> None:
    content = mailbox.read(key, most=delivery_reports.MOST_BYTES)
    try:
        reports = delivery_reports.parse(content)
    except delivery_reports.Unreadable as error:
        logger.warning("a mail that came back cannot be read (%s): left in its mailbox", error)
        reports = []
    for report in reports:
        hear_report(report, at=at)
    mailbox.mark_seen(key)


@atomic_with_retry
def hear_report(report: DeliveryReport, *, at: datetime) -> bool:
    """
    Believe what a server says of a mail, if it is a mail of ours that was for that address; heard again, it is silence.

    :returns: whether it is about one.
    """
    message = Message.objects.select_for_update().filter(public_id=report.public_id).first()
    if message is None or not _was_for(message, report):
        logger.warning("a mail that came back quotes none that was for its recipient: nothing is believed")
        return False
    if report.outcome is Outcome.DELAYED:
        _note_delay(message, report, at=at)
        return True
    if states.BOUNCE.allows(message):
        step = states.BOUNCE.apply(message)
        message.last_error = report.said
        message.save(update_fields=["state", "last_error"])
        audit_log.log_transition(step, subject=message, actor=actors.WORKER, at=at, error=report.said)
    if report.fault is not None:
        mark_address(message, report.fault, said=report.said, at=at)
    return True


def _was_for(message: Message, report: DeliveryReport) -> bool:
    return rules.normalised(message.to) in report.recipients


def _note_delay(message: Message, report: DeliveryReport, *, at: datetime) -> None:
    """Keep that a server holds a mail back; said again, it is not said twice."""
    if message.state != MessageState.SENT or message.last_error:
        return
    message.last_error = f"{rules.DELAYED}{report.said}"
    message.save(update_fields=["last_error"])
    audit_log.log_event("message.delay", subject=message, actor=actors.WORKER, at=at, error=report.said)
