"""Addresses that no mail reaches: marked by what the servers say, lifted by a person."""

from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.lib import actors
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry, require_transaction
from obole.mailing import rules
from obole.mailing.models import Message, UndeliverableAddress
from obole.mailing.states import AddressFault


def mark_address(message: Message, fault: AddressFault, *, said: str, at: datetime) -> None:
    """
    Mark the address of a mail that was refused or came back, in the transaction that says so.

    A mail marks its address once, and an address has one mark at a time: whoever comes second changes nothing. What a
    person said since the mail left is worth more than its return.
    """
    require_transaction("a mark on an address")
    address = rules.normalised(message.to)
    known = UndeliverableAddress.objects.filter(address=address)
    trusted = message.sent_at is not None and known.filter(ended_at__gt=message.sent_at).exists()
    if trusted or known.filter(message=message).exists():
        return
    mark = UndeliverableAddress(address=address, fault=fault, diagnostic=said[:200], since=at, message=message)
    UndeliverableAddress.objects.bulk_create([mark], ignore_conflicts=True)
    if known.filter(message=message).exists():
        audit_log.log_event("address.mark", subject=message, actor=actors.WORKER, at=at, fault=fault)


@atomic_with_retry
def trust_address(*, address: str, actor: Actor, at: datetime) -> bool:
    """Lift the mark on an address because a person says that it is good, and tell whether there was one."""
    marks = UndeliverableAddress.objects.select_for_update(of=("self",)).select_related("message")
    mark = marks.filter(address=rules.normalised(address), ended_at=None).first()
    if mark is None:
        return False
    mark.ended_at, mark.ended_by = at, actor
    mark.save(update_fields=["ended_at", "ended_by"])
    audit_log.log_event("address.trust", subject=mark.message or mark, actor=actor, at=at)
    return True
