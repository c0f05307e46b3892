"""What was said of a line and was not so: undone by an entry of its own, with a reason."""

from datetime import datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.bank_statements import queries, states
from obole.bank_statements.models import BankLine, Match, MatchedReceipt
from obole.bank_statements.operations import settling
from obole.bank_statements.operations.proposing import look_again
from obole.cash_desk import operations as cash_desk
from obole.cash_desk.models import Deposit, UndoneCredit
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import operations as payments
from obole.payments.models import Reversal
from obole.regies import ledger
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Entry
from obole.remittances import operations as remittances
from obole.remittances.models import Remittance, UndoneTransfer

K = Match.Kind


class NotUndone(ValueError):
    """It stays as it is: the sentence says why."""


@atomic_with_retry
def undo_match(*, line_id: int, reason: str, actor: Actor, at: datetime) -> Match:
    """
    Undo what was said of a line: what it booked is booked the other way round, and the line is open again.

    A receipt that was taken back stays so, and a remise or a transfer that a person had written: only the line is let
    go.

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


@atomic_with_retry
def undo_transfer(*, remittance_id: int, reason: str, actor: Actor, at: datetime) -> UndoneTransfer:
    """
    Undo a transfer that a person wrote by mistake; one that a line of the bank shows is undone there.

    Raises what ``remittances.operations.undo_transfer`` does.

    :raises NotUndone: if a line shows it, with its day.
    """
    undone = remittances.undo_transfer(remittance_id=remittance_id, reason=reason, actor=actor, at=at)
    _require_unseen(remittance=undone.remittance)
    return undone


@atomic_with_retry
def undo_credit(*, deposit_id: int, reason: str, actor: Actor, at: datetime) -> UndoneCredit:
    """
    Undo the credit of a remise that a person wrote by mistake; one that a line of the bank shows is undone there.

    :raises obole.cash_desk.operations.ReasonMissing: if nothing says why.
    :raises obole.lib.states.ForbiddenTransition: if it was not credited.
    :raises NotUndone: if a line shows it, or what it credited was paid over or taken back since.
    :raises AccountTooLow: if the compte DFT could not bear it.
    """
    undone = _uncredited(deposit_id, reason=reason, actor=actor, at=at)
    _require_unseen(deposit=undone.deposit)
    return undone


def _require_unseen(**subject: Deposit | Remittance) -> None:
    line = queries.line_of(**subject)
    if line is not None:
        said = _("La ligne du relevé du %(day)s le montre : défaites ce rapprochement.")
        raise NotUndone(said % {"day": dates.format_short(line.day)})


def _uncredited(deposit_id: int, *, reason: str, actor: Actor, at: datetime) -> UndoneCredit:
    try:
        return cash_desk.undo_credit(deposit_id=deposit_id, reason=reason, actor=actor, at=at)
    except payments.AccountTooLow as refusal:
        raise settling.AccountTooLow(refusal.missing) from None
    except (payments.ClearingStands, payments.PaidOver) as refusal:
        raise NotUndone(_why_credited(refusal)) from None


def _why_credited(refusal: payments.ClearingStands | payments.PaidOver) -> str:
    if isinstance(refusal, payments.PaidOver):
        return _("Une somme de cette ligne a été versée au comptable depuis : son crédit ne se défait plus.")
    return _("Un encaissement de cette ligne a été repris depuis (rejet, impayé) : son crédit a bien eu lieu.")


def _book(line: BankLine, match: Match, *, reason: str, actor: Actor, at: datetime) -> Entry | None:
    cause = ledger.Cause(kind="bank_line_undone", key=settling.cause_of(line, match.rank).key)
    label = f"{line.label[:150]} {reason.strip()}"[:200]
    if match.kind == K.UNMATCHED:
        _take_back(match, reason=reason, actor=actor, at=at)
    if match.entry is None:
        entry = None
    elif match.deposit_id is not None:
        entry = _uncredited(match.deposit_id, reason=reason, actor=actor, at=at).undone_entry
    elif match.remittance_id is not None:
        undone = remittances.undo_transfer(remittance_id=match.remittance_id, reason=reason, actor=actor, at=at)
        entry = undone.undone_entry
    elif match.kind == K.FEES:
        postings = ledger.transfer_postings(debit=Account.TREASURY_DEPOSIT, credit=Account.FEES, cents=-match.cents)
        entry = ledger.post(regie_id=line.regie_id, cause=cause, postings=postings, label=label, at=at)
    else:
        try:
            entry = payments.undo_clearing(entry_id=match.entry.pk, cause=cause, label=label, actor=actor, at=at)
        except (payments.ClearingStands, payments.PaidOver) as refusal:
            raise NotUndone(_why_credited(refusal)) from None
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
