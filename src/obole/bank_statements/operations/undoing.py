"""What was said of a line and was not so: undone by an entry of its own, with a reason."""

from datetime import datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.bank_statements import states
from obole.bank_statements.models import BankLine, Match, MatchedReceipt
from obole.bank_statements.operations import settling
from obole.bank_statements.operations.proposing import look_again
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import operations as payments
from obole.payments.models import Reversal
from obole.regies import ledger
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Entry

K = Match.Kind


class NotUndone(ValueError):
    """It stays as it is: the sentence says why."""


@atomic_with_retry
def undo_match(*, line_id: int, reason: str, actor: Actor, at: datetime) -> Match:
    """
    Undo what was said of a line: what it booked is booked the other way round, and the line is open again.

    A receipt that was taken back stays so: only the line is let go.

    :raises NotUndone: without a reason, or if a receipt of it was taken back or promised to a refund since.
    :raises AccountTooLow: if the compte DFT would hold less than nothing.
    :raises obole.lib.states.ForbiddenTransition: if the line is not matched.
    """
    line = settling.lock_lines([line_id])[line_id]
    require_mandate(regie_id=line.regie_id, actor=actor, at=at)
    if not reason.strip():
        raise NotUndone(_("Écrivez pourquoi ce rapprochement est défait."))
    step = states.UNDO.apply(line)
    match = Match.objects.select_related("entry").get(line=line, undone_at=None)
    match.undone_entry = _book(line, match, reason=reason, actor=actor, at=at)
    match.undone_at, match.undone_by, match.undone_reason = at, actor, reason.strip()[:300]
    match.save(update_fields=["undone_at", "undone_by", "undone_reason", "undone_entry"])
    MatchedReceipt.objects.filter(match=match).update(standing=False)
    line.save(update_fields=["state"])
    audit_log.log_transition(step, subject=line, actor=actor, at=at, kind=match.kind, reason=match.undone_reason)
    look_again(line.regie_id)
    return match


def _book(line: BankLine, match: Match, *, reason: str, actor: Actor, at: datetime) -> Entry | None:
    cause = ledger.Cause(kind="bank_line_undone", key=settling.cause_of(line, match.rank).key)
    label = f"{line.label[:150]} {reason.strip()}"[:200]
    if match.kind == K.UNMATCHED:
        _take_back(match, reason=reason, actor=actor, at=at)
    if match.entry is None:
        entry = None
    elif match.kind == K.FEES:
        postings = ledger.transfer_postings(debit=Account.TREASURY_DEPOSIT, credit=Account.FEES, cents=-match.cents)
        entry = ledger.post(regie_id=line.regie_id, cause=cause, postings=postings, label=label, at=at)
    else:
        try:
            entry = payments.undo_clearing(entry_id=match.entry.pk, cause=cause, label=label, actor=actor, at=at)
        except payments.ClearingStands:
            raise NotUndone(
                _("Un encaissement de cette ligne a été repris depuis (rejet, impayé) : son crédit a bien eu lieu.")
            ) from None
        except payments.PaidOver:
            raise NotUndone(
                _("Une somme de cette ligne a été versée au comptable depuis : son crédit ne se défait plus.")
            ) from None
    settling.require_funds(line.regie_id)
    return entry


def _take_back(match: Match, *, reason: str, actor: Actor, at: datetime) -> None:
    """Take back the quittance that was given for money whose invoice nobody knew."""
    for shown in match.receipts.order_by("id"):
        try:
            payments.reverse_receipt(
                receipt_id=shown.receipt_id, kind=Reversal.Kind.MISTAKE, reason=reason.strip()[:200], actor=actor, at=at
            )
        except payments.AccountTooLow as refusal:
            raise settling.AccountTooLow(refusal.missing) from None
        except payments.NotReversible:
            raise NotUndone(_("Un remboursement de cette somme est demandé ou fait : abandonnez-le d’abord.")) from None
