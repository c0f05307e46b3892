"""The PES file of a transmission: put together from rows, looked at before it is made, written once, served."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.billing.rules import TAX_NATURE
from obole.billing.states import InvoiceState
from obole.directory.models import Citizen
from obole.lib import dates, files, papers
from obole.payments.rules import spread_by_nature
from obole.recovery import queries
from obole.recovery.line_states import LineState
from obole.recovery.models import PesContent, PesFile, PesPiece, PesSettings, Transmission, TransmissionLine
from obole.recovery.rules import pes
from obole.regies.models import Regie

LEAST_CENTS = 15_00
"""No titre is recovered below (CGCT, D1611-1): such a piece is shown, and the comptable asked."""


class ChangedSince(ValueError):
    """A file took its number, and what it says cannot be written any more: the sentences say what to mend."""


@dataclass(frozen=True)
class Preview:
    """What a file of a transmission would hold, and what is wrong with it."""

    flow: pes.Flow
    problems: Sequence[pes.Problem]

    @property
    def whole_problems(self) -> list[pes.Problem]:
        """What stops the whole file, whatever it holds."""
        return [problem for problem in self.problems if not problem.piece]

    @property
    def left_out(self) -> set[int]:
        """The numbers of the pieces that cannot be written."""
        return {problem.piece for problem in self.problems if problem.piece}

    @property
    def small(self) -> int:
        """How many pieces are below what is recovered."""
        return sum(piece.cents < LEAST_CENTS for piece in self.flow.pieces)


def settings_of(regie: Regie) -> PesSettings | None:
    """Return how a régie's transmissions are said in PES V2, if that was set."""
    return PesSettings.objects.filter(regie=regie).first()


def natures_of(regie: Regie) -> list[str]:
    """Return the imputations of a régie's types de facture, and of what is unpaid or transmitted: what wants a code."""
    types = regie.invoice_types.values_list("nature", flat=True)
    states = (InvoiceState.DUE, InvoiceState.TRANSFERRED)
    unpaid = Invoice.objects.filter(regie=regie, state__in=states).order_by()
    lines = unpaid.values_list("lines__nature", flat=True).distinct()
    return sorted({*types, *lines, TAX_NATURE} - {None, ""})


def next_bordereau(settings: PesSettings, year: int) -> int:
    """Return the number that the next bordereau of a budget and a year would take: continuous, whatever the régie."""
    same = Q(siret=settings.siret, collectivity=settings.collectivity, budget=settings.budget, year=year)
    last = PesFile.objects.filter(same).aggregate(last=Max("bordereau"))["last"] or 0
    return max(last + 1, settings.first_bordereau)


def lines_to_write(transmission: Transmission) -> QuerySet[TransmissionLine]:
    """Return what the comptable has of a transmission, in its order."""
    return queries.lines_of(transmission).filter(state=LineState.SENT)


def preview(transmission: Transmission, settings: PesSettings, *, notices_on: date | None, at: datetime) -> Preview:
    """Return what a file of a transmission made now would hold, and all that is wrong with it."""
    today = dates.day_of(at)
    year = pes.exercice_of(transmission.year or today.year, today)
    row = PesFile(
        transmission=transmission,
        post=settings.post,
        siret=settings.siret,
        collectivity=settings.collectivity,
        budget=settings.budget,
        year=year,
        bordereau=next_bordereau(settings, year),
        notices_on=notices_on,
        made_at=at,
    )
    flow = _flow(row, settings, list(enumerate(lines_to_write(transmission), start=1)))
    return Preview(flow, pes.problems_of(flow))


def without(flow: pes.Flow, numbers: set[int]) -> pes.Flow:
    """Return a rôle without some of its pieces, the others numbered again from one."""
    kept = [piece for piece in flow.pieces if piece.number not in numbers]
    return replace(flow, pieces=[replace(piece, number=rank) for rank, piece in enumerate(kept, start=1)])


def ensure_content(*, file_id: int, at: datetime) -> PesContent:
    """
    Return the XML of a file, and write it the first time. Two at once write the same bytes, and one row.

    :raises ChangedSince: if what it says was changed since the number was taken, and cannot be written any more.
    """
    return papers.keep_once(PesContent, of={"file_id": file_id}, render=lambda: _rendered(file_id), at=at)


def read(content: PesContent) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(content.digest)


def files_of(transmission: Transmission) -> QuerySet[PesFile]:
    """Return the files of a transmission, newest first."""
    return PesFile.objects.filter(transmission=transmission).order_by("-made_at", "-id")


def gaps(file: PesFile) -> dict[str, int]:
    """Return how many invoices the comptable has that a file does not say (``out``), and it says that went ``back``."""
    said = Exists(PesPiece.objects.filter(file=file, line=OuterRef("pk")))
    lines = TransmissionLine.objects.filter(transmission=file.transmission_id).annotate(said=said)
    return lines.aggregate(
        out=Count("pk", filter=Q(state=LineState.SENT, said=False)),
        back=Count("pk", filter=Q(state=LineState.RETURNED, said=True)),
    )


def name_of(file: PesFile) -> str:
    """Return the name that a file bears, and says that it bears."""
    return _flow(file, PesSettings(), []).file_name


def _rendered(file_id: int) -> bytes:
    file = PesFile.objects.select_related("transmission__regie").get(pk=file_id)
    pieces = file.pieces.select_related("line__invoice__payer", "line__transmission").order_by("number")
    settings = PesSettings.objects.get(regie=file.transmission.regie_id)
    flow = _flow(file, settings, [(piece.number, piece.line) for piece in pieces])
    problems = pes.problems_of(flow)
    if problems:
        raise ChangedSince(" ".join(problem.sentence for problem in problems[:3]))
    return pes.write(flow)


def _flow(file: PesFile, settings: PesSettings, numbered: Iterable[tuple[int, TransmissionLine]]) -> pes.Flow:
    lines = list(numbered)
    amounts = billing.amounts_by_nature([line.invoice_id for _number, line in lines]) if lines else {}
    return pes.Flow(
        post=file.post,
        siret=file.siret,
        collectivity=file.collectivity,
        budget=file.budget,
        year=file.year,
        bordereau=file.bordereau,
        subject=f"Factures impayées, transmission {file.transmission.number}",
        day=dates.day_of(file.made_at),
        notices_on=file.notices_on,
        edition=settings.edition,
        period=settings.period,
        pieces=[_piece(number, line, settings, amounts[line.invoice_id]) for number, line in lines],
    )


def _piece(number: int, line: TransmissionLine, settings: PesSettings, amounts: Sequence[tuple[str, int]]) -> pes.Piece:
    invoice = line.invoice
    # What was left when it was handed over: of each imputation, what no receipt had counted for.
    asked = spread_by_nature(amounts, already_cents=invoice.total_cents - line.cents, cents=line.cents)
    return pes.Piece(
        invoice_pk=invoice.pk,
        number=number,
        invoice=str(invoice.number),
        subject=f"Facture {invoice.number} {invoice.label}",
        debt=f"{settings.debt_prefix}{invoice.year}{invoice.sequence:06d}",
        debtor=pes.debtor_of(_payer(invoice.payer), organisations=settings.organisations),
        lines=[
            pes.Line(nature=nature, product=str(settings.products.get(nature, "")), cents=cents)
            for nature, cents in asked
        ],
    )


def _payer(payer: Citizen) -> pes.Payer:
    return pes.Payer(
        pk=payer.pk,
        kind=payer.kind,
        civility=payer.civility,
        first_name=payer.first_name,
        last_name=payer.last_name,
        organisation=payer.organisation,
        address=payer.address,
    )
