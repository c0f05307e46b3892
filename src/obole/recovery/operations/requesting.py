"""A selection of unpaid invoices, before anything of it is sent."""

from collections.abc import Sequence
from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.recovery import states
from obole.recovery.models import Transmission, TransmissionLine
from obole.regies.access import require_mandate
from obole.regies.models import Regie


class NothingToHandOver(ValueError):
    """None of the chosen invoices is due to this régie any more."""


@atomic_with_retry
def request_transmission(
    *, regie_id: int, invoice_ids: Sequence[int], request_key: str, actor: Actor, at: datetime
) -> Transmission:
    """
    Ask that invoices be handed over to the comptable. The same ``request_key`` again returns what it made.

    Nothing of them changes yet: each is looked at again when it is sent.

    :raises NothingToHandOver: if none of them is due to the régie.
    """
    regie = Regie.objects.get(pk=regie_id)
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    due = Invoice.objects.filter(regie=regie, pk__in=set(invoice_ids), state=InvoiceState.DUE)
    transmission, created = Transmission.objects.get_or_create(
        request_key=f"{regie_id}:{request_key}",
        defaults={"regie": regie, "by_two": regie.transfer_by_two, "requested_by": actor, "requested_at": at},
    )
    if not created:
        return transmission
    chosen = list(due.order_by("due_date", "id"))
    if not chosen:
        raise NothingToHandOver
    TransmissionLine.objects.bulk_create(
        TransmissionLine(transmission=transmission, invoice=invoice, cents=invoice.remaining_cents)
        for invoice in chosen
    )
    cents = sum(invoice.remaining_cents for invoice in chosen)
    audit_log.log_event(
        "transmission.request", subject=transmission, actor=actor, at=at, invoices=len(chosen), cents=cents
    )
    return transmission


@atomic_with_retry
def give_up_transmission(*, transmission_id: int, reason: str, actor: Actor, at: datetime) -> Transmission:
    """
    Give up a transmission that was asked for and not sent: its invoices stay as they are.

    :raises obole.lib.states.ForbiddenTransition: if it was sent or given up.
    """
    transmission = Transmission.objects.select_for_update(of=("self",)).get(pk=transmission_id)
    require_mandate(regie_id=transmission.regie_id, actor=actor, at=at)
    step = states.GIVE_UP.apply(transmission)
    transmission.ended_at = at
    transmission.save(update_fields=["state", "ended_at"])
    audit_log.log_transition(step, subject=transmission, actor=actor, at=at, reason=reason[:200])
    return transmission
