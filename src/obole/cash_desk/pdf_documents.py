"""The bordereau of a remise: rendered once, by the worker or by who asks first, then served as it is."""

from datetime import datetime

from obole.billing import wording
from obole.cash_desk import queries, rules
from obole.cash_desk.documents.deposit import DepositDocument, Row, render_deposit
from obole.cash_desk.models import Deposit, DepositPdf
from obole.lib import files, money, papers
from obole.payments.models import Receipt


def ensure_deposit_pdf(*, deposit_id: int, at: datetime) -> DepositPdf:
    """Return the bordereau, and make it the first time. Two at once make the same bytes, and one row."""
    return papers.keep_once(DepositPdf, of={"deposit_id": deposit_id}, render=lambda: _rendered(deposit_id), at=at)


def _rendered(deposit_id: int) -> bytes:
    return render_deposit(_described(Deposit.objects.select_related("regie", "session__drawer").get(pk=deposit_id)))


def read_pdf(paper: DepositPdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def payer_of(receipt: Receipt) -> str:
    """Name who a cheque comes from: who handed it over, else who owed what it paid."""
    return receipt.payer_name or (receipt.invoice.payer.display_name if receipt.invoice else "")


def _described(deposit: Deposit) -> DepositDocument:
    return DepositDocument(
        letterhead=wording.letterhead_of(deposit.regie),
        number=deposit.number,
        kind=Deposit.Kind(deposit.kind),
        amount_cents=deposit.cents,
        pieces=deposit.pieces,
        prepared_at=deposit.prepared_at,
        prepared_by=deposit.prepared_by.name,
        drawer=deposit.session.drawer.name if deposit.session else "",
        rows=_coins(deposit) if deposit.kind == Deposit.Kind.CASH else _pieces(deposit),
    )


def _coins(deposit: Deposit) -> list[Row]:
    counted = rules.counted_values(deposit.count or {})
    return [Row((money.euros(item.value), f"{item.number}"), item.cents) for item in counted]


def _pieces(deposit: Deposit) -> list[Row]:
    return [
        Row((str(rank), line.receipt.number, line.receipt.reference, payer_of(line.receipt)), line.receipt.cents)
        for rank, line in enumerate(queries.lines(deposit), start=1)
    ]
