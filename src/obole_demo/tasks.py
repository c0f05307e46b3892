"""What the worker's tasks do, callable at another time than now."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from obole.billing import pdf_documents as invoice_papers
from obole.mailing import operations as mailing
from obole.payments import operations as payments, pdf_documents as receipt_papers
from obole.recovery import operations as recovery, queries as recovery_queries
from obole.reminders import operations as reminders


def hand_over(*, transmission_id: int, at: datetime) -> None:
    """Hand over the invoices of a transmission, as the worker does."""
    for line in list(recovery_queries.waiting_lines(transmission_id)):
        recovery.send_line(line_id=line, at=at)
    recovery.finish_transmission(transmission_id=transmission_id, at=at)


TASKS: dict[str, Callable[..., Any]] = {
    "billing.render": invoice_papers.ensure_invoice_pdf,
    "billing.render_credit_note": invoice_papers.ensure_credit_note_pdf,
    "mailing.deliver": mailing.deliver,
    "payments.resolve": payments.resolve_attempt,
    "payments.send_receipt": receipt_papers.send_receipt,
    "recovery.send": hand_over,
    "reminders.deliver": reminders.deliver,
}
