"""What must hold after anything at all: the books are recomputed from the rows and compared with what is shown."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Sum

from obole.billing.models import Invoice
from obole.billing.states import MOVES as INVOICE_MOVES
from obole.dossiers.states import MOVES as DOSSIER_MOVES
from obole.mailing.states import MOVES as MESSAGE_MOVES
from obole.payments.models import Anomaly, Attempt, BankExchange, Receipt
from obole.payments.states import MOVES as ATTEMPT_MOVES
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Balance, Entry, Line, Regie
from obole.regies.queries import balances
from obole.trail.models import Record

MOVES = {move.verb: move for move in (*INVOICE_MOVES, *DOSSIER_MOVES, *MESSAGE_MOVES, *ATTEMPT_MOVES)}


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
    _check_trail()


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
    receipts = Receipt.objects.filter(regie=regie)
    assert held["suspense"] == _cents(receipts.filter(invoice=None))
    assert held["revenue_due"] == _cents(receipts.exclude(invoice=None))
    assert held["card_clearing"] == _cents(receipts.filter(means="card"))
    assert held["debit_clearing"] == _cents(receipts.filter(means="debit"))
    assert Entry.objects.filter(regie=regie, cause_kind="receipt").count() == receipts.count()


def _check_numbers(regie: Regie) -> None:
    taken = Invoice.objects.filter(regie=regie).exclude(state="draft").order_by("year", "sequence")
    by_year: dict[int | None, list[int | None]] = {}
    for invoice in taken:
        by_year.setdefault(invoice.year, []).append(invoice.sequence)
    for sequences in by_year.values():
        assert sequences == list(range(1, len(sequences) + 1))


def _check_invoice(invoice: Invoice) -> None:
    received = _cents(Receipt.objects.filter(invoice=invoice))
    assert received == invoice.received_cents <= invoice.total_cents
    assert (invoice.state == "paid") == (received == invoice.total_cents)
    assert invoice.total_cents == sum(line.amount_cents for line in invoice.lines.all())


def _check_attempt(attempt: Attempt) -> None:
    receipts = Receipt.objects.filter(attempt=attempt).count()
    assert receipts == (1 if attempt.state == "paid" else 0)
    if attempt.state == "paid":
        evidence = BankExchange.objects.filter(attempt=attempt, kind="ask", outcome__startswith="paid")
        assert evidence.count() == 1, "a payment without the bank's word"
        misplaced = Receipt.objects.get(attempt=attempt).invoice_id is None
        kinds = Anomaly.objects.filter(attempt=attempt, kind__in=["different", "not_due"]).count()
        assert kinds == (1 if misplaced else 0), "misplaced money calls a person, and nothing else does"
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
    models = (Attempt, Receipt, Entry, Line, Anomaly, BankExchange, Record, Invoice)
    return {model.__name__: model.objects.count() for model in models}
