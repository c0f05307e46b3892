"""The PDF of a batch of letters: rendered once, by who asks first, then served as it is."""

from datetime import datetime

from django.utils.translation import ngettext

from obole.billing import wording
from obole.billing.documents import letter
from obole.lib import dates, files, papers, texts
from obole.reminders.documents.letters import LettersDocument, PaperReminder, render_letters
from obole.reminders.models import Letter, LetterBatch, LetterBatchPdf


def ensure_batch_pdf(*, batch_id: int, at: datetime) -> LetterBatchPdf:
    """Return the document of a batch, and make it the first time. Two at once make the same bytes, and one row."""
    return papers.keep_once(LetterBatchPdf, of={"batch_id": batch_id}, render=lambda: _rendered(batch_id), at=at)


def read_pdf(paper: LetterBatchPdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def _rendered(batch_id: int) -> bytes:
    batch = LetterBatch.objects.select_related("regie").get(pk=batch_id)
    letters = batch.letters.select_related("reminder__invoice__payer").order_by("id")
    day = dates.format_short(dates.day_of(batch.made_at))
    count = ngettext("%(n)d courrier", "%(n)d courriers", batch.count) % {"n": batch.count}
    return render_letters(
        LettersDocument(
            letterhead=wording.letterhead_of(batch.regie),
            title=f"Courriers du {day}, lot n°\u00a0{batch.pk}",
            summary=f"{batch.regie.name}, {texts.in_french(count)}. Cette liste reste au service.",
            printed_at=batch.made_at,
            letters=[_described(one) for one in letters],
        )
    )


def _described(one: Letter) -> PaperReminder:
    invoice = one.reminder.invoice
    recipient = letter.Recipient(invoice.payer.display_name, tuple(invoice.payer.address.splitlines()))
    return PaperReminder(recipient, invoice.number or "", invoice.remaining_cents, one.subject, one.text)
