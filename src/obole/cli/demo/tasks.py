"""What the worker's tasks do, callable at another time than now."""

from collections.abc import Callable
from typing import Any

from obole.billing import papers as invoice_papers
from obole.mailing import operations as mailing
from obole.payments import operations as payments
from obole.payments import papers as receipt_papers
from obole.reminders import operations as reminders

TASKS: dict[str, Callable[..., Any]] = {
    "billing.render": invoice_papers.ensure_document,
    "billing.render_credit_note": invoice_papers.ensure_credit_note,
    "mailing.deliver": mailing.deliver,
    "payments.resolve": payments.resolve_attempt,
    "payments.send_receipt": receipt_papers.send_receipt,
    "reminders.deliver": reminders.deliver,
}
