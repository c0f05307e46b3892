"""How statements of the bank, their lines and what stays open are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from obole.bank_statements.models import BankLine, FileLayout, ListedPayment, Match, MatchedReceipt, Statement
from obole.bank_statements.rules.pool import Known, Listed, OpenLine, Pool
from obole.bank_statements.states import LineState
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import Deposit, DepositLine
from obole.lib import dates, search_keys, texts
from obole.lib.dates import PARIS
from obole.payments import queries as payments
from obole.payments.models import Clearing, Receipt, Refund
from obole.payments.refund_states import RefundState
from obole.regies.accounts import Account
from obole.regies.models import Line, Regie
from obole.remittances.models import Remittance

WAITS = 10
"""Days after which money in instance should have been credited."""


def statements(regie: Regie) -> QuerySet[Statement]:
    """Return what was imported for a régie, the last first."""
    return Statement.objects.filter(regie=regie).order_by("-imported_at", "-id")


def lines(regie: Regie) -> QuerySet[BankLine]:
    """Return the lines of a régie's account that stand, oldest first."""
    return BankLine.objects.filter(regie=regie).exclude(state=LineState.WITHDRAWN).order_by("day", "id")


def open_lines(regie: Regie) -> QuerySet[BankLine]:
    """Return the lines that nobody has matched yet, oldest first."""
    return BankLine.objects.filter(regie=regie, state=LineState.OPEN).order_by("day", "id")


def sure_lines(regie_id: int) -> QuerySet[BankLine]:
    """Return the open lines whose proposal agrees to the cent and is worth accepting with the others."""
    rows = BankLine.objects.filter(regie=regie_id, state=LineState.OPEN, proposal__sure=True)
    return rows.order_by("day", "id")


def layout_of(regie: Regie, kind: str) -> Mapping[str, str]:
    """Return the columns that were said for the régie's files of this kind; nothing for the first one."""
    known = FileLayout.objects.filter(regie=regie, kind=kind).first()
    return known.columns if known else {}


def matches(line: BankLine) -> QuerySet[Match]:
    """Return what was said of a line, oldest first."""
    told = ("entry", "undone_entry", "refund__receipt", "deposit", "remittance")
    return Match.objects.filter(line=line).select_related(*told).order_by("rank")


def receipts_of(match: Match) -> QuerySet[Receipt]:
    """Return the receipts of a match: those that its entry credited, or those that the line shows."""
    of_entry = Q(clearings__entry=match.entry_id) if match.entry_id else Q(pk__in=[])
    shown = Q(bank_matches__match=match)
    handed_in = Q(deposit_lines__deposit=match.deposit_id) if match.deposit_id else Q(pk__in=[])
    rows = Receipt.objects.filter(of_entry | shown | handed_in).distinct()
    return rows.select_related("invoice", "attempt", "reversal").order_by("received_at", "id")


def lines_of_receipt(receipt: Receipt) -> QuerySet[BankLine]:
    """Return the lines of the bank where the money of a receipt was seen."""
    credited = Q(matches__entry__clearings__receipt=receipt, matches__entry__clearings__undone_by_entry=None)
    shown = Q(matches__receipts__receipt=receipt, matches__receipts__standing=True)
    handed_in = Q(matches__deposit__lines__receipt=receipt)
    standing = BankLine.objects.filter(credited | shown | handed_in, matches__undone_at=None)
    return standing.distinct().order_by("day", "id")


def line_of(**subject: Deposit | Remittance) -> BankLine | None:
    """Return the line of the bank that shows a remise (``deposit``) or a versement (``remittance``)."""
    match = Match.objects.filter(undone_at=None, **subject).select_related("line").first()
    return match.line if match else None


def slips(line: BankLine) -> list[Deposit] | list[Remittance]:
    """Return the remises that a credit may be, or the versements that a debit may be, of its amount: oldest first."""
    if line.cents > 0:
        return list(linkable_deposits(line.regie_id).filter(cents=line.cents).order_by("prepared_at", "id"))
    rows = linkable_remittances(line.regie_id).filter(revenue_cents=-line.cents - F("refund_cents"))
    return list(rows.order_by("signed_at", "id"))


