"""Money at the counter: cash, cheque, card, transfer, CESU, with a numbered quittance."""

from dataclasses import dataclass
from datetime import datetime
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


class MoneyNotTaken(Exception):
    """The money is not taken; ``cents`` says how much could be, where that is the question."""

    def __init__(self, hindrance: CounterObstacle, *, cents: int = 0) -> None:
        super().__init__(hindrance)
        self.hindrance = hindrance
        self.cents = cents


@dataclass(frozen=True, kw_only=True)
class Money:
    """What is handed over, in cents. ``reference``: the number of the cheque or of the transfer."""

    cents: int
    means: Receipt.Means
    payer_name: str = ""
    reference: str = ""


@atomic_with_retry
def take_money(*, invoice_id: int, money: Money, request_key: str, actor: Actor, at: datetime) -> Receipt:
    """
    Take money at the counter for an invoice, whole or in part. The same ``request_key`` again returns the receipt that
    it made.

    :raises MoneyNotTaken: if the invoice is not due or needs less, if it is too much cash, if its type takes no CESU,
        or if the régie may not take this means.
    """
    invoice = Invoice.objects.locked().select_related("regie", "type").get(pk=invoice_id)
    require_mandate(regie_id=invoice.regie_id, actor=actor, at=at)
    twin = Receipt.objects.filter(request_key=request_key, invoice=invoice).first()
    if twin is not None:
        return twin
    _guard(invoice, money)
    part = booking.AllocatedAmount(invoice=invoice, cents=money.cents)
    receipt = _keep(invoice.regie, money, part, request_key=request_key, actor=actor, at=at)
    booking.keep_allocations(receipt, receipt.entry, parts=[part], actor=actor, at=at)
    billing.settle_invoice(invoice=invoice, cents=money.cents, actor=actor, at=at)
    audit_log.log_event(
        "receipt.take", subject=invoice, actor=actor, at=at, number=receipt.number, means=money.means, cents=money.cents
    )
    defer("payments.send_receipt", receipt_id=receipt.pk)
    return receipt


@atomic_with_retry
def take_unmatched(*, regie_id: int, money: Money, request_key: str, actor: Actor, at: datetime) -> Receipt:
    """
    Take money whose invoice nobody knows (a transfer without a reference): to recettes à classer, and to « À traiter ».

    :raises MoneyNotTaken: if the régie is closed or may not take this means, or if it is too much cash.
    """
    _require_counter(money)
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
    receipt = _keep(regie, money, None, request_key=request_key, actor=actor, at=at)
    audit_log.log_event(
        "receipt.take", subject=receipt, actor=actor, at=at, number=receipt.number, means=money.means, cents=money.cents
    )
    details = " ".join(part for part in (money.payer_name, money.reference) if part)
    open_anomaly(Anomaly.Kind.UNMATCHED, AnomalySubject(receipt=receipt), details=details, actor=actor, at=at)
    return receipt


def cash_allowance(invoice: Invoice) -> int:
    """Return what may still be paid in cash for an invoice, in cents."""
    cash = Allocation.objects.filter(invoice=invoice, receipt__means=Receipt.Means.CASH)
    return max(0, MOST_CASH - (cash.aggregate(sum=Sum("cents"))["sum"] or 0))


def _require_counter(money: Money) -> None:
    if money.means not in AT_THE_COUNTER or money.cents <= 0:
        raise ValueError(f"{money} is not money at the counter")


def _guard(invoice: Invoice, money: Money) -> None:
    _require_counter(money)
    if invoice.state != InvoiceState.DUE or not invoice.remaining_cents:
        raise MoneyNotTaken(CounterObstacle.NOT_DUE)
    if not invoice.regie.enabled:
        raise MoneyNotTaken(CounterObstacle.REGIE_CLOSED)
    if money.cents > invoice.remaining_cents:
        raise MoneyNotTaken(CounterObstacle.TOO_MUCH, cents=invoice.remaining_cents)
    if money.means == Receipt.Means.CASH and money.cents > cash_allowance(invoice):
        raise MoneyNotTaken(CounterObstacle.CASH_LIMIT, cents=cash_allowance(invoice))
    if money.means == Receipt.Means.CESU and not invoice.type.accepts_cesu:
        raise MoneyNotTaken(CounterObstacle.CESU)
    if money.means not in regies.allowed_means(invoice.regie):
        raise MoneyNotTaken(CounterObstacle.MEANS)


def _keep(
    regie: Regie, money: Money, part: booking.AllocatedAmount | None, *, request_key: str, actor: Actor, at: datetime
) -> Receipt:
    year, kind = dates.day_of(at).year, Series.Kind.QUITTANCE
    sequence = numbering.take_number(regie=regie, kind=kind, year=year)
    number = numbering.format_number(regie=regie, kind=kind, year=year, sequence=sequence)
    counted = (
        booking.allocation_postings(part) if part else [ledger.Posting(account=Account.SUSPENSE, credit=money.cents)]
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
        taken_by=actor,
        invoice=part.invoice if part else None,
        remaining_cents=part.invoice.remaining_cents - part.cents if part else 0,
    )
