"""What invoices write in the ledger of their régie."""

from datetime import datetime

from obole.billing.models import Invoice
from obole.regies import ledger
from obole.regies.accounts import Account


def post(invoice: Invoice, kind: str, *, debit: Account, credit: Account, cents: int, at: datetime) -> None:
    """
    Add the entry of an event of an invoice's life: ``kind`` and the invoice are its cause. The caller holds the
    invoice.
    """
    ledger.post(
        regie_id=invoice.regie_id,
        cause=ledger.Cause(kind=kind, key=str(invoice.pk)),
        postings=ledger.transfer_postings(debit=debit, credit=credit, cents=cents),
        label=f"{invoice.number}",
        at=at,
    )
