"""The procès-verbal of a remise de service: made once both have signed, then served as it is."""

from datetime import datetime

from django.utils import translation
from django.utils.text import capfirst

from obole.billing import wording
from obole.billing.models import SecurityDeposit
from obole.books.documents.report import Report, grouped_hash, render_report
from obole.books.models import Handover, HandoverPdf
from obole.books.queries import handovers as queries
from obole.books.states import HandoverState
from obole.cash_desk import rules as cash
from obole.cash_desk.models import Deposit
from obole.lib import dates, files, money, papers
from obole.lib.tables import Cell, Column, Kind, Table
from obole.regies.accounts import Account
from obole.regies.models import Mandate

SAFE = "Coffre (recettes)"


class NotSignedTwice(Exception):
    """There is no procès-verbal before both have signed."""


def ensure_handover_pdf(*, handover_id: int, at: datetime) -> HandoverPdf:
    """
    Return the procès-verbal, and make it the first time. Two at once make the same bytes, and one row.

    :raises NotSignedTwice: before the second signature.
    """
    return papers.keep_once(HandoverPdf, of={"handover_id": handover_id}, render=lambda: _rendered(handover_id), at=at)


def read_pdf(paper: HandoverPdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def _rendered(handover_id: int) -> bytes:
    handover = Handover.objects.select_related("regie").get(pk=handover_id)
    if handover.state != HandoverState.DONE:
        raise NotSignedTwice(handover_id)
    with translation.override("fr"):
        return render_report(_described(handover))


def _described(handover: Handover) -> Report:
    held = queries.Holdings.of(handover)
    return Report(
        letterhead=wording.letterhead_of(handover.regie),
        title="Procès-verbal de remise de service",
        period=f"le {dates.format_long(handover.day)}",
        tables=[
            _cash(handover, held),
            *_counts(handover, held),
            _pieces(handover, held),
            _accounts(held),
            *_rest(handover, held),
        ],
        printed_at=_signed_at(handover),
        printed_by="",
        facts=_facts(handover),
        notes=_notes(handover),
        signatures=("Le régisseur sortant", "Le régisseur entrant", "Le comptable public, ou l’ordonnateur"),
    )


def _facts(handover: Handover) -> list[tuple[str, str]]:
    kind = Handover.Kind(handover.kind)
    named = [
        ("Sortant", _signature(handover.left_by.name, handover.left_quality, handover.left_at)),
        ("Entrant", _signature(handover.arriving.name, handover.arrived_quality, _signed_at(handover))),
        ("Motif", str(capfirst(kind.label))),
        ("En présence de", handover.present),
        ("Derniers numéros", ", ".join(handover.numbers)),
        ("Dernière écriture", f"n° {handover.entry_number}"),
        ("Empreinte de cette écriture (SHA-256)", grouped_hash(handover.entry_hash)),
    ]
    return [(name, said) for name, said in named if said]


def _signed_at(handover: Handover) -> datetime:
    return handover.arrived_at or handover.left_at


def _signature(name: str, quality: str, at: datetime) -> str:
    return f"{name}, {Mandate.Kind(quality).label}, a signé à {dates.format_time(at)} après s’être authentifié"


def _cash(handover: Handover, held: queries.Holdings) -> Table:
    columns = [
        Column("Espèces"),
        Column("Attendu €", Kind.AMOUNT),
        Column("Compté €", Kind.AMOUNT),
        Column("Différence €", Kind.AMOUNT),
    ]
    rows, sums = list[list[Cell]](), [0, 0, 0]
    for place in held.places:
        counted = cash.total(handover.counts["places"][place.key])
        figures = [place.cents, counted, counted - place.cents]
        sums = [total + figure for total, figure in zip(sums, figures, strict=True)]
        rows.append([_name(place), *figures])
    return Table("Espèces remises", columns, rows, ["Total", *sums])


def _name(place: queries.Place) -> str:
    return SAFE if place.key == queries.SAFE else f"Caisse «\u00a0{place.name}\u00a0», fonds de caisse"


def _counts(handover: Handover, held: queries.Holdings) -> list[Table]:
    columns = [Column("Valeur"), Column("Nombre", Kind.NUMBER), Column("Montant €", Kind.AMOUNT)]
    tables = []
    for place in held.places:
        count = handover.counts["places"][place.key]
        rows: list[list[Cell]] = [[_coin(one.value), one.number, one.cents] for one in cash.counted_values(count)]
        if rows:
            tables.append(Table(f"{_name(place)}\u00a0: détail", columns, rows, ["Total", None, cash.total(count)]))
    return tables


def _coin(value: int) -> str:
    return f"{value} c" if value < 100 else f"{value // 100}{money.NO_BREAK_SPACE}€"


def _pieces(handover: Handover, held: queries.Holdings) -> Table:
    columns = [
        Column("Non encore remis à la banque"),
        Column("Attendus", Kind.NUMBER),
        Column("Attendu €", Kind.AMOUNT),
        Column("Comptés", Kind.NUMBER),
        Column("Compté €", Kind.AMOUNT),
    ]
    counted = handover.counts["pieces"]
    rows: list[list[Cell]] = [
        [str(capfirst(Deposit.Kind(kind).label)), *held.pieces[kind], *counted[kind]] for kind in queries.PIECES
    ]
    return Table("Chèques et CESU", columns, rows)


def _accounts(held: queries.Holdings) -> Table:
    columns = [Column("Compte"), Column("Solde débiteur €", Kind.AMOUNT), Column("Solde créditeur €", Kind.AMOUNT)]
    rows, sums = list[list[Cell]](), [0, 0]
    for account in Account:
        cents = held.balances[account]
        debit = cents if account.is_debit == (cents >= 0) else 0
        sides = [abs(debit), abs(cents) - abs(debit)]
        sums = [total + side for total, side in zip(sums, sides, strict=True)]
        if cents:
            rows.append([str(capfirst(account.label)), *(side or None for side in sides)])
    return Table("Comptes de la régie", columns, rows, ["Total", *sums])


def _rest(handover: Handover, held: queries.Holdings) -> list[Table]:
    amounts = [Column("En cours"), Column("Nombre", Kind.NUMBER), Column("Montant €", Kind.AMOUNT)]
    under_way: list[list[Cell]] = [[one.label, one.count, one.cents] for one in queries.waiting_of(handover)]
    means = dict(SecurityDeposit.Means.choices)
    cautions: list[list[Cell]] = [[str(means[name]), cents] for name, cents in held.cautions.items()]
    columns = [Column("Moyen"), Column("Détenu €", Kind.AMOUNT)]
    total: list[Cell] = ["Total", sum(held.cautions.values())]
    kept = [Table("Cautions détenues, hors comptes", columns, cautions, total)] if cautions else []
    return [*kept, Table("Opérations en cours", amounts, under_way)]


def _notes(handover: Handover) -> list[str]:
    said = [("Explication des différences", handover.explanation), ("Observations du sortant", handover.remarks)]
    said.append(("Réserves de l’entrant", handover.reservations))
    return [
        *(f"{name}\u00a0: {text}" for name, text in said if text),
        "L’entrant reconnaît avoir reçu ce qui est compté ci-dessus, et prend la régie en charge à partir de cette"
        " situation. Aucune écriture n’a été passée entre les deux signatures\u00a0: la dernière est celle dont"
        " l’empreinte est donnée. Le développement de chaque solde se lit et s’imprime à cette date dans les livres de"
        " la régie.",
    ]
