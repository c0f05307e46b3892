"""
The books, recomputed from the rows and compared with what is kept and shown.

It streams: a million entries take the memory of a few thousand. It finds the first difference and says where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import CharField, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, JSONObject

from obole.billing.models import BillingPlan, CreditNote, Invoice, InvoiceLine, PlanPart
from obole.billing.states import InvoiceState
from obole.gateways.base import Status
from obole.payments.models import ACCOUNT_OF, OPEN, Allocation, Anomaly, Attempt, BankExchange, Receipt, Refund, Share
from obole.payments.refund_states import RefundState
from obole.payments.states import AttemptState
from obole.regies import ledger
from obole.regies import queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Balance, Closing, Entry, Line, Regie

CHUNK = 2000
PAID_WORDS = (Status.PAID_BY_CARD, Status.PAID_BY_DEBIT)


class BooksDiffer(Exception):
    """Something is not what the rows say it must be; the message says what and where."""


@dataclass(frozen=True)
class Head:
    """The end of a régie's chain: kept elsewhere, it shows later that nothing was cut off or rewritten."""

    code: str
    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.code} {self.number} {self.hash}"


def heads() -> list[Head]:
    """Return the head of each régie's chain that has begun."""
    begun = Regie.objects.filter(entry_count__gt=0).order_by("code")
    return [Head(regie.code, regie.entry_count, regie.entry_head) for regie in begun]


def verify() -> int:
    """
    Check every régie, invoice and attempt, and return how many entries there are.

    :raises BooksDiffer: at the first difference.
    """
    entries = 0
    for regie in Regie.objects.order_by("id"):
        entries += _check_chain(regie)
        _check_balances(regie)
        _check_closings(regie)
        _check_numbers(regie)
    _check_invoices()
    _check_plans()
    _check_receipts()
    _check_attempts()
    for regie in Regie.objects.order_by("id"):
        _check_money(regie)
    return entries


def check_against(kept: list[Head]) -> None:
    """
    Compare with heads that were kept elsewhere: a tail that was cut and a past that was rewritten are found.

    :raises BooksDiffer: if an entry is missing or is another one.
    """
    for head in kept:
        found = Entry.objects.filter(regie__code=head.code, number=head.number).values_list("hash", flat=True).first()
        if found is None:
            raise BooksDiffer(f"régie {head.code}: entry {head.number}, which was kept elsewhere, is missing")
        if found != head.hash:
            raise BooksDiffer(f"régie {head.code}: entry {head.number} is not the one that was kept elsewhere")


def _check_chain(regie: Regie) -> int:
    number, previous = 0, ""
    for entry in _entries_with_lines(regie):
        number += 1
        where = f"régie {regie.code}, entry {entry.number}"
        if entry.number != number:
            raise BooksDiffer(f"{where}: entry {number} is missing")
        if entry.previous_hash != previous:
            raise BooksDiffer(f"{where}: it is not chained to the entry before it")
        try:
            postings = [_posting(line) for line in entry.said]  # type: ignore[attr-defined]  # annotated
        except ValueError:
            raise BooksDiffer(f"{where}: it has no line, or one of no account") from None
        if sum(one.debit for one in postings) != sum(one.credit for one in postings):
            raise BooksDiffer(f"{where}: debits and credits differ")
        if ledger.chain_hash(entry, postings) != entry.hash:
            raise BooksDiffer(f"{where}: it was altered")
        previous = entry.hash
    if (regie.entry_count, regie.entry_head) != (number, previous):
        raise BooksDiffer(f"régie {regie.code}: its chain ends at entry {number}, not {regie.entry_count}")
    return number


def _entries_with_lines(regie: Regie) -> Iterator[Entry]:
    line = JSONObject(account="lines__account", nature="lines__nature", debit="lines__debit", credit="lines__credit")
    said = JSONBAgg(line, order_by="lines__id")
    return Entry.objects.filter(regie=regie).annotate(said=said).order_by("number").iterator(chunk_size=CHUNK)


def _posting(line: dict[str, str | int]) -> ledger.Posting:
    return ledger.Posting(
        account=Account(str(line["account"])),
        nature=str(line["nature"]),
        debit=int(line["debit"]),
        credit=int(line["credit"]),
    )


