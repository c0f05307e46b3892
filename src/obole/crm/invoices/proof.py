"""
The dossier de preuve: all that is kept of an invoice, in one archive that anybody can check.

It is made when it is asked for, in a temporary file, one piece after the other: an invoice with a hundred mails takes
no more memory than its largest one.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from django.db.models import Q
from django.http import FileResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import translation

from obole.audit_log import seals
from obole.audit_log.models import Access
from obole.billing import pdf_documents, queries as invoices, wording
from obole.billing.models import Invoice
from obole.crm.shared import journal
from obole.crm.shared.exports import Value, csv_file, in_euros
from obole.crm.shared.pages import regies_seen
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.mailing import operations as mailing, queries as mails
from obole.mailing.states import Channel
from obole.payments import display_status, pdf_documents as receipt_papers, queries, timeline
from obole.payments.documents import proof as papers
from obole.payments.models import BankExchange, Receipt
from obole.regies.accounts import Account
from obole.regies.models import Regie
from obole.reminders import queries as reminders

Piece = tuple[str, bytes]
NO_RIGHT = (
    "Les échanges bruts avec la banque et les écritures de la régie\u00a0: le profil du demandeur ne les ouvre pas."
)
SUMS = "SHA256SUMS"


@dataclass
class Bundle:
    """An archive under way, with the digest of each of its files."""

    archive: zipfile.ZipFile
    at: datetime
    files: list[papers.ProofFile] = field(default_factory=list)

    def add(self, name: str, content: bytes) -> None:
        """Write a file, dated from the moment when the dossier was asked for."""
        local = self.at.astimezone(dates.PARIS)
        known = zipfile.ZipInfo(name, date_time=local.timetuple()[:6])
        known.compress_type = zipfile.ZIP_DEFLATED
        self.archive.writestr(known, content)
        self.files.append(papers.ProofFile(name, hashlib.sha256(content).hexdigest()))


@for_agents(Right.READ)
@after_reauthentication(reading=True)
def invoice_proof(request: AgentRequest, pk: int) -> HttpResponseBase:
    """Give all that is kept of an invoice, and keep that it was taken away."""
    rows = invoices.invoices_to_list(request.agent).exclude(number=None).select_related("credit_note")
    one, at = get_object_or_404(display_status.with_progress(rows), pk=pk), dates.now()
    with_money = one.regie_id in regies_seen(request)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it once it is sent
    with translation.override("fr"):
        bundle = _write(file, request, one, at=at, with_money=with_money)
    journal.keep(request, Access.Verb.EXPORT, one, what="proof", rows=len(bundle.files), with_money=with_money)
    file.seek(0)
    name = f"dossier-de-preuve-{one.number}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _write(file: IO[bytes], request: AgentRequest, one: Invoice, *, at: datetime, with_money: bool) -> Bundle:
    with zipfile.ZipFile(file, "w") as archive:
        bundle = Bundle(archive, at)
        for name, content in _pieces(request, one, at=at, with_money=with_money):
            bundle.add(name, content)
        bundle.add("00-page-de-garde.pdf", _cover(request, one, bundle, with_money=with_money))
        sums = "".join(f"{item.digest}  {item.name}\n" for item in bundle.files)
        archive.writestr(SUMS, sums.encode())
    return bundle


def _pieces(request: AgentRequest, one: Invoice, *, at: datetime, with_money: bool) -> Iterator[Piece]:
    yield from _documents(request, one, at=at)
    story = list(reversed(timeline.agent_timeline(one, with_bank=with_money)))
    yield from _story(one, story, at=at)
    for rank, message in enumerate(mails.about(one).order_by("created_at", "id").iterator(), 1):
        if message.channel == Channel.SMS:
            yield f"courriels/{rank:03}-{message.kind}.txt", f"{message.to}\n\n{message.text}\n".encode()
        else:
            yield f"courriels/{rank:03}-{message.kind}.eml", mailing.written(message)
    for rank, letter in enumerate(reminders.letters_of(one), 1):
        yield f"courriers/{rank:02}-{letter.kind}.txt", f"{letter.subject}\n\n{letter.text}\n".encode()
    if with_money:
        yield from _exchanges(one)
        yield from _ledger(one)


def _documents(request: AgentRequest, one: Invoice, *, at: datetime) -> Iterator[Piece]:
    """Return the invoice, the avoir and the receipts, as their payer has them."""
    paper = pdf_documents.ensure_invoice_pdf(invoice_id=one.pk, at=at)
    yield f"facture-{one.number}.pdf", pdf_documents.read_pdf(paper)
    note = getattr(one, "credit_note", None)
    if note is not None:
        avoir = pdf_documents.ensure_credit_note_pdf(credit_note_id=note.pk, at=at)
        yield f"avoir-{note.number}.pdf", pdf_documents.read_pdf(avoir)
    # Money that paid no invoice when it came has no receipt that a payer was given.
    mine = Q(invoice__in=Invoice.objects.seen_by(request.agent)) | Q(attempt=None, regie__in=regies_seen(request))
    known = Receipt.objects.filter(mine, pk__in=queries.receipts_of(one).order_by().values("pk"))
    for receipt in known.order_by("received_at", "id"):
        kind = "quittance" if receipt.is_quittance else "recu"
        document = receipt_papers.ensure_receipt_pdf(receipt_id=receipt.pk, at=at)
        yield f"recus/{kind}-{receipt.number}.pdf", receipt_papers.read_pdf(document)


def _story(one: Invoice, story: Sequence[timeline.TimelineEntry], *, at: datetime) -> Iterator[Piece]:
    lines = [(papers.moment(entry.at), entry.title, entry.detail) for entry in story]
    rows = [(entry.at.isoformat(), entry.title, entry.detail) for entry in story]
    yield "chronologie.csv", csv_file(("Quand", "Quoi", "En détail"), rows)
    document = papers.ProofStory(wording.letterhead(one.wording), one.number or "", at, lines)
    yield "chronologie.pdf", papers.render_story(document)


def _exchanges(one: Invoice) -> Iterator[Piece]:
    rows = BankExchange.objects.filter(attempt__shares__invoice=one).select_related("attempt").order_by("at", "id")
    for rank, exchange in enumerate(rows.iterator(), 1):
        head = f"{exchange.attempt.reference}\n{exchange.get_kind_display()}\n{exchange.at.isoformat()}\n"
        text = f"{head}\n--- parti\n{exchange.request}\n\n--- revenu\n{exchange.response}\n"
        yield f"echanges/{rank:03}-{exchange.kind}.txt", text.encode()


def _ledger(one: Invoice) -> Iterator[Piece]:
    """Return the entries with their links in the chain, and the heads of the chains of now."""
    titles = ("Écriture", "Passée le", "Libellé", "Compte", "Imputation", "Débit", "Crédit", "Précédente", "Empreinte")
    rows: list[Sequence[Value]] = [
        (
            str(entry.number),
            entry.booked_at.isoformat(),
            entry.label,
            str(Account(line.account).label),
            line.nature,
            in_euros(line.debit),
            in_euros(line.credit),
            entry.previous_hash,
            entry.hash,
        )
        for entry in queries.entries_of(one)
        for line in entry.lines.all()
    ]
    yield "ecritures.csv", csv_file(titles, rows)
    yield "tetes-de-chaine.csv", csv_file(("Chaîne", "Empreinte"), _heads(one))


def _heads(one: Invoice) -> list[tuple[str, str]]:
    regie = Regie.objects.get(pk=one.regie_id)
    ledger = (f"{regie.code}, écriture n° {regie.entry_count}", regie.entry_head)
    return [ledger, *((f"{seal.table}, ligne {seal.last_id}", seal.digest) for seal in seals.heads())]


def _cover(request: AgentRequest, one: Invoice, bundle: Bundle, *, with_money: bool) -> bytes:
    shown = display_status.display(one, today=dates.day_of(bundle.at))
    cover = papers.ProofCover(
        letterhead=wording.letterhead(one.wording),
        invoice_number=one.number or "",
        payer=one.payer.display_name,
        amount=money.euros(one.total_cents),
        state=str(shown.status.label),
        asked_by=request.actor.name,
        at=bundle.at,
        files=bundle.files,
        missing=() if with_money else (NO_RIGHT,),
        heads=_heads(one) if with_money else (),
    )
    return papers.render_cover(cover)
