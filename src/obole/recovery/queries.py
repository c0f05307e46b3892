"""How what is not paid is read: what is left to recover at a date, what may be handed over, what was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce

from obole.billing.models import Invoice, Letter
from obole.billing.states import InvoiceState
from obole.directory.models import Agent
from obole.lib.dates import PARIS
from obole.mailing import queries as mailing
from obole.mailing.models import Message, OtherSubject
from obole.mailing.states import MessageState
from obole.payments.models import Allocation, AttemptLine
from obole.recovery.agreement_states import AgreementState
from obole.recovery.line_states import LineState
from obole.recovery.models import Agreement, Dispute, Hold, Instalment, Obstacle, Transmission, TransmissionLine
from obole.recovery.rules import Age, instalments
from obole.recovery.states import TransmissionState
from obole.regies import queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie

REMINDERS = ("reminder_1", "reminder_2", "reminder_3", "reminder_many")
"""Those of late invoices: a reminder from before the due date asks for nothing that is late."""
LATE_STEPS = Func(
    F("type__reminder_steps"),
    template="jsonb_array_length(jsonb_path_query_array(%(expressions)s, '$[*]?(@.days>0)'))",
    output_field=IntegerField(),
)
"""How many reminders the type of an invoice plans once it is late."""


@dataclass(frozen=True)
class Rests:
    """What some invoices still need: how many, what they come to, what was received of them, and what is left."""

    count: int
    total: int
    received: int
    rest: int


def outstanding(regie: Regie, day: date) -> QuerySet[Any]:
    """
    Return the invoices of a régie that were left to pay when a day ended (in Paris), as they were then.

    Each has ``received_then``, ``rest`` (cents) and ``reminded`` (how many reminders had left). Together they are the
    balance of *factures émises* of that day: what was received, cancelled, handed over or taken back since is undone.
    """
    end = _midnight_after(day)
    counted = Allocation.objects.filter(invoice=OuterRef("pk"), at__lt=end).order_by().values("invoice")
    issued = Invoice.objects.filter(regie=regie, issued_at__lt=end)
    standing = (
        issued.exclude(state=InvoiceState.PAID, paid_at__lt=end)
        .exclude(state=InvoiceState.CANCELLED, credit_note__issued_at__lt=end)
        .exclude(pk__in=with_comptable(Entry.objects.filter(regie=regie, booked_at__lt=end)))
    )
    received = Coalesce(
        Subquery(counted.annotate(sum=Sum("cents")).values("sum")), Value(0), output_field=BigIntegerField()
    )
    rows: QuerySet[Any] = standing.annotate(received_then=received).filter(total_cents__gt=F("received_then"))
    rows = rows.annotate(rest=F("total_cents") - F("received_then"), reminded=_reminded(end))
    return rows.select_related("payer", "type", "regie").order_by("due_date", "id")


def in_age(invoices: QuerySet[Any], age: Age, day: date) -> QuerySet[Any]:
    """Keep the invoices that are so late on a day."""
    if age.least is not None:
        invoices = invoices.filter(due_date__lte=day - timedelta(days=age.least))
    return invoices.filter(due_date__gte=day - timedelta(days=age.most)) if age.most is not None else invoices


def sum_rests(invoices: QuerySet[Any]) -> Rests:
    """Sum invoices that came through ``outstanding``."""
    sums = invoices.order_by().aggregate(n=Count("pk"), total=Sum("total_cents"), received=Sum("received_then"))
    total, received = int(sums["total"] or 0), int(sums["received"] or 0)
    return Rests(sums["n"], total, received, total - received)


def rests_by_age(invoices: QuerySet[Any], day: date) -> dict[Age, int]:
    """Return what is left of invoices that came through ``outstanding``, by age, with one query."""
    sums = invoices.order_by().aggregate(
        **{age.name: Sum(F("total_cents") - F("received_then"), filter=_is_of(age, day)) for age in Age}
    )
    return {age: int(sums[age.name] or 0) for age in Age}


def with_dispute(invoices: QuerySet[Any], day: date) -> QuerySet[Any]:
    """Add ``disputed``: whether the payer contested the invoice when a day ended."""
    end = _midnight_after(day)
    opened = Dispute.objects.filter(invoice=OuterRef("pk"), opened_at__lt=end)
    rows: QuerySet[Any] = invoices.annotate(disputed=Exists(opened.filter(Q(closed_at=None) | Q(closed_at__gte=end))))
    return rows


def receivable_on(regie: Regie, day: date, *, today: date) -> int:
    """Return what *factures émises* holds when a day ends, in cents, from the ledger alone."""
    if day >= today:
        return regies.balances(regie)[Account.RECEIVABLE]
    debit, credit = regies.sums_of_period(regie, after=None, until=day).get(Account.RECEIVABLE, [0, 0])
    return debit - credit


def with_obstacle(invoices: QuerySet[Invoice], today: date) -> QuerySet[Any]:
    """Add ``obstacle``: why an invoice may not be handed over now (one of ``Obstacle``), or nothing if it may."""
    paying = Exists(AttemptLine.objects.filter(invoice=OuterRef("pk"), holds=True))
    disputed = Exists(Dispute.objects.filter(invoice=OuterRef("pk"), closed_at=None))
    hears = ~Q(payer__address="") | (~Q(payer__email="") & ~mailing.is_marked("payer__email"))
    is_worth_it = Q(due_cents__gte=F("type__reminder_minimum_cents"))
    return invoices.annotate(reminded=_reminded(None)).annotate(
        obstacle=Case(
            When(~Q(state=InvoiceState.DUE), then=Value(Obstacle.NOT_DUE)),
            When(paying, then=Value(Obstacle.PAYING)),
            When(disputed, then=Value(Obstacle.DISPUTED)),
            When(is_held(today), then=Value(Obstacle.HELD)),
            When(payable_until__gte=today, then=Value(Obstacle.TOO_SOON)),
            # Who has neither an e-mail that works nor a postal address hears nothing; nobody is reminded of small sums.
            When(hears & is_worth_it & Q(reminded__lt=LATE_STEPS), then=Value(Obstacle.NOT_REMINDED)),
            default=Value(""),
            output_field=CharField(),
        )
    )


def proposals(regie: Regie, today: date) -> QuerySet[Any]:
    """Return the invoices of a régie that may be handed over to the comptable today, the oldest first."""
    due = Invoice.objects.filter(regie=regie, state=InvoiceState.DUE, payable_until__lt=today)
    ready = with_obstacle(due, today).filter(obstacle="")
    # What waits in a transmission that was asked for is not proposed twice.
    rows: QuerySet[Any] = (
        ready.exclude(is_being_handed_over())
        .annotate(rest=F("total_cents") - F("received_cents"))
        .select_related("payer", "type", "regie")
        .order_by("due_date", "id")
    )
    return rows


def held_back(regie: Regie, today: date) -> dict[str, int]:
    """Return how many late invoices of a régie may not be handed over yet, by ``Obstacle``."""
    late = Invoice.objects.filter(regie=regie).late(today)
    rows = with_obstacle(late, today).exclude(obstacle="").order_by("obstacle").values("obstacle")
    return {row["obstacle"]: row["n"] for row in rows.annotate(n=Count("pk"))}


def transmissions(agent: Agent, regie: Regie) -> QuerySet[Transmission]:
    """Return the transmissions of a régie that the agent sees, newest first, with what each comes to."""
    seen = Transmission.objects.filter(regie=regie, regie__in=Regie.objects.seen_by(agent))
    sent = Q(lines__state__in=(LineState.SENT, LineState.RETURNED))
    rows = seen.annotate(
        chosen=Count("lines"),
        chosen_cents=Coalesce(Sum("lines__cents"), Value(0), output_field=BigIntegerField()),
        waiting=Count("lines", filter=Q(lines__state=LineState.WAITING)),
        refused=Count("lines", filter=Q(lines__state=LineState.REFUSED)),
        returned=Count("lines", filter=Q(lines__state=LineState.RETURNED)),
        handed_over=Count("lines", filter=sent),
        handed_over_cents=Coalesce(Sum("lines__cents", filter=sent), Value(0), output_field=BigIntegerField()),
    )
    return rows.select_related("regie").order_by("-requested_at", "-id")


def transmission_of_request(regie: Regie, request_key: str) -> Transmission | None:
    """Return the transmission that a form made already, if it was sent before."""
    return Transmission.objects.filter(regie=regie, request_key=f"{regie.pk}:{request_key[:40]}").first()


def lines_of(transmission: Transmission) -> QuerySet[TransmissionLine]:
    """Return the invoices of a transmission, in their order."""
    return (
        TransmissionLine.objects.filter(transmission=transmission)
        .select_related("invoice__payer", "invoice__type", "transmission", "entry")
        .order_by("id")
    )


def waiting_lines(transmission_id: int) -> list[int]:
    """Return the ids of the invoices of a transmission that have no outcome yet."""
    waiting = TransmissionLine.objects.filter(transmission=transmission_id, state=LineState.WAITING)
    return list(waiting.order_by("id").values_list("pk", flat=True))


def unfinished() -> list[int]:
    """Return the ids of the transmissions that are on their way."""
    return list(
        Transmission.objects.filter(state=TransmissionState.SENDING).order_by("id").values_list("pk", flat=True)
    )


def lines_to_number(transmission: Transmission, numbers: Iterable[str]) -> Mapping[str, TransmissionLine]:
    """Return the invoices of a transmission that the comptable has, by their numbers."""
    rows = lines_of(transmission).filter(invoice__number__in=set(numbers), state=LineState.SENT)
    return {str(line.invoice.number): line for line in rows}


def handover_of(invoice: Invoice) -> TransmissionLine | None:
    """Return how an invoice was handed over to the comptable, if it is there now."""
    rows = TransmissionLine.objects.filter(invoice=invoice, state=LineState.SENT)
    return rows.select_related("transmission").first()


def with_comptable(entries: QuerySet[Entry]) -> QuerySet[Any, Any]:
    """
    Return the ids of the invoices that the comptable has after these entries: handed over once more than they came
    back.

    From the ledger: its entries are the only rows that say both, and when.
    """
    part = Func(F("cause_key"), Value(":"), Value(1), function="split_part", output_field=CharField())
    turn = Case(When(cause_kind="transfer", then=Value(1)), default=Value(-1), output_field=IntegerField())
    moved = entries.filter(cause_kind__in=("transfer", "transfer_return")).order_by()
    by_invoice = moved.annotate(of=Cast(part, BigIntegerField())).values("of")
    return by_invoice.annotate(turns=Sum(turn)).filter(turns__gt=0).values("of")


def open_dispute_of(invoice: Invoice) -> Dispute | None:
    """Return what the payer of an invoice contests and that nobody answered yet."""
    return Dispute.objects.filter(invoice=invoice, closed_at=None).first()


def disputes_of(invoice: Invoice) -> QuerySet[Dispute]:
    """Return all that was contested of an invoice, answered or not, the last first."""
    return Dispute.objects.filter(invoice=invoice).order_by("-opened_at", "-id")


def hold_of(invoice: Invoice, today: date) -> Hold | None:
    """Return what holds the reminders of an invoice back today, its own or its payer's: the one that lasts longest."""
    mine = Q(of_payer=False, invoice=invoice) | Q(of_payer=True, payer=invoice.payer_id)
    return Hold.objects.filter(mine, ended_at=None, until__gte=today).order_by("-until", "-id").first()


