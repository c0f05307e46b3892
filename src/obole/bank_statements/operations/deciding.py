"""What a person says of one line: what it is, or that it is left aside."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.bank_statements import queries, states
from obole.bank_statements.models import BankLine, Match
from obole.bank_statements.operations import settling
from obole.bank_statements.operations.proposing import look_again
from obole.bank_statements.operations.settling import Decision, NotMatched
from obole.bank_statements.rules import pool
from obole.cash_desk import queries as cash_desk
from obole.cash_desk.models import Deposit
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies.access import require_mandate

K = Match.Kind


@atomic_with_retry
def accept_line(*, line_id: int, seen: str, actor: Actor, at: datetime) -> BankLine:
    """
    Say that a line is what was proposed.

    :param seen: the fingerprint of the proposal that the person saw.
    :raises NotMatched: if something else is proposed now, or it is not true any more.
    :raises AccountTooLow: if the compte DFT would hold less than nothing.
    :raises obole.lib.states.ForbiddenTransition: if somebody said what the line is before.
    """
    line = _locked(line_id, actor=actor, at=at)
    if pool.fingerprint(line.proposal) != seen:
        raise NotMatched(_("Cette proposition a changé entre-temps : regardez la ligne de nouveau."))
    return _decide(line, settling.as_decision(line), actor=actor, at=at)


@atomic_with_retry
def choose_receipts(*, line_id: int, receipt_ids: Sequence[int], actor: Actor, at: datetime) -> BankLine:
    """
    Say which receipts a line is: they come to its amount, to the cent. Raises what ``accept_line`` does.

    One debit or cheque for a line that takes back: the receipt is taken back, and its payer told.
    """
    line = _locked(line_id, actor=actor, at=at)
    means = set(Receipt.objects.filter(pk__in=receipt_ids).values_list("means", flat=True).order_by("means"))
    kinds = [kind for kind, allowed in (*settling.CREDITS.items(), (K.TRANSFER, {"transfer"})) if means <= set(allowed)]
    if line.cents > 0 and not (means and kinds):
        raise NotMatched(
            _("Choisissez des encaissements d’une même sorte : en ligne et au terminal, ou chèques, ou virements.")
        )
    kind = kinds[0] if line.cents > 0 else K.REVERSAL
    decision = Decision(line_id=line.pk, kind=kind, receipts=tuple(sorted(set(receipt_ids))), why="chosen")
    return _decide(line, decision, actor=actor, at=at)


@atomic_with_retry
def choose_slip(*, line_id: int, slip_id: int, actor: Actor, at: datetime) -> BankLine:
    """
    Say which remise a credit is, or which bordereau de versement a debit is. Raises what ``accept_line`` does.

    What the bank shows is credited, or transferred, with it; where a person had written that, it is only linked.
    """
    line = _locked(line_id, actor=actor, at=at)
    if line.cents > 0:
        decision = Decision(line_id=line.pk, kind=K.DEPOSIT, deposit=slip_id, why="chosen")
    else:
        decision = Decision(line_id=line.pk, kind=K.REMITTANCE, remittance=slip_id, why="chosen")
    return _decide(line, decision, actor=actor, at=at)


@atomic_with_retry
def mark_fees(*, line_id: int, actor: Actor, at: datetime) -> BankLine:
    """Say that a debit is a commission of the bank: dépenses à régulariser. Raises what ``accept_line`` does."""
    line = _locked(line_id, actor=actor, at=at)
    return _decide(line, Decision(line_id=line.pk, kind=K.FEES, why="chosen"), actor=actor, at=at)


@atomic_with_retry
def classify_line(*, line_id: int, payer_name: str, reference: str, actor: Actor, at: datetime) -> Receipt:
    """
    Put a credit that nobody knows in recettes à classer, with a quittance and a task; once a line.

    :raises NotMatched: if the account was not credited.
    :raises obole.payments.operations.MoneyNotTaken: if the régie is closed.
    :raises obole.lib.states.ForbiddenTransition: if somebody said what the line is before.
    """
    line = _locked(line_id, actor=actor, at=at)
    settling.require_open(line)
    if line.cents < 0:
        raise NotMatched(_("Cette ligne débite le compte : il n’y a rien à classer."))
    rank = Match.objects.filter(line=line).count() + 1
    receipt = payments.take_unmatched(
        regie_id=line.regie_id,
        money=payments.Money(
            cents=line.cents,
            means=Receipt.Means.TRANSFER,
            payer_name=payer_name.strip()[:120],
            reference=(reference.strip() or line.label)[:60],
        ),
        request_key=f"bank_line:{line.pk}:{rank}",
        actor=actor,
        at=at,
    )
    decision = Decision(line_id=line.pk, kind=K.UNMATCHED, receipts=(receipt.pk,), why="unknown")
    settling.keep({line.pk: line}, [(decision, None)], actor=actor, at=at)
    return receipt


@atomic_with_retry
def ignore_line(*, line_id: int, reason: str, actor: Actor, at: datetime) -> BankLine:
    """
    Leave a line aside, with a reason: it stays in the statements, and is listed.

    :raises NotMatched: if nothing says why.
    :raises obole.lib.states.ForbiddenTransition: if somebody said what the line is before.
    """
    line = _locked(line_id, actor=actor, at=at)
    if not reason.strip():
        raise NotMatched(_("Écrivez pourquoi cette ligne est laissée de côté."))
    step = states.IGNORE.apply(line)
    line.ignored_reason, line.proposal = reason.strip()[:300], None
    line.save(update_fields=["state", "ignored_reason", "proposal"])
    audit_log.log_transition(step, subject=line, actor=actor, at=at, reason=line.ignored_reason)
    look_again(line.regie_id)
    return line


@atomic_with_retry
def reopen_line(*, line_id: int, actor: Actor, at: datetime) -> BankLine:
    """
    Take up again a line that was left aside.

    :raises obole.lib.states.ForbiddenTransition: if it was not.
    """
    line = _locked(line_id, actor=actor, at=at)
    step, reason = states.REOPEN.apply(line), line.ignored_reason
    line.ignored_reason = ""
    line.save(update_fields=["state", "ignored_reason"])
    audit_log.log_transition(step, subject=line, actor=actor, at=at, reason=reason)
    look_again(line.regie_id)
    return line


def _locked(line_id: int, *, actor: Actor, at: datetime) -> BankLine:
    line = settling.lock_lines([line_id])[line_id]
    require_mandate(regie_id=line.regie_id, actor=actor, at=at)
    return line


def _decide(line: BankLine, decision: Decision, *, actor: Actor, at: datetime) -> BankLine:
    settling.require_open(line)
    if not settling.settle({line.pk: line}, [decision], actor=actor, at=at):
        raise NotMatched(
            _why_not(line, decision)
            or _(
                "Ce que vous avez choisi n’est pas du montant de la ligne, ou n’attend plus : rien n’a été enregistré."
            )
        )
    return line


def _why_not(line: BankLine, decision: Decision) -> str:
    """Say what stands in the way of a remise, or in which one the receipts are; nothing where it is something else."""
    waits = queries.linkable_deposits(line.regie_id).filter(
        state="prepared", cents=line.cents, pk=decision.deposit or 0
    )
    changed = cash_desk.not_in_instance(one) if (one := waits.first()) else []
    if changed:
        said = _("%(numbers)s : repris ou crédité depuis. Annulez la remise et préparez-en une autre.")
        return said % {"numbers": ", ".join(receipt.number for receipt in changed)}
    holding = Deposit.objects.filter(lines__receipt__in=decision.receipts, lines__holds=True, state="prepared").first()
    if holding is None:
        return ""
    said = _("Cet encaissement est dans la remise %(number)s : choisissez la remise, ou annulez-la.")
    return said % {"number": holding.number}
