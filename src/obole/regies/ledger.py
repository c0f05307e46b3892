"""The one way to write in a régie's ledger. Entries are numbered, chained, balanced, and never changed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils.translation import gettext as _

from obole.lib import dates, sql
from obole.lib.transactions import require_transaction
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie

_LOOK = """
    SELECT
        (SELECT max(until) FROM regies_closing WHERE regie_id = %(regie)s AND until >= %(day)s),
        EXISTS (
            SELECT FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS cause (kind, key)
            JOIN regies_entry ON cause_kind = kind AND cause_key = key
        )
"""
_ADD = """
    WITH head AS (UPDATE regies_regie SET entry_count = %(count)s, entry_head = %(head)s WHERE id = %(regie)s)
    INSERT INTO regies_entry (
        regie_id, number, cause_kind, cause_key, label, booked_at, happened_at, previous_hash, hash
    )
    SELECT %(regie)s, number, cause_kind, cause_key, label, %(at)s, happened_at, previous_hash, hash
    FROM json_to_recordset(%(entries)s) AS entry (
        number bigint, cause_kind text, cause_key text, label text, happened_at timestamptz, previous_hash text,
        hash text
    )
    ORDER BY number
    RETURNING id
"""
_ADD_LINES = """
    INSERT INTO regies_line (entry_id, account, nature, debit, credit)
    SELECT entry_id, account, nature, debit, credit
    FROM ROWS FROM (
        json_to_recordset(%(lines)s) AS (entry_id bigint, account text, nature text, debit bigint, credit bigint)
    ) WITH ORDINALITY
    ORDER BY ordinality
"""
_SAID = ("number", "cause_kind", "cause_key", "label", "happened_at", "previous_hash", "hash")


class Unbalanced(Exception):
    """The debits of an entry are not its credits."""


class PeriodClosed(Exception):
    """The day of the entry belongs to a period that was closed: the sentence says what to do."""

    def __init__(self, until: date) -> None:
        super().__init__(
            _(
                "Les comptes de cette régie sont arrêtés au %(day)s : passez l’écriture à la date d’aujourd’hui, en"
                " rappelant la référence de l’opération d’origine."
            )
            % {"day": dates.format_long(until)}
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


def transfer_postings(*, debit: Account, credit: Account, cents: int, nature: str = "") -> tuple[Posting, Posting]:
    """Return the two postings that move ``cents`` from one account to another."""
    return (Posting(account=debit, debit=cents, nature=nature), Posting(account=credit, credit=cents, nature=nature))


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
    Add entries to the régie's ledger, in this order, all or none. Takes the régie's lock once; raises what ``post``
    does.

    One statement for the entries and one for their lines, however many: the chain is computed before they are written.
    """
    require_transaction("an entry of the ledger")
    for event in events:
        _require_balance(event)
    count, head = Regie.objects.locked().values_list("entry_count", "entry_head").get(pk=regie_id)
    _require_new_and_open(regie_id, events, at=at)
    entries: list[Entry] = []
    for number, event in enumerate(events, start=count + 1):
        entries.append(_chained(regie_id, event, number=number, head=head, at=at))
        head = entries[-1].hash
    _add(regie_id, entries, events, at=at)
    return entries


def _add(regie_id: int, entries: Sequence[Entry], events: Sequence[Event], *, at: datetime) -> None:
    last, said = entries[-1], [{name: getattr(entry, name) for name in _SAID} for entry in entries]
    keys = sql.execute(_ADD, regie=regie_id, at=at, count=last.number, head=last.hash, entries=sql.as_json(said))
    for entry, (key,) in zip(entries, keys, strict=True):
        entry.pk = key
    lines = [
        {
            "entry_id": entry.pk,
            "account": posting.account,
            "nature": posting.nature,
            "debit": posting.debit,
            "credit": posting.credit,
        }
        for entry, event in zip(entries, events, strict=True)
        for posting in event.postings
    ]
    sql.execute(_ADD_LINES, lines=sql.as_json(lines))


def _require_balance(event: Event) -> None:
    total = sum(posting.debit for posting in event.postings)
    if not total or total != sum(posting.credit for posting in event.postings):
        raise Unbalanced(f"{event.cause.kind} {event.cause.key}")


def _require_new_and_open(regie_id: int, events: Sequence[Event], *, at: datetime) -> None:
    """Look under the lock of the régie, which whoever closes a period takes too."""
    causes = [(event.cause.kind, event.cause.key) for event in events]
    kinds, keys = ([cause[part] for cause in causes] for part in (0, 1))
    [(closed_until, posted)] = sql.execute(_LOOK, regie=regie_id, day=dates.day_of(at), kinds=kinds, keys=keys)
    if posted or len(set(causes)) < len(causes):
        raise AlreadyPosted(", ".join(f"{kind} {key}" for kind, key in causes[:3]))
    if closed_until is not None:
        raise PeriodClosed(closed_until)


def _chained(regie_id: int, event: Event, *, number: int, head: str, at: datetime) -> Entry:
    """Return the entry that follows the one whose hash is ``head``; it is not saved."""
    entry = Entry(
        regie_id=regie_id,
        number=number,
        cause_kind=event.cause.kind,
        cause_key=event.cause.key,
        label=event.label[:200],
        booked_at=at,
        happened_at=event.happened_at,
        previous_hash=head,
    )
    entry.hash = chain_hash(entry, event.postings)
    return entry


def chain_hash(entry: Entry, postings: Sequence[Posting]) -> str:
    """Return the SHA-256 of what the entry says, chained to the entry before it."""
    said = [
        entry.previous_hash,
        entry.regie_id,
        entry.number,
        entry.cause_kind,
        entry.cause_key,
        entry.label,
        _instant(entry.booked_at),
        _instant(entry.happened_at),
        [[str(posting.account), posting.nature, posting.debit, posting.credit] for posting in postings],
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _instant(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else ""
