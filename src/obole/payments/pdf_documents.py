"""
The PDF of a receipt: rendered once, by the worker or by who asks first, then served as it is. And the état of the
refunds to pay.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from obole.billing import wording
from obole.billing.documents import letter
from obole.directory import queries as directory
from obole.lib import files, iban, papers, texts
from obole.payments import emails, queries
from obole.payments.documents.receipt import ReceiptDocument, render_receipt
from obole.payments.documents.refund_statement import StatementDocument, StatementLine, render_refund_statement
from obole.payments.models import Receipt, ReceiptPdf, Refund
from obole.regies import queries as regies
from obole.regies.models import Regie


def send_receipt(*, receipt_id: int, at: datetime) -> None:
    """Make the receipt's document and mail it; doing it again changes nothing."""
    paper = ensure_receipt_pdf(receipt_id=receipt_id, at=at)
    with transaction.atomic():
        receipt = Receipt.objects.select_related("invoice__payer", "invoice__regie", "attempt").get(pk=receipt_id)
        emails.send_receipt(receipt, paper, at=at)


def ensure_receipt_pdf(*, receipt_id: int, at: datetime) -> ReceiptPdf:
    """Return the receipt's document, and make it the first time. Two at once make the same bytes, and one row."""
    return papers.keep_once(ReceiptPdf, of={"receipt_id": receipt_id}, render=lambda: _rendered(receipt_id), at=at)


def _rendered(receipt_id: int) -> bytes:
    rows = Receipt.objects.select_related("invoice", "attempt__invoice", "regie")
    return render_receipt(_described(rows.get(pk=receipt_id)))


def render_statement(regie: Regie, refunds: Sequence[Refund], *, at: datetime) -> bytes:
    """Make the état of the refunds that wait to be paid: it is of a moment, and kept nowhere."""
    act = regies.act_of(regie.pk)
    lines = [
        StatementLine(
            number=refund.receipt.number,
            holder=refund.account_holder,
            iban=iban.grouped(refund.iban),
            reason=refund.reason,
            approved_by=refund.decided_by.name if refund.decided_by else "",
            cents=refund.cents,
        )
        for refund in refunds
    ]
    document = StatementDocument(
        letterhead=wording.letterhead_of(regie),
        at=at,
        treasury=directory.the_authority().treasury,
        paid_by_regie=act is not None and act.pays_refunds,
        lines=lines,
    )
    return render_refund_statement(document)


def read_pdf(paper: ReceiptPdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def _described(receipt: Receipt) -> ReceiptDocument:
    attempt = receipt.attempt
    invoice = receipt.invoice or (attempt.invoice if attempt else None)
    paid = queries.numbers_paid(receipt)
    return ReceiptDocument(
        letterhead=wording.letterhead(invoice.wording) if invoice else wording.letterhead_of(receipt.regie),
        recipient=wording.recipient(invoice.wording) if invoice else letter.Recipient(receipt.payer_name),
        number=receipt.number,
        invoice_number=(invoice.number or "") if invoice else "",
        invoice_label=invoice.label if invoice else "",
        amount_cents=receipt.cents,
        paid_at=receipt.received_at,
        means_label=texts.in_french(Receipt.Means(receipt.means).label),
        bank_authorisation=attempt.authorisation if attempt else "",
        is_quittance=receipt.is_quittance,
        reference=attempt.reference if attempt else receipt.reference,
        bank=receipt.bank,
        valued_on=receipt.valued_on,
        remaining_cents=receipt.remaining_cents,
        paid=paid if len(paid) > 1 else (),
        payer_name=receipt.payer_name,
    )
