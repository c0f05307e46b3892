"""
The books, recomputed from the rows and compared with what is kept and shown.

It streams: a million entries take the memory of a few thousand. It finds the first difference and says where it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import CharField, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, JSONObject

from obole.audit_log import seals
from obole.bank_statements import verification as bank_lines
from obole.billing.models import BillingPlan, CreditNote, Invoice, InvoiceLine, PlannedInstalment
from obole.billing.states import InvoiceState
from obole.books.queries import handover_differences as handovers
from obole.cash_desk import verification as cash_desk
from obole.cash_desk.models import Deposit
from obole.gateways.base import Status
from obole.lib import sql
from obole.lib.transactions import one_snapshot
from obole.payments import verification as standings
from obole.payments.models import (
    ACCOUNT_OF,
    OPEN,
    Allocation,
    Anomaly,
    Attempt,
    AttemptLine,
    BankExchange,
    Clearing,
    Receipt,
    Refund,
    Regularisation,
    Reversal,
)
from obole.payments.refund_states import RefundState
from obole.payments.states import AttemptState
from obole.recovery import queries as recovery
from obole.recovery.line_states import LineState
from obole.recovery.models import Transmission, TransmissionLine
from obole.regies import ledger, queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Balance, Closing, DailyTotal, Entry, Line, Regie, RemittedEntry
from obole.remittances import verification as remittances
from obole.remittances.models import Remittance
from obole.remittances.states import RemittanceState

CHUNK = 2000
PAID_WORDS = (Status.PAID_BY_CARD, Status.PAID_BY_DEBIT)


class BooksDiffer(Exception):
    """Something is not what the rows say it must be; the message says what and where."""


@dataclass(frozen=True)
class Head:
    """The end of a chain, a régie's or a journal's: kept elsewhere, it shows that nothing was cut or rewritten."""

    code: str
    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.code} {self.number} {self.hash}"


def heads() -> list[Head]:
    """Return the head of each chain that has begun: the régies' entries, and the seals of the journals."""
    begun = Regie.objects.filter(entry_count__gt=0).order_by("code")
    entries = [Head(regie.code, regie.entry_count, regie.entry_head) for regie in begun]
    return [*entries, *(Head(seal.table, seal.last_id, seal.digest) for seal in seals.heads())]


@one_snapshot()
def verify() -> int:
    """
    Check every régie, invoice and attempt, as they are at one instant, and return how many entries there are.

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
    _check_transmissions()
    for regie in Regie.objects.order_by("id"):
        _check_money(regie)
    _check_remittances()
    rooms = (standings, remittances, cash_desk, bank_lines, handovers)
    for said in (said for room in rooms for said in room.differences()):
        raise BooksDiffer(said)
    for said in seals.broken():
        raise BooksDiffer(said)
    return entries


def check_against(kept: Sequence[Head]) -> None:
    """
    Compare with heads that were kept elsewhere: a tail that was cut and a past that was rewritten are found.

    :raises BooksDiffer: if an entry is missing or is another one.
    """
    for head in kept:
        found = _hash_at(head)
        if found is None:
            raise BooksDiffer(f"{head.code}: entry {head.number}, which was kept elsewhere, is missing")
        if found != head.hash:
            raise BooksDiffer(f"{head.code}: entry {head.number} is not the one that was kept elsewhere")


def _hash_at(head: Head) -> str | None:
    if head.code in seals.COLUMNS:
        return seals.digest_at(head.code, head.number)
    return Entry.objects.filter(regie__code=head.code, number=head.number).values_list("hash", flat=True).first()


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
        if sum(posting.debit for posting in postings) != sum(posting.credit for posting in postings):
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


_WRONG_DAY = """
    WITH summed AS (
        SELECT account, (booked_at AT TIME ZONE 'Europe/Paris')::date AS day, cause_kind,
            sum(debit)::bigint AS debit, sum(credit)::bigint AS credit, count(*) AS lines
        FROM regies_line JOIN regies_entry ON regies_entry.id = entry_id
        WHERE regie_id = %(regie)s
        GROUP BY 1, 2, 3
    ), kept AS (
        SELECT account, day, cause_kind, debit, credit, lines FROM regies_dailytotal WHERE regie_id = %(regie)s
    )
    SELECT day, account FROM (
        (TABLE summed EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE summed)
    ) AS difference
    ORDER BY 1, 2 LIMIT 1
