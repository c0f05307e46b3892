"""Money at the counter: cash, cheque, card, transfer, CESU, with a numbered quittance."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Sum

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.payments import rules
from obole.payments.models import ACCOUNT_OF, Allocation, Anomaly, Receipt
from obole.payments.operations import booking
from obole.payments.operations.anomalies import AnomalySubject, open_anomaly
from obole.regies import ledger, numbering, queries as regies
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Regie, Series

MOST_CASH = 300_00
"""Cents: a public claim is not paid in cash above 300 € (CGI, art. 1680, as it stands since 2015)."""
AT_THE_COUNTER = frozenset(Receipt.Means) - {Receipt.Means.CARD, Receipt.Means.DEBIT}


class CounterObstacle(StrEnum):
    """Why money is not taken at the counter."""

    NOT_DUE = "not_due"
    TOO_MUCH = "too_much"
    CASH_LIMIT = "cash_limit"
    CESU = "cesu"
    MEANS = "means"
    """The acte constitutif of the régie does not allow this means."""
    REGIE_CLOSED = "regie_closed"
    APART = "apart"
    """Invoices of several régies, or of several payers, are paid apart."""
    CHEQUE = "cheque"
    """Nobody says which cheque it is: its number, and the bank that it is drawn on."""
    VALUE_DATE = "value_date"
    """A transfer counts from a day that has not come."""


class MoneyNotTaken(Exception):
    """The money is not taken; ``cents`` says how much could be, where that is the question."""

    def __init__(self, hindrance: CounterObstacle, *, cents: int = 0) -> None:
        super().__init__(hindrance)
        self.hindrance = hindrance
        self.cents = cents


@dataclass(frozen=True, kw_only=True)
class Money:
    """
    What is handed over, in cents. ``reference``: the number of the cheque or of the transfer; ``bank``: whose cheque it
    is; ``valued_on``: the day from which a transfer counts.
    """

    cents: int
    means: Receipt.Means
    payer_name: str = ""
    reference: str = ""
    bank: str = ""
    valued_on: date | None = None


@atomic_with_retry
def take_money(*, invoice_id: int, money: Money, request_key: str, actor: Actor, at: datetime) -> Receipt:
    """
    Take money at the counter for an invoice, whole or in part. The same ``request_key`` again returns the receipt that
    it made.

    :raises MoneyNotTaken: if the invoice is not due or needs less, if it is too much cash, if its type takes no CESU,
        if the régie may not take this means, if nobody says which cheque it is, or if a transfer counts from a day that
        has not come.
    """
    return _take([invoice_id], money, request_key=request_key, actor=actor, at=at)


@atomic_with_retry
def take_for_invoices(
    *, invoice_ids: Collection[int], money: Money, request_key: str, actor: Actor, at: datetime
) -> Receipt:
    """
    Take one sum at the counter for several invoices of one payer, whole or in part, with one quittance: the first due
    are paid first. The same ``request_key`` again returns the receipt that it made.

    :raises MoneyNotTaken: as ``take_money`` does, for all of them or for none; if they are of several payers or régies.
    """
    return _take(invoice_ids, money, request_key=request_key, actor=actor, at=at)


@atomic_with_retry
def take_unmatched(*, regie_id: int, money: Money, request_key: str, actor: Actor, at: datetime) -> Receipt:
    """
    Take money whose invoice nobody knows (a transfer without a reference): to recettes à classer, and to « À traiter ».

    :raises MoneyNotTaken: if the régie is closed or may not take this means, if it is too much cash, if nobody says
        which cheque it is, or if a transfer counts from a later day.
    """
    _require_counter(money, at=at)
    regie = Regie.objects.get(pk=regie_id)
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    # The same form sent twice waits here: the régie comes after its series.
    numbering.hold(regie=regie, kind=Series.Kind.QUITTANCE, year=dates.day_of(at).year)
    twin = Receipt.objects.filter(request_key=request_key, regie=regie).first()
    if twin is not None:
        return twin
    if not regie.enabled:
        raise MoneyNotTaken(CounterObstacle.REGIE_CLOSED)
    if money.means not in regies.allowed_means(regie):
        raise MoneyNotTaken(CounterObstacle.MEANS)
    if money.means == Receipt.Means.CASH and money.cents > MOST_CASH:
        raise MoneyNotTaken(CounterObstacle.CASH_LIMIT, cents=MOST_CASH)
    receipt = _keep(regie, money, (), request_key=request_key, actor=actor, at=at)
    audit_log.log_event(
        "receipt.take", subject=receipt, actor=actor, at=at, number=receipt.number, means=money.means, cents=money.cents
    )
    details = " ".join(part for part in (money.payer_name, money.reference) if part)
    open_anomaly(Anomaly.Kind.UNMATCHED, AnomalySubject(receipt=receipt), details=details, actor=actor, at=at)
    return receipt


def cash_allowance(*invoices: Invoice) -> int:
    """Return what may still be paid in cash for an invoice, or for several that are paid at once, in cents."""
    cash = Allocation.objects.filter(invoice__in=invoices, receipt__means=Receipt.Means.CASH)
    return max(0, MOST_CASH - (cash.aggregate(sum=Sum("cents"))["sum"] or 0))


def _require_counter(money: Money, *, at: datetime) -> None:
    if money.means not in AT_THE_COUNTER or money.cents <= 0:
        raise ValueError(f"{money} is not money at the counter")
    if money.means == Receipt.Means.CHEQUE and not (money.reference and money.bank):
        raise MoneyNotTaken(CounterObstacle.CHEQUE)
    if money.valued_on is not None and money.valued_on > dates.day_of(at):
        raise MoneyNotTaken(CounterObstacle.VALUE_DATE)


def _take(invoice_ids: Collection[int], money: Money, *, request_key: str, actor: Actor, at: datetime) -> Receipt:
    locked = Invoice.objects.locked().select_related("regie", "type").filter(pk__in=set(invoice_ids)).order_by("pk")
    invoices = sorted(locked, key=lambda invoice: (invoice.due_date or date.max, invoice.pk))
    if len(invoices) != len(set(invoice_ids)):
        raise Invoice.DoesNotExist(f"not all of {sorted(invoice_ids)}")
    for regie_id in {invoice.regie_id for invoice in invoices}:
        require_mandate(regie_id=regie_id, actor=actor, at=at)
    if len({(invoice.regie_id, invoice.payer_id) for invoice in invoices}) != 1:
        raise MoneyNotTaken(CounterObstacle.APART)
    twin = Receipt.objects.filter(request_key=request_key, invoice__payer=invoices[0].payer_id).first()
    if twin is not None:
        return twin
    _guard(invoices, money, at=at)
    shares = rules.spread_over([invoice.remaining_cents for invoice in invoices], cents=money.cents)
    pairs = zip(invoices, shares, strict=True)
    parts = [booking.AllocatedAmount(invoice=invoice, cents=cents) for invoice, cents in pairs if cents]
    receipt = _keep(invoices[0].regie, money, parts, request_key=request_key, actor=actor, at=at)
    booking.keep_allocations(receipt, receipt.entry, parts=parts, actor=actor, at=at)
    said = {"number": receipt.number, "means": money.means}
    for part in parts:
        billing.settle_invoice(invoice=part.invoice, cents=part.cents, actor=actor, at=at)
        audit_log.log_event("receipt.take", subject=part.invoice, actor=actor, at=at, cents=part.cents, **said)
    defer("payments.send_receipt", receipt_id=receipt.pk)
    return receipt


def _guard(invoices: Sequence[Invoice], money: Money, *, at: datetime) -> None:
    _require_counter(money, at=at)
    regie, due = invoices[0].regie, sum(invoice.remaining_cents for invoice in invoices)
    if any(invoice.state != InvoiceState.DUE or not invoice.remaining_cents for invoice in invoices):
        raise MoneyNotTaken(CounterObstacle.NOT_DUE)
    if not regie.enabled:
        raise MoneyNotTaken(CounterObstacle.REGIE_CLOSED)
    if money.cents > due:
        raise MoneyNotTaken(CounterObstacle.TOO_MUCH, cents=due)
    if money.means == Receipt.Means.CASH and money.cents > cash_allowance(*invoices):
        raise MoneyNotTaken(CounterObstacle.CASH_LIMIT, cents=cash_allowance(*invoices))
    if money.means == Receipt.Means.CESU and not all(invoice.type.accepts_cesu for invoice in invoices):
        raise MoneyNotTaken(CounterObstacle.CESU)
    if money.means not in regies.allowed_means(regie):
        raise MoneyNotTaken(CounterObstacle.MEANS)


def _keep(
    regie: Regie,
    money: Money,
    parts: Sequence[booking.AllocatedAmount],
    *,
    request_key: str,
    actor: Actor,
    at: datetime,
) -> Receipt:
    year, kind = dates.day_of(at).year, Series.Kind.QUITTANCE
    sequence = numbering.take_number(regie=regie, kind=kind, year=year)
    number = numbering.format_number(regie=regie, kind=kind, year=year, sequence=sequence)
    counted = (
        booking.allocation_postings(*parts) if parts else [ledger.Posting(account=Account.SUSPENSE, credit=money.cents)]
    )
    entry = ledger.post(
        regie_id=regie.pk,
        cause=ledger.Cause(kind="receipt", key=f"quittance:{number}"),
        at=at,
        postings=[ledger.Posting(account=ACCOUNT_OF[money.means], debit=money.cents), *counted],
        label=" ".join(item for item in (number, money.payer_name, money.reference) if item),
    )
    return Receipt.objects.create(
        number=number,
        sequence=sequence,
        year=year,
        request_key=request_key,
        regie=regie,
        entry=entry,
        means=money.means,
        cents=money.cents,
        received_at=at,
        payer_name=money.payer_name,
        reference=money.reference,
        bank=money.bank if money.means == Receipt.Means.CHEQUE else "",
        valued_on=money.valued_on if money.means == Receipt.Means.TRANSFER else None,
        taken_by=actor,
        invoice=parts[0].invoice if parts else None,
        remaining_cents=sum(part.invoice.remaining_cents - part.cents for part in parts),
    )