def _check_balances(regie: Regie) -> None:
    rows = Line.objects.filter(entry__regie=regie).order_by("account").values("account")
    sums = {
        row["account"]: (row["debits"], row["credits"])
        for row in rows.annotate(debits=Sum("debit"), credits=Sum("credit"))
    }
    kept = {one.account: (one.debit, one.credit) for one in Balance.objects.filter(regie=regie)}
    for account in sorted(set(sums) | set(kept)):
        if sums.get(account, (0, 0)) != kept.get(account, (0, 0)):
            raise BooksDiffer(
                f"régie {regie.code}: the balance of « {Account(account).label} » is not the sum of its lines"
            )


def _check_closings(regie: Regie) -> None:
    before, after = regies.Sums(), None
    for closing in Closing.objects.filter(regie=regie).order_by("until"):
        totals = regies.sums_of_period(regie, after=after, until=closing.until)
        found = (regies.last_number(regie, until=closing.until), before, totals)
        if found != (closing.entry_number, closing.before, closing.totals):
            raise BooksDiffer(f"régie {regie.code}: what was closed on {closing.until} is not the sum of its entries")
        before, after = regies.added(before, totals), closing.until


def _check_numbers(regie: Regie) -> None:
    for kind, rows in (
        ("invoices", Invoice.objects.filter(number__isnull=False)),
        ("avoirs", CreditNote.objects.all()),
        ("quittances", Receipt.objects.filter(sequence__isnull=False)),
    ):
        series = rows.filter(regie=regie).order_by("year").values("year")
        for row in series.annotate(first=Min("sequence"), last=Max("sequence"), how_many=Count("id")):
            if (row["first"], row["last"]) != (1, row["how_many"]):
                raise BooksDiffer(f"régie {regie.code}, {row['year']}: the numbers of its {kind} have a gap")


def _check_money(regie: Regie) -> None:
    """Recompute what each account must hold from the invoices, the receipts, what they count for, and the refunds."""
    due = _sum(Invoice.objects.filter(regie=regie, state=InvoiceState.DUE), F("total_cents") - F("received_cents"))
    standing = Receipt.objects.filter(regie=regie, reversal=None)
    counted = _sum(Allocation.objects.filter(receipt__regie=regie), F("cents"))
    refunded = _sum(Refund.objects.filter(regie=regie, state=RefundState.DONE), F("cents"))
    must = dict.fromkeys(regies.HELD, 0)
    for means, account in ACCOUNT_OF.items():
        must[account] += _sum(standing.filter(means=means), F("cents"))
    must[Account.TREASURY_DEPOSIT] -= refunded
    must |= {Account.RECEIVABLE: due, Account.CLAIMS: due, Account.REVENUE_DUE: counted}
    must[Account.SUSPENSE] = _sum(standing, F("cents")) - counted - refunded
    known = regies.balances(regie)
    for account, cents in must.items():
        if known[account] != cents:
            raise BooksDiffer(f"régie {regie.code}: « {account.label} » holds {known[account]}, and must hold {cents}")


def _sum(rows: QuerySet[Any], cents: Any) -> int:
    return int(rows.order_by().aggregate(sum=Sum(cents))["sum"] or 0)


def _check_invoices() -> None:
    lines = (
        InvoiceLine.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice").annotate(s=Sum("amount_cents"))
    )
    receipts = Allocation.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice").annotate(s=Sum("cents"))
    summed = Invoice.objects.annotate(
        of_lines=Coalesce(Subquery(lines.values("s")), Value(0)),
        of_receipts=Coalesce(Subquery(receipts.values("s")), Value(0)),
    )
    paid = Q(state=InvoiceState.PAID)
    # Prices voted without VAT are billed with it: it stands under the lines, as their explanation says.
    billed = F("of_lines") + Coalesce(F("explanation__added_tax_cents"), Value(0))
    _expect_none(summed.exclude(total_cents=billed), "its total is not the sum of its lines")
    _expect_none(summed.exclude(of_receipts=F("received_cents")), "what it received is not the sum of its receipts")
    _expect_none(summed.filter(paid).exclude(of_receipts=F("total_cents")), "it is paid without its money")
    whole = summed.filter(of_receipts=F("total_cents"), total_cents__gt=0)
    _expect_none(whole.exclude(paid), "it has its money and is not paid")
    booked = Entry.objects.filter(cause_kind="invoice", cause_key=Cast(OuterRef("pk"), CharField()))
    _expect_none(
        Invoice.objects.filter(number__isnull=False).exclude(Exists(booked)), "it was issued and is not in the ledger"
    )
    cancelled = Q(state=InvoiceState.CANCELLED)
    _expect_none(Invoice.objects.filter(cancelled, credit_note=None), "it is cancelled without an avoir")
    _expect_none(Invoice.objects.filter(credit_note__isnull=False).exclude(cancelled), "it has an avoir and stands")


