"""« Suspendre les relances » until a day, with a reason; taking it back; and its end, which comes by itself."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing.access import require_biller
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.directory.models import Citizen
from obole.lib import actors, dates, texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry, require_transaction
from obole.recovery.models import Hold

LONGEST = timedelta(days=365)


class CannotHold(ValueError):
    """Reminders cannot wait so; the message is a French sentence for the agent, ``of_comment``: of what they wrote."""

    def __init__(self, said: str, *, of_comment: bool = False) -> None:
        super().__init__(said)
        self.of_comment = of_comment


@dataclass(frozen=True)
class HoldRequest:
    """Until when (that day included), why, and whether for every invoice of the payer."""

    until: date
    reason: str
    comment: str = ""
    of_payer: bool = False


@atomic_with_retry
def place_hold(*, invoice_id: int, asked: HoldRequest, actor: Actor, at: datetime) -> Hold:
    """
    Leave an invoice that is due in peace until a day: neither reminded nor handed over. A hold that was there is
    replaced: the new day counts, be it sooner.

    :raises obole.directory.rules.NotAllowed: if it is neither of their prestations nor of their régies.
    :raises CannotHold: if it is not due, if the day is past or a year away, or if another reason is not said.
    """
    invoice = Invoice.objects.locked().get(pk=invoice_id)
    require_biller(invoice, actor=actor, at=at)
    asked = check_hold(asked, today=dates.day_of(at))
    if invoice.state != InvoiceState.DUE:
        raise CannotHold(_("Cette facture n’est plus à payer ici : il n’y a rien à suspendre."))
    if asked.of_payer:
        # Two agents may ask for it from two invoices of the same payer.
        Citizen.objects.select_for_update(of=("self",)).get(pk=invoice.payer_id)
    same = {"payer": invoice.payer_id} if asked.of_payer else {"invoice": invoice}
    Hold.objects.filter(of_payer=asked.of_payer, ended_at=None, **same).update(ended_at=at)
    given = vars(asked)
    hold = Hold.objects.create(invoice=invoice, payer_id=invoice.payer_id, placed_at=at, placed_by=actor, **given)
    # What an agent wrote of somebody's life stays with the hold, where it can be forgotten.
    details = {"until": asked.until.isoformat(), "reason": texts.in_french(Hold.Reason(asked.reason).label)}
    audit_log.log_event("hold.place", subject=invoice, actor=actor, at=at, of_payer=asked.of_payer, **details)
    return hold


@atomic_with_retry
def lift_hold(*, hold_id: int, actor: Actor, at: datetime) -> Hold:
    """
    End a hold before its day: reminders go on as planned. One that has ended stays as it is.

    :raises obole.directory.rules.NotAllowed: if it is neither of their prestations nor of their régies.
    """
    hold = Hold.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=hold_id)
    require_biller(hold.invoice, actor=actor, at=at)
    if hold.ended_at is None:
        _end(hold, "hold.lift", actor=actor, at=at)
    return hold


def end_shorter_hold(*payer_ids: int, at: datetime) -> None:
    """
    Where reminders of all the invoices of payers who become one are suspended twice, leave the hold that lasts longest.
    The caller holds the payers.
    """
    require_transaction("the end of a hold")
    holds = Hold.objects.filter(of_payer=True, payer__in=payer_ids, ended_at=None).select_related("invoice")
    for hold in holds.order_by("-until", "-id")[1:]:
        _end(hold, "hold.lift", actor=actors.WORKER, at=at)


@atomic_with_retry
def end_hold(*, hold_id: int, at: datetime) -> None:
    """Write that a hold is over, the day after its last one; it holds nothing back from then on, written or not."""
    hold = Hold.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=hold_id)
    if hold.ended_at is None and hold.until < dates.day_of(at):
        _end(hold, "hold.end", actor=actors.WORKER, at=at)


def _end(hold: Hold, verb: str, *, actor: Actor, at: datetime) -> None:
    hold.ended_at = at
    hold.save(update_fields=["ended_at"])
    audit_log.log_event(verb, subject=hold.invoice, actor=actor, at=at, until=hold.until.isoformat())


def check_hold(asked: HoldRequest, *, today: date) -> HoldRequest:
    """
    Return what is asked for, as it is kept.

    :raises CannotHold: if the day is past or a year away, or if another reason is not said.
    """
    asked = replace(asked, comment=" ".join(asked.comment.split())[:200])
    if not today <= asked.until <= today + LONGEST:
        raise CannotHold(_("Choisissez un jour à venir, d’ici un an au plus."))
    if asked.reason not in Hold.Reason.values:
        raise CannotHold(_("Choisissez un motif."))
    if asked.reason == Hold.Reason.OTHER and not asked.comment:
        raise CannotHold(_("Précisez le motif : vos collègues le liront."), of_comment=True)
    return asked