"""


def _check_balances(regie: Regie) -> None:
    """Compare the sums that are kept with the lines: those of each day, and the balances with these."""
    for day, account in sql.execute(_WRONG_DAY, regie=regie.pk):
        raise BooksDiffer(f"régie {regie.code}: « {Account(account).label} » on {day} is not the sum of its lines")
    rows = DailyTotal.objects.filter(regie=regie).order_by("account").values("account")
    sums = {
        row["account"]: (row["debits"], row["credits"])
        for row in rows.annotate(debits=Sum("debit"), credits=Sum("credit"))
    }
    kept = {item.account: (item.debit, item.credit) for item in Balance.objects.filter(regie=regie)}
    for account in sorted(set(sums) | set(kept)):
        if sums.get(account, (0, 0)) != kept.get(account, (0, 0)):
            raise BooksDiffer(
                f"régie {regie.code}: the balance of « {Account(account).label} » is not the sum of its lines"
            )


def _check_closings(regie: Regie) -> None:
    before, after, end = regies.Sums(), None, (0, "")
    for closing in Closing.objects.filter(regie=regie).order_by("until"):
        totals = regies.sums_of_period(regie, after=after, until=closing.until)
        end = max(end, regies.last_entry(regie, after=after, until=closing.until))
        if (*end, before, totals) != (closing.entry_number, closing.entry_hash, closing.before, closing.totals):
            raise BooksDiffer(f"régie {regie.code}: what was closed on {closing.until} is not the sum of its entries")
        before, after = regies.sum_balances(before, totals), closing.until


def _check_numbers(regie: Regie) -> None:
    for kind, rows in (
        ("invoices", Invoice.objects.filter(number__isnull=False)),
        ("avoirs", CreditNote.objects.all()),
        ("quittances", Receipt.objects.filter(sequence__isnull=False)),
        ("remises", Deposit.objects.all()),
        ("bordereaux", Remittance.objects.all()),
        ("transmissions", Transmission.objects.filter(sequence__isnull=False)),
    ):
        series = rows.filter(regie=regie).order_by("year").values("year")
        for row in series.annotate(first=Min("sequence"), last=Max("sequence"), how_many=Count("id")):
            if (row["first"], row["last"]) != (1, row["how_many"]):
                raise BooksDiffer(f"régie {regie.code}, {row['year']}: the numbers of its {kind} have a gap")


def _check_money(regie: Regie) -> None:
    """
    Recompute what each account must hold from the invoices, the receipts, what they count for, what was given back and
    what was paid over.
    """
    due = _sum(Invoice.objects.filter(regie=regie, state=InvoiceState.DUE), F("total_cents") - F("received_cents"))
    valid = Receipt.objects.filter(regie=regie, reversal=None)
    counted = _sum(Allocation.objects.filter(receipt__regie=regie), F("cents"))
    refunds = Refund.objects.filter(regie=regie, state=RefundState.DONE)
    refunded = _sum(refunds, F("cents"))
    must = dict.fromkeys(regies.HELD, 0)
    credited = Exists(Clearing.objects.filter(receipt=OuterRef("pk"), undone_by_entry=None))
    must[Account.TREASURY_DEPOSIT] += _sum(valid.filter(credited), F("cents"))
    for means, account in ACCOUNT_OF.items():
        must[account] += _sum(valid.filter(~credited, means=means), F("cents"))
    # What was given back of money that was taken back later: its payer owes it.
    owed, fees = _sum(Reversal.objects.filter(receipt__regie=regie), F("refunded_cents")), bank_lines.fees(regie)
    must[Account.TREASURY_DEPOSIT] -= _sum(refunds.filter(paid_by=Refund.Payer.REGIE), F("cents")) + fees
    must |= {Account.RECEIVABLE: due, Account.CLAIMS: due, Account.REVENUE_DUE: counted, Account.FEES: owed + fees}
    must[Account.REMITTED] = 0
    _add_what_was_paid_over(must, regie, refunds)
    must[Account.SUSPENSE] = _sum(valid, F("cents")) - counted - (refunded - owed)
    for account, cents in cash_desk.moved(regie).items():
        must[account] = must.get(account, 0) + cents
    known = regies.balances(regie)
    for account, cents in must.items():
        if known[account] != cents:
            raise BooksDiffer(f"régie {regie.code}: « {account.label} » holds {known[account]}, and must hold {cents}")
    for account in regies.HELD:
        if known[account] < 0:
            raise BooksDiffer(f"régie {regie.code}: « {account.label} » gave {-known[account]} that it did not hold")


def _add_what_was_paid_over(must: dict[Account, int], regie: Regie, refunds: QuerySet[Refund]) -> None:
    """Recettes versées are on their way; what was taken back of them is owed by the comptable until it is settled."""
    remittances = Remittance.objects.filter(regie=regie)
    left = _sum(remittances.filter(state=RemittanceState.TRANSFERRED), F("revenue_cents") + F("refund_cents"))
    signed = _sum(remittances, F("revenue_cents"))
    back = _sum(Allocation.objects.filter(receipt__regie=regie), F("from_remitted_cents"))
    given = _sum(Regularisation.objects.filter(regie=regie), F("cents"))
    settled = _sum(refunds, F("settled_cents"))
    must[Account.REVENUE_DUE] += back - signed
    must[Account.REMITTED] += signed - left
    must[Account.REMITTED] += _sum(refunds.filter(paid_by=Refund.Payer.COMPTABLE), F("cents")) - settled
    must[Account.FEES] += back - given - settled
    must[Account.TREASURY_DEPOSIT] += given - left


def _check_remittances() -> None:
    """Compare each bordereau with the entries that it holds, and what was taken back with what was paid over."""
    lines = Line.objects.filter(entry__remitted__remittance=OuterRef("number"), entry__regie=OuterRef("regie"))
    due = lines.filter(account=Account.REVENUE_DUE).order_by().values("entry__regie")
    paid = lines.filter(account=Account.REMITTED).order_by().values("entry__regie")
    held = RemittedEntry.objects.filter(remittance=OuterRef("number"), entry__regie=OuterRef("regie")).order_by()
    summed = Remittance.objects.annotate(
        due=Coalesce(Subquery(due.annotate(s=Sum(F("credit") - F("debit"))).values("s")), Value(0)),
        paid=Coalesce(Subquery(paid.annotate(s=Sum(F("credit") - F("debit"))).values("s")), Value(0)),
        held=Coalesce(Subquery(held.values("remittance").annotate(n=Count("pk")).values("n")), Value(0)),
    )
    _expect_none(summed.exclude(due=F("revenue_cents")), "its recettes are not the sum of its entries")
    _expect_none(summed.exclude(paid=F("refund_cents")), "the refunds that it gives back are not the sum of its own")
    _expect_none(summed.exclude(held=F("entry_count")), "it holds more entries than it signed, or less")
    known = Remittance.objects.filter(number=OuterRef("remittance"), regie=OuterRef("entry__regie"))
    _expect_none(RemittedEntry.objects.exclude(Exists(known)), "it was paid over by no bordereau of its régie")
    gone = Sum(F("cents") + F("from_remitted_cents"), filter=Q(entry__remitted__isnull=False))
    rows = Allocation.objects.filter(from_remitted_cents__gt=0).values("receipt", "invoice")
    touched = Allocation.objects.filter(receipt__in=rows.values("receipt")).order_by("receipt", "invoice")
    for row in touched.values("receipt", "invoice").annotate(gone=Coalesce(gone, 0), back=Sum("from_remitted_cents")):
        if row["back"] > row["gone"]:
            raise BooksDiffer(f"receipt {row['receipt']}: more of it was taken back from the comptable than paid over")


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
    parts = PlannedInstalment.objects.filter(plan=OuterRef("pk")).order_by().values("plan").annotate(s=Sum("cents"))
    planned = BillingPlan.objects.annotate(of_parts=Coalesce(Subquery(parts.values("s")), Value(0)))
    _expect_none(planned.exclude(of_parts=F("total_cents")), "its total is not the sum of its parts")
    billed = PlannedInstalment.objects.filter(invoice__isnull=False)
    _expect_none(billed.exclude(invoice__total_cents=F("cents")), "its invoice is not of its amount")


def _check_receipts() -> None:
    counted = Allocation.objects.filter(receipt=OuterRef("pk")).order_by().values("receipt").annotate(s=Sum("cents"))
    refunds = Refund.objects.filter(receipt=OuterRef("pk")).exclude(state=RefundState.GIVEN_UP).order_by()
    summed = Receipt.objects.annotate(
        counts=Coalesce(Subquery(counted.values("s")), Value(0)),
        promised=Coalesce(Subquery(refunds.values("receipt").annotate(s=Sum("cents")).values("s")), Value(0)),
        owed=Coalesce(F("reversal__refunded_cents"), Value(0)),
    )
    _expect_none(summed.filter(cents__lt=F("counts") + F("promised")), "more was made of it than it holds")
    _expect_none(
        summed.filter(reversal__isnull=False).exclude(counts=0, promised=F("owed")),
        "it was taken back and still counts",
    )
    waits = summed.filter(reversal=None, cents__gt=F("counts") + F("promised"))
    asked = Anomaly.objects.filter(receipt=OuterRef("pk"))
    _expect_none(waits.exclude(Exists(asked)), "its money waits in recettes à classer and nobody is asked about it")
    reversed_ = Q(attempt__state=AttemptState.REVERSED)
    _expect_none(Receipt.objects.filter(reversed_, reversal=None), "its attempt was rejected and it still counts")
    online = Q(attempt__isnull=False, reversal__isnull=False)
    _expect_none(Receipt.objects.filter(online).exclude(reversed_), "it was taken back and its attempt is still paid")


def _check_transmissions() -> None:
    """Compare what the comptable was handed with the ledger: who has each invoice, and for how much."""
    with_comptable = recovery.with_comptable(Entry.objects.all())
    transferred = Q(state=InvoiceState.TRANSFERRED)
    said, not_said = Invoice.objects.filter(pk__in=with_comptable), Invoice.objects.exclude(pk__in=with_comptable)
    _expect_none(not_said.filter(transferred), "it is with the comptable and the ledger does not say so")
    _expect_none(said.exclude(transferred), "it is here and the ledger says that the comptable has it")
    sent = TransmissionLine.objects.filter(state=LineState.SENT)
    _expect_none(sent.exclude(invoice__state=InvoiceState.TRANSFERRED), "it was handed over and its invoice is here")
    claim = Line.objects.filter(entry=OuterRef("entry"), account=Account.RECEIVABLE, credit=OuterRef("cents"))
    booked = TransmissionLine.objects.filter(entry__isnull=False)
    _expect_none(booked.exclude(Exists(claim)), "it was not handed over for its amount")


def _check_attempts() -> None:
    paid = Q(state__in=(AttemptState.PAID, AttemptState.REVERSED))
    receipt = Exists(Receipt.objects.filter(attempt=OuterRef("pk"), cents__gt=0))
    words = Q()
    for word in PAID_WORDS:
        words |= Q(outcome__startswith=word)
    evidence = Exists(
        BankExchange.objects.filter(words, attempt=OuterRef("pk"), kind=BankExchange.Kind.ASK).exclude(response="")
    )
    shares = AttemptLine.objects.filter(attempt=OuterRef("pk")).order_by().values("attempt").annotate(s=Sum("cents"))
    shared = Attempt.objects.annotate(shared=Coalesce(Subquery(shares.values("s")), Value(0)))
    _expect_none(shared.exclude(shared=F("amount_cents")), "its amount is not the sum of its shares")
    is_open = Q(attempt__state__in=OPEN, attempt__released_at=None)
    _expect_none(AttemptLine.objects.filter(is_open, holds=False), "its attempt is open and its invoice is not held")
    _expect_none(AttemptLine.objects.filter(holds=True).exclude(is_open), "its attempt is over and its invoice is held")
    _expect_none(Attempt.objects.filter(paid).exclude(receipt), "it is paid and nothing was booked")
    _expect_none(Attempt.objects.filter(receipt).exclude(paid), "money was booked and it is not paid")
    _expect_none(Attempt.objects.filter(paid).exclude(evidence), "it is paid without the bank's word")


def _expect_none(wrong: QuerySet[Any], sentence: str) -> None:
    first = wrong.order_by("pk").first()
    if first is not None:
        raise BooksDiffer(f"{first._meta.verbose_name} {first}: {sentence}")