def linkable_transfers(regie_id: int) -> QuerySet[Receipt]:
    """Return the transfers written at the counter that no line of the bank shows yet."""
    rows = Receipt.objects.filter(regie=regie_id, means=Receipt.Means.TRANSFER, reversal=None)
    return rows.exclude(_shown())


def linkable_refunds(regie_id: int) -> QuerySet[Refund]:
    """Return the refunds that left the account and that no line of the bank shows yet."""
    shown = Exists(Match.objects.filter(refund=OuterRef("pk"), undone_at=None))
    left = Exists(Line.objects.filter(entry=OuterRef("entry"), account=Account.TREASURY_DEPOSIT, credit__gt=0))
    return Refund.objects.filter(left, regie=regie_id, state=RefundState.DONE).exclude(shown)


def linkable_deposits(regie_id: int) -> QuerySet[Deposit]:
    """Return the remises, credited or waiting for it, that no line of the bank shows."""
    shown = Exists(Match.objects.filter(deposit=OuterRef("pk"), undone_at=None))
    return Deposit.objects.filter(regie=regie_id).exclude(state=DepositState.CANCELLED).exclude(shown)


def linkable_remittances(regie_id: int) -> QuerySet[Remittance]:
    """Return the bordereaux de versement whose transfer no line of the bank shows."""
    shown = Exists(Match.objects.filter(remittance=OuterRef("pk"), undone_at=None))
    return Remittance.objects.filter(regie=regie_id).exclude(shown)


def in_instance(regie_id: int) -> QuerySet[Receipt]:
    """Return the receipts in instance, less those that the bank will credit with the remise that they are in."""
    return payments.in_instance(regie_id).exclude(in_waiting_deposit())


def in_waiting_deposit() -> Exists:
    """Tell whether a receipt is in a remise that the bank has not credited."""
    waits = DepositLine.objects.filter(receipt=OuterRef("pk"), holds=True, deposit__state=DepositState.PREPARED)
    return Exists(waits)


def reversible_credits(regie_id: int) -> QuerySet[Receipt]:
    """Return the debits and cheques that the bank credited, and that no line shows it taking back."""
    credited = Exists(Clearing.objects.filter(receipt=OuterRef("pk"), undone_by_entry=None))
    rows = Receipt.objects.filter(credited, regie=regie_id, means__in=(Receipt.Means.DEBIT, Receipt.Means.CHEQUE))
    return rows.filter(Q(reversal=None) | ~Q(reversal__kind="mistake")).exclude(_shown())


def _shown() -> Exists:
    return Exists(MatchedReceipt.objects.filter(receipt=OuterRef("pk"), standing=True))


_NAMES = ("number", "reference", "invoice__number", "attempt__reference", "attempt__authorisation")
_FACTS = ("pk", "cents", "means", "received_at", *_NAMES)


def pool(regie_id: int) -> Pool:
    """Return all that the open lines of a régie could be, with a few queries however many they are."""
    back = reversible_credits(regie_id)
    taken_back = set(back.filter(reversal__isnull=False).order_by("id").values_list("pk", flat=True))
    refunds = linkable_refunds(regie_id).select_related("receipt").order_by("id")
    return Pool(
        in_instance=_known(in_instance(regie_id)),
        transfers=_known(linkable_transfers(regie_id)),
        credited=_known(back, taken_back),
        refunds=[
            Known(pk=item.pk, cents=item.cents, day=_done_on(item), references=(item.mandate, item.receipt.number))
            for item in refunds
        ],
        remittances=[_known_remittance(item) for item in linkable_remittances(regie_id).order_by("id")],
        deposits=[_known_deposit(item) for item in linkable_deposits(regie_id).order_by("id")],
        listed=_listed(regie_id),
    )


def _known_remittance(item: Remittance) -> Known:
    named = (item.number, item.transfer_reference)
    return Known(pk=item.pk, cents=item.total_cents, day=dates.day_of(item.signed_at), references=named)


