"""Several invoices paid at once: which of them can be, which are chosen, and what they come to."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from obole.billing.models import Invoice
from obole.payments.display_status import InvoiceDisplay


@dataclass(frozen=True)
class Basket:
    """
    The invoices that one payment can be for: all to the same régie. ``chosen``: the public ids of those that are
    ticked.
    """

    bills: Sequence[InvoiceDisplay]
    chosen: frozenset[str]

    @property
    def invoices(self) -> list[Invoice]:
        """The invoices that are ticked, the most urgent first."""
        return [bill.invoice for bill in self.bills if bill.invoice.public_id in self.chosen]

    @property
    def scope(self) -> tuple[int, int]:
        """What a page's key is good for: the same invoices, whatever their number."""
        return scope_of(self.invoices)

    @property
    def ids(self) -> frozenset[str]:
        """The public ids of all that can be ticked."""
        return frozenset(bill.invoice.public_id for bill in self.bills)

    @property
    def cents(self) -> int:
        """What the ticked ones come to."""
        return sum(invoice.remaining_cents for invoice in self.invoices)


def baskets_of(waiting: Iterable[InvoiceDisplay]) -> list[Basket]:
    """Return what can be paid together: a basket a régie, from two invoices on, in the order of the most urgent."""
    by_regie: dict[int | None, list[InvoiceDisplay]] = {}
    for bill in waiting:
        if bill.can_be_paid:
            by_regie.setdefault(bill.invoice.regie_id, []).append(bill)
    return [_full(bills) for bills in by_regie.values() if len(bills) > 1]


def find(waiting: Iterable[InvoiceDisplay], *, ids: Sequence[str], ticked: bool) -> Basket | None:
    """
    Return the basket in which an invoice of these ids is, or the first; None if nothing can be paid together.

    :param ticked: these ids are what was chosen; otherwise everything is.
    """
    baskets = baskets_of(waiting)
    named = [basket for basket in baskets if basket.ids & set(ids)]
    found = next(iter([*named, *baskets]), None)
    return Basket(found.bills, found.ids & frozenset(ids)) if found is not None and ticked else found


def scope_of(invoices: Iterable[Invoice]) -> tuple[int, int]:
    """Return what a page's key is good for: these invoices together."""
    ids = sorted(invoice.pk for invoice in invoices)
    return ids[0], zlib.crc32(",".join(map(str, ids)).encode())


def _full(bills: Sequence[InvoiceDisplay]) -> Basket:
    """Tick them all, but those that a payment of which the bank says nothing yet may have paid."""
    return Basket(bills, frozenset(bill.invoice.public_id for bill in bills if bill.unsettled_since is None))
