"""Several invoices paid at once: which of them can be, which are chosen, and what they come to."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from obole.billing.models import Invoice
from obole.payments.standing import Shown


@dataclass(frozen=True)
class Basket:
    """The invoices that one payment can be for: all to the same régie. ``chosen``: the public ids of those that are ticked."""

    bills: Sequence[Shown]
    chosen: frozenset[str]

    @property
    def invoices(self) -> list[Invoice]:
        """The invoices that are ticked, the most urgent first."""
        return [bill.invoice for bill in self.bills if bill.invoice.public_id in self.chosen]

    @property
    def scope(self) -> tuple[int, int]:
        """What a page's key is good for: the same invoices, whatever their number."""
        ids = sorted(invoice.pk for invoice in self.invoices)
        return ids[0], zlib.crc32(",".join(map(str, ids)).encode())

    @property
    def cents(self) -> int:
        """What the ticked ones come to."""
        return sum(invoice.remaining_cents for invoice in self.invoices)


def offered(waiting: Iterable[Shown]) -> list[Basket]:
    """Return what can be paid together: a basket a régie, from two invoices on, in the order of the most urgent."""
    by_regie: dict[int | None, list[Shown]] = {}
    for bill in waiting:
        if bill.can_be_paid:
            by_regie.setdefault(bill.invoice.regie_id, []).append(bill)
    return [_full(bills) for bills in by_regie.values() if len(bills) > 1]


def find(waiting: Iterable[Shown], *, ids: Sequence[str], ticked: bool) -> Basket | None:
    """
    Return the basket in which an invoice of these ids is, or the first; None if nothing can be paid together.

    :param ticked: these ids are what was chosen; otherwise everything is.
    """
    baskets = offered(waiting)
    named = [one for one in baskets if one.chosen & set(ids)]
    found = next(iter([*named, *baskets]), None)
    return Basket(found.bills, found.chosen & frozenset(ids)) if found is not None and ticked else found


def _full(bills: Sequence[Shown]) -> Basket:
    return Basket(bills, frozenset(bill.invoice.public_id for bill in bills))