def is_held(today: date) -> Q:
    """
    Return the condition that the reminders of an invoice of a query are held back that day: until a day, or for as long
    as an agreement with its payer is kept.
    """
    holds = Hold.objects.filter(ended_at=None, until__gte=today)
    held = (holds.filter(of_payer=False, invoice=OuterRef("pk")), holds.filter(of_payer=True, payer=OuterRef("payer")))
    return Q(*(Exists(rows) for rows in held), is_agreed(), _connector=Q.OR)


def is_agreed() -> Exists:
    """Return the condition that an invoice of a query is paid in several times, by an agreement that runs."""
    return Exists(Agreement.objects.filter(invoice=OuterRef("pk"), state=AgreementState.OPEN))


@dataclass(frozen=True)
class AgreementStanding:
    """An agreement that runs, and what each of its instalments still needs."""

    agreement: Agreement
    dues: Sequence[instalments.Due]
    today: date

    @property
    def to_pay(self) -> int:
        """What is to be paid now, in cents."""
        return instalments.to_pay(self.dues, self.today)

    @property
    def next(self) -> instalments.Due | None:
        """The first instalment that is not paid."""
        return next((due for due in self.dues if due.missing), None)


def agreement_of(invoice: Invoice, today: date) -> AgreementStanding | None:
    """Return what was agreed with the payer of an invoice that is due, if it runs, and where it stands."""
    return agreements_of([invoice], today).get(invoice.pk)


