"""
How money moves in the books: received, counted for an invoice, taken back. The callers hold the locks and record.

The lock order of everything here is attempt, receipt, invoices by id, series, régie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.payments import rules
from obole.payments.models import Allocation, Receipt
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.ledger import Posting
from obole.regies.models import Entry


@dataclass(frozen=True, kw_only=True)
class Part:
    """Cents counted for an invoice, or taken back from it."""

    invoice: Invoice
    cents: int


def lock_receipt(receipt_id: int) -> Receipt:
    """Lock a receipt: whoever counts, refunds or takes back its money waits here."""
    rows = Receipt.objects.select_for_update(of=("self",)).select_related("regie", "attempt")
    return rows.get(pk=receipt_id)


def counted(*parts: Part) -> list[Posting]:
    """Return the postings that count money for invoices, before ``billing.settle_invoice``: their natures, and the claims paid."""
    return _moved(parts, paid=True)


def taken_back(*parts: Part) -> list[Posting]:
    """Return the postings that take money back from invoices, before ``billing.unsettle_invoice``."""
    return _moved(parts, paid=False)


def keep_allocations(  # noqa: PLR0913 - a row says all of this
    receipt: Receipt, entry: Entry, *, parts: Sequence[Part], actor: str, at: datetime, reason: str = "", request_key: str | None = None
) -> None:  # fmt: skip
    """Write what an entry counted for invoices, or took back when the cents are negative; a ``request_key`` is of one part."""
    Allocation.objects.bulk_create(
        Allocation(
            receipt=receipt, invoice=part.invoice, entry=entry, cents=part.cents, at=at, actor=actor, reason=reason[:300],
            request_key=request_key,
        )
        for part in parts
    )  # fmt: skip


def _moved(parts: Sequence[Part], *, paid: bool) -> list[Posting]:
    amounts = billing.amounts_by_nature(part.invoice.pk for part in parts)
    postings: list[Posting] = []
    for part in parts:
        already = part.invoice.received_cents - (0 if paid else part.cents)
        spread = rules.by_nature(amounts[part.invoice.pk], already_cents=already, cents=part.cents)
        side = "credit" if paid else "debit"
        postings += [Posting(account=Account.REVENUE_DUE, nature=nature, **{side: cents}) for nature, cents in spread]
        postings += _claim(part, paid=paid)
    return postings


def _claim(part: Part, *, paid: bool) -> tuple[Posting, ...]:
    if part.invoice.state == InvoiceState.TRANSFERRED:
        # Its claim left the régie when it was handed over to the comptable.
        return ()
    debit, credit = (Account.CLAIMS, Account.RECEIVABLE) if paid else (Account.RECEIVABLE, Account.CLAIMS)
    return ledger.transfer(debit=debit, credit=credit, cents=part.cents)
