"""The one way to write in a régie's ledger. Entries are numbered, chained, balanced, and never changed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils.translation import gettext as _

from obole.lib import days
from obole.lib.transactions import require_transaction
from obole.regies.accounts import Account
from obole.regies.models import Closing, Entry, Line, Regie


class Unbalanced(Exception):
    """The debits of an entry are not its credits."""


class PeriodClosed(Exception):
    """The day of the entry belongs to a period that was closed: the sentence says what to do."""

    def __init__(self, until: date) -> None:
        super().__init__(
            _(
                "Les comptes de cette régie sont arrêtés au %(day)s : passez l’écriture à la date d’aujourd’hui, en rappelant "
                "la référence de l’opération d’origine."
            )
            % {"day": days.long(until)}
        )
        self.until = until


class AlreadyPosted(Exception):
    """This cause has its entry: it is never booked twice."""


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A debit or a credit of one account, in cents."""

    account: Account
    debit: int = 0
    credit: int = 0
    nature: str = ""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why there is an entry: kind and key, unique in the whole ledger."""

    kind: str
    key: str


def transfer(*, debit: Account, credit: Account, cents: int, nature: str = "") -> tuple[Posting, Posting]:
    """Return the two postings that move ``cents`` from one account to another."""
    return (
        Posting(account=debit, debit=cents, nature=nature),
        Posting(account=credit, credit=cents, nature=nature),
    )


@dataclass(frozen=True, kw_only=True)
class Event:
    """What an entry says, before it has its number: why, what moved, and the bank's time when it gave one."""

    cause: Cause
    postings: Sequence[Posting]
    label: str
    happened_at: datetime | None = None


def post(
    *,
    regie_id: int,
    cause: Cause,
    postings: Sequence[Posting],
    label: str,
    at: datetime,
    happened_at: datetime | None = None,
) -> Entry:
    """
    Add one entry to the régie's ledger. Takes the régie's lock: lock attempts and invoices before.

    :raises Unbalanced: if debits and credits differ.
    :raises AlreadyPosted: if this cause has an entry.
    :raises PeriodClosed: if ``at`` belongs to a period that was closed.
    :raises RuntimeError: outside a transaction.
    """
    event = Event(cause=cause, postings=postings, label=label, happened_at=happened_at)
    return post_many(regie_id=regie_id, events=[event], at=at)[0]


def post_many(*, regie_id: int, events: Sequence[Event], at: datetime) -> list[Entry]:
    """
    Add entries to the régie's ledger, in this order, all or none. Takes the régie's lock once; raises what ``post`` does.

    One statement for the entries and one for their lines, however many: the chain is computed before they are written.
    """
    require_transaction("an entry of the ledger")
    for event in events:
        _require_balance(event)
    regie = Regie.objects.locked().get(pk=regie_id)
    _require_new(events)
    # Looked at under the lock, which whoever closes a period takes too.
    closing = Closing.objects.filter(regie=regie, until__gte=days.day_of(at)).order_by("-until").first()
    if closing is not None:
        raise PeriodClosed(closing.until)
    entries = [_chained(regie, event, at=at) for event in events]
    Entry.objects.bulk_create(entries)
    _add_lines(entries, events)
    regie.save(update_fields=["entry_count", "entry_head"])
    return entries


def _add_lines(entries: Sequence[Entry], events: Sequence[Event]) -> None:
    Line.objects.bulk_create(
        Line(entry=entry, account=one.account, nature=one.nature, debit=one.debit, credit=one.credit)
        for entry, event in zip(entries, events, strict=True)
        for one in event.postings
    )


def _require_balance(event: Event) -> None:
    total = sum(posting.debit for posting in event.postings)
    if not total or total != sum(posting.credit for posting in event.postings):
        raise Unbalanced(f"{event.cause.kind} {event.cause.key}")


def _require_new(events: Sequence[Event]) -> None:
    for kind in sorted({event.cause.kind for event in events}):
        keys = [event.cause.key for event in events if event.cause.kind == kind]
        twice = (
            Entry.objects.filter(cause_kind=kind, cause_key__in=keys)
            .order_by("cause_key")
            .values_list("cause_key", flat=True)
        )
        if len(set(keys)) < len(keys) or twice[:1]:
            raise AlreadyPosted(f"{kind} {', '.join(keys[:3])}")


def _chained(regie: Regie, event: Event, *, at: datetime) -> Entry:
    """Return the next entry, and move the régie's head to it; neither is saved."""
    entry = Entry(
        regie=regie, number=regie.entry_count + 1, cause_kind=event.cause.kind, cause_key=event.cause.key,
        label=event.label[:200], booked_at=at, happened_at=event.happened_at, previous_hash=regie.entry_head,
    )  # fmt: skip
    entry.hash = chain_hash(entry, event.postings)
    regie.entry_count, regie.entry_head = entry.number, entry.hash
    return entry


def chain_hash(entry: Entry, postings: Sequence[Posting]) -> str:
    """Return the SHA-256 of what the entry says, chained to the entry before it."""
    said = [
        entry.previous_hash, entry.regie_id, entry.number, entry.cause_kind, entry.cause_key, entry.label,
        _instant(entry.booked_at), _instant(entry.happened_at),
        [[str(posting.account), posting.nature, posting.debit, posting.credit] for posting in postings],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _instant(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else ""
