"""The XML of a rôle, piece by piece: the same bytes for the same values."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from lxml import etree

from obole.recovery.rules.pes import elements
from obole.recovery.rules.pes.elements import Element
from obole.recovery.rules.pes.flow import Flow, Piece

NAMESPACE = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"
ENCODING = "ISO-8859-1"
WRITER = "Obole"


def write(flow: Flow) -> bytes:
    """Return the file of a rôle that ``problems_of`` found nothing wrong with."""
    kept = BytesIO()
    with etree.xmlfile(kept, encoding=ENCODING) as xml:
        xml.write_declaration()
        with xml.element(f"{{{NAMESPACE}}}PES_Aller", nsmap={"n": NAMESPACE}):
            sender = _block("Emetteur", [("Sigle", WRITER), ("Adresse", WRITER)])
            xml.write(_nest("Enveloppe", _block("Parametres", elements.parameters(flow)), sender))
            xml.write(_block("EnTetePES", elements.header(flow)))
            with xml.element("PES_RecetteAller"):
                xml.write(_block("EnTeteRecette", elements.role_header()))
                with xml.element("Bordereau"):
                    xml.write(_block("BlocBordereau", elements.bordereau(flow)))
                    for piece in flow.pieces:
                        xml.write(_piece(flow, piece))
    return kept.getvalue()


def _piece(flow: Flow, piece: Piece) -> Any:
    made = _nest("Piece", _block("BlocPiece", elements.piece(flow, piece)))
    for rank, line in enumerate(piece.lines, start=1):
        said = _nest("BlocLignePiece", _block("InfoLignePiece", elements.line(rank, piece, line)))
        # A titre ORMC has one debtor: the same on each of its lines.
        owes = _nest(
            "Tiers",
            _block("InfoTiers", elements.debtor(piece.debtor)),
            _block("Adresse", elements.address(piece.debtor)),
        )
        made.append(_nest("LigneDePiece", said, owes))
    return made


def _nest(name: str, *parts: Any) -> Any:
    made = etree.Element(name)
    made.extend(parts)
    return made


def _block(name: str, said: Iterable[Element]) -> Any:
    return _nest(name, *(etree.Element(tag, V=value) for tag, value in said))
