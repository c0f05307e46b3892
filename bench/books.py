"""Books as long as wanted: one paid invoice, copied; then how long and how much memory their recomputation takes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from obole.payments.models import Receipt
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Entry, Line, Regie, Series

_CHILD = """
import json, resource, time, django
django.setup()
from obole.payments import verification
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


@transaction.atomic
def lengthen(receipt: Receipt, *, entries: int) -> None:
    """Copy a paid invoice and its payment until the ledger has so many entries. Nothing here goes through the operations."""
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
        cursor.execute("DELETE FROM regies_balance WHERE regie_id = %s", [regie.pk])
        cursor.execute(
            "INSERT INTO regies_balance (regie_id, account, debit, credit) SELECT regie_id, account, sum(debit), sum(credit)"
            " FROM regies_line JOIN regies_entry ON regies_entry.id = entry_id WHERE regie_id = %s GROUP BY 1, 2",
            [regie.pk],
        )
    last.last += copies
    last.save(update_fields=["last"])


def analyse() -> None:
    """Let PostgreSQL know what was added, as its own housekeeping does in a real life."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _above_all_keys(cursor: Any) -> int:
    tables = ("billing_invoice", "billing_invoiceline", "payments_attempt", "payments_share", "payments_bankexchange", "payments_receipt",
              "payments_allocation", "regies_entry", "regies_line")  # fmt: skip
    tops = []
    for table in tables:
        cursor.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table)))
        tops.append(cursor.fetchone()[0])
    return int(max(tops))


def _copy_rows(cursor: Any, receipt: Receipt, *, regie: Regie, first: int, shift: int, copies: int) -> None:
    invoice, attempt = receipt.invoice_id, receipt.attempt_id
    number = f"'{regie.code}-{receipt.invoice.year if receipt.invoice else 0}-' || lpad(({first} + n)::text, 6, '0')"
    new = f"{shift} + n"
    copied: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("billing_invoice", f"id = {invoice}",
         {"id": new, "public_id": "'copy-' || n", "request_key": "'copy-' || n", "number": number, "sequence": f"{first} + n"}),
        ("billing_invoiceline", f"invoice_id = {invoice}", {"id": f"{shift} + n * 20 + t.position", "invoice_id": new}),
        ("payments_attempt", f"id = {attempt}",
         {"id": new, "public_id": "'copy-' || n", "request_key": "'copy-' || n", "reference": "'COPY' || n",
          "gateway_reference": "'copy-' || n", "invoice_id": new}),
        ("payments_share", f"attempt_id = {attempt}", {"id": new, "attempt_id": new, "invoice_id": new}),
        ("payments_bankexchange", f"attempt_id = {attempt} AND kind = 'ask'", {"id": new, "attempt_id": new}),
        ("payments_receipt", f"id = {receipt.pk}",
         {"id": new, "public_id": "'copy-' || n", "number": "'R-COPY-' || n", "invoice_id": new, "attempt_id": new,
          "entry_id": f"{shift} + n * 2"}),
        ("payments_allocation", f"receipt_id = {receipt.pk}",
         {"id": new, "receipt_id": new, "invoice_id": new, "entry_id": f"{shift} + n * 2"}),
    )  # fmt: skip
    for table, which, changed in copied:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        columns = [name for (name,) in cursor.fetchall()]
        values = ", ".join(changed.get(name, f't."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(1, {copies}) n WHERE {which}"
        )


def _copy_entries(cursor: Any, models: list[Entry], receipt: Receipt, regie: Regie, *, shift: int, copies: int) -> None:
    said = [
        [
            ledger.Posting(account=Account(one.account), nature=one.nature, debit=one.debit, credit=one.credit)
            for one in Line.objects.filter(entry=model).order_by("id")
        ]
        for model in models
    ]

    def entries() -> Iterator[Entry]:
        for n in range(1, copies + 1):
            for rank, model in enumerate(models):
                entry = Entry(
                    id=shift + n * 2 - 1 + rank, regie=regie, number=regie.entry_count + 1, cause_kind=model.cause_kind,
                    cause_key=str(shift + n) if rank == 0 else f"attempt:{shift + n}", label=model.label,
                    booked_at=model.booked_at.astimezone(UTC), happened_at=model.happened_at, previous_hash=regie.entry_head,
                )  # fmt: skip
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
                for one in postings:
                    key += 1
                    rows.write_row([key, shift + n * 2 - 1 + rank, str(one.account), one.nature, one.debit, one.credit])
    regie.save(update_fields=["entry_count", "entry_head"])
