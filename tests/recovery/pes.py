"""What the tests of PES V2 share: a rôle as values, the codes of a régie, and a file read again."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from lxml import etree

from obole.recovery import operations as recovery
from obole.recovery.documents import pes_files
from obole.recovery.models import PesFile, PesSettings, TransmissionLine
from obole.recovery.rules import pes
from tests.recovery.steps import LATE
from tests.world import NOON, WHO, Town, later

SIRET = "73282932000074"
CODES = {
    "post": "034000",
    "siret": SIRET,
    "collectivity": "123",
    "budget": "00",
    "first_bordereau": 1,
    "debt_prefix": "",
    "period": "1",
    "edition": "",
    "organisations": "50",
    "products": {"": "1", "7067": "83"},
}
PAYER = pes.Payer(
    pk=7,
    kind="person",
    civility="Mme",
    first_name="Maud",
    last_name="Lefèvre",
    organisation="",
    address="3 rue des Halles\n59000 Valbourg",
)


def make_piece(number: int = 1, *, payer: pes.Payer = PAYER, **values: Any) -> pes.Piece:
    said: dict[str, Any] = {
        "invoice_pk": 40 + number,
        "number": number,
        "invoice": f"ENF-2026-{number:06d}",
        "subject": "Cantine",
        "debt": f"2026{number:06d}",
        "debtor": pes.debtor_of(payer, organisations="50"),
        "lines": [pes.Line(nature="7067", product="83", cents=5200)],
    }
    return pes.Piece(**{**said, **values})


def make_flow(*pieces: pes.Piece, **values: Any) -> pes.Flow:
    flow = pes.Flow(
        post="034000",
        siret=SIRET,
        collectivity="123",
        budget="00",
        year=2027,
        bordereau=12,
        subject="Factures impayées",
        day=date(2027, 3, 1),
        period="1",
        pieces=pieces or [make_piece()],
    )
    return replace(flow, **values)


def payer_with(**values: str) -> pes.Payer:
    return replace(PAYER, **values)


def set_codes(town: Town, **values: Any) -> PesSettings:
    return recovery.configure_pes(regie_id=town.regie.pk, values={**CODES, **values}, actor=WHO, at=NOON)


def make_file(town: Town, line: TransmissionLine, *, at: datetime | None = None, **values: Any) -> PesFile:
    said = {"leaves_out": False, "notices_on": None, "actor": town.regisseur.actor, **values}
    return recovery.make_pes_file(transmission_id=line.transmission_id, at=at or later(days=LATE + 1), **said)


def content_of(file: PesFile, *, at: datetime | None = None) -> bytes:
    return pes_files.read(pes_files.ensure_content(file_id=file.pk, at=at or later(days=LATE + 1)))


def read(content: bytes) -> Any:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


def values_of(content: bytes, name: str) -> list[str]:
    return [str(element.get("V")) for element in read(content).iter(name)]
