"""The PDF of a bordereau: rendered once, by the worker or by who asks first, then served as it is."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from obole.billing import wording
from obole.directory import queries as directory
from obole.lib import dates, files, iban, papers, texts
from obole.regies import queries as regies
from obole.regies.models import Line, Mandate, Means
from obole.remittances import queries
from obole.remittances.documents.remittance import RemittanceDocument, Voucher, render_remittance
from obole.remittances.models import Remittance, RemittancePdf

CHUNK = 2000
PAID_BY_THE_COMPTABLE = "remboursement par mandat"


def ensure_remittance_pdf(*, remittance_id: int, at: datetime) -> RemittancePdf:
    """Return the bordereau's document, and make it the first time. Two at once make the same bytes, and one row."""
    return papers.keep_once(
        RemittancePdf, of={"remittance_id": remittance_id}, render=lambda: _rendered(remittance_id), at=at
    )


def _rendered(remittance_id: int) -> bytes:
    remittance = Remittance.objects.select_related("regie").get(pk=remittance_id)
    return render_remittance(_described(remittance))


def read_pdf(paper: RemittancePdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def means_label(means: str) -> str:
    """Name a means of payment on paper, in French; by no means: the comptable paid."""
    return texts.in_french(Means(means).label) if means else PAID_BY_THE_COMPTABLE


def _described(remittance: Remittance) -> RemittanceDocument:
    lines = queries.vouchers_of(remittance)
    act = regies.act_of(remittance.regie_id)
    shares = [share for share in queries.shares(lines) if not share.is_refund]
    columns = [means for means in Means if any(share.means == means for share in shares)]
    return RemittanceDocument(
        letterhead=wording.letterhead_of(remittance.regie),
        number=remittance.number,
        until=remittance.until,
        signed_at=remittance.signed_at,
        signed_by=remittance.signed_by.name,
        quality=texts.in_french(Mandate.Kind(remittance.quality).label),
        act=f"{act.reference} du {dates.format_short(act.signed_on)}" if act else "",
        iban=iban.grouped(act.iban) if act else "",
        treasury=directory.the_authority().treasury,
        columns=[means_label(means) for means in columns],
        rows=[*_rows(shares, columns), ("Total", _sums(shares, columns))],
        total_cents=remittance.total_cents,
        refund_cents=remittance.refund_cents,
        vouchers=[_voucher(line) for line in lines.iterator(chunk_size=CHUNK)],
    )


def _rows(shares: Sequence[queries.Share], columns: Sequence[Means]) -> Iterator[tuple[str, Sequence[int]]]:
    for nature in dict.fromkeys(share.nature for share in shares):
        yield nature, _sums([share for share in shares if share.nature == nature], columns)


def _sums(shares: Sequence[queries.Share], columns: Sequence[Means]) -> list[int]:
    by_means = [sum(share.cents for share in shares if share.means == means) for means in columns]
    return [*by_means, sum(by_means)]


def _voucher(line: Line) -> Voucher:
    said = vars(line)
    return Voucher(
        number=said["receipt_number"] or "",
        day=dates.day_of(line.entry.booked_at),
        means=means_label(said["means"]),
        nature=line.nature,
        cents=said["cents"],
    )
