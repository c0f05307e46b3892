"""What a payer paid in a civil year, attested by the régies that received it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from obole.billing.documents import letter
from obole.lib import dates, money, pdf

TEMPLATE = Path(__file__).with_name("attestation.typ")


@dataclass(frozen=True)
class ActivityRow:
    """What was paid for one thing, for one child if the invoices name one."""

    child: str
    born: date | None
    activity: str
    cents: int


@dataclass(frozen=True)
class PaymentRow:
    """What was paid on a day, for an invoice or for none yet."""

    paid_on: date
    title: str
    """The invoice, or what became of money that is for none."""
    label: str
    how: str
    """By which means, under which number, and by whom if it was not who owes it."""
    cents: int


@dataclass(frozen=True)
class RegiePayments:
    """What one régie received."""

    name: str
    payments: Sequence[PaymentRow]

    @property
    def cents(self) -> int:
        """What they come to."""
        return sum(one.cents for one in self.payments)


@dataclass(frozen=True)
class AttestationDocument:
    """All that the document says; ``is_childcare``: it is for the tax credit, and says nothing of other payments."""

    letterhead: letter.Letterhead
    recipient: letter.Recipient
    year: int
    at: datetime
    regies: Sequence[RegiePayments]
    activities: Sequence[ActivityRow]
    is_childcare: bool = False
    too_old: Sequence[str] = ()
    """The children whose payments are left out."""
    scope: str = ""
    """What it is about, if not all that its payer paid."""

    @property
    def title(self) -> str:
        """Return the name of the document: on the page, and in the window of a PDF reader."""
        return f"Attestation fiscale {self.year}" if self.is_childcare else f"Attestation de paiement {self.year}"

    @property
    def cents(self) -> int:
        """What was paid in all."""
        return sum(regie.cents for regie in self.regies)

    @property
    def last_day(self) -> date:
        """The last day that it tells of: of a year that is not over, the day on which it is made."""
        return min(date(self.year, 12, 31), dates.day_of(self.at))


def render_attestation(document: AttestationDocument) -> bytes:
    """
    Make the PDF of an attestation: always the same bytes for the same document.

    :raises DocumentNotRendered: with what typst says.
    """
    head = document.letterhead
    data = {
        **head.data,
        "title": document.title,
        "recipient": vars(document.recipient),
        "year": str(document.year),
        "until": dates.format_long(document.last_day),
        "is_over": document.last_day == date(document.year, 12, 31),
        "made_on": dates.format_long(dates.day_of(document.at)),
        "total": money.euros(document.cents),
        "is_childcare": document.is_childcare,
        "first_birth": dates.format_long(date(document.year - 6, 1, 1)),
        "too_old": list(document.too_old),
        "scope": document.scope,
        "activities": _activities(document),
        "regies": [_regie(regie) for regie in document.regies],
    }
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images=head.images, timestamp=document.at)


def _activities(document: AttestationDocument) -> list[Mapping[str, Any]]:
    """Return the rows child after child; what is for no known child has no name."""
    return [
        {
            "child": row.child,
            "born": dates.format_short(row.born) if row.born else "",
            "activity": row.activity,
            "amount": money.euros(row.cents),
        }
        for row in document.activities
    ]


def _regie(regie: RegiePayments) -> Mapping[str, Any]:
    return {
        "name": regie.name,
        "total": money.euros(regie.cents),
        "payments": [
            {
                "day": dates.format_short(one.paid_on),
                "title": one.title,
                "label": one.label,
                "how": one.how,
                "amount": money.euros(one.cents),
            }
            for one in regie.payments
        ],
    }
