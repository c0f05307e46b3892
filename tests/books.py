"""What must hold after anything at all: the books are recomputed from the rows and compared with what is shown."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.db.models import Q, Sum

from obole.audit_log.models import Record
from obole.bank_statements.models import BankLine, Match, MatchedReceipt
from obole.bank_statements.states import MOVES as BANK_LINE_MOVES
from obole.billing.instalment_states import MOVES as PART_MOVES
from obole.billing.models import BillingPlan, Invoice
from obole.billing.security_deposit_states import MOVES as CAUTION_MOVES
from obole.billing.states import MOVES as INVOICE_MOVES
from obole.books import verification
from obole.books.models import Handover
from obole.books.queries.developments import Development
from obole.books.rules import BY_INVOICE, BY_RECEIPT
from obole.books.states import MOVES as HANDOVER_MOVES
from obole.campaigns.states import MOVES as CAMPAIGN_MOVES
from obole.cash_desk.deposit_states import MOVES as DEPOSIT_MOVES
from obole.cash_desk.models import CashMovement, CashSession, Deposit, DepositLine, DifferenceSettlement
from obole.cash_desk.states import MOVES as SESSION_MOVES
from obole.dossiers.states import MOVES as DOSSIER_MOVES
from obole.lib.dates import day_of
from obole.mailing.states import MOVES as MESSAGE_MOVES
from obole.payments.models import (
    Allocation,
    Anomaly,
    Attempt,
    BankExchange,
    Clearing,
    Receipt,
    Refund,
    Regularisation,
    Reversal,
)
from obole.payments.refund_states import MOVES as REFUND_MOVES
from obole.payments.states import MOVES as ATTEMPT_MOVES
from obole.recovery.agreement_states import MOVES as AGREEMENT_MOVES
from obole.recovery.line_states import MOVES as LINE_MOVES
from obole.recovery.models import Transmission, TransmissionLine
from obole.recovery.states import MOVES as TRANSMISSION_MOVES
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Balance, DailyTotal, Entry, Line, Regie, RemittedEntry
from obole.regies.queries import HELD, balances
from obole.remittances.models import Remittance
from obole.remittances.states import MOVES as REMITTANCE_MOVES

LIVES = (
    INVOICE_MOVES,
    PART_MOVES,
    CAUTION_MOVES,
    DOSSIER_MOVES,
    MESSAGE_MOVES,
    ATTEMPT_MOVES,
    REFUND_MOVES,
    BANK_LINE_MOVES,
    AGREEMENT_MOVES,
    TRANSMISSION_MOVES,
    CAMPAIGN_MOVES,
    LINE_MOVES,
    SESSION_MOVES,
    DEPOSIT_MOVES,
    REMITTANCE_MOVES,
    HANDOVER_MOVES,
)
MOVES = {move.verb: move for moves in LIVES for move in moves}


def check_books() -> None:
    """Fail if money, numbers, states or the trail disagree anywhere."""
    for regie in Regie.objects.order_by("id"):
        _check_chain(regie)
        _check_balances(regie)
        _check_money(regie)
        _check_developments(regie)
        _check_numbers(regie)
        _check_cash(regie)
    for invoice in Invoice.objects.order_by("id"):
        _check_invoice(invoice)
    for attempt in Attempt.objects.order_by("id"):
        _check_attempt(attempt)
    for transmission in Transmission.objects.order_by("id"):
        _check_transmission(transmission)
    for plan in BillingPlan.objects.order_by("id"):
        _check_plan(plan)
    for handover in Handover.objects.order_by("id"):
        _check_handover(handover)
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
    days: dict[tuple[str, object, str], list[int]] = {}
    for line in Line.objects.filter(entry__regie=regie).select_related("entry").order_by("id"):
        day = days.setdefault((line.account, day_of(line.entry.booked_at), line.entry.cause_kind), [0, 0, 0])
        for place, value in enumerate((line.debit, line.credit, 1)):
            day[place] += value
    assert days == {
        (row.account, row.day, row.cause_kind): [row.debit, row.credit, row.lines]
        for row in DailyTotal.objects.filter(regie=regie)
    }


def _check_developments(regie: Regie) -> None:
    """What each balance is made of comes to it, and no line of it is about nothing."""
    held = balances(regie)
    for account in sorted(BY_INVOICE | BY_RECEIPT):
        pieces = Development(regie, account, date(2100, 1, 1)).pieces()
        assert sum(piece.cents for piece in pieces) == held[account], account
        assert {piece.kind for piece in pieces} <= {"invoice" if account in BY_INVOICE else "receipt"}, account


def _check_money(regie: Regie) -> None:
    held = balances(regie)
    due = sum(item.remaining_cents for item in Invoice.objects.filter(regie=regie))
    assert (held["receivable"], held["claims"]) == (due, due)
    receipts = list(Receipt.objects.filter(regie=regie).order_by("id"))
    status = [receipt for receipt in receipts if not Reversal.objects.filter(receipt=receipt).exists()]
    counted = sum(item.cents for item in Allocation.objects.filter(receipt__regie=regie))
    refunds = list(Refund.objects.filter(regie=regie, state="done"))
    refunded = sum(item.cents for item in refunds)
    by_regie = sum(item.cents for item in refunds if item.paid_by == "regie")
    settled = sum(item.settled_cents for item in refunds)
    back = sum(item.from_remitted_cents for item in Allocation.objects.filter(receipt__regie=regie))
    given = sum(item.cents for item in Regularisation.objects.filter(regie=regie))
    signed, left = _check_remittances(regie)
    owed = sum(item.refunded_cents for item in Reversal.objects.filter(receipt__regie=regie))
    assert held["suspense"] == _cents(status) - counted - (refunded - owed)
    assert held["revenue_due"] == counted + back - signed
    assert held["remitted"] == signed - left + refunded - by_regie - settled
    assert min(held[account] for account in HELD) >= 0
    credited = set(
        Clearing.objects.filter(receipt__regie=regie, undone_by_entry=None).values_list("receipt", flat=True)
    )
    waiting = [receipt for receipt in status if receipt.pk not in credited]
    by_means = {means: _cents(item for item in waiting if item.means == means) for means in Receipt.Means}
    _check_instance(held, by_means)
    came = by_means["transfer"] + _cents(status) - _cents(waiting) + _check_till(regie, held, by_means["cash"])
    taken = sum(-item.cents for item in Match.objects.filter(line__regie=regie, kind="fees", undone_at=None))
    assert held["fees"] == owed + taken + back - given - settled
    assert held["treasury_deposit"] == came - by_regie - left + given - taken
    _check_bank_lines(regie)
    assert Entry.objects.filter(regie=regie, cause_kind="receipt").count() == len(receipts)
    for receipt in receipts:
        _check_receipt(receipt)


def _check_instance(held: dict[str, int], by_means: dict[Receipt.Means, int]) -> None:
    assert held["card_clearing"] == by_means["card"] + by_means["terminal"]
    assert held["debit_clearing"] == by_means["debit"]
    assert held["cheques"] == by_means["cheque"] + by_means["cesu"]


def _check_bank_lines(regie: Regie) -> None:
    for match in Match.objects.filter(line__regie=regie).order_by("id"):
        _check_match(match)
    for line in BankLine.objects.filter(regie=regie).order_by("id"):
        assert Match.objects.filter(line=line, undone_at=None).count() == (line.state == "matched")


def _check_remittances(regie: Regie) -> tuple[int, int]:
    """Return what was signed over of recettes à verser, and what left the account for it."""
    signed = left = 0
    bordereaux = list(Remittance.objects.filter(regie=regie).order_by("year", "sequence"))
    for rank, item in enumerate(bordereaux):
        before = bordereaux[rank - 1] if rank else None
        follows = before.sequence if before and before.year == item.year else 0
        assert item.sequence == follows + 1, "the numbers of the bordereaux have a gap"
        entries = list(RemittedEntry.objects.filter(remittance=item.number).values_list("entry", flat=True))
        assert len(entries) == item.entry_count
        due = refunds = 0
        for line in Line.objects.filter(entry__in=entries):
            due += line.credit - line.debit if line.account == "revenue_due" else 0
            refunds += line.credit if line.account == "remitted" else 0
        assert (due, refunds) == (item.revenue_cents, item.refund_cents)
        assert due + refunds > 0
        signed += due
        left += due + refunds if item.state == "transferred" else 0
    return signed, left


def _check_till(regie: Regie, held: dict[str, int], taken: int) -> int:
    """Return what was handed in to the bank in cash, and was credited."""
    handed_in, differences, made_good = _cash_moved(regie)
    assert held["cash"] == taken - handed_in + differences + made_good
    assert held["cash_differences"] == -differences - made_good
    return handed_in


def _cash_moved(regie: Regie) -> tuple[int, int, int]:
    """Return what was handed in in cash, what lacked or was too much, and what became of it: signed as caisse is."""
    credited = Deposit.objects.filter(regie=regie, kind="cash", state="credited")
    differences = sum(session.booked_cents for session in CashSession.objects.filter(regie=regie))
    settled = 0
    for item in DifferenceSettlement.objects.filter(session__regie=regie):
        settled += item.cents if item.kind == "repaid" else -item.cents
    return sum(deposit.cents for deposit in credited), differences, settled


def _check_cash(regie: Regie) -> None:
    """Count what must be in each drawer, coin by coin, and what is left for the safe."""
    in_drawers = 0
    for session in CashSession.objects.filter(regie=regie).order_by("id"):
        moved = sum(item.cents for item in CashMovement.objects.filter(session=session))
        assert session.opening_cents == sum(int(value) * number for value, number in session.opening.items())
        assert session.opening_cents + moved >= 0, "more left the drawer than was in it"
        if session.state == "open":
            in_drawers += moved
            continue
        assert session.expected_cents == session.opening_cents + moved
        assert session.closing_cents == sum(int(value) * number for value, number in session.closing.items())
        difference = session.closing_cents - session.expected_cents
        assert session.explanation or not difference
        assert session.booked_cents == max(difference, -max(0, moved)) if difference else session.booked_cents == 0
    set_aside = sum(deposit.cents for deposit in Deposit.objects.filter(regie=regie, kind="cash", state="prepared"))
    if CashSession.objects.filter(regie=regie).exists() or set_aside:
        assert balances(regie)["cash"] - in_drawers - set_aside >= 0, "the safe holds less than nothing"
    live = DepositLine.objects.filter(deposit__regie=regie, holds=True)
    assert len({line.receipt_id for line in live}) == live.count()
    numbers = list(Deposit.objects.filter(regie=regie).order_by("year", "sequence").values_list("year", "sequence"))
    for year in {year for year, _sequence in numbers}:
        assert [last for of, last in numbers if of == year] == list(range(1, 1 + sum(y == year for y, _s in numbers)))


def _check_match(match: Match) -> None:
    assert match.cents == match.line.cents
    shown = [item.receipt for item in MatchedReceipt.objects.filter(match=match, standing=True).order_by("id")]
    if match.undone_at:
        assert not shown and not Clearing.objects.filter(entry=match.entry_id, undone_by_entry=None).exists()
    elif match.kind in ("online", "cheques"):
        credited = Clearing.objects.filter(entry=match.entry_id, undone_by_entry=None).order_by("id")
        assert _cents(item.receipt for item in credited) == match.cents > 0
    elif match.kind in ("transfer", "unmatched", "reversal"):
        assert _cents(shown) == abs(match.cents)
        assert (match.kind == "reversal") == (match.cents < 0)
    else:
        _check_whole(match)
    for entry, sign in ((match.entry, 1), (match.undone_entry, -1)):
        if entry is not None:
            lines = Line.objects.filter(entry=entry, account="treasury_deposit")
            assert sum(line.debit - line.credit for line in lines) == sign * match.cents


def _check_whole(match: Match) -> None:
    """What a line shows whole is of its amount, and the bank did what it says."""
    if match.refund is not None:
        assert match.refund.cents == -match.cents
    if match.deposit is not None:
        assert (match.deposit.state, match.deposit.cents) == ("credited", match.cents)
    if match.remittance is not None:
        assert (match.remittance.state, match.remittance.total_cents) == ("transferred", -match.cents)


def _check_receipt(receipt: Receipt) -> None:
    counted = sum(item.cents for item in Allocation.objects.filter(receipt=receipt))
    promised = sum(item.cents for item in Refund.objects.filter(receipt=receipt).exclude(state="given_up"))
    taken_back = Reversal.objects.filter(receipt=receipt).exists()
    free = 0 if taken_back else receipt.cents - counted - promised
    assert free >= 0
    owed = receipt.reversal.refunded_cents if taken_back else 0
    assert not taken_back or (counted, promised) == (0, owed)
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
    received = sum(item.cents for item in Allocation.objects.filter(invoice=invoice))
    assert (invoice.state == "cancelled") == hasattr(invoice, "credit_note")
    turns = [
        Entry.objects.filter(cause_kind=kind, regie=invoice.regie)
        .filter(Q(cause_key=str(invoice.pk)) | Q(cause_key__startswith=f"{invoice.pk}:"))
        .count()
        for kind in ("transfer", "transfer_return")
    ]
    assert turns[0] - turns[1] == int(invoice.state == "transferred")
    assert received == invoice.received_cents <= invoice.total_cents
    # A draft whose quantities are all zero has nothing to receive, and is not paid.
    assert (invoice.state == "paid") == (received == invoice.total_cents > 0)
    # The VAT of prices voted without it is in no line.
    added = invoice.explanation.added_tax_cents if hasattr(invoice, "explanation") else 0
    assert invoice.total_cents == sum(line.amount_cents for line in invoice.lines.all()) + added


def _check_transmission(transmission: Transmission) -> None:
    others = Transmission.objects.filter(regie=transmission.regie, year=transmission.year, number__isnull=False)
    sequences = sorted(number or 0 for number in others.values_list("sequence", flat=True))
    assert sequences == list(range(1, len(sequences) + 1))
    assert not (transmission.by_two and transmission.requested_by.is_same_as(transmission.sent_by))
    for line in TransmissionLine.objects.filter(transmission=transmission).order_by("id"):
        left = {"transferred": "sent"}.get(line.invoice.state)
        assert (line.state == "sent") <= (left == "sent")
        booked = [(line.entry, "credit", line.state in ("sent", "returned")), (line.return_entry, "debit", False)]
        for entry, side, exact in booked:
            moved = Line.objects.filter(entry=entry, account="receivable")
            assert entry is None or not exact or [getattr(row, side) for row in moved] == [line.cents]


def _check_handover(handover: Handover) -> None:
    """What was signed is what the entries come to up to the head of the chain that it names."""
    entries = Entry.objects.filter(regie=handover.regie, number__lte=handover.entry_number)
    sums = dict.fromkeys(Account, 0)
    for line in Line.objects.filter(entry__in=entries):
        account = Account(line.account)
        sums[account] += line.debit - line.credit if account.is_debit else line.credit - line.debit
    assert handover.holdings["balances"] == {account.value: cents for account, cents in sums.items()}
    assert handover.entry_hash == "".join(entries.filter(number=handover.entry_number).values_list("hash", flat=True))
    assert handover.left_by.id != handover.arriving.id
    if handover.state == "done":
        assert handover.arrived_at is not None and handover.arrived_at >= handover.left_at


def _check_plan(plan: BillingPlan) -> None:
    parts = list(plan.parts.order_by("rank"))
    assert [part.rank for part in parts] == list(range(1, len(parts) + 1))
    assert sum(part.cents for part in parts) == plan.total_cents
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
    models = (
        Attempt,
        Receipt,
        Allocation,
        Refund,
        Entry,
        Line,
        Anomaly,
        BankExchange,
        Record,
        Invoice,
        BankLine,
        Match,
    )
    return {model.__name__: model.objects.count() for model in models}
