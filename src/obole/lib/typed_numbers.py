"""What people type of a number that the product gave: in any case, with hyphens, spaces or nothing, zeros or none."""

import re
from dataclasses import dataclass
from enum import StrEnum

from obole.lib import texts


class NumberKind(StrEnum):
    """What a number is of; the values of numbered series are their letters."""

    INVOICE = ""
    CREDIT_NOTE = "AV"
    QUITTANCE = "Q"
    DEPOSIT = "R"
    TRANSMISSION = "T"
    REMITTANCE = "V"
    DOSSIER = "dossier"
    RECEIPT = "receipt"
    """Of a payment online: R-ENF-000100."""
    SEQUENCE = "sequence"
    """Only the last digits: of an invoice or a dossier, nobody said which."""


@dataclass(frozen=True)
class TypedNumber:
    """A number as it was meant."""

    kind: NumberKind
    sequence: int
    code: str = ""
    year: int = 0

    @property
    def canonical(self) -> str:
        """The number as it is kept; empty where code or year was not typed."""
        if self.kind == NumberKind.RECEIPT:
            return f"R-{self.code}-{self.sequence:06d}"
        if not (self.code and self.year):
            return ""
        return "-".join(part for part in (self.code, self.kind, str(self.year), f"{self.sequence:06d}") if part)


_CODE, _YEAR, _SEQUENCE = r"(?P<code>[A-Z][A-Z0-9]{0,9}?)", r"(?P<year>20\d\d)", r"0*(?P<sequence>\d{1,9})"
_SERIES = r"(?P<letters>AV|Q|R|T|V)"
_SHAPES = tuple(
    (kind, re.compile(shape))
    for kind, shape in (
        (NumberKind.DOSSIER, rf"DOS-?{_SEQUENCE}"),
        (NumberKind.RECEIPT, rf"R-{_CODE}-{_SEQUENCE}"),
        (None, rf"{_CODE}-?{_SERIES}-?{_YEAR}-?{_SEQUENCE}"),
        (NumberKind.INVOICE, rf"{_CODE}-?{_YEAR}-{_SEQUENCE}"),
        (NumberKind.INVOICE, rf"{_CODE}-?{_YEAR}(?P<sequence>\d{{6}})"),
        (NumberKind.INVOICE, rf"{_CODE}-(?!20\d\d$){_SEQUENCE}"),
        (NumberKind.INVOICE, rf"{_YEAR}-{_SEQUENCE}"),
        (NumberKind.SEQUENCE, _SEQUENCE),
    )
)
_AMOUNT = re.compile(r"(?P<euros>\d{1,3}(?:[ .\u00a0\u202f]?\d{3})*)(?:,(?P<cents>\d{2}))?\s?(?P<unit>€|EUR|EUROS?)?")


def parse_number(text: str) -> TypedNumber | None:
    """Return the number that a text is; None if it is none."""
    typed = re.sub(r"[\s/_.-]+", "-", texts.clean_line(text).upper()).strip("-")
    for kind, shape in _SHAPES:
        found = shape.fullmatch(typed)
        if found is not None:
            parts = found.groupdict()
            meant = kind if kind is not None else NumberKind(parts["letters"])
            return TypedNumber(meant, int(parts["sequence"]), parts.get("code") or "", int(parts.get("year") or 0))
    return None


def parse_amount(text: str) -> int | None:
    """Return the cents of a text that is an amount, with its cents or its unit; None if it is none."""
    found = _AMOUNT.fullmatch(texts.clean_line(text).upper())
    if found is None or not (found["cents"] or found["unit"]):
        return None
    return int(re.sub(r"\D", "", found["euros"])) * 100 + int(found["cents"] or 0)