def _known_deposit(item: Deposit) -> Known:
    named = (item.number, item.reference)
    return Known(pk=item.pk, cents=item.cents, day=dates.day_of(item.prepared_at), references=named)


def _done_on(refund: Refund) -> date:
    return dates.day_of(refund.done_at or refund.requested_at)


def _known(receipts: QuerySet[Receipt], taken_back: frozenset[int] | set[int] = frozenset()) -> list[Known]:
    rows = receipts.order_by("id").values_list(*_FACTS)
    return [
        Known(
            pk=pk,
            cents=cents,
            day=dates.day_of(received),
            means=means,
            references=tuple(name for name in names if name),
            is_taken_back=pk in taken_back,
        )
        for pk, cents, means, received, *names in rows
    ]


def _listed(regie_id: int) -> list[Listed]:
    """Return what PayFiP lists with the credit that it came in, and the receipt that it is here."""
    rows = ListedPayment.objects.filter(regie=regie_id, withdrawn=False).exclude(remittance="", credited_on=None)
    rows = rows.order_by("id")
    receipts = receipts_listed(regie_id)
    return [
        Listed(credit=item.remittance or str(item.credited_on), cents=item.cents, receipt=receipts.get(_asked(item)))
        for item in rows.iterator(chunk_size=5_000)
    ]


def receipts_listed(regie_id: int) -> dict[tuple[str, int], int]:
    """Return the receipts paid online by what PayFiP's list says of them: the reference, and the cents."""
    rows = Receipt.objects.filter(regie=regie_id, attempt__isnull=False).order_by("id")
    found = rows.values_list("pk", "cents", "attempt__reference")
    return {(texts.fold(reference).replace(" ", ""), cents): pk for pk, cents, reference in found}


def _asked(item: ListedPayment) -> tuple[str, int]:
    return texts.fold(item.reference).replace(" ", ""), item.cents


def unknown_listed(regie_id: int) -> QuerySet[ListedPayment]:
    """Return what PayFiP lists as paid and that is no receipt here: to be looked at."""
    here = Receipt.objects.filter(
        regie=regie_id, attempt__reference__iexact=OuterRef("reference"), cents=OuterRef("cents")
    )
    return ListedPayment.objects.filter(regie=regie_id, withdrawn=False).exclude(Exists(here)).order_by("day", "id")


def lines_to_match(regie_id: int) -> list[OpenLine]:
    """Return the open lines as they are recognised."""
    rows = BankLine.objects.filter(regie=regie_id, state=LineState.OPEN).order_by("day", "id")
    said = rows.values_list("pk", "day", "cents", "label", "details", "reason_code")
    return [
        OpenLine(pk=pk, day=day, cents=cents, words=f"{label} {details}", reason_code=code)
        for pk, day, cents, label, details, code in said
    ]


def doubtful_matches(regie: Regie) -> QuerySet[Match]:
    """Return what stands matched with a receipt taken back since as a mistake: the bank still has the money."""
    mistaken = Receipt.objects.filter(regie=regie, reversal__kind="mistake")
    shown = Q(receipts__receipt__in=mistaken, receipts__standing=True)
    credited = Q(entry__clearings__receipt__in=mistaken)
    rows = Match.objects.filter(shown | credited, line__regie=regie, undone_at=None)
    return rows.select_related("line").distinct().order_by("at", "id")


@dataclass(frozen=True)
class Sums:
    """How many lines, and what they come to."""

    count: int
    cents: int


def sums_by_state(regie: Regie) -> dict[str, Sums]:
    """Return the lines of each state, counted and summed with one query."""
    rows = lines(regie).order_by("state").values("state").annotate(count=Count("id"), cents=Sum("cents"))
    found = {row["state"]: Sums(row["count"], row["cents"]) for row in rows}
    return {state: found.get(state, Sums(0, 0)) for state in LineState}


def summed(rows: QuerySet[Any]) -> Sums:
    """Count and sum rows that have cents."""
    found = rows.order_by().aggregate(count=Count("pk"), cents=Sum("cents"))
    return Sums(found["count"], found["cents"] or 0)


