"""What the worker's tasks do, callable at another time than now."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from obole.bank_statements import operations as bank_statements
from obole.billing import operations as billing, pdf_documents as invoice_papers
from obole.books import pdf_documents as closing_papers
from obole.campaigns import operations as campaigns
from obole.cash_desk import pdf_documents as deposit_papers
from obole.mailing import operations as mailing
from obole.payments import operations as payments, pdf_documents as receipt_papers
from obole.recovery import operations as recovery, queries as recovery_queries
from obole.reminders import operations as reminders
from obole.remittances import pdf_documents as remittance_papers


def hand_over(*, transmission_id: int, at: datetime) -> None:
    """Hand over the invoices of a transmission, as the worker does."""
    for line in list(recovery_queries.waiting_lines(transmission_id)):
        recovery.send_line(line_id=line, at=at)
    recovery.finish_transmission(transmission_id=transmission_id, at=at)


def compute_drafts(*, campaign_id: int, lane: int, at: datetime) -> None:
    """Make the drafts of a campaign, as the worker does."""
    while campaigns.compute_next(campaign_id=campaign_id, at=at):
        pass
    campaigns.finish_computing(campaign_id=campaign_id, at=at)


def deposit_drafts(*, campaign_id: int, at: datetime) -> None:
    """Deposit the drafts of a campaign, as the worker does."""
    while campaigns.deposit_next(campaign_id=campaign_id, at=at):
        pass


def render_invoices(*, invoice_ids: str, at: datetime) -> None:
    """Make the documents of invoices that were issued together, as the worker does."""
    invoice_papers.ensure_invoice_pdfs(invoice_ids=list(map(int, invoice_ids.split("."))), at=at)


TASKS: dict[str, Callable[..., Any]] = {
    "billing.deposit": billing.deposit_batch,
    "billing.render": invoice_papers.ensure_invoice_pdf,
    "billing.render_many": render_invoices,
    "billing.render_credit_note": invoice_papers.ensure_credit_note_pdf,
    "bank_statements.accept": bank_statements.perform_acceptance,
    "bank_statements.propose": bank_statements.propose_matches,
    "books.render_closing": closing_papers.ensure_closing_pdf,
    "campaigns.compute": compute_drafts,
    "campaigns.deposit": deposit_drafts,
    "cash_desk.render_deposit": deposit_papers.ensure_deposit_pdf,
    "mailing.deliver": mailing.deliver,
    "payments.resolve": payments.resolve_attempt,
    "payments.send_receipt": receipt_papers.send_receipt,
    "recovery.send": hand_over,
    "reminders.deliver": reminders.deliver,
    "reminders.deliver_sms": reminders.deliver_sms,
    "remittances.render": remittance_papers.ensure_remittance_pdf,
}
