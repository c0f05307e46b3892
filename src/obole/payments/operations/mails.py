"""Mails that did not arrive, sent once more."""

from datetime import datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing.access import require_biller
from obole.billing.models import Invoice
from obole.catalogue.access import require_service
from obole.directory.models import Citizen
from obole.directory.rules import NotAllowed
from obole.dossiers.models import Dossier
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.mailing import operations as mailing, queries as mails
from obole.mailing.models import Message
from obole.mailing.states import NOT_ARRIVED, Channel, MessageState
from obole.payments.models import Anomaly
from obole.payments.operations.anomalies import end_anomaly


class NotResendable(ValueError):
    """The mail arrived, has become pointless, or nobody is there to read it."""


@atomic_with_retry
def resend_message(*, message_id: int, actor: Actor, at: datetime) -> Message:
    """
    Send a mail once more, to the address that its reader has now; asked twice, it leaves once.

    The task that asked a person to look at it ends with it.

    :raises NotResendable: if it arrived where its reader still is, or has nothing to say any more.
    :raises obole.directory.rules.NotAllowed: to who does not work on what it is about.
    """
    message = Message.objects.select_for_update().get(pk=message_id)
    _require_right(message, actor=actor, at=at)
    known = mails.copy_of(message)
    if known is not None:
        return known
    to = address_to_resend(message)
    if not to:
        raise NotResendable(f"mail {message.pk}")
    copy = mailing.queue_again(message, to=to, at=at)
    if copy is None:
        raise NotResendable(f"mail {message.pk}: too many to its address")
    audit_log.log_event("message.resend", subject=message, actor=actor, at=at, copy=copy.pk)
    asked = Anomaly.objects.select_for_update(of=("self",)).filter(message=message, closed_at=None).order_by("id")
    for anomaly in asked:
        end_anomaly(anomaly, Anomaly.Outcome.NOTED, note=_("Courriel renvoyé à %s") % to, actor=actor, at=at)
    return copy


def address_to_resend(message: Message) -> str:
    """Return where a mail would be sent once more: nothing where that makes no sense, or mails come back from."""
    if message.channel == Channel.SMS or message.confidential or not message.text:
        return ""
    if _is_pointless(message) or mails.copy_of(message) is not None:
        return ""
    reader = reader_of(message)
    if reader is None or reader.deceased_on is not None:
        return ""
    to = reader.email
    if message.state in NOT_ARRIVED:
        to = to or message.to
    elif message.state != MessageState.SENT or to.lower() == message.to.lower():
        return ""
    return to if mails.is_usable(to) else ""


def _require_right(message: Message, *, actor: Actor, at: datetime) -> None:
    about = mails.subject_of(message)
    if isinstance(about, Invoice):
        require_biller(about, actor=actor, at=at)
    elif isinstance(about, Dossier):
        require_service(service_id=about.scheme.service_id, actor=actor)
    else:
        raise NotAllowed(f"{actor.id} may not send mail {message.pk} again")


def reader_of(message: Message) -> Citizen | None:
    """Return whose mail it is: the payer of its invoice, or who sent its dossier."""
    about = mails.subject_of(message)
    if isinstance(about, Invoice):
        return about.payer
    return about.citizen if isinstance(about, Dossier) else None


def _is_pointless(message: Message) -> bool:
    """Tell whether it asks for money that is not owed any more."""
    about = mails.subject_of(message)
    return message.kind.startswith("reminder") and isinstance(about, Invoice) and not about.remaining_cents
