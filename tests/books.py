"""What must hold after anything at all: the books are recomputed from the rows and compared with what is shown."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Sum

from obole.billing.caution_states import MOVES as CAUTION_MOVES
from obole.billing.models import BillingPlan, Invoice
from obole.billing.part_states import MOVES as PART_MOVES
from obole.billing.states import MOVES as INVOICE_MOVES
from obole.dossiers.states import MOVES as DOSSIER_MOVES
from obole.mailing.states import MOVES as MESSAGE_MOVES
from obole.payments import verification
from obole.payments.models import Allocation, Anomaly, Attempt, BankExchange, Receipt, Refund, Reversal
from obole.payments.refund_states import MOVES as REFUND_MOVES
from obole.payments.states import MOVES as ATTEMPT_MOVES
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Balance, Entry, Line, Regie
from obole.regies.queries import balances
from obole.trail.models import Record

MOVES = {
    move.verb: move
    for moves in (
        INVOICE_MOVES, PART_MOVES, CAUTION_MOVES, DOSSIER_MOVES, MESSAGE_MOVES, ATTEMPT_MOVES, REFUND_MOVES
    )
    for move in moves
}  # fmt: skip


def check_books() -> None:
    """Fail if money, numbers, states or the trail disagree anywhere."""
    for regie in Regie.objects.order_by("id"):
        _check_chain(regie)
        _check_balances(regie)
        _check_money(regie)
        _check_numbers(regie)
    for invoice in Invoice.objects.order_by("id"):
        _check_invoice(invoice)
    for attempt in Attempt.objects.order_by("id"):
        _check_attempt(attempt)
    for plan in BillingPlan.objects.order_by("id"):
        _check_plan(plan)
    _check_trail()
    verification.verify()


def recomputed_hash(entry: Entry) -> str:
    """Return the hash of an entry from its rows alone, as somebody who audits a copy would."""
    postings = [
        ledger.Posting(account=Account(line.account), debit=line.debit, credit=line.credit, nature=line.nature)
        for line in Line.objects.filter(entry=entry).order_by("id")
    ]
    return ledger.chain_hash(Entry.objects.get(pk=entry.pk), postings)


def _check_chain(regie: Regie) -> None:
    entries = list(Entry.objects.filter(regie=regie).order_by("number"))
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    head = ""
    for entry in entries:
        assert entry.previous_hash == head, f"the chain is broken before entry {entry.number}"
        assert recomputed_hash(entry) == entry.hash, f"entry {entry.number} was altered"
        head = entry.hash
        sums = Line.objects.filter(entry=entry).aggregate(debit=Sum("debit"), credit=Sum("credit"))
        assert sums["debit"] == sums["credit"] > 0
    assert (regie.entry_count, regie.entry_head) == (len(entries), head)


def _check_balances(regie: Regie) -> None:
    lines = Line.objects.filter(entry__regie=regie).order_by("account").values("account")
    sums = {row["account"]: (row["d"], row["c"]) for row in lines.annotate(d=Sum("debit"), c=Sum("credit"))}
    kept = {row.account: (row.debit, row.credit) for row in Balance.objects.filter(regie=regie)}
    assert kept == sums


def _check_money(regie: Regie) -> None:
    held = balances(regie)
    due = sum(one.remaining_cents for one in Invoice.objects.filter(regie=regie))
    assert (held["receivable"], held["claims"]) == (due, due)
    receipts = list(Receipt.objects.filter(regie=regie).order_by("id"))
    standing = [one for one in receipts if not Reversal.objects.filter(receipt=one).exists()]
    counted = sum(one.cents for one in Allocation.objects.filter(receipt__regie=regie))
    refunded = sum(one.cents for one in Refund.objects.filter(regie=regie, state="done"))
    assert held["suspense"] == _cents(standing) - counted - refunded
    assert held["revenue_due"] == counted
    by_means = {means: _cents(one for one in standing if one.means == means) for means in Receipt.Means}
    assert held["card_clearing"] == by_means["card"] + by_means["terminal"]
    assert held["debit_clearing"] == by_means["debit"]
    assert held["cash"] == by_means["cash"]
    assert held["cheques"] == by_means["cheque"] + by_means["cesu"]
    assert held["treasury_deposit"] == by_means["transfer"] - refunded
    assert Entry.objects.filter(regie=regie, cause_kind="receipt").count() == len(receipts)
    for receipt in receipts:
        _check_receipt(receipt)


def _check_receipt(receipt: Receipt) -> None:
    counted = sum(one.cents for one in Allocation.objects.filter(receipt=receipt))
    promised = sum(one.cents for one in Refund.objects.filter(receipt=receipt).exclude(state="given_up"))
    taken_back = Reversal.objects.filter(receipt=receipt).exists()
    free = 0 if taken_back else receipt.cents - counted - promised
    assert free >= 0
    assert not taken_back or counted == promised == 0
    if free:
        about = Anomaly.objects.filter(receipt=receipt)
        assert about.filter(closed_at=None).exists() or about.filter(outcome="kept").exists(), "money waits for nobody"
    for refund in Refund.objects.filter(receipt=receipt, state__in=["approved", "done"]):
        assert refund.decided_by not in ("", refund.requested_by)


def _check_numbers(regie: Regie) -> None:
    taken = Invoice.objects.filter(regie=regie).exclude(state="draft").order_by("year", "sequence")
    by_year: dict[int | None, list[int | None]] = {}
    for invoice in taken:
        by_year.setdefault(invoice.year, []).append(invoice.sequence)
    for sequences in by_year.values():
        assert sequences == list(range(1, len(sequences) + 1))


def _check_invoice(invoice: Invoice) -> None:
    received = sum(one.cents for one in Allocation.objects.filter(invoice=invoice))
    assert (invoice.state == "cancelled") == hasattr(invoice, "credit_note")
    assert received == invoice.received_cents <= invoice.total_cents
    # A draft whose quantities are all zero has nothing to receive, and is not paid.
    assert (invoice.state == "paid") == (received == invoice.total_cents > 0)
    # The VAT of prices voted without it is in no line.
    added = invoice.explanation.added_tax_cents if hasattr(invoice, "explanation") else 0
    assert invoice.total_cents == sum(line.amount_cents for line in invoice.lines.all()) + added


def _check_plan(plan: BillingPlan) -> None:
    parts = list(plan.parts.order_by("rank"))
    assert [one.rank for one in parts] == list(range(1, len(parts) + 1))
    assert sum(one.cents for one in parts) == plan.total_cents
    for part in parts:
        assert part.invoice is None or (part.invoice.total_cents, part.invoice.dossier_id) == (
            part.cents,
            plan.dossier_id,
        )


def _check_attempt(attempt: Attempt) -> None:
    receipts = Receipt.objects.filter(attempt=attempt).count()
    ended_paid = attempt.state in ("paid", "reversed")
    assert receipts == (1 if ended_paid else 0)
    assert Reversal.objects.filter(receipt__attempt=attempt).exists() == (attempt.state == "reversed")
    if ended_paid:
        evidence = BankExchange.objects.filter(attempt=attempt, kind="ask", outcome__startswith="paid")
        assert evidence.count() == 1, "a payment without the bank's word"
    verbs = Counter(Record.objects.filter(subject_kind="payments.attempt", subject_id=attempt.pk).values_list("verb"))
    assert verbs[("attempt.pay",)] == receipts


def _check_trail() -> None:
    for record in Record.objects.exclude(target="").order_by("id"):
        move = MOVES[record.verb]
        assert record.source in move.sources
        assert record.target == move.target


def _cents(receipts: Iterable[Receipt]) -> int:
    return sum(receipt.cents for receipt in receipts)


def count_everything() -> dict[str, int]:
    """Count what money leaves behind: to assert that nothing happened."""
    models = (Attempt, Receipt, Allocation, Refund, Entry, Line, Anomaly, BankExchange, Record, Invoice)
    return {model.__name__: model.objects.count() for model in models}
