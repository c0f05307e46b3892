"""The ledger of a seed: entries chained one after the other, and what they add up to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

from django.db import connection

from obole.regies import ledger
from obole.regies.ledger import Posting
from obole.regies.models import Entry, Regie
from obole_demo.seed.tables import Tables


class Chain:
    """The end of a régie's ledger; the keys of entries are shared by all régies."""

    keys = count(1)

    def __init__(self, regie: Regie, tables: Tables) -> None:
        self.regie, self.tables = regie, tables

    def post(self, kind: str, key: str, label: str, postings: Sequence[Posting], at: datetime) -> int:
        """Add an entry; return its key."""
        regie, at = self.regie, at.astimezone(UTC)
        entry = Entry(
            id=next(Chain.keys),
            regie=regie,
            number=regie.entry_count + 1,
            cause_kind=kind,
            cause_key=key,
            label=label,
            booked_at=at,
            previous_hash=regie.entry_head,
        )
        entry.hash = ledger.chain_hash(entry, postings)
        regie.entry_count, regie.entry_head = entry.number, entry.hash
        self.tables.add(
            "regies_entry",
            entry.id,
            regie.pk,
            entry.number,
            kind,
            key,
            label,
            at,
            None,
            entry.previous_hash,
            entry.hash,
        )
        for posting in postings:
            self.tables.add(
                "regies_line", entry.id, str(posting.account), posting.nature, posting.debit, posting.credit
            )
        return entry.id

    def end(self) -> None:
        """Keep where the chain ends."""
        self.regie.save(update_fields=["entry_count", "entry_head"])


def add_up() -> None:
    """Write the balances and the sums of each day from the lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO regies_balance (regie_id, account, debit, credit) SELECT regie_id, account, sum(debit),"
            " sum(credit) FROM regies_line JOIN regies_entry ON regies_entry.id = entry_id GROUP BY 1, 2"
        )
        cursor.execute(
            "INSERT INTO regies_dailytotal (regie_id, account, day, cause_kind, debit, credit, lines) SELECT regie_id,"
            " account, (booked_at AT TIME ZONE 'Europe/Paris')::date, cause_kind, sum(debit), sum(credit), count(*)"
            " FROM regies_line JOIN regies_entry ON regies_entry.id = entry_id GROUP BY 1, 2, 3, 4"
        )
