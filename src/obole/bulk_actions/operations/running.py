"""
Row after row, each in a transaction of its own with what is kept of it: a worker that dies leaves a row done and
counted, or neither. A row that is refused, or that fails, stops no other.
"""

import io
import logging
import zipfile
from collections.abc import Iterator
from datetime import datetime

from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import pdf_documents
from obole.billing.models import Invoice, InvoicePdf
from obole.bulk_actions.models import BulkAction, BulkRow, BulkVerb
from obole.bulk_actions.operations.verbs import REFUSALS, VERBS, require_right, sentence_of
from obole.directory.models import Citizen
from obole.lib import files, pdf_pages
from obole.lib.queue import AWAY
from obole.lib.transactions import atomic_with_retry, is_lock_refused

logger = logging.getLogger(__name__)
Outcome = BulkRow.Outcome
TOGETHER = 200
"""Payers whose documents are one file to print: what a printer's tray and a reader of PDF take."""
COUNTED = {Outcome.DONE: "done", Outcome.FAILED: "failed"}


def run_next(*, action_id: int, at: datetime) -> bool:
    """
    Do the next row of an action; say whether there may be more. Where none is left, the action is ended.

    :raises django.db.OperationalError: if the database goes away: the row is done later, or was done.
    """
    action = BulkAction.objects.select_related("agent").get(pk=action_id)
    if action.ended_at is not None:
        return False
    row = BulkRow.objects.filter(action=action, outcome=Outcome.PENDING).order_by("position").first()
    if row is None:
        _end(action_id=action_id, paper=_paper(action), at=at)
        return False
    try:
        if VERBS[BulkVerb(action.verb)].is_slow:
            _do_slowly(action, row, at=at)
        else:
            _do(row_id=row.pk, action_id=action_id, at=at)
    except Exception as error:
        if isinstance(error, tuple(AWAY)) and not is_lock_refused(error):
            raise
        # What nobody foresaw fails one row, which a person can look at, and not the four hundred after it.
        logger.exception("row %s of action %s was left undone", row.object_id, action_id)
        _keep(row_id=row.pk, action_id=action_id, outcome=Outcome.FAILED, reason=_unforeseen(error))
    return True


@atomic_with_retry
def _do(*, row_id: int, action_id: int, at: datetime) -> None:
    """Do a row and keep what became of it, together."""
    action, row = _locked(action_id, row_id)
    if row is None:
        return
    try:
        # A savepoint: what a refused operation had begun is undone, and the refusal is kept.
        with transaction.atomic():
            require_right(action.agent, BulkVerb(action.verb))
            VERBS[BulkVerb(action.verb)].act(action, row.object_id, at)
    except REFUSALS as refusal:
        _note(action, row, Outcome.FAILED, sentence_of(refusal))
    else:
        _note(action, row, Outcome.DONE)


def _do_slowly(action: BulkAction, row: BulkRow, *, at: datetime) -> None:
    """Do what waits for a document, holding nothing, then keep what became of the row. Done twice, it is the same."""
    try:
        require_right(action.agent, BulkVerb(action.verb))
        made = VERBS[BulkVerb(action.verb)].act(action, row.object_id, at)
    except REFUSALS as refusal:
        _keep(row_id=row.pk, action_id=action.pk, outcome=Outcome.FAILED, reason=sentence_of(refusal))
    else:
        digest = made if isinstance(made, str) else ""
        _keep(row_id=row.pk, action_id=action.pk, outcome=Outcome.DONE, digest=digest)


@atomic_with_retry
def _keep(*, row_id: int, action_id: int, outcome: Outcome, reason: str = "", digest: str = "") -> None:
    action, row = _locked(action_id, row_id)
    if row is not None:
        row.file_digest = digest
        _note(action, row, outcome, reason)


def _locked(action_id: int, row_id: int) -> tuple[BulkAction, BulkRow | None]:
    """Hold an action, and return a row of it that is still to do; none where it was stopped, or another did it."""
    action = BulkAction.objects.select_for_update(of=("self",)).select_related("agent").get(pk=action_id)
    if action.ended_at is not None:
        return action, None
    return action, BulkRow.objects.filter(pk=row_id, outcome=Outcome.PENDING).first()


def _note(action: BulkAction, row: BulkRow, outcome: Outcome, reason: str = "") -> None:
    row.outcome, row.reason = outcome, reason[:300]
    row.save(update_fields=["outcome", "reason", "file_digest"])
    counted = COUNTED[outcome]
    setattr(action, counted, getattr(action, counted) + 1)
    action.save(update_fields=[counted])


def _unforeseen(error: Exception) -> str:
    if isinstance(error, OperationalError):
        return _("Quelqu’un d’autre la modifiait au même moment : recommencez pour elle.")
    return _("Une erreur inattendue l’a empêché ; elle est notée pour les exploitants. Essayez depuis sa page.")


def _paper(action: BulkAction) -> bytes:
    """Return what was made of the rows that are done, in their order; nothing where their verb makes no document."""
    make = PAPERS.get(BulkVerb(action.verb))
    if make is None or not action.done:
        return b""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, document in make(action.rows.filter(outcome=Outcome.DONE).order_by("position")):
            # The day of a name in it is always the same: made twice, it is the same file.
            archive.writestr(zipfile.ZipInfo(name), document)
    return content.getvalue()


def _invoice_papers(rows: QuerySet[BulkRow]) -> Iterator[tuple[str, bytes]]:
    done = list(rows.values_list("object_id", flat=True))
    papers = InvoicePdf.objects.filter(invoice__in=done).in_bulk(field_name="invoice_id")
    numbers = dict(Invoice.objects.filter(pk__in=done).values_list("pk", "number"))
    for pk in done:
        yield f"facture-{numbers[pk]}.pdf", pdf_documents.read_pdf(papers[pk])


def _attestations(rows: QuerySet[BulkRow]) -> Iterator[tuple[str, bytes]]:
    """Return documents to print, each of so many payers, with an entry of its outline for each of them."""
    done = list(rows)
    payers = Citizen.objects.in_bulk([row.object_id for row in done])
    for first in range(0, len(done), TOGETHER):
        some = done[first : first + TOGETHER]
        parts = [(payers[row.object_id].display_name, [files.get(row.file_digest)]) for row in some]
        yield f"attestations-{first // TOGETHER + 1:03}.pdf", pdf_pages.join(parts)


PAPERS = {BulkVerb.PRINT_INVOICES: _invoice_papers, BulkVerb.ATTEST: _attestations}


def _end(*, action_id: int, paper: bytes, at: datetime) -> None:
    digest = files.put(paper) if paper else ""
    _note_end(action_id=action_id, digest=digest, size=len(paper), at=at)


@atomic_with_retry
def _note_end(*, action_id: int, digest: str, size: int, at: datetime) -> None:
    action = BulkAction.objects.select_for_update(of=("self",)).select_related("agent").get(pk=action_id)
    if action.ended_at is not None:
        return
    action.ended_at, action.file_digest, action.file_size = at, digest, size
    action.save(update_fields=["ended_at", "file_digest", "file_size"])
    audit_log.log_event(
        "bulk.end", subject=action, actor=action.agent.actor, at=at, done=action.done, failed=action.failed
    )
