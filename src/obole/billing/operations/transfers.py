"""Between the régie and the comptable public: an invoice handed over, taken back, and until when it is paid here."""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import rules, states
from obole.billing.models import Invoice
from obole.billing.operations.errors import BadDays
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.regies import ledger
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Entry

TRANSFER, RETURN = "transfer", "transfer_return"


@atomic_with_retry
def transfer_invoice(*, invoice_id: int, actor: Actor, at: datetime) -> Entry:
    """
    Hand an unpaid invoice over to the comptable public: it cannot be paid here any more. Return the entry of it.

    :raises obole.lib.states.ForbiddenTransition: if it is not due.
    """
    invoice = Invoice.objects.locked().get(pk=invoice_id)
    require_mandate(regie_id=invoice.regie_id, actor=actor, at=at)
    left = invoice.remaining_cents
    step = states.TRANSFER.apply(invoice)
    invoice.save(update_fields=["state"])
    entry = _post(invoice, TRANSFER, debit=Account.CLAIMS, credit=Account.RECEIVABLE, cents=left, at=at)
    audit_log.log_transition(step, subject=invoice, actor=actor, at=at, cents=left)
    return entry


@atomic_with_retry
def return_invoice(
    *, invoice_id: int, due_date: date, reason: str, reference: str, actor: Actor, at: datetime
) -> Entry:
    """
    Take back an invoice that was handed over wrongly: what is left of it is due to the régie again. Return the entry.

    :param due_date: the new last day to pay; from then on the régie's delay runs anew.
    :raises BadDays: if that day is not to come.
    :raises obole.lib.states.ForbiddenTransition: if it is not handed over.
    """
    invoice = Invoice.objects.locked().select_related("regie").get(pk=invoice_id)
    require_mandate(regie_id=invoice.regie_id, actor=actor, at=at)
    if due_date <= dates.day_of(at):
        raise BadDays(_("Laissez au payeur le temps de payer : choisissez un jour à venir."))
    step = states.RETURN.apply(invoice)
    invoice.due_date = due_date
    invoice.payable_until = rules.payable_until(due_date, delay=invoice.regie.transfer_delay)
    invoice.save(update_fields=["state", "due_date", "payable_until"])
    left = invoice.remaining_cents
    entry = _post(invoice, RETURN, debit=Account.RECEIVABLE, credit=Account.CLAIMS, cents=left, at=at)
    said = {"reason": reason[:200], "reference": reference[:60]}
    audit_log.log_transition(step, subject=invoice, actor=actor, at=at, cents=left, **said)
    return entry


def keep_payable(*, invoices: Sequence[Invoice], until: date) -> None:
    """Give payers until that day at least before their invoices may be handed over. The caller holds the invoices."""
    sooner = [one for one in invoices if one.payable_until is not None and one.payable_until < until]
    for invoice in sooner:
        invoice.payable_until = until
    if sooner:
        Invoice.objects.filter(pk__in=[invoice.pk for invoice in sooner]).update(payable_until=until)


def _post(invoice: Invoice, kind: str, *, debit: Account, credit: Account, cents: int, at: datetime) -> Entry:
    """Add an entry whose cause is the invoice, and how many times it came back before: once for each time."""
    returned = Entry.objects.filter(cause_kind=RETURN, cause_key__startswith=f"{invoice.pk}:").count()
    turn = f":{returned + 1}" if returned or kind == RETURN else ""
    return ledger.post(
        regie_id=invoice.regie_id,
        cause=ledger.Cause(kind=kind, key=f"{invoice.pk}{turn}"),
        postings=ledger.transfer_postings(debit=debit, credit=credit, cents=cents),
        label=f"{invoice.number}",
        at=at,
    )
