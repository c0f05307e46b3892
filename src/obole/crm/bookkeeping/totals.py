"""What a bordereau comes to, by nature and means, each total with the way to its list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from obole.regies.models import Means
from obole.remittances import queries


@dataclass(frozen=True)
class Cell:
    """A total, and the address of the vouchers that make it."""

    label: str
    cents: int
    url: str


@dataclass(frozen=True)
class Row:
    """A nature: what came by each means, and its total."""

    title: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Totals:
    """A table of totals; ``refunds``: what the comptable paid for the régie, where there is some."""

    columns: Sequence[str]
    rows: Sequence[Row]
    refunds: Cell | None
    cents: int
    revenue_cents: int
    refund_cents: int


def totals_of(shares: Sequence[queries.Share], url: str) -> Totals:
    """Lay out what vouchers come to; ``url``: the list of all of them, to which what is wanted is added."""
    received = [share for share in shares if not share.is_refund]
    means = [item for item in Means if any(share.means == item for share in received)]
    natures = list(dict.fromkeys(share.nature for share in received))
    rows = [_row(nature or "–", [s for s in received if s.nature == nature], means, url, nature) for nature in natures]
    if len(natures) > 1:
        rows.append(_row(_("Total"), received, means, url, None))
    revenue_cents = sum(share.cents for share in received)
    refund_cents = sum(share.cents for share in shares if share.is_refund)
    refunds = Cell(_("Remboursements"), refund_cents, _to(url, moyen=queries.REFUNDED)) if refund_cents else None
    columns = [str(item.label).capitalize() if item != Means.CESU else str(item.label) for item in means]
    return Totals(columns, rows, refunds, revenue_cents + refund_cents, revenue_cents, refund_cents)


def _row(title: str, shares: Sequence[queries.Share], means: Sequence[Means], url: str, nature: str | None) -> Row:
    wanted = {} if nature is None else {"nature": nature}
    by_means = [(item, _sum(share for share in shares if share.means == item)) for item in means]
    cells = [Cell(str(item.label), cents, _to(url, moyen=item.value, **wanted)) for item, cents in by_means]
    return Row(title, [*cells, Cell(_("Total"), _sum(shares), _to(url, **(wanted or {"moyen": "tous"})))])


def _sum(shares: Iterable[queries.Share]) -> int:
    return sum(share.cents for share in shares)


def _to(url: str, **wanted: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(wanted)}"
