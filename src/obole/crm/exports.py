"""The CSV that spreadsheets open in France: semicolons, decimal commas, and nothing that they would run."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib import days
from obole.payments import standing

BYTE_ORDER_MARK = "\ufeff"
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that starts so may be run as a formula (OWASP, CSV injection)."""

Value = str | date | Decimal | None


@dataclass(frozen=True)
class Column:
    """One column of a file: its title, and what it says of a row."""

    title: str | Promise
    value: Callable[[Any], Value]


def cell(value: Value) -> str:
    """Write a value; a number stays a number, and a text can never start a formula."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, datetime):
        return days.short(days.day_of(value))
    if isinstance(value, date):
        return days.short(value)
    return f"'{value}" if value.startswith(RUN_BY_SPREADSHEETS) else value


def as_csv(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> StreamingHttpResponse:
    """Answer with a file written row by row."""
    answer = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def invoice_columns(names: Iterable[str], *, today: date) -> list[Column]:
    """Return the columns of the file, in the order of the list; always the number."""
    known: dict[str, Column] = {
        "number": Column(_("Numéro"), lambda row: row.number),
        "type": Column(_("Type"), lambda row: row.type.name),
        "period": Column(_("Période"), lambda row: row.period),
        "payer": Column(_("Payeur"), lambda row: row.payer.display_name),
        "dossier": Column(_("Dossier"), lambda row: row.dossier.reference if row.dossier else ""),
        "regie": Column(_("Régie"), lambda row: row.regie.name),
        "issued_at": Column(_("Émise"), lambda row: row.issued_at),
        "due_date": Column(_("Échéance"), lambda row: row.due_date),
        "paid_at": Column(_("Payée"), lambda row: row.paid_at),
        "total_cents": Column(_("Montant €"), lambda row: in_euros(row.total_cents)),
        "received_cents": Column(_("Reçu €"), lambda row: in_euros(row.received_cents)),
        "remaining": Column(_("Reste dû €"), lambda row: in_euros(row.remaining_cents)),
        "status": Column(_("Statut"), lambda row: _standing_of(row, today)),
    }
    wanted = {"number", *names}
    return [column for name, column in known.items() if name in wanted]


def in_euros(cents: int) -> Decimal:
    """Return an exact amount in euros."""
    return Decimal(cents).scaleb(-2)


def _standing_of(invoice: Invoice, today: date) -> str:
    return str(standing.show(invoice, today=today).standing.label)


class _Echo:
    """What ``csv.writer`` writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[str]:
    writer = csv.writer(_Echo(), delimiter=";")
    yield BYTE_ORDER_MARK
    yield writer.writerow([cell(str(column.title)) for column in columns])
    for row in rows:
        yield writer.writerow([cell(column.value(row)) for column in columns])
