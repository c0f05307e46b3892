"""
The PDF of an invoice, and of the avoir that cancels one: rendered once, by the worker or by who asks first, then served
as it is.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Prefetch
from django.utils import translation

from obole.audit_log import operations as audit_log
from obole.billing import queries, wording
from obole.billing.documents.credit_note import CreditNoteDocument, render_credit_note
from obole.billing.documents.invoice import InvoiceDocument, Line, render_invoice
from obole.billing.models import CreditNote, CreditNotePdf, Invoice, InvoiceLine, InvoicePdf
from obole.lib import actors, dates, files, papers
from obole.lib.queue import each
from obole.lib.transactions import atomic_with_retry


def ensure_invoice_pdf(*, invoice_id: int, at: datetime) -> InvoicePdf:
    """
    Return the invoice's document, and make it the first time. Two at once make the same bytes, and one row.

    :raises obole.lib.pdf.DocumentNotRendered: if the logo or colour of its type is unusable.
    """
    existing = InvoicePdf.objects.filter(invoice=invoice_id).first()
    if existing is not None:
        return existing
    _keep([_made(invoice, at=at) for invoice in _lacking([invoice_id])])
    return InvoicePdf.objects.get(invoice=invoice_id)


def ensure_invoice_pdfs(*, invoice_ids: Sequence[int], at: datetime) -> None:
    """
    Make the documents that these invoices lack, and keep them in one transaction. One that fails stops no other.

    :raises ExceptionGroup: what was raised, once all were tried.
    """
    made: list[InvoicePdf] = []
    try:
        each(_lacking(invoice_ids), lambda invoice: made.append(_made(invoice, at=at)))
    finally:
        _keep(made)


def _lacking(invoice_ids: Sequence[int]) -> Sequence[Invoice]:
    rows = Invoice.objects.filter(pk__in=invoice_ids, document=None).select_related("explanation")
    lines = Prefetch("lines", InvoiceLine.objects.order_by("position"))
    return list(rows.prefetch_related(lines).order_by("pk"))


def _made(invoice: Invoice, *, at: datetime) -> InvoicePdf:
    content = render_invoice(_described(invoice))
    return InvoicePdf(invoice=invoice, digest=files.put(content), size=len(content), rendered_at=at)


def ensure_credit_note_pdf(*, credit_note_id: int, at: datetime) -> CreditNotePdf:
    """Return the document of an avoir, and make it the first time. Two at once make the same bytes, and one row."""
    return papers.keep_once(
        CreditNotePdf,
        of={"credit_note_id": credit_note_id},
        render=lambda: _rendered_credit_note(credit_note_id),
        at=at,
    )


def _rendered_credit_note(credit_note_id: int) -> bytes:
    note = CreditNote.objects.select_related("invoice").get(pk=credit_note_id)
    return render_credit_note(_described_credit_note(note))


def read_pdf(document: InvoicePdf | CreditNotePdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(document.digest)


@atomic_with_retry
def _keep(made: Sequence[InvoicePdf]) -> None:
    """Keep what nobody else kept meanwhile."""
    ids = [one.invoice_id for one in made]
    list(Invoice.objects.locked().filter(pk__in=ids).order_by("pk").values("pk"))
    known = set(InvoicePdf.objects.filter(invoice__in=ids).values_list("invoice", flat=True))
    new = [one for one in made if one.invoice_id not in known]
    InvoicePdf.objects.bulk_create(new)
    for one in new:
        invoice, at = one.invoice, one.rendered_at
        audit_log.log_event(
            "invoice.document", subject=invoice, actor=actors.WORKER, at=at, digest=one.digest, bytes=one.size
        )


def _described(invoice: Invoice) -> InvoiceDocument:
    issued_at, due_date = invoice.issued_at, invoice.due_date
    if issued_at is None or due_date is None or invoice.number is None:
        raise ValueError(f"{invoice.pk} is a draft: it has no document")
    frozen = invoice.wording
    lines = tuple(
        Line(line.label, line.detail, line.quantity, line.unit, line.unit_price_cents, line.amount_cents)
        for line in invoice.lines.all()
    )
    kept = getattr(invoice, "explanation", None)
    with translation.override("fr"):
        why = queries.explained(kept) if kept else None
    texts = dict(frozen["texts"])
    if why is not None:
        # The town's own words on VAT come before ours.
        texts["vat_mention"] = texts["vat_mention"] or why.vat_mention
    return InvoiceDocument(
        letterhead=wording.letterhead(frozen),
        recipient=wording.recipient(frozen),
        number=invoice.number,
        issued_on=dates.day_of(issued_at),
        due_on=invoice.printed_due_date or due_date,
        payable_until=_payable_until(invoice),
        lines=lines,
        total_cents=invoice.total_cents,
        already_paid_cents=0,
        to_pay_cents=invoice.total_cents,
        issued_at=issued_at,
        period=invoice.period,
        dossier_reference=frozen["dossier_reference"],
        pay_url=frozen["pay_url"],
        # Invoices of before had none.
        claim_code=frozen.get("claim_code", ""),
        taxes=tuple(why.taxes) if why else (),
        votes=why.votes if why else "",
        **texts,
    )


def _payable_until(invoice: Invoice) -> date | None:
    """Return the day that was true when it was issued; of an invoice of before, the day of now."""
    frozen = invoice.wording.get("payable_until")
    return date.fromisoformat(frozen) if frozen else invoice.payable_until


def _described_credit_note(note: CreditNote) -> CreditNoteDocument:
    invoice = note.invoice
    return CreditNoteDocument(
        letterhead=wording.letterhead(invoice.wording),
        recipient=wording.recipient(invoice.wording),
        number=note.number,
        invoice_number=invoice.number or "",
        invoice_issued_on=dates.day_of(invoice.issued_at or note.issued_at),
        invoice_label=invoice.label,
        why=note.why,
        amount_cents=note.cents,
        issued_at=note.issued_at,
    )
