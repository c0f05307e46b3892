"""A bordereau de versement of very many receipts: previewed, signed, printed."""

import time
from dataclasses import dataclass

from bench import books
from obole.lib import dates, texts
from obole.payments import operations as payments, queries as receipts
from obole.payments.models import Receipt
from obole.regies.ledger import Cause
from obole.remittances import operations, pdf_documents, queries
from tests.world import WHO, Town

RECEIPTS = 50_000


@dataclass(frozen=True)
class Remitted:
    """What one bordereau took, in seconds."""

    vouchers: int
    preview: float
    signature: float
    document: float
    mebibytes: float


def remit(town: Town) -> Remitted:
    """Let the bank credit receipts made by copy, then pay all of it over."""
    paid = Receipt.objects.select_related("invoice", "attempt", "entry").filter(invoice__isnull=False)
    books.lengthen(paid.order_by("id")[0], entries=2 * RECEIPTS)
    books.analyse()
    wanted = list(receipts.in_instance(town.regie.pk).order_by("id").values_list("pk", flat=True)[:RECEIPTS])
    cause = Cause(kind="clearing", key=texts.token())
    payments.clear_receipts(
        regie_id=town.regie.pk, receipt_ids=wanted, cause=cause, label="bench", actor=WHO, at=dates.now()
    )
    at = dates.now()
    until, began = dates.day_of(at), time.perf_counter()
    entries = queries.ready(queries.entries_to_remit(town.regie, until=until), until=until)
    total = sum(share.cents for share in queries.shares(queries.vouchers(entries)))
    previewed = time.perf_counter()
    remittance = operations.sign_remittance(
        regie_id=town.regie.pk,
        until=until,
        expected_cents=total,
        request_key=texts.token(),
        actor=town.regisseur.actor,
        at=at,
    )
    signed = time.perf_counter()
    paper = pdf_documents.ensure_remittance_pdf(remittance_id=remittance.pk, at=at)
    printed = time.perf_counter()
    return Remitted(
        remittance.entry_count, previewed - began, signed - previewed, printed - signed, paper.size / 1024**2
    )
