"""Books as long as wanted: one paid invoice, copied; then how long and how much memory their recomputation takes."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min
from psycopg import sql

from obole.books.queries import balances, general_ledger
from obole.books.queries.developments import Development
from obole.books.rules import Period
from obole.payments.models import Receipt
from obole.regies import ledger, queries
from obole.regies.accounts import Account
from obole.regies.models import DailyTotal, Entry, Line, Regie, Series

HELD_BY_CARD = Account.CARD_CLEARING

_CHILD = """
import json, resource, time, django
django.setup()
from obole.books import verification
start = time.perf_counter()
entries = verification.verify()
seconds = time.perf_counter() - start
try:
    peak = next(int(row.split()[1]) for row in open("/proc/self/status") if row.startswith("VmHWM"))
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([entries, seconds, peak / 1024]))
"""


@dataclass(frozen=True)
class Verified:
    """What one recomputation took; the peak is the resident memory of its process, in MiB."""

    entries: int
    seconds: float
    peak_mib: float


def verify() -> Verified:
    """
    Recompute the books in a process of its own.

    :raises subprocess.CalledProcessError: if they differ.
    """
    said = subprocess.run([sys.executable, "-c", _CHILD], check=True, capture_output=True, text=True).stdout
    entries, seconds, peak = json.loads(said)
    return Verified(entries, seconds, peak)


COPIED = (
    "billing_invoice",
    "billing_invoiceline",
    "payments_attempt",
    "payments_attemptline",
    "payments_bankexchange",
    "payments_receipt",
    "payments_allocation",
    "regies_entry",
    "regies_line",
)


@transaction.atomic
def lengthen(receipt: Receipt, *, entries: int) -> None:
    """
    Copy a paid invoice and its payment until the ledger has so many entries. Nothing here goes through the operations.
    """
    regie = Regie.objects.get(pk=receipt.regie_id)
    copies = max(0, entries - regie.entry_count) // 2
    if not copies or receipt.invoice is None or receipt.attempt is None:
        return
    last = Series.objects.get(regie=regie, kind=Series.Kind.INVOICE, year=receipt.invoice.year)
    issue = Entry.objects.get(cause_kind="invoice", cause_key=str(receipt.invoice.pk))
    with connection.cursor() as cursor:
        # The triggers are what is measured elsewhere; here they would only make the copy long.
        cursor.execute("SET LOCAL session_replication_role = replica")
        shift = _above_all_keys(cursor)
        _copy_rows(cursor, receipt, regie=regie, first=last.last, shift=shift, copies=copies)
        _copy_entries(cursor, [issue, receipt.entry], receipt, regie, shift=shift, copies=copies)
        _go_on_above(cursor)
        cursor.execute("DELETE FROM regies_balance WHERE regie_id = %s", [regie.pk])
        cursor.execute(
            "INSERT INTO regies_balance (regie_id, account, debit, credit) SELECT regie_id, account, sum(debit),"
            " sum(credit) FROM regies_line JOIN regies_entry ON regies_entry.id = entry_id WHERE regie_id = %s GROUP BY"
            " 1, 2",
            [regie.pk],
        )
        cursor.execute("DELETE FROM regies_dailytotal WHERE regie_id = %s", [regie.pk])
        cursor.execute(
            "INSERT INTO regies_dailytotal (regie_id, account, day, cause_kind, debit, credit, lines) SELECT regie_id,"
            " account, (booked_at AT TIME ZONE 'Europe/Paris')::date, cause_kind, sum(debit), sum(credit), count(*)"
            " FROM regies_line JOIN regies_entry ON regies_entry.id = entry_id WHERE regie_id = %s GROUP BY 1, 2, 3, 4",
            [regie.pk],
        )
    last.last += copies
    last.save(update_fields=["last"])


def longest_regie() -> Regie:
    """Return the régie with the most entries."""
    return Regie.objects.order_by("-entry_count")[0]


def read(regie: Regie) -> dict[str, float]:
    """Return how many seconds each book takes, in the middle of what was booked."""
    days = DailyTotal.objects.filter(regie=regie).aggregate(first=Min("day"), last=Max("day"))
    middle = days["first"] + (days["last"] - days["first"]) / 2
    period, received = Period(days["first"], middle), HELD_BY_CARD
    page = general_ledger.account_page(regie, received, period).pages // 2
    asked: dict[str, Callable[[], object]] = {
        "balance at a past date": lambda: balances.trial_balance(regie, period),
        "grand livre, a page in the middle": lambda: general_ledger.account_page(regie, received, period, number=page),
        "what came in by day, a year": lambda: queries.received_by_day([regie], first=days["first"], last=days["last"]),
        "what a balance is made of, past date": lambda: Development(regie, received, middle).total(),
    }
    return {name: statistics.median(_timed(ask) for _turn in range(5)) for name, ask in asked.items()}


def _timed(ask: Callable[[], object]) -> float:
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


def analyse() -> None:
    """Let PostgreSQL know what was added, as its own housekeeping does in a real life."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _go_on_above(cursor: Any) -> None:
    """Let what is written next take its keys after those of the copies."""
    for table in COPIED:
        cursor.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))").format(
                sql.Literal(table), sql.Identifier(table)
            )
        )


