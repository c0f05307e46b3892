"""An invoice that was handed over wrongly: the comptable sends it back, and it is due to the régie again."""

from datetime import date, datetime

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.recovery import emails, line_states as states
from obole.recovery.models import TransmissionLine
from obole.regies.access import require_mandate


class ReasonMissing(ValueError):
    """A return has a reason, and the reference of what the comptable wrote."""


@atomic_with_retry
def return_line(
    *, line_id: int, due_date: date, reason: str, reference: str, actor: Actor, at: datetime
) -> TransmissionLine:
    """
    Take back an invoice from the comptable: due again until a new day, and its payer is told.

    :raises ReasonMissing: without a reason and a reference.
    :raises obole.billing.operations.BadDays: if the new last day to pay is not to come.
    :raises obole.lib.states.ForbiddenTransition: if it is not with the comptable.
    """
    why, said = " ".join(reason.split())[:300], " ".join(reference.split())[:60]
    if not why or not said:
        raise ReasonMissing
    rows = TransmissionLine.objects.select_for_update(of=("self",)).select_related("transmission")
    line = rows.get(pk=line_id)
    require_mandate(regie_id=line.transmission.regie_id, actor=actor, at=at)
    step = states.RETURN.apply(line)
    line.return_entry = billing.return_invoice(
        invoice_id=line.invoice_id, due_date=due_date, reason=why, reference=said, actor=actor, at=at
    )
    line.returned_at, line.return_reason, line.return_reference = at, why, said
    line.save(update_fields=["state", "returned_at", "return_reason", "return_reference", "return_entry"])
    audit_log.log_transition(step, subject=line, actor=actor, at=at, reason=why[:200], reference=said)
    emails.send_return_notice(line, at=at)
    return line
