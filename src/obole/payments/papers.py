"""The PDF of a receipt: rendered once, by the worker or by who asks first, then served as it is."""

from datetime import datetime

from django.db import transaction

from obole.billing import wording
from obole.billing.documents import letter
from obole.lib import files, words
from obole.payments import notices, queries
from obole.payments.documents.receipt import ReceiptDocument, render_receipt
from obole.payments.models import Receipt, ReceiptPaper


def send_receipt(*, receipt_id: int, at: datetime) -> None:
    """Make the receipt's document and mail it; doing it again changes nothing."""
    paper = ensure_paper(receipt_id=receipt_id, at=at)
    with transaction.atomic():
        receipt = Receipt.objects.select_related("invoice__payer", "invoice__regie", "attempt").get(pk=receipt_id)
        notices.send_receipt(receipt, paper, at=at)


def ensure_paper(*, receipt_id: int, at: datetime) -> ReceiptPaper:
    """Return the receipt's document, and make it the first time. Two at once make the same bytes, and one row."""
    existing = ReceiptPaper.objects.filter(receipt=receipt_id).first()
    if existing is not None:
        return existing
    receipt = Receipt.objects.select_related("invoice", "attempt__invoice", "regie").get(pk=receipt_id)
    content = render_receipt(_described(receipt))
    digest = files.put(content)
    with transaction.atomic():
        paper, _created = ReceiptPaper.objects.get_or_create(
            receipt=receipt, defaults={"digest": digest, "size": len(content), "rendered_at": at}
        )
    return paper


def content_of(paper: ReceiptPaper) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def _described(receipt: Receipt) -> ReceiptDocument:
    attempt = receipt.attempt
    invoice = receipt.invoice or (attempt.invoice if attempt else None)
    paid = queries.paid_at_once(receipt)
    return ReceiptDocument(
        letterhead=wording.letterhead(invoice.wording) if invoice else wording.letterhead_of(receipt.regie),
        recipient=wording.recipient(invoice.wording) if invoice else letter.Recipient(receipt.payer_name), number=receipt.number,
        invoice_number=(invoice.number or "") if invoice else "", invoice_label=invoice.label if invoice else "",
        amount_cents=receipt.cents, paid_at=receipt.received_at,
        means_label=words.in_french(Receipt.Means(receipt.means).label),
        bank_authorisation=attempt.authorisation if attempt else "", is_quittance=receipt.is_quittance,
        reference=attempt.reference if attempt else receipt.reference, remaining_cents=receipt.remaining_cents,
        paid=paid if len(paid) > 1 else (), payer_name=receipt.payer_name,
    )  # fmt: skip