def _above_all_keys(cursor: Any) -> int:
    tops = []
    for table in COPIED:
        cursor.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table)))
        tops.append(cursor.fetchone()[0])
    return int(max(tops))


def _copy_rows(cursor: Any, receipt: Receipt, *, regie: Regie, first: int, shift: int, copies: int) -> None:
    invoice, attempt = receipt.invoice_id, receipt.attempt_id
    number = f"'{regie.code}-{receipt.invoice.year if receipt.invoice else 0}-' || lpad(({first} + n)::text, 6, '0')"
    new = f"{shift} + n"
    copied: tuple[tuple[str, str, dict[str, str]], ...] = (
        (
            "billing_invoice",
            f"id = {invoice}",
            {
                "id": new,
                "public_id": "'copy-' || n",
                "request_key": "'copy-' || n",
                "number": number,
                "sequence": f"{first} + n",
            },
        ),
        ("billing_invoiceline", f"invoice_id = {invoice}", {"id": f"{shift} + n * 20 + t.position", "invoice_id": new}),
        (
            "payments_attempt",
            f"id = {attempt}",
            {
                "id": new,
                "public_id": "'copy-' || n",
                "request_key": "'copy-' || n",
                "reference": "'COPY' || n",
                "gateway_reference": "'copy-' || n",
                "invoice_id": new,
            },
        ),
        ("payments_attemptline", f"attempt_id = {attempt}", {"id": new, "attempt_id": new, "invoice_id": new}),
        ("payments_bankexchange", f"attempt_id = {attempt} AND kind = 'ask'", {"id": new, "attempt_id": new}),
        (
            "payments_receipt",
            f"id = {receipt.pk}",
            {
                "id": new,
                "public_id": "'copy-' || n",
                "number": "'R-COPY-' || n",
                "invoice_id": new,
                "attempt_id": new,
                "entry_id": f"{shift} + n * 2",
            },
        ),
        (
            "payments_allocation",
            f"receipt_id = {receipt.pk}",
            {"id": new, "receipt_id": new, "invoice_id": new, "entry_id": f"{shift} + n * 2"},
        ),
    )
    for table, which, changed in copied:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
        columns = [name for (name,) in cursor.fetchall()]
        values = ", ".join(changed.get(name, f't."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(1, {copies}) n WHERE"
            f" {which}"
        )


def _copy_entries(cursor: Any, models: list[Entry], receipt: Receipt, regie: Regie, *, shift: int, copies: int) -> None:
    said = [
        [
            ledger.Posting(account=Account(item.account), nature=item.nature, debit=item.debit, credit=item.credit)
            for item in Line.objects.filter(entry=model).order_by("id")
        ]
        for model in models
    ]

    def entries() -> Iterator[Entry]:
        for n in range(1, copies + 1):
            for rank, model in enumerate(models):
                entry = Entry(
                    id=shift + n * 2 - 1 + rank,
                    regie=regie,
                    number=regie.entry_count + 1,
                    cause_kind=model.cause_kind,
                    cause_key=str(shift + n) if rank == 0 else f"attempt:{shift + n}",
                    label=model.label,
                    # A minute between two copies: a million entries are the year before.
                    booked_at=model.booked_at.astimezone(UTC) - timedelta(minutes=copies - n),
                    happened_at=model.happened_at,
                    previous_hash=regie.entry_head,
                )
                entry.hash = ledger.chain_hash(entry, said[rank])
                regie.entry_count, regie.entry_head = entry.number, entry.hash
                yield entry

    columns = (
        "id",
        "regie_id",
        "number",
        "cause_kind",
        "cause_key",
        "label",
        "booked_at",
        "happened_at",
        "previous_hash",
        "hash",
    )
    with cursor.copy(f"COPY regies_entry ({', '.join(columns)}) FROM STDIN") as rows:
        for entry in entries():
            rows.write_row([getattr(entry, name) for name in columns])
    with cursor.copy("COPY regies_line (id, entry_id, account, nature, debit, credit) FROM STDIN") as rows:
        key = shift
        for n in range(1, copies + 1):
            for rank, postings in enumerate(said):
                for posting in postings:
                    key += 1
                    rows.write_row(
                        [
                            key,
                            shift + n * 2 - 1 + rank,
                            str(posting.account),
                            posting.nature,
                            posting.debit,
                            posting.credit,
                        ]
                    )
    regie.save(update_fields=["entry_count", "entry_head"])
