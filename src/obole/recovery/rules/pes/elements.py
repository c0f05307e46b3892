"""The elements of each block, in the order of the protocol, with what they say; what is empty is not there."""

from collections.abc import Iterator
from datetime import date

from obole.recovery.rules.pes.characters import latin
from obole.recovery.rules.pes.flow import NATURE, Debtor, Flow, Line, Piece, second_key

LONGEST_SUBJECT = 160
FILE_KIND, FILE_VERSION, ROLE_VERSION = "PESORMC", "2", "2"
BORDEREAU_ORMC, PIECE_ORMC, FUNCTIONING = "06", "15", "01"
PRINCIPAL_DEBTOR, PRINCIPAL_ADDRESS, RESIDENT = "01", "1", "0"
NO = "0"

Element = tuple[str, str]


def amount(cents: int) -> str:
    """Write an amount: ``1234.50``."""
    return f"{cents // 100}.{cents % 100:02d}"


def parameters(flow: Flow) -> list[Element]:
    return [("Version", FILE_VERSION), ("TypFic", FILE_KIND), ("NomFic", flow.file_name)]


def header(flow: Flow) -> list[Element]:
    return [
        ("DteStr", _day(flow.day)),
        ("IdPost", flow.post),
        ("IdColl", flow.siret),
        ("CodCol", flow.collectivity),
        ("CodBud", flow.budget),
    ]


def role_header() -> list[Element]:
    return [("IdVer", ROLE_VERSION), ("InfoDematerialisee", NO)]


def bordereau(flow: Flow) -> list[Element]:
    return _said(
        ("Exer", str(flow.year)),
        ("IdBord", f"{flow.bordereau:07d}"),
        ("DteBordEm", _day(flow.day)),
        ("TypBord", BORDEREAU_ORMC),
        ("NbrPce", str(len(flow.pieces))),
        ("MtBordHt", amount(flow.cents)),
        ("DteAsp", _day(flow.notices_on) if flow.notices_on else ""),
        ("Objet", _subject(flow.subject)),
        kept={"Objet"},
    )


def piece(flow: Flow, one: Piece) -> list[Element]:
    return _said(
        ("IdPce", str(one.number)),
        ("TypPce", PIECE_ORMC),
        ("NatPce", FUNCTIONING),
        ("Edition", flow.edition),
        ("ObjPce", _subject(one.subject)),
        ("NumDette", one.debt),
        ("Per", flow.period),
        ("Cle2", second_key(flow, one)),
        ("NumeroFacture", one.invoice),
        kept={"NumDette", "Per"},
    )


def line(rank: int, one: Piece, said: Line) -> list[Element]:
    return [
        ("IdLigne", str(rank)),
        ("ObjLignePce", _subject(one.subject)),
        ("CodProdLoc", said.product),
        ("Nature", NATURE),
        ("Majo", NO),
        ("TvaIntraCom", NO),
        ("MtHT", amount(said.cents)),
    ]


def debtor(one: Debtor) -> list[Element]:
    return _said(
        ("CatTiers", one.category),
        ("NatJur", one.legal_nature),
        ("TypTiers", PRINCIPAL_DEBTOR),
        ("Civilite", one.civility),
        ("Nom", latin(one.name)),
        ("ComplNom", latin(one.name_more)),
        ("Prenom", latin(one.first_name)),
        kept={"CatTiers", "Nom"},
    )


def address(one: Debtor) -> list[Element]:
    said = one.address
    return _said(
        ("TypAdr", PRINCIPAL_ADDRESS),
        ("Adr1", latin(said.before)),
        ("Adr2", latin(said.street)),
        ("Adr3", latin(said.after)),
        ("CP", said.postcode),
        ("Ville", latin(said.town)),
        ("CodRes", RESIDENT),
        kept={"Adr2", "CP", "Ville"},
    )


def of_pieces(flow: Flow) -> Iterator[tuple[Piece, list[Element], list[list[Element]], list[Element]]]:
    """Return each piece with its elements, those of its lines, and those of its debtor."""
    for one in flow.pieces:
        lines = [line(rank, one, said) for rank, said in enumerate(one.lines, start=1)]
        yield one, piece(flow, one), lines, [*debtor(one.debtor), *address(one.debtor)]


def _said(*elements: Element, kept: set[str]) -> list[Element]:
    """Leave out what is empty, but for what must be there: the checks say that it lacks."""
    return [(name, said) for name, said in elements if said or name in kept]


def _subject(text: str) -> str:
    """Cut what describes, and decides nothing, at its place."""
    return latin(text)[:LONGEST_SUBJECT].rstrip()


def _day(day: date) -> str:
    return day.isoformat()
