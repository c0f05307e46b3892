"""Lines that are said to be something: to the cent, once, and undone by an entry of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from obole.bank_statements import operations, queries
from obole.bank_statements.models import BankLine, Match, MatchedReceipt
from obole.bank_statements.operations import AccountTooLow, NotMatched, NotUndone, ProposalsMoved
from obole.bank_statements.queries import Sums, one_sided
from obole.books import verification
from obole.directory.rules import NotAllowed
from obole.lib import actors
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Receipt, Reversal
from tests.actors import somebody
from tests.bank_statements.files import camt, payfip_list, with_a_sign
from tests.bank_statements.steps import DAY, TODAY, WHO, accept, card, day, ids, imported, keep, propose, proposed, undo
from tests.books import check_books, count_everything
from tests.payments.steps import held
from tests.payments.test_counter import take
from tests.payments.test_reversals import debit, reject
from tests.payments.test_suspense import apply, ask_refund, surplus
from tests.remittances.steps import sign, write_act
from tests.world import Town, later, make_invoice, run_tasks

pytestmark = pytest.mark.django_db
ACCOUNTS = ("card_clearing", "debit_clearing", "cheques", "treasury_deposit", "fees")
M = Receipt.Means


def state_of(line: BankLine) -> str:
    line.refresh_from_db()
    return line.state


def choose(line: BankLine, *receipts: Receipt, **who: Any) -> BankLine:
    given = {"actor": WHO, "at": later(days=10, minutes=2), **who}
    return operations.choose_receipts(line_id=line.pk, receipt_ids=ids(receipts), **given)


def test_a_bulk_credit_is_all_the_cards_of_a_day(town: Town) -> None:
    cards = [card(town), card(town, meals=3)]
    cents = sum(item.cents for item in cards)
    [line] = imported(town, (day(1), cents, "VIR PAYFIP"))
    assert proposed(line) == ("online", ids(cards), "day", True)
    accept(line)
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, cents, 0)
    match = Match.objects.get()
    assert match.entry is not None and match.entry.happened_at is not None
    assert ids(list(queries.receipts_of(match))) == ids(cards)
    assert list(queries.lines_of_receipt(cards[0])) == [line]
    with pytest.raises((NotMatched, ForbiddenTransition)):
        accept(line)


def test_what_was_matched_is_undone_and_may_be_matched_again(town: Town) -> None:
    receipt = card(town)
    [line] = imported(town, (day(1), receipt.cents, "VIR PAYFIP"))
    accept(line)
    with pytest.raises(NotUndone, match="pourquoi"):
        undo(line, " ")
    match = undo(line)
    assert match.undone_entry is not None and match.undone_entry.cause_key == match.entry.cause_key  # type: ignore[union-attr]
    assert held(town.regie, *ACCOUNTS) == (receipt.cents, 0, 0, 0, 0) and state_of(line) == "open"
    propose(town)
    accept(line)
    assert list(Match.objects.order_by("rank").values_list("rank", flat=True)) == [1, 2]
    undo(line, "Encore")
    check_books()


def test_what_was_paid_over_stays_credited(town: Town) -> None:
    receipt = card(town)
    [line] = imported(town, (day(1), receipt.cents, "VIR PAYFIP"))
    accept(line, at=later(100))
    sign(town)
    with pytest.raises(NotUndone, match="versée au comptable"):
        undo(line)
    assert state_of(line) == "matched"


def test_payfip_s_list_tells_two_days_of_one_credit_apart(town: Town) -> None:
    cards = [card(town), card(town), card(town)]
    said = [(item.attempt.reference, item.cents, DAY, day(2)) for item in cards[:2]]  # type: ignore[union-attr]
    keep(town.regie, payfip_list(said), kind="payfip")
    [line] = imported(town, (day(2), 10_400, "VIR DGFIP"))
    assert proposed(line) == ("online", ids(cards[:2]), "list", True)
    accept(line)
    assert held(town.regie, "card_clearing", "treasury_deposit") == (5200, 10_400)
    assert not queries.unknown_listed(town.regie.pk).exists()


def test_cheques_go_by_the_slip_and_a_transfer_is_only_shown(town: Town) -> None:
    cheques = [take(make_invoice(town).pk, 5200, M.CHEQUE), take(make_invoice(town, meals=2).pk, 650, M.CHEQUE)]
    transfer = take(make_invoice(town, meals=4).pk, 1300, M.TRANSFER)
    slip, shown = imported(town, (day(2), 5850, "REMISE CHEQUES"), (day(2), 1300, f"VIR {transfer.number}"))
    assert proposed(slip) == ("cheques", ids(cheques), "day", True)
    assert proposed(shown) == ("transfer", [transfer.pk], "reference", True)
    before = held(town.regie, "treasury_deposit")
    accept(shown)
    assert held(town.regie, "treasury_deposit") == before == (1300,)
    accept(slip)
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 7150, 0)
    undo(shown)
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 7150, 0) and queries.linkable_transfers(town.regie.pk).count() == 1


def test_a_rejected_debit_is_taken_back_once_it_was_credited(town: Town) -> None:
    receipt = debit(town, make_invoice(town))
    back = (day(4), -receipt.cents, f"REJET PRLV {receipt.attempt.reference}")  # type: ignore[union-attr]
    credit, line = camt_lines(town, (day(1), receipt.cents, "PRLV PAYFIP"), back)
    assert proposed(line)[0] == "", "its credit comes first"
    accept(credit)
    propose(town)
    assert proposed(line) == ("reversal", [receipt.pk], "reference", False)
    accept(line)
    receipt = Receipt.objects.get(pk=receipt.pk)
    assert (receipt.reversal.kind, receipt.reversal.code) == ("rejected", "funds")
    assert held(town.regie, *ACCOUNTS, "revenue_due") == (0, 0, 0, 0, 0, 0)
    with pytest.raises(NotUndone, match="a bien eu lieu"):
        undo(credit)
    undo(line)
    propose(town)
    assert proposed(line) == ("reversal", [receipt.pk], "reference", True), "it was taken back already: only a link"
    accept(line)


def unseen(town: Town, cents: int) -> BankLine:
    """Import a line, and leave the proposals as they were."""
    [statement] = keep(town.regie, with_a_sign([(day(1), cents, "VIR RIVAL")]))
    return statement.lines.get()


def camt_lines(town: Town, *lines: Any) -> list[BankLine]:
    [statement] = keep(town.regie, camt(lines, reason="AM04"))
    propose(town)
    return list(statement.lines.order_by("id"))


def test_a_bounced_cheque_noted_before_the_line_came_is_only_linked(town: Town) -> None:
    receipt = take(make_invoice(town).pk, 5200, M.CHEQUE)
    credit, line = imported(town, (day(1), 5200, "REMISE CHEQUES"), (day(5), -5200, "CHEQUE IMPAYE 0001234"))
    accept(credit)
    payments.reverse_receipt(receipt_id=receipt.pk, kind=Reversal.Kind.BOUNCED, reason="x", actor=WHO, at=later(days=9))
    propose(town)
    assert proposed(line) == ("reversal", [receipt.pk], "reference", True)
    before = held(town.regie, *ACCOUNTS)
    accept(line)
    assert held(town.regie, *ACCOUNTS) == before == (0, 0, 0, 0, 0)


def test_a_commission_waits_in_depenses_a_regulariser_and_never_below_zero(town: Town) -> None:
    receipt = card(town)
    credit, fee = imported(town, (day(1), receipt.cents, "PAYFIP"), (day(2), -12, "COMMISSION CB"))
    before = count_everything()
    with pytest.raises(AccountTooLow, match=r"manquerait 0,12"):
        accept(fee)
    assert count_everything() == before and state_of(fee) == "open"
    accept(credit)
    accept(fee)
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, receipt.cents - 12, 12)
    with pytest.raises(AccountTooLow):
        undo(credit)
    undo(fee)
    operations.mark_fees(line_id=fee.pk, actor=WHO, at=later(days=11))
    assert held(town.regie, "fees") == (12,)


def test_a_refund_that_left_is_shown(town: Town) -> None:
    write_act(town.regie, pays_refunds=True)
    _invoice, receipt = surplus(town)
    transfer = take(make_invoice(town).pk, 5200, M.TRANSFER)
    refund = ask_refund(receipt, 5200)
    other = somebody("suppleant@valbourg.example")
    payments.approve_refund(refund_id=refund.pk, actor=other, at=later(40))
    payments.complete_refund(refund_id=refund.pk, mandate="MANDAT 2026-17", actor=other, at=later(50))
    line, _credit = imported(town, (day(3), -5200, "VIR MANDAT 2026 17"), (day(1), 5200, f"VIR {transfer.number}"))
    line.refresh_from_db()
    assert line.proposal is not None and (line.proposal["kind"], line.proposal["refund"]) == ("refund", refund.pk)
    accept(line)
    assert Match.objects.get().refund == refund and not queries.linkable_refunds(town.regie.pk).exists()


def test_money_that_nobody_knows_is_classified_once(town: Town) -> None:
    [line] = imported(town, (day(1), 7700, "VIR M. INCONNU"))
    receipt = operations.classify_line(line_id=line.pk, payer_name="", reference="", actor=WHO, at=later(days=11))
    assert (receipt.means, receipt.reference, held(town.regie, "suspense")) == ("transfer", "VIR M. INCONNU", (7700,))
    assert Anomaly.objects.get(receipt=receipt).kind == "unmatched"
    with pytest.raises(ForbiddenTransition):
        operations.classify_line(line_id=line.pk, payer_name="", reference="", actor=WHO, at=later(days=11))
    undo(line)
    assert held(town.regie, "suspense", "treasury_deposit") == (0, 0)
    again = operations.classify_line(line_id=line.pk, payer_name="B", reference="", actor=WHO, at=later(days=12))
    assert again.pk != receipt.pk and Receipt.objects.count() == 2
    apply(again, make_invoice(town, meals=4), 1300)
    ask_refund(again, 100)
    with pytest.raises(NotUndone, match="remboursement"):
        undo(line)


def test_a_line_left_aside_is_listed_with_its_reason(town: Town) -> None:
    [line] = imported(town, (day(1), 7700, "VIR AUTRE SERVICE"))
    with pytest.raises(NotMatched, match="pourquoi"):
        operations.ignore_line(line_id=line.pk, reason="", actor=WHO, at=later(days=11))
    operations.ignore_line(line_id=line.pk, reason="Loyer, autre régie", actor=WHO, at=later(days=11))
    assert queries.sums_by_state(town.regie)["ignored"] == Sums(1, 7700)
    with pytest.raises(ForbiddenTransition):
        operations.ignore_line(line_id=line.pk, reason="x", actor=WHO, at=later(days=11))
    operations.reopen_line(line_id=line.pk, actor=WHO, at=later(days=11))
    assert state_of(line) == "open"


def test_receipts_are_chosen_by_hand_to_the_cent(town: Town) -> None:
    cards, cheque = [card(town), card(town, meals=3)], take(make_invoice(town).pk, 5200, M.CHEQUE)
    [line] = imported(town, (day(1), 5200, "VIR"))
    for wrong in ([cards[1]], cards, [cards[0], cheque], []):
        before = count_everything()
        with pytest.raises(NotMatched):
            choose(line, *wrong)
        assert count_everything() == before
    choose(line, cards[0])
    assert Match.objects.get().why["why"] == "chosen"
    [other] = imported(town, (day(2), 5200, "VIR 2"))
    with pytest.raises(NotMatched):
        choose(other, cards[0])
    choose(other, cheque)
    assert held(town.regie, *ACCOUNTS) == (975, 0, 0, 10_400, 0)


def test_a_debit_chosen_by_hand_is_taken_back(town: Town) -> None:
    receipt = debit(town, make_invoice(town))
    credit, line = imported(town, (day(1), receipt.cents, "PAYFIP"), (day(5), -receipt.cents, "PRLV"))
    accept(credit)
    assert [item.pk for item in queries.candidates(line)] == [receipt.pk]
    choose(line, receipt)
    reversal = Receipt.objects.get(pk=receipt.pk).reversal
    assert (reversal.code, "Repris par la banque le" in reversal.reason) == ("other", True)


def test_a_proposal_that_changed_is_not_accepted(town: Town) -> None:
    receipt = card(town)
    [line] = imported(town, (day(1), receipt.cents, "PAYFIP"))
    before = count_everything()
    with pytest.raises(NotMatched, match="changé"):
        operations.accept_line(line_id=line.pk, seen="another", actor=WHO, at=later(days=11))
    card(town)
    choose(unseen(town, receipt.cents), receipt)
    with pytest.raises(NotMatched, match="n’attend plus"):
        accept(line)
    assert state_of(line) == "open" and before["Match"] == Match.objects.count() - 1


def test_all_that_agree_are_accepted_at_once_and_what_changed_is_left(town: Town) -> None:
    cards = [card(town), card(town, meals=3)]
    transfer = take(make_invoice(town, meals=4).pk, 1300, M.TRANSFER)
    lines = imported(
        town,
        *((day(1), item.cents, f"VIR {item.attempt.reference}") for item in cards),  # type: ignore[union-attr]
        (day(1), 1300, transfer.number),
        (day(2), -12, "COMMISSION"),
    )
    seen = queries.summed(queries.sure_lines(town.regie.pk))
    assert seen == Sums(3, 5200 + 975 + 1300)
    with pytest.raises(ProposalsMoved):
        operations.accept_all(regie_id=town.regie.pk, seen=Sums(2, seen.cents), actor=WHO, at=later(days=11))
    # Somebody takes one of the receipts between the page and the run.
    choose(unseen(town, 975), cards[1])
    run = operations.accept_all(regie_id=town.regie.pk, seen=seen, actor=WHO, at=later(days=11))
    assert (run.done, run.accepted, run.ended_at) == (3, 2, later(days=11))
    assert [state_of(line) for line in lines] == ["matched", "open", "matched", "open"]
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 7475, 0)
    with pytest.raises(ProposalsMoved):
        operations.accept_all(regie_id=town.regie.pk, seen=Sums(0, 0), actor=WHO, at=later(days=11))


def test_many_are_accepted_by_the_worker_some_at_a_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obole.bank_statements.operations.running.AT_ONCE", 1)
    monkeypatch.setattr("obole.bank_statements.operations.running.SLICE", 2)
    cards = [card(town, meals=meals) for meals in (1, 2, 3)]
    imported(town, *((day(1), item.cents, str(item.attempt)) for item in cards))
    seen = queries.summed(queries.sure_lines(town.regie.pk))
    run = operations.accept_all(regie_id=town.regie.pk, seen=seen, actor=WHO, at=later(days=11))
    assert (run.done, run.ended_at) == (0, None)
    again = operations.accept_all(regie_id=town.regie.pk, seen=seen, actor=WHO, at=later(days=11))
    assert again == run, "one run at a time"
    run_tasks()
    run.refresh_from_db()
    assert (run.done, run.accepted, run.ended_at is not None) == (3, 3, True)
    assert held(town.regie, "card_clearing") == (0,)


@pytest.mark.parametrize("changed", [False, True])
def test_a_run_accepts_what_was_seen_and_nothing_else(
    town: Town, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    monkeypatch.setattr("obole.bank_statements.operations.running.AT_ONCE", 0)
    receipt = card(town)
    [line] = imported(town, (day(1), receipt.cents, "PAYFIP"))
    seen = queries.summed(queries.sure_lines(town.regie.pk))
    run = operations.accept_all(regie_id=town.regie.pk, seen=seen, actor=WHO, at=later(days=11))
    if changed:
        BankLine.objects.filter(pk=line.pk).update(proposal={**_proposal(line), "why": "amount"})
    operations.propose_matches(regie_id=town.regie.pk, at=later(days=12))
    operations.perform_acceptance(run_id=run.pk, at=later(days=12))
    run.refresh_from_db()
    assert (run.done, run.accepted) == (1, 0 if changed else 1)


def _proposal(line: BankLine) -> dict[str, Any]:
    line.refresh_from_db()
    assert line.proposal is not None
    return line.proposal


def test_a_run_stops_with_the_mandate_of_who_asked(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obole.bank_statements.operations.running.AT_ONCE", 0)
    receipt = card(town)
    imported(town, (day(1), receipt.cents, "PAYFIP"))
    seen = queries.summed(queries.sure_lines(town.regie.pk))
    run = operations.accept_all(regie_id=town.regie.pk, seen=seen, actor=town.regisseur.actor, at=later(days=11))
    town.regisseur.mandates.all().delete()
    operations.perform_acceptance(run_id=run.pk, at=later(days=11))
    run.refresh_from_db()
    assert (run.accepted, run.ended_at is not None) == (0, True)


def moves(town: Town) -> dict[str, Callable[..., Any]]:
    """Return what a person does with lines, ready to be done."""
    receipt, other = card(town), card(town, meals=3)
    a, b, c, d = imported(
        town, (day(1), receipt.cents, "A"), (day(1), 5, "B"), (day(1), other.cents, "C"), (day(1), -1, "D")
    )
    accept(c)
    operations.ignore_line(line_id=b.pk, reason="r", actor=WHO, at=later(days=10))
    return {
        "choose": lambda **who: choose(a, receipt, **who),
        "classify": lambda **who: operations.classify_line(line_id=a.pk, payer_name="", reference="", **who),
        "fees": lambda **who: operations.mark_fees(line_id=d.pk, **who),
        "ignore": lambda **who: operations.ignore_line(line_id=a.pk, reason="r", **who),
        "reopen": lambda **who: operations.reopen_line(line_id=b.pk, **who),
        "undo": lambda **who: operations.undo_match(line_id=c.pk, reason="r", **who),
        "accept": lambda **who: accept(a, **who),
        "all": lambda **who: operations.accept_all(regie_id=town.regie.pk, seen=Sums(1, 1), **who),
    }


def test_without_a_mandate_nobody_says_what_a_line_is(town: Town) -> None:
    for name, act in moves(town).items():
        for actor in (town.admin.actor, town.agent.actor, town.citizen.actor, actors.PAYER_RETURN):
            with pytest.raises(NotAllowed):
                act(actor=actor, at=later(days=11))
                raise AssertionError(name)


@pytest.mark.parametrize("name", ["choose", "classify", "fees", "ignore", "reopen", "undo", "accept"])
def test_with_one_it_is_said(town: Town, name: str) -> None:
    moves(town)[name](actor=town.regisseur.actor, at=later(days=11))


def test_what_stays_here_has_an_age_and_a_mistake_after_the_credit_is_told(town: Town) -> None:
    receipt = card(town)
    transfer = take(make_invoice(town).pk, 5200, M.TRANSFER)
    assert list(one_sided.only_here(town.regie, since=day(-1))) == []
    assert ids(list(one_sided.only_here(town.regie, since=TODAY))) == ids([receipt, transfer])
    line, _other = imported(town, (day(1), 5200, f"VIR {transfer.number}"), (day(1), 1, "x"))
    accept(line)
    assert list(one_sided.only_here(town.regie, since=TODAY)) == [receipt]
    payments.reverse_receipt(
        receipt_id=transfer.pk, kind=Reversal.Kind.MISTAKE, reason="x", actor=WHO, at=later(days=11)
    )
    assert [match.line_id for match in queries.doubtful_matches(town.regie)] == [line.pk]


def test_both_balances_are_compared_day_by_day(town: Town) -> None:
    receipt = card(town)
    [statement] = keep(town.regie, camt([(day(1), receipt.cents, "PAYFIP"), (day(3), 50, "x")]))
    propose(town)
    compared = queries.compared_by_day(town.regie, last=day(3), days=4)
    assert [item.difference for item in compared] == [0, 5200, 5200, 5250]
    accept(statement.lines.order_by("id")[0])
    assert queries.compared_by_day(town.regie, last=TODAY, days=2)[-1].difference == 50


def test_the_books_find_what_was_changed_behind_them(town: Town) -> None:
    receipt = card(town)
    line, _other = imported(town, (day(1), receipt.cents, "PAYFIP"), (day(1), 1, "x"))
    accept(line)
    with transaction.atomic():
        BankLine.objects.filter(pk=line.pk).update(state="open")
        with pytest.raises(verification.BooksDiffer, match="matched and does not say so"):
            verification.verify()
        transaction.set_rollback(True)


def test_the_database_lets_a_receipt_and_a_line_be_matched_once(town: Town) -> None:
    transfer = take(make_invoice(town).pk, 5200, M.TRANSFER)
    line, other = imported(town, (day(1), 5200, f"VIR {transfer.number}"), (day(1), 5200, "x"))
    accept(line)
    match = Match.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Match.objects.create(line=line, rank=2, kind="transfer", cents=5200, at=match.at, actor=WHO)
    with pytest.raises(IntegrityError), transaction.atomic():
        second = Match.objects.create(line=other, rank=1, kind="transfer", cents=5200, at=match.at, actor=WHO)
        MatchedReceipt.objects.create(match=second, receipt=transfer)


def test_a_debit_that_was_rejected_before_its_credit_came_is_not_proposed(town: Town) -> None:
    receipt = debit(town, make_invoice(town))
    reject(receipt)
    lines = imported(town, (day(1), receipt.cents, "PAYFIP"), (day(2), -receipt.cents, "REJET"))
    assert [proposed(line)[0] for line in lines] == ["", ""]
