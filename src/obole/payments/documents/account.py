"""The account of a payer between two days, on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf

TEMPLATE = Path(__file__).with_name("account.typ")


@dataclass(frozen=True)
class AccountLine:
    """A movement, and what is owed after it; ``cents`` is below zero for what is paid."""

    day: date
    title: str
    label: str
    cents: int
    balance_cents: int


@dataclass(frozen=True)
class AccountDocument:
    """All that the document says."""

    letterhead: letter.Letterhead
    recipient: letter.Recipient
    first: date
    last: date
    at: datetime
    opening_cents: int
    closing_cents: int
    due_cents: int
    kept_cents: int
    lines: Sequence[AccountLine]
    scope: str = ""
    """What it is about, if not all that its payer owes."""

    @property
    def title(self) -> str:
        """Return the name of the document: on the page, and in the window of a PDF reader."""
        return "Relevé de compte"


def render_account(document: AccountDocument) -> bytes:
    """
    Make the PDF of an account: always the same bytes for the same document.

    :raises DocumentNotRendered: with what typst says.
    """
    head = document.letterhead
    data = {
        **head.data,
        "title": document.title,
        "recipient": vars(document.recipient),
        "first": dates.format_long(document.first),
        "last": dates.format_long(document.last),
        "made_on": dates.format_long(dates.day_of(document.at)),
        "opening": money.euros(document.opening_cents),
        "closing": money.euros(document.closing_cents),
        "due": money.euros(document.due_cents),
        "kept": money.euros(document.kept_cents) if document.kept_cents else "",
        "scope": document.scope,
        "lines": [
            {
                "day": dates.format_short(line.day),
                "title": line.title,
                "label": line.label,
                "owed": money.plain(line.cents) if line.cents > 0 else "",
                "paid": money.plain(-line.cents) if line.cents < 0 else "",
                "balance": money.plain(line.balance_cents),
            }
            for line in document.lines
        ],
    }
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images=head.images, timestamp=document.at)
