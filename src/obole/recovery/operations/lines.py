"""One row of a transmission: it leaves, or says why it stays, in its own transaction, so that it stops no other."""

from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.directory.rules import NotAllowed
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.recovery import emails, line_states as states, queries
from obole.recovery.line_states import LineState
from obole.recovery.models import Obstacle, TransmissionLine
from obole.recovery.states import TransmissionState
from obole.regies.access import require_mandate


@atomic_with_retry
def send_line(*, line_id: int, at: datetime) -> TransmissionLine:
    """
    Hand one invoice of a transmission over, in the name of who sent it, or write why it stays. Once; again does
    nothing.
    """
    rows = TransmissionLine.objects.select_for_update(of=("self",)).select_related("transmission")
    line = rows.get(pk=line_id)
    if line.state != LineState.WAITING or line.transmission.state != TransmissionState.SENDING:
        return line
    sender = line.transmission.sent_by
    today = dates.day_of(at)
    invoice = Invoice.objects.locked().get(pk=line.invoice_id)
    [obstacle] = queries.with_obstacle(Invoice.objects.filter(pk=invoice.pk), today).values_list("obstacle", flat=True)
    try:
        require_mandate(regie_id=line.transmission.regie_id, actor=sender, at=at)
    except NotAllowed:
        obstacle = Obstacle.MANDATE
    if obstacle:
        return _refuse(line, Obstacle(obstacle), actor=sender, at=at)
    line.cents = invoice.remaining_cents
    line.entry = billing.transfer_invoice(invoice_id=invoice.pk, actor=sender, at=at)
    line.decided_at = at
    step = states.HAND_OVER.apply(line)
    line.save(update_fields=["state", "cents", "entry", "decided_at"])
    audit_log.log_transition(step, subject=line, actor=sender, at=at, cents=line.cents)
    emails.send_transfer_notice(line, at=at)
    return line


def _refuse(line: TransmissionLine, obstacle: Obstacle, *, actor: Actor, at: datetime) -> TransmissionLine:
    step = states.REFUSE.apply(line)
    line.obstacle, line.decided_at = obstacle, at
    line.save(update_fields=["state", "obstacle", "decided_at"])
    audit_log.log_transition(step, subject=line, actor=actor, at=at, obstacle=obstacle)
    return line