def bank_balance(regie: Regie, *, until: date | None = None) -> int | None:
    """Return what the account holds by its statements, at the end of a day; None where none of them said a balance."""
    begun = Statement.objects.filter(regie=regie, kind="account", withdrawn_at=None, opening_cents__isnull=False)
    if until is not None:
        begun = begun.filter(first_day__lte=until)
    last = begun.order_by("first_day", "id").last()
    if last is None or last.opening_cents is None:
        return None
    since = lines(regie).filter(day__gte=last.first_day)
    moved = since.filter(day__lte=until) if until is not None else since
    return last.opening_cents + (moved.order_by().aggregate(sum=Sum("cents"))["sum"] or 0)


def last_day(regie: Regie) -> date | None:
    """Return the last day that the statements cover."""
    rows = Statement.objects.filter(regie=regie, kind="account", withdrawn_at=None)
    last = rows.order_by("last_day").last()
    return last.last_day if last else None


@dataclass(frozen=True)
class DayCompared:
    """What the account holds at the end of a day, by the bank and by the ledger."""

    day: date
    bank: int
    books: int

    @property
    def difference(self) -> int:
        """What the bank has more."""
        return self.bank - self.books


def compared_by_day(regie: Regie, *, last: date, days: int) -> list[DayCompared]:
    """Return both balances at the end of each of some days; nothing where no statement said one."""
    bank = bank_balance(regie, until=last)
    if bank is None:
        return []
    first = last - timedelta(days=days - 1)
    moved = dict(
        lines(regie).filter(day__gt=first, day__lte=last).order_by("day").values_list("day").annotate(Sum("cents"))
    )
    booked = _booked_by_day(regie, first=first, last=last)
    books, compared = _booked_until(regie, last), []
    for back in range(days):
        day = last - timedelta(days=back)
        compared.append(DayCompared(day, bank, books))
        bank, books = bank - moved.get(day, 0), books - booked.get(day, 0)
    return compared[::-1]


def _booked_by_day(regie: Regie, *, first: date, last: date) -> dict[date, int]:
    of_days = Line.objects.filter(
        entry__regie=regie, account=Account.TREASURY_DEPOSIT, entry__booked_at__date__range=(first, last)
    )
    by_day = of_days.annotate(day=TruncDate("entry__booked_at", tzinfo=PARIS)).order_by("day").values_list("day")
    return dict(by_day.annotate(cents=Sum(F("debit") - F("credit"))))


def _booked_until(regie: Regie, day: date) -> int:
    rows = Line.objects.filter(entry__regie=regie, account=Account.TREASURY_DEPOSIT, entry__booked_at__date__lte=day)
    return rows.order_by().aggregate(sum=Sum(F("debit") - F("credit")))["sum"] or 0


def candidates(line: BankLine, *, text: str = "", most: int = 100) -> list[Receipt]:
    """Return the receipts that a person may choose for a line: those near its day first, or those that answer."""
    if line.cents > 0:
        ids = Q(pk__in=in_instance(line.regie_id).values("pk"))
        ids |= Q(pk__in=linkable_transfers(line.regie_id).values("pk"))
    else:
        ids = Q(pk__in=reversible_credits(line.regie_id).filter(cents=-line.cents).values("pk"))
    rows = Receipt.objects.filter(ids).select_related("invoice__payer", "attempt").order_by("-received_at", "-id")
    if text.strip():
        return list(_answering(rows, text)[:most])
    return list(rows.filter(received_at__date__lte=line.day + timedelta(days=3))[:most])


def _answering(rows: QuerySet[Receipt], text: str) -> QuerySet[Receipt]:
    typed = texts.clean_line(text)
    named = Q()
    for field in (*_NAMES, "payer_name"):
        named |= Q(**{f"{field}__istartswith": typed})
    for word in search_keys.asked(text)[:5]:
        named |= Q(invoice__payer__search_keys__contains=[word])
    return rows.filter(named)
