"""What is written when lines are said to be something. The callers hold the lines, and record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.bank_statements import queries, states
from obole.bank_statements.models import BankLine, Match, MatchedReceipt
from obole.bank_statements.rules import matching
from obole.cash_desk import operations as cash_desk, queries as cash_desk_queries
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import Deposit, DepositLine
from obole.lib import dates, money, sql, texts
from obole.lib.actors import Actor
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Receipt, Refund, Reversal
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Balance, Entry
from obole.remittances import operations as remittances
from obole.remittances.models import Remittance
from obole.remittances.states import RemittanceState

K = Match.Kind
CREDITS = {K.ONLINE: matching.ONLINE, K.CHEQUES: matching.AT_ONCE}
CODES = {
    "AM04": Reversal.Code.FUNDS,
    "AC04": Reversal.Code.CLOSED,
    "MD06": Reversal.Code.OPPOSED,
    "MD01": Reversal.Code.OPPOSED,
    "MS02": Reversal.Code.OPPOSED,
    "SL01": Reversal.Code.OPPOSED,
    "AC06": Reversal.Code.OPPOSED,
    "AC01": Reversal.Code.DETAILS,
    "RC01": Reversal.Code.DETAILS,
    "BE04": Reversal.Code.DETAILS,
}
"""What the codes of ISO 20022 come to, in the reasons that payers read."""
_SETTLE = """
    UPDATE bank_statements_bankline SET state = said.state, proposal = NULL
    FROM json_to_recordset(%(said)s) AS said (id bigint, state text)
    WHERE bank_statements_bankline.id = said.id AND bank_statements_bankline.id = ANY(%(ids)s)
"""


class NotMatched(ValueError):
    """The line is not what it was said to be: something changed, or the amounts differ. The sentence says so."""


class AccountTooLow(ValueError):
    """The compte DFT would hold less than nothing: something is missing before."""

    def __init__(self, cents: int) -> None:
        said = _(
            "Le compte DFT ne porte pas cette somme dans les comptes de la régie (il manquerait %(cents)s) : rapprochez"
            " d’abord les crédits qui précèdent."
        )
        super().__init__(said % {"cents": money.euros(cents)})
        self.cents = cents


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What somebody says that a line is, and why."""

    line_id: int
    kind: str
    receipts: tuple[int, ...] = ()
    refund: int | None = None
    remittance: int | None = None
    deposit: int | None = None
    why: str
    words: Mapping[str, Any] = field(default_factory=dict)


def as_decision(line: BankLine) -> Decision:
    """
    Return the decision that a line's proposal makes, once it is accepted.

    :raises NotMatched: if nothing is proposed for it any more.
    """
    said = line.proposal
    if not said:
        raise NotMatched(_("Cette proposition n’est plus valable : regardez la ligne de nouveau."))
    return Decision(
        line_id=line.pk,
        kind=said["kind"],
        receipts=tuple(said["receipts"]),
        refund=said["refund"],
        remittance=said.get("remittance"),
        deposit=said.get("deposit"),
        why=said["why"],
        words=said["words"],
    )


def lock_lines(ids: Iterable[int]) -> dict[int, BankLine]:
    """Hold lines, in the order of their ids, before anything else."""
    rows = BankLine.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(ids))
    return {line.pk: line for line in rows.select_related("regie").order_by("id")}


def require_open(line: BankLine) -> None:
    """
    Refuse a line of which somebody has said what it is, before anything is booked for it.

    :raises obole.lib.states.ForbiddenTransition: if it is not open.
    """
    if not states.MATCH.allows(line):
        raise ForbiddenTransition(states.MATCH.verb, line.state)


def settle(lines: Mapping[int, BankLine], decisions: Sequence[Decision], *, actor: Actor, at: datetime) -> set[int]:
    """
    Write what lines of one régie are; return those for which it was still true, the others stay open.

    :raises AccountTooLow: if the compte DFT would hold less than nothing.
    """
    made = list[tuple[Decision, Entry | None]]()
    _lock_all(decisions)
    for write in (_transfers, _refunds, _reversals, _deposits, _credits, _remittances, _fees):
        made += write(lines, decisions, actor, at)
    keep(lines, made, actor=actor, at=at)
    return {decision.line_id for decision, _entry in made}


def _lock_all(decisions: Sequence[Decision]) -> None:
    """
    Hold what the decisions are about, each kind whole before the next, and all of it before the régie, which the first
    entry holds. A debit is taken back alone, from its attempt on.
    """
    deposits = [item.deposit for item in decisions if item.deposit]
    _lock(Deposit, deposits)
    held = DepositLine.objects.filter(deposit__in=deposits, holds=True).order_by("id")
    handed_in = list(held.values_list("receipt", flat=True)) if deposits else []
    _lock(Receipt, [*handed_in, *(pk for item in decisions if item.kind != K.REVERSAL for pk in item.receipts)])
    _lock(Refund, [item.refund for item in decisions if item.refund])
    _lock(Remittance, [item.remittance for item in decisions if item.remittance])


def _lock(model: type[Deposit | Receipt | Refund | Remittance], ids: Sequence[int]) -> None:
    if not ids:
        return
    list(model.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("id").values_list("pk"))


