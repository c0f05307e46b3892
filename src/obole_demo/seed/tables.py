"""Writing many rows at once: by COPY, in pieces, with keys that are chosen here."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg import sql

COLUMNS = {
    "directory_citizen": "id public_id kind civility first_name last_name organisation email phone address sort_key"
    " search_keys",
    "dossiers_dossier": "id public_id request_key number scheme_id form_id citizen_id state answers search_keys reason"
    " requests created_at submitted_at decided_at",
    "billing_invoice": "id public_id request_key type_id regie_id dossier_id payer_id state number year sequence label"
    " period total_cents received_cents created_at issued_at due_date payable_until paid_at reason wording"
    " is_in_progress is_refunded payer_key dossier_number",
    "billing_invoiceline": "invoice_id position label detail quantity unit unit_price_cents amount_cents nature",
    "billing_creditnote": "public_id invoice_id regie_id number year sequence cents reason comment issued_at issued_by",
    "regies_entry": "id regie_id number cause_kind cause_key label booked_at happened_at previous_hash hash",
    "regies_line": "entry_id account nature debit credit",
    "payments_attempt": "id public_id request_key invoice_id regie_id state reference amount_cents email fiscal_year"
    " gateway mode sent gateway_reference gateway_url opened_at ended_at asked_at bank_said authorisation bank_time_raw"
    " failure",
    "payments_attemptline": "attempt_id invoice_id cents holds",
    "payments_bankexchange": "attempt_id kind at outcome request response",
    "payments_receipt": "id public_id request_key number sequence year regie_id attempt_id invoice_id entry_id means"
    " cents received_at remaining_cents payer_name reference bank taken_by",
    "payments_allocation": "receipt_id invoice_id entry_id cents from_remitted_cents at actor reason",
    "mailing_message": "public_id cause kind to subject text html attachments confidential at_most_once about_kind"
    " about_id state created_at sent_at tries last_error",
    "audit_log_record": "at actor verb subject_kind subject_id source target details",
}
PIECE = 20_000


class Tables:
    """Rows that wait to be written, by table."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Sequence[Any]]] = {name: [] for name in COLUMNS}

    def add(self, table: str, *row: Any) -> None:
        """Keep a row, in the order of ``COLUMNS``."""
        self.waiting[table].append(row)

    def write(self) -> None:
        """Write what waits."""
        with connection.cursor() as cursor:
            for table, rows in self.waiting.items():
                columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table].split()))
                into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
                with cursor.copy(into) as copy:
                    for row in rows:
                        copy.write_row(row)
                rows.clear()

    def write_if_many(self) -> None:
        """Write what waits once it is worth a journey."""
        if len(self.waiting["billing_invoice"]) >= PIECE:
            self.write()


def go_on_above() -> None:
    """Let what is written next take its keys after those that were chosen, and let PostgreSQL know what there is."""
    with connection.cursor() as cursor:
        for table in COLUMNS:
            cursor.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT coalesce(max(id), 1) FROM {}))"
                ).format(sql.Literal(table), sql.Identifier(table))
            )
