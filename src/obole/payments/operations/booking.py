"""
How money moves in the books: received, counted for an invoice, taken back. The callers hold the locks and record.

The lock order of everything here is attempt, receipt, refund, invoices by id, series, régie, anomaly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.utils.translation import gettext as _

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.lib import money
from obole.lib.actors import Actor
from obole.payments import queries, rules
from obole.payments.models import Allocation, Receipt
from obole.regies import ledger, queries as regies
from obole.regies.accounts import Account
from obole.regies.ledger import Posting
from obole.regies.models import Entry, Regie


class AccountTooLow(ValueError):
    """An account does not hold what is to leave it: the sentence says what it holds, and what to do."""

    def __init__(self, account: Account, *, held: int, cents: int) -> None:
        super().__init__(
            _(
                "« %(account)s » ne porte que %(held)s, et il en faut %(cents)s : pointez d’abord ce que la banque a"
                " crédité, ou demandez au comptable d’approvisionner le compte. Rien n’a été enregistré."
            )
            % {"account": account.label, "held": money.euros(held), "cents": money.euros(cents)}
        )
        self.cents, self.missing = held, cents - held


@dataclass(frozen=True, kw_only=True)
class AllocatedAmount:
    """Cents counted for an invoice, or taken back from it."""

    invoice: Invoice
    cents: int


def lock_receipt(receipt_id: int) -> Receipt:
    """Lock a receipt: whoever counts, refunds or takes back its money waits here."""
    rows = Receipt.objects.select_for_update(of=("self",), no_key=True).select_related("regie", "attempt")
    return rows.get(pk=receipt_id)


def allocation_postings(*parts: AllocatedAmount) -> list[Posting]:
    """
    Return the postings that count money for invoices, before ``billing.settle_invoice``: their natures, and the claims
    paid.
    """
    return _moved(parts, paid=True)


def reversal_postings(receipt: Receipt, *parts: AllocatedAmount) -> tuple[list[Posting], dict[int, int]]:
    """
    Return the postings that take money back from invoices, before ``billing.unsettle_invoice``; and, by invoice id,
    what of it had been paid over: that comes from dépenses à régulariser. Takes the régie's lock, as posting does.
    """
    Regie.objects.locked().get(pk=receipt.regie_id)
    remitted = queries.remitted_by_invoice(receipt)
    owed = {part.invoice.pk: min(part.cents, remitted.get(part.invoice.pk, 0)) for part in parts}
    return _moved(parts, paid=False, owed=owed), owed


def require_funds(*, regie_id: int, account: Account, cents: int) -> None:
    """
    Refuse that an account gives what it does not hold. Takes the régie's lock, as posting does.

    :raises AccountTooLow: with what it holds, and what to do.
    """
    regie = Regie.objects.locked().get(pk=regie_id)
    held = regies.balances(regie)[account]
    if held < cents:
        raise AccountTooLow(account, held=held, cents=cents)


def keep_allocations(  # noqa: PLR0913 - a row says all of this
    receipt: Receipt,
    entry: Entry,
    *,
    parts: Sequence[AllocatedAmount],
    actor: Actor,
    at: datetime,
    reason: str = "",
    request_key: str | None = None,
    owed: Mapping[int, int] = MappingProxyType({}),
) -> None:
    """
    Write what an entry counted for invoices, or took back when the cents are negative; a ``request_key`` is of one
    part; ``owed``: what of it had been paid over, by invoice id.
    """
    Allocation.objects.bulk_create(
        Allocation(
            receipt=receipt,
            invoice=part.invoice,
            entry=entry,
            cents=part.cents,
            at=at,
            actor=actor,
            reason=reason[:300],
            request_key=request_key,
            from_remitted_cents=owed.get(part.invoice.pk, 0),
        )
        for part in parts
    )


def _moved(
    parts: Sequence[AllocatedAmount], *, paid: bool, owed: Mapping[int, int] = MappingProxyType({})
) -> list[Posting]:
    amounts = billing.amounts_by_nature(part.invoice.pk for part in parts)
    postings: list[Posting] = []
    for part in parts:
        already = part.invoice.received_cents - (0 if paid else part.cents)
        spread = rules.spread_by_nature(amounts[part.invoice.pk], already_cents=already, cents=part.cents)
        side = "credit" if paid else "debit"
        gone, left = rules.split_natures(spread, first=owed.get(part.invoice.pk, 0))
        postings += [Posting(account=Account.FEES, nature=nature, **{side: cents}) for nature, cents in gone]
        postings += [Posting(account=Account.REVENUE_DUE, nature=nature, **{side: cents}) for nature, cents in left]
        postings += _claim(part, paid=paid)
    return postings


def _claim(part: AllocatedAmount, *, paid: bool) -> tuple[Posting, ...]:
    if part.invoice.state == InvoiceState.TRANSFERRED:
        # Its claim left the régie when it was handed over to the comptable.
        return ()
    debit, credit = (Account.CLAIMS, Account.RECEIVABLE) if paid else (Account.RECEIVABLE, Account.CLAIMS)
    return ledger.transfer_postings(debit=debit, credit=credit, cents=part.cents)