def _check_plans() -> None:
    parts = PlanPart.objects.filter(plan=OuterRef("pk")).order_by().values("plan").annotate(s=Sum("cents"))
    planned = BillingPlan.objects.annotate(of_parts=Coalesce(Subquery(parts.values("s")), Value(0)))
    _expect_none(planned.exclude(of_parts=F("total_cents")), "its total is not the sum of its parts")
    billed = PlanPart.objects.filter(invoice__isnull=False)
    _expect_none(billed.exclude(invoice__total_cents=F("cents")), "its invoice is not of its amount")


def _check_receipts() -> None:
    counted = Allocation.objects.filter(receipt=OuterRef("pk")).order_by().values("receipt").annotate(s=Sum("cents"))
    refunds = Refund.objects.filter(receipt=OuterRef("pk")).exclude(state=RefundState.GIVEN_UP).order_by()
    summed = Receipt.objects.annotate(
        counts=Coalesce(Subquery(counted.values("s")), Value(0)),
        promised=Coalesce(Subquery(refunds.values("receipt").annotate(s=Sum("cents")).values("s")), Value(0)),
    )
    _expect_none(summed.filter(cents__lt=F("counts") + F("promised")), "more was made of it than it holds")
    _expect_none(
        summed.filter(reversal__isnull=False).exclude(counts=0, promised=0), "it was taken back and still counts"
    )
    waits = summed.filter(reversal=None, cents__gt=F("counts") + F("promised"))
    asked = Anomaly.objects.filter(receipt=OuterRef("pk"))
    _expect_none(waits.exclude(Exists(asked)), "its money waits in recettes à classer and nobody is asked about it")
    reversed_ = Q(attempt__state=AttemptState.REVERSED)
    _expect_none(Receipt.objects.filter(reversed_, reversal=None), "its attempt was rejected and it still counts")
    online = Q(attempt__isnull=False, reversal__isnull=False)
    _expect_none(Receipt.objects.filter(online).exclude(reversed_), "it was taken back and its attempt is still paid")


def _check_attempts() -> None:
    paid = Q(state__in=(AttemptState.PAID, AttemptState.REVERSED))
    receipt = Exists(Receipt.objects.filter(attempt=OuterRef("pk"), cents__gt=0))
    words = Q()
    for word in PAID_WORDS:
        words |= Q(outcome__startswith=word)
    evidence = Exists(
        BankExchange.objects.filter(words, attempt=OuterRef("pk"), kind=BankExchange.Kind.ASK).exclude(response="")
    )
    shares = Share.objects.filter(attempt=OuterRef("pk")).order_by().values("attempt").annotate(s=Sum("cents"))
    shared = Attempt.objects.annotate(shared=Coalesce(Subquery(shares.values("s")), Value(0)))
    _expect_none(shared.exclude(shared=F("amount_cents")), "its amount is not the sum of its shares")
    is_open = Q(attempt__state__in=OPEN, attempt__released_at=None)
    _expect_none(Share.objects.filter(is_open, holds=False), "its attempt is open and its invoice is not held")
    _expect_none(Share.objects.filter(holds=True).exclude(is_open), "its attempt is over and its invoice is held")
    _expect_none(Attempt.objects.filter(paid).exclude(receipt), "it is paid and nothing was booked")
    _expect_none(Attempt.objects.filter(receipt).exclude(paid), "money was booked and it is not paid")
    _expect_none(Attempt.objects.filter(paid).exclude(evidence), "it is paid without the bank's word")


def _expect_none(wrong: QuerySet[Any], sentence: str) -> None:
    first = wrong.order_by("pk").first()
    if first is not None:
        raise BooksDiffer(f"{first._meta.verbose_name} {first}: {sentence}")