Written = list[tuple[Decision, Entry | None]]
Write = Callable[[Mapping[int, BankLine], Sequence[Decision], Actor, datetime], Written]


def _credits(lines: Mapping[int, BankLine], decisions: Sequence[Decision], actor: Actor, at: datetime) -> Written:
    asked = [decision for decision in decisions if decision.kind in CREDITS]
    if not asked:
        return []
    regie_id = lines[asked[0].line_id].regie_id
    free = payments.lock_in_instance(regie_id, [pk for decision in asked for pk in decision.receipts])
    # What is in a remise that waits is credited with it, whole.
    for pk in Receipt.objects.filter(queries.in_waiting_deposit(), pk__in=list(free)).values_list("pk", flat=True):
        del free[pk]
    good = []
    for decision in asked:
        found = [free.get(pk) for pk in decision.receipts]
        means = {item[0] for item in found if item}
        if None not in found and means <= CREDITS[K(decision.kind)] and _adds_up(found, lines[decision.line_id]):
            good.append(decision)
            for pk in decision.receipts:
                del free[pk]
    ranks = _ranks(decision.line_id for decision in good)
    credited = [_credit(lines[item.line_id], ranks[item.line_id], item.receipts) for item in good]
    if not credited:
        return []
    return list(zip(good, payments.clear_many(regie_id=regie_id, credited=credited, actor=actor, at=at), strict=True))


def _adds_up(found: Sequence[tuple[str, int] | None], line: BankLine) -> bool:
    return bool(found) and sum(item[1] for item in found if item) == line.cents


def _credit(line: BankLine, rank: int, receipts: Sequence[int]) -> payments.Credit:
    noon = datetime.combine(line.day, time(12), tzinfo=dates.PARIS)
    return payments.Credit(receipt_ids=receipts, cause=cause_of(line, rank), label=line.label[:200], happened_at=noon)


def cause_of(line: BankLine, rank: int) -> ledger.Cause:
    """Return why there is an entry: a line, the how manieth time that it was matched."""
    return ledger.Cause(kind="bank_line", key=f"{line.regie_id}:{line.pk}:{rank}")


def _ranks(line_ids: Iterable[int]) -> dict[int, int]:
    ids = list(line_ids)
    before = Match.objects.filter(line__in=ids).order_by("line").values_list("line").annotate(Count("id"))
    known = dict(before)
    return {pk: known.get(pk, 0) + 1 for pk in ids}


def _transfers(lines: Mapping[int, BankLine], decisions: Sequence[Decision], _actor: Actor, _at: datetime) -> Written:
    asked = [decision for decision in decisions if decision.kind == K.TRANSFER]
    if not asked:
        return []
    wanted = [pk for decision in asked for pk in decision.receipts]
    regie_id = lines[asked[0].line_id].regie_id
    rows = queries.linkable_transfers(regie_id).filter(pk__in=wanted).order_by("id")
    free = dict(rows.values_list("pk", "cents"))
    good = Written()
    for decision in asked:
        cents = [free.get(pk) for pk in decision.receipts]
        if None not in cents and cents and sum(item or 0 for item in cents) == lines[decision.line_id].cents:
            good.append((decision, None))
            for pk in decision.receipts:
                del free[pk]
    return good


def _refunds(lines: Mapping[int, BankLine], decisions: Sequence[Decision], _actor: Actor, _at: datetime) -> Written:
    asked = [decision for decision in decisions if decision.kind == K.REFUND]
    if not asked:
        return []
    wanted = [decision.refund for decision in asked if decision.refund]
    regie_id = lines[asked[0].line_id].regie_id
    free = dict(queries.linkable_refunds(regie_id).filter(pk__in=wanted).order_by("id").values_list("pk", "cents"))
    # Taken out as it serves: two lines never show the same refund.
    return [
        (decision, None)
        for decision in asked
        if decision.refund and free.pop(decision.refund, None) == -lines[decision.line_id].cents
    ]


def _reversals(lines: Mapping[int, BankLine], decisions: Sequence[Decision], actor: Actor, at: datetime) -> Written:
    good = Written()
    for decision in (item for item in decisions if item.kind == K.REVERSAL):
        line = lines[decision.line_id]
        free = queries.reversible_credits(line.regie_id).filter(pk__in=decision.receipts, cents=-line.cents)
        receipt = free.select_related("reversal").first() if len(decision.receipts) == 1 else None
        if receipt is None:
            continue
        if not receipt.is_reversed:
            _take_back(receipt, line, actor=actor, at=at)
        good.append((decision, None))
    return good


def _take_back(receipt: Receipt, line: BankLine, *, actor: Actor, at: datetime) -> None:
    is_debit = receipt.means == Receipt.Means.DEBIT
    said = texts.in_french(_("Repris par la banque le %(day)s") % {"day": dates.format_short(line.day)})
    try:
        payments.reverse_receipt(
            receipt_id=receipt.pk,
            kind=Reversal.Kind.REJECTED if is_debit else Reversal.Kind.BOUNCED,
            code=CODES.get(line.reason_code, Reversal.Code.OTHER) if is_debit else None,
            reason=said,
            actor=actor,
            at=at,
        )
    except payments.AccountTooLow as refusal:
        raise AccountTooLow(refusal.missing) from None
    except payments.NotReversible:
        raise NotMatched(
            _("Un remboursement de cet encaissement est demandé ou fait : abandonnez-le d’abord, ou laissez la ligne.")
        ) from None
    require_funds(line.regie_id)


