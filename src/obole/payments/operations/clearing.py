"""Money in instance that the bank has credited: from then on it is on the régie's account, and may be paid over."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from obole.audit_log import operations as audit_log
from obole.lib import sql
from obole.lib.actors import Actor
from obole.lib.states import TransitionRecord
from obole.lib.transactions import atomic_with_retry
from obole.payments import queries
from obole.payments.models import ACCOUNT_OF, Clearing, Receipt
from obole.regies import ledger
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Entry

SLICE = 10_000
"""A statement names so many receipts at most."""
_KEEP = """
    INSERT INTO payments_clearing (receipt_id, entry_id, at, actor)
    SELECT receipt_id, entry_id, %(at)s, %(actor)s::jsonb
    FROM json_to_recordset(%(pairs)s) AS pair (receipt_id bigint, entry_id bigint)
"""


class NotClearable(ValueError):
    """A receipt of another régie, taken back, credited already, or whose means go through no bank."""


class ClearingStands(ValueError):
    """A receipt that this entry credited was taken back since: what the entry says is not undone any more."""


class PaidOver(ValueError):
    """Money that this entry credited was paid over to the comptable since: it cannot be in instance again."""


@dataclass(frozen=True, kw_only=True)
class Credit:
    """What the bank credited at once: its receipts, and what says so, once: a line of its statement."""

    receipt_ids: Sequence[int]
    cause: ledger.Cause
    label: str
    happened_at: datetime | None = None


@atomic_with_retry
def clear_receipts(
    *, regie_id: int, receipt_ids: Sequence[int], cause: ledger.Cause, label: str, actor: Actor, at: datetime
) -> Entry:
    """
    Write that the bank credited these receipts, all or none: cartes, prélèvements or chèques to compte DFT.

    :param cause: what says so, once: a line of the bank's statement.
    :raises NotClearable: if one of them cannot be, or is not in instance any more.
    """
    credit = Credit(receipt_ids=receipt_ids, cause=cause, label=label)
    return clear_many(regie_id=regie_id, credited=[credit], actor=actor, at=at)[0]


@atomic_with_retry
def clear_many(*, regie_id: int, credited: Sequence[Credit], actor: Actor, at: datetime) -> list[Entry]:
    """
    Write several credits of the bank, each with an entry of its own, all or none.

    :raises NotClearable: if a receipt cannot be credited, or is there twice.
    """
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    wanted = Counter(pk for credit in credited for pk in credit.receipt_ids)
    clearable = lock_in_instance(regie_id, list(wanted))
    if any(times > 1 for times in wanted.values()) or not all(credit.receipt_ids for credit in credited):
        raise NotClearable
    if len(clearable) < len(wanted):
        raise NotClearable
    events = [_event(credit, clearable) for credit in credited]
    entries = ledger.post_many(regie_id=regie_id, events=events, at=at)
    paired = zip(credited, entries, strict=True)
    pairs = [{"receipt_id": pk, "entry_id": entry.pk} for credit, entry in paired for pk in credit.receipt_ids]
    sql.execute(_KEEP, at=at, actor=json.dumps(actor.as_json()), pairs=sql.as_json(pairs))
    audit_log.log_transitions(_said(credited, entries, clearable), actor=actor, at=at)
    return entries


def lock_in_instance(regie_id: int, receipt_ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """
    Lock receipts of a régie in the order of their ids, and return the means and cents of those still in instance.

    They are looked at again once they are held: whoever waited sees what the other did.
    """
    clearable: dict[int, tuple[str, int]] = {}
    ordered = sorted(set(receipt_ids))
    for at in range(0, len(ordered), SLICE):
        some = ordered[at : at + SLICE]
        _lock(Receipt.objects.filter(regie=regie_id, pk__in=some))
        found = queries.in_instance(regie_id).filter(pk__in=some).order_by("id")
        clearable |= {pk: (means, cents) for pk, means, cents in found.values_list("pk", "means", "cents")}
    return clearable


@atomic_with_retry
def undo_clearing(*, entry_id: int, cause: ledger.Cause, label: str, actor: Actor, at: datetime) -> Entry:
    """
    Write that a credit was not what it was believed to be: its receipts are in instance again.

    :raises NotClearable: if the entry credits nothing, or was undone already.
    :raises ClearingStands: if one of its receipts was taken back since.
    :raises PaidOver: if one of them was paid over since.
    """
    regie_id = Entry.objects.values_list("regie", flat=True).get(pk=entry_id)
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    of_entry = Clearing.objects.filter(entry=entry_id)
    _lock(Receipt.objects.filter(clearings__entry=entry_id))
    standing = of_entry.filter(undone_by_entry=None)
    if not standing.exists():
        raise NotClearable
    if standing.filter(receipt__reversal__isnull=False).exists():
        raise ClearingStands
    counted = Entry.objects.filter(remitted__isnull=False, allocations__receipt__clearings__in=standing)
    if counted.exists():
        raise PaidOver
    receipts = list(standing.order_by("receipt").values_list("receipt__means", "receipt__cents"))
    postings = [_turned(posting) for posting in _postings(receipts)]
    entry = ledger.post(regie_id=regie_id, cause=cause, postings=postings, label=label, at=at)
    standing.update(undone_by_entry=entry)
    audit_log.log_event("receipts.unclear", subject=entry, actor=actor, at=at, receipts=len(receipts))
    return entry


def _lock(receipts: QuerySet[Receipt]) -> None:
    list(receipts.select_for_update(of=("self",), no_key=True).order_by("id").values_list("pk"))


def _event(credit: Credit, clearable: Mapping[int, tuple[str, int]]) -> ledger.Event:
    postings = _postings(clearable[pk] for pk in credit.receipt_ids)
    return ledger.Event(cause=credit.cause, postings=postings, label=credit.label[:200], happened_at=credit.happened_at)


def _said(
    credited: Sequence[Credit], entries: Sequence[Entry], clearable: Mapping[int, tuple[str, int]]
) -> Iterator[audit_log.Said]:
    for credit, entry in zip(credited, entries, strict=True):
        cents = sum(clearable[pk][1] for pk in credit.receipt_ids)
        yield (TransitionRecord("receipts.clear", "", ""), entry, {"cents": cents, "receipts": len(credit.receipt_ids)})


def _postings(receipts: Iterable[tuple[str, int]]) -> list[ledger.Posting]:
    sums = Counter[Account]()
    for means, cents in receipts:
        sums[ACCOUNT_OF[Receipt.Means(means)]] += cents
    credited = [ledger.Posting(account=account, credit=cents) for account, cents in sorted(sums.items())]
    return [ledger.Posting(account=Account.TREASURY_DEPOSIT, debit=sum(sums.values())), *credited]


def _turned(posting: ledger.Posting) -> ledger.Posting:
    return ledger.Posting(account=posting.account, debit=posting.credit, credit=posting.debit)
