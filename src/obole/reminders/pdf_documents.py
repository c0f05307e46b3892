"""The PDF of a batch of letters: rendered once, by who asks first, then served as it is while its words are kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.translation import ngettext

from obole.billing import pdf_documents as invoice_papers, wording
from obole.billing.documents import letter
from obole.billing.models import Letter, LetterBatch, LetterBatchPdf
from obole.lib import dates, files, papers, pdf_pages, texts
from obole.lib.languages import Language
from obole.reminders import queries
from obole.reminders.documents.letters import LettersDocument, PaperLetter, render_letters


class LettersGone(Exception):
    """A batch whose words were let go of has no document any more."""


@dataclass(frozen=True)
class PrintedLetter:
    """One letter of a batch, as pages of its document."""

    row: Letter
    recipient: letter.Recipient
    pages: int
    content: bytes


def ensure_batch_pdf(*, batch_id: int, at: datetime) -> LetterBatchPdf:
    """
    Return the document of a batch, and make it the first time. Two at once make as good pages, and one row.

    :raises LettersGone: if the words of all its letters were let go of.
    """
    return papers.keep_once(LetterBatchPdf, of={"batch_id": batch_id}, render=lambda: _rendered(batch_id, at=at), at=at)


def read_pdf(paper: LetterBatchPdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def printed_letters(*, batch_id: int, at: datetime) -> Iterator[PrintedLetter]:
    """
    Yield each letter of a batch with the pages that were printed of it, in their order.

    :raises LettersGone: if the words of all its letters were let go of.
    """
    content = read_pdf(ensure_batch_pdf(batch_id=batch_id, at=at))
    _list, *parts = pdf_pages.cut(content)
    for one, part in zip(queries.worded_letters(batch_id), parts, strict=True):
        yield PrintedLetter(one, _recipient(one), part.pages, part.content)


def _rendered(batch_id: int, *, at: datetime) -> bytes:
    batch = LetterBatch.objects.select_related("regie").get(pk=batch_id)
    letters = list(queries.worded_letters(batch_id))
    if not letters:
        raise LettersGone(batch_id)
    day = dates.format_short(dates.day_of(batch.made_at))
    count = ngettext("%(n)d courrier", "%(n)d courriers", len(letters)) % {"n": len(letters)}
    return render_letters(
        LettersDocument(
            letterhead=wording.letterhead_of(batch.regie),
            title=f"Courriers du {day}, lot n°\u00a0{batch.pk}",
            summary=f"{batch.regie.name}, {texts.in_french(count)}. Cette liste reste au service.",
            printed_at=batch.made_at,
            letters=[_described(one, at=at) for one in letters],
        )
    )


def _described(one: Letter, *, at: datetime) -> PaperLetter:
    with translation.override("fr"):
        kind = str(one.get_kind_display())
    invoice = one.invoice
    return PaperLetter(
        recipient=_recipient(one),
        kind=kind,
        invoice_number=invoice.number or "",
        remaining_cents=invoice.remaining_cents,
        subject=one.subject,
        text=one.text,
        enclosed=_enclosed(one, at=at),
        language=Language(invoice.payer.language),
    )


def _recipient(one: Letter) -> letter.Recipient:
    payer = one.invoice.payer
    return letter.Recipient(payer.display_name, tuple(payer.address.splitlines()))


def _enclosed(one: Letter, *, at: datetime) -> bytes:
    """Return what is printed behind a letter: the invoice, or the avoir, as its payer would download it."""
    if one.kind == Letter.Kind.NOTICE:
        return invoice_papers.read_pdf(invoice_papers.ensure_invoice_pdf(invoice_id=one.invoice_id, at=at))
    if one.kind == Letter.Kind.CREDIT_NOTE:
        note = one.invoice.credit_note
        return invoice_papers.read_pdf(invoice_papers.ensure_credit_note_pdf(credit_note_id=note.pk, at=at))
    return b""
