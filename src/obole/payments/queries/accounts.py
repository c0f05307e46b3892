"""
The account of a payer: what was invoiced, paid, cancelled and given back, day by day, with what it comes to.

What is owed counts above zero, what is paid below. Money counts for the payer from the day on which it was paid,
whether an invoice needed it or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from obole.audit_log.models import Record
from obole.billing import queries as billing, states
from obole.billing.models import CreditNote, Invoice
from obole.lib import dates
from obole.payments.models import Allocation, Receipt, Refund, Reversal
from obole.payments.queries.years import kept_cents, receipts_sent_for
from obole.payments.refund_states import RefundState


class MovementKind(StrEnum):
    """What happened, in the order in which an instant shows it."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    TAKEN_BACK = "taken_back"
    REFUND = "refund"
    HANDED_OVER = "handed_over"
    TRANSFER = "transfer"
    RETURN = "return"


ORDER = list(MovementKind)


@dataclass(frozen=True)
class Movement:
    """Something that changed what a payer owes."""

    kind: MovementKind
    at: datetime
    """When it was noted."""
    cents: int
    number: str
    label: str = ""
    invoice: Invoice | None = None
    valued_on: date | None = None
    """The day from which it counts, where that is not the day on which it was noted."""

    @property
    def day(self) -> date:
        """The day on which the account has it."""
        return self.valued_on or dates.day_of(self.at)


@dataclass(frozen=True)
class PayerAccount:
    """The account of a payer between two days."""

    first: date
    last: date
    opening_cents: int
    lines: Sequence[tuple[Movement, int]]
    """Each movement with what is owed after it."""
    due_cents: int
    """What is to be paid of invoices, now."""
    kept_cents: int
    """What the régies keep, that no invoice counts, now."""

    @property
    def closing_cents(self) -> int:
        """What is owed on the last day."""
        return self.lines[-1][1] if self.lines else self.opening_cents


def account_of(invoices: QuerySet[Invoice], first: date, last: date) -> PayerAccount:
    """Return the account that these invoices of a payer and their money make between two days, both included."""
    movements = sorted((one for one in _movements(invoices) if one.day <= last), key=_by_day)
    opening = sum(one.cents for one in movements if one.day < first)
    lines, balance = list[tuple[Movement, int]](), opening
    for one in movements:
        if one.day >= first:
            balance += one.cents
            lines.append((one, balance))
    return PayerAccount(first, last, opening, lines, billing.sums(invoices).due, kept_cents(invoices))


def _by_day(one: Movement) -> tuple[date, datetime, int, str]:
    return one.day, one.at, ORDER.index(one.kind), one.number


def _movements(invoices: QuerySet[Invoice]) -> Iterator[Movement]:
    known = {one.pk: one for one in invoices.exclude(issued_at=None).select_related("type").order_by("pk")}
    for one in known.values():
        yield _of(MovementKind.INVOICE, one, one.issued_at, one.total_cents, number=one.number or "")
    for note in CreditNote.objects.filter(invoice__in=known).order_by("pk"):
        invoice = known[note.invoice_id]
        yield _of(MovementKind.CREDIT_NOTE, invoice, note.issued_at, -note.cents, number=note.number)
    yield from _handed_to_the_comptable(known)
    yield from _money(invoices)


def _of(kind: MovementKind, invoice: Invoice, at: datetime | None, cents: int, *, number: str) -> Movement:
    if at is None:
        raise ValueError(f"{invoice.pk} was never issued")
    return Movement(kind, at, cents, number, invoice.label, invoice)


def _handed_to_the_comptable(known: dict[int, Invoice]) -> Iterator[Movement]:
    """Return what left the régies with an invoice, and what came back, as the trail says it beside the entries."""
    kinds = {states.TRANSFER.verb: (MovementKind.TRANSFER, -1), states.RETURN.verb: (MovementKind.RETURN, 1)}
    rows = Record.objects.filter(subject_kind="billing.invoice", subject_id__in=known, verb__in=kinds)
    for record in rows.order_by("id"):
        kind, sign = kinds[record.verb]
        invoice = known[record.subject_id]
        yield _of(kind, invoice, record.at, sign * record.details["cents"], number=invoice.number or "")


def _money(invoices: QuerySet[Invoice]) -> Iterator[Movement]:
    """Return what came in, and what went back: of one payment for several invoices, the part of those looked at."""
    amounts: dict[int, int] = {}
    for receipt in _receipts(invoices):
        found = vars(receipt)
        sent, theirs, others = found["is_sent"], found["theirs"], found["others"]
        amounts[receipt.pk] = receipt.cents - others if sent else theirs
        if amounts[receipt.pk]:
            paid = -amounts[receipt.pk]
            yield Movement(MovementKind.PAYMENT, receipt.received_at, paid, receipt.number, valued_on=receipt.valued_on)
    for reversal in Reversal.objects.filter(receipt__in=amounts).select_related("receipt").order_by("pk"):
        if back := amounts[reversal.receipt_id]:
            yield Movement(MovementKind.TAKEN_BACK, reversal.at, back, reversal.receipt.number, reversal.why)
    sent_for = receipts_sent_for(invoices, reversed_too=True).order_by().values("pk")
    done = Refund.objects.filter(receipt__in=sent_for, state=RefundState.DONE).select_related("receipt")
    for refund in done.order_by("pk"):
        kind = MovementKind.REFUND if refund.payee == Refund.Payee.PAYER else MovementKind.HANDED_OVER
        at = refund.done_at or refund.requested_at
        yield Movement(kind, at, refund.cents, refund.receipt.number, refund.mandate)


def _receipts(invoices: QuerySet[Invoice]) -> QuerySet[Receipt]:
    """
    Return the receipts that were sent for these invoices (``is_sent``) or counted for them, with what was counted of
    each for them (``theirs``) and for other ones (``others``): as it was before the whole was taken back.
    """
    keys = invoices.order_by().values("pk")
    sent = receipts_sent_for(invoices, reversed_too=True).order_by().values("pk")
    counted = Allocation.objects.filter(invoice__in=keys).order_by().values("receipt")
    of_it = Allocation.objects.filter(receipt=OuterRef("pk")).exclude(entry=F("receipt__reversal__entry")).order_by()
    parts = {
        name: Coalesce(Subquery(rows.values("receipt").annotate(sum=Sum("cents")).values("sum")), 0)
        for name, rows in (("theirs", of_it.filter(invoice__in=keys)), ("others", of_it.exclude(invoice__in=keys)))
    }
    rows = Receipt.objects.filter(pk__in=sent.union(counted))
    is_sent = Exists(receipts_sent_for(invoices, reversed_too=True).filter(pk=OuterRef("pk")))
    return rows.annotate(is_sent=is_sent, **parts).order_by("id")
