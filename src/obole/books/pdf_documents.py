"""The papers of the books: an arrêté is made once and kept; the others are made when they are asked for."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import translation
from django.utils.text import capfirst

from obole.billing import wording
from obole.books.documents.report import Report, grouped_hash, render_report
from obole.books.models import ClosingPdf
from obole.books.queries import closings, received
from obole.books.rules import Period, closing_name
from obole.lib import dates, files, papers
from obole.lib.tables import Cell, Column, Kind, Table
from obole.payments.models import Receipt
from obole.regies import queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Closing, Regie


def render_book(
    regie: Regie, table: Table, *, period: str, printed_by: str, at: datetime, notes: Sequence[str] = ()
) -> bytes:
    """
    Make the paper of a book, to sign.

    :raises obole.lib.tables.TooLong: if nobody would sign so many pages.
    """
    untitled = Table("", table.columns, table.rows, table.totals)
    return render_report(
        Report(
            letterhead=wording.letterhead_of(regie),
            title=table.title,
            period=period,
            tables=[untitled],
            printed_at=at,
            printed_by=printed_by,
            notes=notes,
        )
    )


def ensure_closing_pdf(*, closing_id: int, at: datetime) -> ClosingPdf:
    """Return the paper of an arrêté, and make it the first time. Two at once make the same bytes, and one row."""
    return papers.keep_once(ClosingPdf, of={"closing_id": closing_id}, render=lambda: _rendered(closing_id), at=at)


def _rendered(closing_id: int) -> bytes:
    # In French, whatever the language of who asks first: the paper is kept for ever.
    with translation.override("fr"):
        return render_report(_described(Closing.objects.select_related("regie").get(pk=closing_id)))


def read_pdf(paper: ClosingPdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def _described(closing: Closing) -> Report:
    period = closings.period_of(closing)
    return Report(
        letterhead=wording.letterhead_of(closing.regie),
        title=closing_name(closing.until),
        period=str(period),
        tables=[_means(closing, period), _accounts(closing)],
        printed_at=closing.closed_at,
        printed_by=closing.closed_by.name,
        facts=[*_quittances(closing, period), *_proof(closing)],
        notes=[
            "Les écritures sont numérotées sans lacune et enchaînées\u00a0: chacune contient l’empreinte de celle qui"
            " la précède. Quiconque garde cette empreinte peut prouver plus tard que rien, jusqu’à cette écriture, n’a"
            " été changé, ajouté ni retiré."
        ],
        signatures=("Le régisseur", "Le mandataire suppléant", "Visa du comptable public"),
    )


def _means(closing: Closing, period: Period) -> Table:
    columns = [
        Column("Moyen de paiement"),
        Column("Mouvements", Kind.NUMBER),
        Column("Encaissé €", Kind.AMOUNT),
        Column("Repris €", Kind.AMOUNT),
        Column("Net €", Kind.AMOUNT),
    ]
    found = closings.received_in(closing, period)
    rows: list[list[Cell]] = [
        [str(capfirst(Receipt.Means(one.key).label)), one.count, one.came, one.back, one.net] for one in found
    ]
    total = received.summed(found)
    totals: list[Cell] = ["Total", total.count, total.came, total.back, total.net]
    return Table("Encaissements de la période", columns, rows, totals)


def _accounts(closing: Closing) -> Table:
    columns = [
        Column("Compte"),
        Column("Report €", Kind.AMOUNT),
        Column("Débits €", Kind.AMOUNT),
        Column("Crédits €", Kind.AMOUNT),
        Column("Solde débiteur €", Kind.AMOUNT),
        Column("Solde créditeur €", Kind.AMOUNT),
    ]
    cumulative = regies.sum_balances(closing.before, closing.totals)
    rows, sums = list[list[Cell]](), [0, 0, 0, 0]
    for account in (account for account in Account if account in cumulative):
        before, moved, after = (sums_.get(account, [0, 0]) for sums_ in (closing.before, closing.totals, cumulative))
        side = 1 if account.is_debit else -1
        balance = after[0] - after[1]
        figures = [moved[0], moved[1], max(balance, 0), max(-balance, 0)]
        sums = [total + figure for total, figure in zip(sums, figures, strict=True)]
        label = capfirst(str(account.label))
        rows.append([label, side * (before[0] - before[1]), *figures[:2], *(figure or None for figure in figures[2:])])
    return Table("Comptes", columns, rows, ["Total", None, *sums])


def _quittances(closing: Closing, period: Period) -> list[tuple[str, str]]:
    return [
        ("Quittances", f"{one.first} à {one.last}\u00a0: {one.count}{', sans lacune' if one.is_whole else ''}")
        for one in closings.quittances_in(closing, period)
    ]


def _proof(closing: Closing) -> list[tuple[str, str]]:
    return [
        ("Arrêté le", f"{dates.format_long(dates.day_of(closing.closed_at))} à {dates.format_time(closing.closed_at)}"),
        ("Dernière écriture", f"n° {closing.entry_number}"),
        ("Empreinte de cette écriture (SHA-256)", grouped_hash(closing.entry_hash)),
    ]
