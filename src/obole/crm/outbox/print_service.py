"""
A batch of letters as a print service takes it: a PDF for each envelope, and a list of them with their addresses.

It is made when it is asked for, in a temporary file, one letter after the other.
"""

import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import translation

from obole.audit_log.models import Access
from obole.billing.models import LetterBatch
from obole.crm.outbox.letters import words_are_gone
from obole.crm.shared import journal
from obole.crm.shared.exports import csv_file
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, texts
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.recovery.rules.pes.debtors import read_address
from obole.reminders import pdf_documents, queries

TITLES = (
    "Référence",
    "Nature",
    "Facture",
    "Nom",
    "Complément d’adresse",
    "Voie",
    "Suite de l’adresse",
    "Code postal",
    "Ville",
    "Pages",
    "Fichier",
)
LIST = "courriers.csv"


@for_agents(Right.REVIEW)
@after_reauthentication(reading=True)
def letters_export(request: AgentRequest, pk: int) -> HttpResponseBase:
    """Give the letters of a batch to be printed elsewhere, and keep that they were taken away."""
    batch, at = get_object_or_404(queries.batches_of(request.agent), pk=pk), dates.now()
    limits.use(EXPORTS, request.agent.pk, at=at)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it once it is sent
    try:
        with translation.override("fr"):
            _write(file, batch, at=at)
    except pdf_documents.LettersGone:
        file.close()
        return words_are_gone(request)
    journal.keep(request, Access.Verb.EXPORT, batch, what="letters_export", rows=batch.count)
    file.seek(0)
    name = f"courriers-{dates.day_of(batch.made_at).isoformat()}-{batch.pk}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _write(file: IO[bytes], batch: LetterBatch, *, at: datetime) -> None:
    rows = list[tuple[str, ...]]()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in _named(batch, at=at):
            archive.writestr(name, one.content)
            rows.append((*_described(one), str(one.pages), name))
        archive.writestr(LIST, csv_file(TITLES, rows))


def _named(batch: LetterBatch, *, at: datetime) -> Iterator[tuple[str, pdf_documents.PrintedLetter]]:
    for rank, one in enumerate(pdf_documents.printed_letters(batch_id=batch.pk, at=at), 1):
        kind = texts.fold(str(one.row.get_kind_display()))
        yield f"{rank:03}-{kind}-{one.row.invoice.number}.pdf", one


def _described(one: pdf_documents.PrintedLetter) -> tuple[str, ...]:
    letter, lines = one.row, one.recipient.address_lines
    read = read_address("\n".join(lines))
    # What is not the address of a French town is handed over as it was typed: the print service knows others.
    parts = (read.before, read.street, read.after) if read.postcode else ("", " ".join(lines), "")
    about = (f"L{letter.pk:07}", str(letter.get_kind_display()), letter.invoice.number or "", one.recipient.name)
    return (*about, *parts, read.postcode, read.town)