def agreements_of(invoices: Iterable[Invoice], today: date) -> dict[int, AgreementStanding]:
    """Return the agreements that run of those of some invoices that are due, by the ids of these; two queries."""
    due = {invoice.pk: invoice for invoice in invoices if invoice.state == InvoiceState.DUE}
    agreements = Agreement.objects.filter(invoice__in=due, state=AgreementState.OPEN).order_by("id") if due else []
    known = {agreement.pk: agreement for agreement in agreements}
    rows: dict[int, list[tuple[int, date, int]]] = {pk: [] for pk in known}
    for one in Instalment.objects.filter(agreement__in=known).order_by("agreement", "rank") if known else []:
        rows[one.agreement_id].append((one.rank, one.day, one.cents))
    return {
        agreement.invoice_id: AgreementStanding(agreement, instalments.cover(rows[pk], paid=paid), today)
        for pk, agreement in known.items()
        for paid in [agreement.cents - due[agreement.invoice_id].remaining_cents]
    }


def agreements_open() -> list[int]:
    """Return the ids of the agreements that run, the oldest first."""
    rows = Agreement.objects.filter(state=AgreementState.OPEN)
    return list(rows.order_by("agreed_at", "id").values_list("pk", flat=True))


def holds_over(today: date) -> QuerySet[Hold]:
    """Return the holds whose last day is past, and of which nobody wrote it yet."""
    return Hold.objects.filter(ended_at=None, until__lt=today).order_by("until", "id")