def _deposits(lines: Mapping[int, BankLine], decisions: Sequence[Decision], actor: Actor, at: datetime) -> Written:
    good = Written()
    for decision in (item for item in decisions if item.kind == K.DEPOSIT):
        line, entry = lines[decision.line_id], None
        free = queries.linkable_deposits(line.regie_id).exclude(pk__in=[item.deposit for item, _entry in good])
        deposit = free.filter(pk=decision.deposit or 0, cents=line.cents).first()
        if deposit is None:
            continue
        if deposit.state == DepositState.PREPARED:
            if cash_desk_queries.not_in_instance(deposit):
                continue
            entry = cash_desk.credit_deposit(deposit_id=deposit.pk, reference=_named(line), actor=actor, at=at).entry
        good.append((decision, entry))
    return good


def _remittances(lines: Mapping[int, BankLine], decisions: Sequence[Decision], actor: Actor, at: datetime) -> Written:
    good = Written()
    for decision in (item for item in decisions if item.kind == K.REMITTANCE):
        line, entry = lines[decision.line_id], None
        free = queries.linkable_remittances(line.regie_id).exclude(pk__in=[item.remittance for item, _entry in good])
        one = free.filter(pk=decision.remittance or 0).first()
        if one is None or one.total_cents != -line.cents:
            continue
        if one.state == RemittanceState.SIGNED:
            entry = _leave(one, line, actor=actor, at=at)
        good.append((decision, entry))
    return good


def _leave(one: Remittance, line: BankLine, *, actor: Actor, at: datetime) -> Entry | None:
    try:
        left = remittances.record_transfer(remittance_id=one.pk, reference=_named(line), actor=actor, at=at)
    except payments.AccountTooLow as refusal:
        raise AccountTooLow(refusal.missing) from None
    return left.transfer_entry


def _named(line: BankLine) -> str:
    """Return how a remise or a versement calls the line that shows it."""
    return (texts.clean_line(line.label) or dates.format_short(line.day))[:60]


def _fees(lines: Mapping[int, BankLine], decisions: Sequence[Decision], _actor: Actor, at: datetime) -> Written:
    asked = [item for item in decisions if item.kind == K.FEES and lines[item.line_id].cents < 0]
    if not asked:
        return []
    ranks = _ranks(item.line_id for item in asked)
    events = [_fee(lines[item.line_id], ranks[item.line_id]) for item in asked]
    regie_id = lines[asked[0].line_id].regie_id
    entries = ledger.post_many(regie_id=regie_id, events=events, at=at)
    require_funds(regie_id)
    return list(zip(asked, entries, strict=True))


def _fee(line: BankLine, rank: int) -> ledger.Event:
    postings = ledger.transfer_postings(debit=Account.FEES, credit=Account.TREASURY_DEPOSIT, cents=-line.cents)
    return ledger.Event(cause=cause_of(line, rank), postings=postings, label=line.label[:200])


def require_funds(regie_id: int) -> None:
    """
    Refuse what has just been booked if the compte DFT holds less than nothing by it. Its entry holds the régie.

    :raises AccountTooLow: so that all of it is undone.
    """
    account = Balance.objects.filter(regie=regie_id, account=Account.TREASURY_DEPOSIT).first()
    if account is not None and account.cents < 0:
        raise AccountTooLow(-account.cents)


def keep(lines: Mapping[int, BankLine], made: Written, *, actor: Actor, at: datetime) -> None:
    """Write what lines are, each with the entry that says so where there is one, and move them."""
    if not made:
        return
    ranks = _ranks(decision.line_id for decision, _entry in made)
    matches = Match.objects.bulk_create(
        Match(
            line=lines[decision.line_id],
            rank=ranks[decision.line_id],
            kind=decision.kind,
            cents=lines[decision.line_id].cents,
            why={"why": decision.why, "words": dict(decision.words)},
            entry=entry,
            refund_id=decision.refund,
            remittance_id=decision.remittance,
            deposit_id=decision.deposit,
            at=at,
            actor=actor,
        )
        for decision, entry in made
    )
    MatchedReceipt.objects.bulk_create(
        MatchedReceipt(match=match, receipt_id=pk)
        for match, (decision, entry) in zip(matches, made, strict=True)
        for pk in (decision.receipts if entry is None else ())
    )
    steps = list[audit_log.Said]()
    for decision, _entry in made:
        line = lines[decision.line_id]
        steps.append((states.MATCH.apply(line), line, {"kind": str(decision.kind), "cents": line.cents}))
    said = [{"id": pk, "state": lines[pk].state} for pk in ranks]
    sql.execute(_SETTLE, said=sql.as_json(said), ids=list(ranks))
    audit_log.log_transitions(steps, actor=actor, at=at)
