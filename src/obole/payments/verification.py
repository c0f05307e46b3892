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

from obole.billing.models import Invoice, InvoiceLine
from obole.billing.states import InvoiceState
from obole.gateways.base import Status
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.payments.states import AttemptState
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Balance, Entry, Line, Regie

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
        _check_numbers(regie)
    _check_invoices()
    _check_attempts()
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


def _check_numbers(regie: Regie) -> None:
    series = Invoice.objects.filter(regie=regie, number__isnull=False).order_by("year").values("year")
    for row in series.annotate(first=Min("sequence"), last=Max("sequence"), how_many=Count("id")):
        if (row["first"], row["last"]) != (1, row["how_many"]):
            raise BooksDiffer(f"régie {regie.code}, {row['year']}: the numbers of its invoices have a gap")


def _check_invoices() -> None:
    lines = (
        InvoiceLine.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice").annotate(s=Sum("amount_cents"))
    )
    receipts = Receipt.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice").annotate(s=Sum("cents"))
    summed = Invoice.objects.annotate(
        of_lines=Coalesce(Subquery(lines.values("s")), Value(0)),
        of_receipts=Coalesce(Subquery(receipts.values("s")), Value(0)),
    )
    paid = Q(state=InvoiceState.PAID)
    _expect_none(summed.exclude(of_lines=F("total_cents")), "its total is not the sum of its lines")
    _expect_none(summed.exclude(of_receipts=F("received_cents")), "what it received is not the sum of its receipts")
    _expect_none(summed.filter(paid).exclude(of_receipts=F("total_cents")), "it is paid without its money")
    whole = summed.filter(of_receipts=F("total_cents"), total_cents__gt=0)
    _expect_none(whole.exclude(paid), "it has its money and is not paid")
    booked = Entry.objects.filter(cause_kind="invoice", cause_key=Cast(OuterRef("pk"), CharField()))
    _expect_none(
        Invoice.objects.filter(number__isnull=False).exclude(Exists(booked)), "it was issued and is not in the ledger"
    )


def _check_attempts() -> None:
    paid = Q(state=AttemptState.PAID)
    receipt = Exists(Receipt.objects.filter(attempt=OuterRef("pk"), cents__gt=0))
    words = Q()
    for word in PAID_WORDS:
        words |= Q(outcome__startswith=word)
    evidence = Exists(
        BankExchange.objects.filter(words, attempt=OuterRef("pk"), kind=BankExchange.Kind.ASK).exclude(response="")
    )
    _expect_none(Attempt.objects.filter(paid).exclude(receipt), "it is paid and nothing was booked")
    _expect_none(Attempt.objects.filter(receipt).exclude(paid), "money was booked and it is not paid")
    _expect_none(Attempt.objects.filter(paid).exclude(evidence), "it is paid without the bank's word")


def _expect_none(wrong: QuerySet[Any], sentence: str) -> None:
    first = wrong.order_by("pk").first()
    if first is not None:
        raise BooksDiffer(f"{first._meta.verbose_name} {first}: {sentence}")