def is_disputed() -> Exists:
    """Return the condition that an invoice of a query is contested."""
    return Exists(Dispute.objects.filter(invoice=OuterRef("pk"), closed_at=None))


def is_being_handed_over() -> Exists:
    """Return the condition that an invoice of a query waits in a transmission that was asked for, or is leaving."""
    asked = (TransmissionState.REQUESTED, TransmissionState.SENDING)
    waits = TransmissionLine.objects.filter(state=LineState.WAITING, transmission__state__in=asked)
    return Exists(waits.filter(invoice=OuterRef("pk")))


def natures_of(invoice_ids: Iterable[int]) -> dict[int, str]:
    """Return the imputations of invoices, in words, by their ids, with one query."""
    rows = Invoice.objects.filter(pk__in=set(invoice_ids)).exclude(lines__nature="")
    found: dict[int, list[str]] = {}
    for pk, nature in rows.order_by("pk", "lines__nature").values_list("pk", "lines__nature").distinct():
        found.setdefault(pk, []).append(nature)
    return {pk: " ".join(natures) for pk, natures in found.items()}


def _reminded(end: datetime | None) -> CombinedExpression:
    """
    Count the reminders of an invoice that left, before an instant where there is one: by mails of its own, by mails
    that list several invoices, and on paper once it is printed.
    """
    before = Q(created_at__lt=end) if end else Q()
    left = Message.objects.filter(before, kind__in=REMINDERS).exclude(state=MessageState.DROPPED)
    mine = Q(about_kind="billing.invoice", about_id=OuterRef("pk"))
    alone = _count(left.filter(mine), by="about_id")
    together = _count(OtherSubject.objects.filter(mine, message__in=left), by="about_id")
    printed = Letter.objects.filter(invoice=OuterRef("pk"), kind=Letter.Kind.REMINDER)
    printed = printed.filter(batch__made_at__lt=end) if end else printed.filter(batch__isnull=False)
    return alone + together + _count(printed, by="invoice")


def _count(rows: QuerySet[Any], *, by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0), output_field=IntegerField())


def _is_of(age: Age, day: date) -> Q:
    condition = Q()
    if age.least is not None:
        condition &= Q(due_date__lte=day - timedelta(days=age.least))
    return condition & Q(due_date__gte=day - timedelta(days=age.most)) if age.most is not None else condition


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=PARIS)
