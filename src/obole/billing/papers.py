"""The PDF of an invoice, and of the avoir that cancels one: rendered once, by the worker or by who asks first, then served as it is."""

from datetime import datetime

from django.db import transaction
from django.utils import translation

from obole.billing import queries, wording
from obole.billing.documents.credit_note import CreditNoteDocument, render_credit_note
from obole.billing.documents.invoice import InvoiceDocument, Line, render_invoice
from obole.billing.models import CreditNote, CreditNotePaper, Document, Invoice
from obole.lib import days, files
from obole.lib.transactions import whole
from obole.trail import operations as trail


def ensure_document(*, invoice_id: int, at: datetime) -> Document:
    """
    Return the invoice's document, and make it the first time. Two at once make the same bytes, and one row.

    :raises obole.lib.pdf.DocumentNotRendered: if the logo or colour of its type is unusable.
    """
    existing = Document.objects.filter(invoice=invoice_id).first()
    if existing is not None:
        return existing
    invoice = Invoice.objects.select_related("type").get(pk=invoice_id)
    content = render_invoice(_described(invoice))
    digest = files.put(content)
    return _keep(invoice, digest=digest, size=len(content), at=at)


def ensure_credit_note(*, credit_note_id: int, at: datetime) -> CreditNotePaper:
    """Return the document of an avoir, and make it the first time. Two at once make the same bytes, and one row."""
    existing = CreditNotePaper.objects.filter(credit_note=credit_note_id).first()
    if existing is not None:
        return existing
    note = CreditNote.objects.select_related("invoice").get(pk=credit_note_id)
    content = render_credit_note(_described_credit_note(note))
    digest = files.put(content)
    with transaction.atomic():
        paper, _created = CreditNotePaper.objects.get_or_create(
            credit_note=note, defaults={"digest": digest, "size": len(content), "rendered_at": at}
        )
    return paper


def content_of(document: Document | CreditNotePaper) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(document.digest)


@whole
def _keep(invoice: Invoice, *, digest: str, size: int, at: datetime) -> Document:
    Invoice.objects.locked().get(pk=invoice.pk)
    document, created = Document.objects.get_or_create(
        invoice=invoice, defaults={"digest": digest, "size": size, "rendered_at": at}
    )
    if created:
        trail.note("invoice.document", subject=invoice, actor="worker", at=at, digest=digest, bytes=size)
    return document


def _described(invoice: Invoice) -> InvoiceDocument:
    issued_at, due_date = invoice.issued_at, invoice.due_date
    if issued_at is None or due_date is None or invoice.number is None:
        raise ValueError(f"{invoice.pk} is a draft: it has no document")
    frozen = invoice.wording
    lines = tuple(
        Line(one.label, one.detail, one.quantity, one.unit, one.unit_price_cents, one.amount_cents)
        for one in invoice.lines.order_by("position")
    )
    with translation.override("fr"):
        why = queries.explained(invoice)
    texts = dict(frozen["texts"])
    if why is not None:
        # The town's own words on VAT come before ours.
        texts["vat_mention"] = texts["vat_mention"] or why.vat_mention
    return InvoiceDocument(
        letterhead=wording.letterhead(frozen), recipient=wording.recipient(frozen), number=invoice.number,
        issued_on=days.day_of(issued_at), due_on=due_date, lines=lines, total_cents=invoice.total_cents, already_paid_cents=0,
        to_pay_cents=invoice.total_cents, issued_at=issued_at, period=invoice.period,
        dossier_reference=frozen["dossier_reference"], pay_url=frozen["pay_url"],
        taxes=tuple(why.taxes) if why else (), votes=why.votes if why else "", **texts,
    )  # fmt: skip


def _described_credit_note(note: CreditNote) -> CreditNoteDocument:
    invoice = note.invoice
    return CreditNoteDocument(
        letterhead=wording.letterhead(invoice.wording), recipient=wording.recipient(invoice.wording), number=note.number,
        invoice_number=invoice.number or "", invoice_issued_on=days.day_of(invoice.issued_at or note.issued_at),
        invoice_label=invoice.label, why=note.why, amount_cents=note.cents, issued_at=note.issued_at,
    )  # fmt: skip
