"""Lines that are a remise or a bordereau de versement: credited or transferred with them, linked, and undone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import QuerySet

from obole.bank_statements import operations, queries
from obole.bank_statements.models import BankLine, Match
from obole.bank_statements.operations import NotMatched, NotUndone
from obole.bank_statements.queries import one_sided
from obole.books import verification
from obole.cash_desk import operations as cash_desk
from obole.cash_desk.models import Deposit, UndoneCredit
from obole.directory.rules import NotAllowed
from obole.lib import texts
from obole.lib.states import ForbiddenTransition
from obole.payments.models import Anomaly, Receipt, Reversal
from obole.regies.models import Entry
from obole.remittances import operations as remittances
from obole.remittances.models import Remittance, UndoneTransfer
from tests.bank_statements.files import with_a_sign
from tests.bank_statements.steps import WHO, accept, card, day, ids, imported, keep, propose, proposed, undo
from tests.books import check_books, count_everything
from tests.cash_desk.steps import Desk, cash_deposit, cheque_deposit, closed, credited, make_desk, opened, taken
from tests.payments.steps import held
from tests.remittances.steps import paid, sign, transfer
from tests.world import Town, later, make_regie, run_tasks

pytestmark = pytest.mark.django_db
M = Receipt.Means
ACCOUNTS = ("cash", "cheques", "treasury_deposit", "remitted")


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def signed(town: Town, *, meals: int = 16) -> Remittance:
    """Sign over what a transfer brought."""
    paid(town, meals=meals)
    return sign(town)


def cheques(desk: Desk, *cents: int) -> tuple[list[Receipt], Deposit]:
    receipts = [taken(desk, amount, M.CHEQUE) for amount in cents]
    return receipts, cheque_deposit(desk, receipts)


def cash(desk: Desk, cents: int) -> Deposit:
    session = opened(desk)
    taken(desk, cents)
    closed(desk, session, 100_00 + cents)
    return cash_deposit(desk, cents)


def shown(town: Town, cents: int, words: str) -> BankLine:
    [line, _other] = imported(town, (day(2), cents, words), (day(2), 1, texts.token()))
    return line


def whole(line: BankLine) -> dict[str, Any]:
    line.refresh_from_db()
    assert line.proposal is not None
    return {name: line.proposal[name] for name in ("kind", "deposit", "remittance", "why", "sure")}


def choose(line: BankLine, slip_id: int, **who: Any) -> BankLine:
    return operations.choose_slip(line_id=line.pk, slip_id=slip_id, **{"actor": WHO, "at": later(days=10), **who})


def test_the_number_of_a_bordereau_in_a_debit_is_its_transfer(town: Town) -> None:
    one = signed(town)
    line = shown(town, -5200, f"VIR {one.number.replace('-', ' ')} SGC")
    assert whole(line) == {
        "kind": "remitted", "deposit": None, "remittance": one.pk, "why": "reference", "sure": True,
    }  # fmt: skip
    accept(line)
    one.refresh_from_db()
    assert (one.state, one.transfer_reference) == ("transferred", line.label[:60])
    assert Match.objects.get().entry == one.transfer_entry
    assert held(town.regie, *ACCOUNTS) == (0, 0, 0, 0)
    assert queries.line_of(remittance=one) == line


def test_undoing_its_line_undoes_the_transfer_and_both_may_come_again(town: Town) -> None:
    one = signed(town)
    line = shown(town, -5200, one.number)
    for turn in (1, 2):
        propose(town)
        accept(line)
        undo(line, "Pas celui-ci")
        one.refresh_from_db()
        assert (one.state, one.transfer_entry, one.transfer_reference) == ("signed", None, "")
        assert held(town.regie, *ACCOUNTS) == (0, 0, 5200, 5200)
        assert UndoneTransfer.objects.filter(remittance=one).count() == turn
        check_books()
    keys = Entry.objects.filter(cause_kind="remittance_transfer").order_by("id").values_list("cause_key", flat=True)
    assert list(keys) == [one.number, f"{one.number}:2"]


def test_an_amount_alone_among_bordereaux_is_for_a_person(town: Town) -> None:
    one = signed(town)
    line = shown(town, -5200, "VIR SGC VALBOURG")
    assert whole(line)["why"] == "amount" and not whole(line)["sure"]
    assert [item.pk for item in queries.slips(line)] == [one.pk]
    signed(town)
    propose(town)
    assert proposed(line)[0] == "", "two of this amount: neither is proposed"
    assert len(queries.slips(line)) == 2
    choose(line, one.pk)
    assert Match.objects.get().why["why"] == "chosen"


def test_a_transfer_that_a_person_wrote_is_only_linked(town: Town) -> None:
    one = transfer(signed(town), reference="ORDRE 2026-41")
    line = shown(town, -5200, "VIR ORDRE 2026 41")
    before = held(town.regie, *ACCOUNTS)
    assert whole(line)["sure"]
    accept(line)
    assert held(town.regie, *ACCOUNTS) == before and Match.objects.get().entry is None
    with pytest.raises(NotUndone, match="ligne du relevé"):
        operations.undo_transfer(remittance_id=one.pk, reason="x", actor=WHO, at=later(days=11))
    undo(line)
    one.refresh_from_db()
    assert one.state == "transferred" and held(town.regie, *ACCOUNTS) == before
    operations.undo_transfer(remittance_id=one.pk, reason="Jamais parti", actor=WHO, at=later(days=11))
    assert held(town.regie, *ACCOUNTS) == (0, 0, 5200, 5200)


def test_a_transfer_is_undone_with_a_reason_by_who_holds_the_regie_once(town: Town) -> None:
    one = transfer(signed(town))
    given: dict[str, Any] = {"remittance_id": one.pk, "actor": WHO, "at": later(days=11)}
    before = count_everything()
    with pytest.raises(remittances.ReasonMissing):
        operations.undo_transfer(**given, reason=" \u200b")
    with pytest.raises(NotAllowed):
        operations.undo_transfer(**given | {"actor": town.agent.actor}, reason="x")
    assert count_everything() == before
    operations.undo_transfer(**given, reason="Erreur")
    with pytest.raises(ForbiddenTransition):
        operations.undo_transfer(**given, reason="Erreur")
    assert transfer(one, reference="VIR 2").transfer_entry is not None
    with pytest.raises(DatabaseError, match="append_only|Cannot"), transaction.atomic():
        UndoneTransfer.objects.update(reason="autre")
    with pytest.raises(DatabaseError), transaction.atomic():
        Remittance.objects.update(transfer_reference="autre")


def test_a_line_shows_one_bordereau_and_a_bordereau_has_one_line(town: Town) -> None:
    one = signed(town)
    first, second = imported(town, (day(2), -5200, one.number), (day(3), -5200, one.number))
    assert sum(bool(proposed(line)[0]) for line in (first, second)) == 1
    choose(first, one.pk)
    with pytest.raises(NotMatched):
        choose(second, one.pk)
    short = shown(town, -5199, one.number)
    assert proposed(short)[0] == "" and queries.slips(short) == []
    match = Match.objects.get()
    for kind, field in (("remitted", {"remittance": one}), ("fees", {"entry": match.entry})):
        with pytest.raises(IntegrityError), transaction.atomic():
            Match.objects.create(line=second, rank=9, kind=kind, cents=-5200, at=match.at, actor=WHO, **field)


def test_a_remise_of_cheques_is_credited_by_its_line_before_its_cheques(desk: Desk) -> None:
    receipts, deposit = cheques(desk, 5200, 1300)
    line = shown(desk.town, 6500, "REMISE CHEQUES 2 TITRES")
    assert whole(line) == {
        "kind": "deposit", "deposit": deposit.pk, "remittance": None, "why": "amount", "sure": False,
    }  # fmt: skip
    accept(line)
    deposit.refresh_from_db()
    assert (deposit.state, deposit.reference) == ("credited", "REMISE CHEQUES 2 TITRES")
    assert held(desk.regie, *ACCOUNTS) == (0, 0, 6500, 0)
    assert ids(list(queries.receipts_of(Match.objects.get()))) == ids(receipts)
    assert list(queries.lines_of_receipt(receipts[0])) == [line]
    undo(line)
    deposit.refresh_from_db()
    assert (deposit.state, deposit.entry, held(desk.regie, *ACCOUNTS)) == ("prepared", None, (0, 6500, 0, 0))
    propose(desk.town)
    accept(line)
    assert UndoneCredit.objects.get().undone_entry.cause_kind == "deposit_undone"


def test_cheques_of_a_prepared_remise_are_not_taken_without_it(desk: Desk) -> None:
    receipts, deposit = cheques(desk, 5200, 1300)
    line = shown(desk.town, 1300, "REMISE CHEQUES")
    assert proposed(line)[0] == "" and queries.candidates(line) == []
    before = count_everything()
    with pytest.raises(NotMatched, match=deposit.number):
        operations.choose_receipts(line_id=line.pk, receipt_ids=[receipts[1].pk], actor=WHO, at=later(days=11))
    assert count_everything() == before
    cash_desk.cancel_deposit(deposit_id=deposit.pk, reason="Refusée", actor=WHO, at=later(days=11))
    operations.choose_receipts(line_id=line.pk, receipt_ids=[receipts[1].pk], actor=WHO, at=later(days=11))
    assert held(desk.regie, *ACCOUNTS) == (0, 5200, 1300, 0)


def test_a_remise_whose_cheque_was_taken_back_says_which(desk: Desk) -> None:
    receipts, deposit = cheques(desk, 5200, 1300)
    cash_desk.reverse_receipt(
        receipt_id=receipts[0].pk, kind=Reversal.Kind.MISTAKE, reason="x", actor=desk.agent.actor, at=later(30)
    )
    line = shown(desk.town, 6500, deposit.number)
    with pytest.raises(NotMatched, match=receipts[0].number):
        accept(line)
    assert Deposit.objects.get().state == "prepared" and not Match.objects.exists()


def test_cash_is_credited_by_its_line_and_comes_back_with_it(desk: Desk) -> None:
    deposit = cash(desk, 5200)
    line = shown(desk.town, 5200, f"VERSEMENT ESPECES {deposit.number}")
    assert whole(line)["sure"]
    accept(line)
    assert held(desk.regie, *ACCOUNTS) == (0, 0, 5200, 0)
    undo(line)
    assert held(desk.regie, *ACCOUNTS) == (5200, 0, 0, 0)
    propose(desk.town)
    accept(line)
    sign(desk.town, cents=5200)
    with pytest.raises(operations.AccountTooLow):
        undo(line)
    assert Match.objects.filter(undone_at=None).count() == 1


def test_cheques_paid_over_stay_credited(desk: Desk) -> None:
    _receipts, deposit = cheques(desk, 5200)
    credited(desk, deposit)
    sign(desk.town)
    with pytest.raises(NotUndone, match="versée au comptable"):
        operations.undo_credit(deposit_id=deposit.pk, reason="x", actor=WHO, at=later(days=11))
    check_books()


def test_a_credit_that_a_person_wrote_is_only_linked_and_undone_where_no_line_shows_it(desk: Desk) -> None:
    receipts, deposit = cheques(desk, 5200)
    credited(desk, deposit, reference="DFT 2026 118")
    line = shown(desk.town, 5200, "REMISE DFT 2026 118")
    assert whole(line)["sure"]
    accept(line)
    assert Match.objects.get().entry is None and list(queries.lines_of_receipt(receipts[0])) == [line]
    assert ids(list(queries.receipts_of(Match.objects.get()))) == ids(receipts)
    with pytest.raises(NotUndone, match="ligne du relevé"):
        operations.undo_credit(deposit_id=deposit.pk, reason="x", actor=WHO, at=later(days=11))
    undo(line)
    with pytest.raises(cash_desk.ReasonMissing):
        operations.undo_credit(deposit_id=deposit.pk, reason=" ", actor=WHO, at=later(days=11))
    operations.undo_credit(deposit_id=deposit.pk, reason="Autre régie", actor=WHO, at=later(days=11))
    assert held(desk.regie, *ACCOUNTS) == (0, 5200, 0, 0)
    with pytest.raises(DatabaseError), transaction.atomic():
        UndoneCredit.objects.update(reason="autre")


def test_cards_of_the_same_sum_as_a_remise_are_for_a_person(desk: Desk) -> None:
    card(desk.town)
    cheques(desk, 5200)
    line = shown(desk.town, 5200, "VIR DGFIP")
    assert proposed(line)[2:] == ("day", False)


def test_what_names_its_slip_is_accepted_with_all_the_others_and_the_rest_waits(desk: Desk) -> None:
    _receipts, first = cheques(desk, 5200)
    _receipts, second = cheques(desk, 1300)
    receipts, broken = cheques(desk, 650)
    cash_desk.reverse_receipt(
        receipt_id=receipts[0].pk, kind=Reversal.Kind.MISTAKE, reason="x", actor=desk.agent.actor, at=later(30)
    )
    one = signed(desk.town, meals=4)
    lines = imported(
        desk.town,
        *((day(2), item.cents, item.number) for item in (first, second, broken)),
        (day(3), -one.total_cents, one.number),
    )
    seen = queries.summed(queries.sure_lines(desk.regie.pk))
    assert seen.count == 4
    run = operations.accept_all(regie_id=desk.regie.pk, seen=seen, actor=WHO, at=later(days=11))
    assert (run.done, run.accepted) == (4, 3)
    assert [BankLine.objects.get(pk=line.pk).state for line in lines] == ["matched", "matched", "open", "matched"]


def moves(desk: Desk) -> dict[str, Callable[..., Any]]:
    _receipts, deposit = cheques(desk, 5200)
    line = shown(desk.town, 5200, "x")
    return {
        "choose": lambda **who: operations.choose_slip(line_id=line.pk, slip_id=deposit.pk, **who),
        "undo": lambda **who: operations.undo_credit(deposit_id=credited(desk, deposit).pk, reason="x", **who),
    }


@pytest.mark.parametrize("name", ["choose", "undo"])
def test_without_a_mandate_nobody_does(desk: Desk, name: str) -> None:
    move = moves(desk)[name]
    for actor in (desk.town.admin.actor, desk.town.agent.actor, desk.town.citizen.actor):
        with pytest.raises(NotAllowed):
            move(actor=actor, at=later(days=11))
    move(actor=desk.agent.actor, at=later(days=11))


def test_another_regie_s_slip_is_not_chosen(desk: Desk) -> None:
    _receipts, deposit = cheques(desk, 5200)
    [statement] = keep(make_regie("CUL", "Régie Culture"), with_a_sign([(day(2), 5200, deposit.number)]))
    line = statement.lines.get()
    with pytest.raises(NotMatched):
        choose(line, deposit.pk)


def test_what_stays_on_one_side_is_a_task_that_says_how_old_it_is(desk: Desk) -> None:
    town = desk.town
    operations.follow_sides(at=later(days=60))
    assert not Anomaly.objects.filter(kind__in=("bank_only", "here_only")).exists(), "no statement, no side"
    card(town)
    _receipts, deposit = cheques(desk, 6500)
    one = signed(town, meals=4)
    line = shown(town, -one.total_cents, "VIR SGC")
    operations.follow_sides(at=later(days=9))
    assert not Anomaly.objects.filter(kind__in=("bank_only", "here_only")).exists(), "it is too soon"
    operations.follow_sides(at=later(days=30))
    told = dict(Anomaly.objects.filter(closed_at=None).values_list("kind", "details"))
    assert told["bank_only"].startswith("2 lignes, la plus ancienne du")
    assert told["here_only"].startswith("3 sommes, la plus ancienne du"), "a card, a remise, a versement"
    assert one_sided.here(town.regie, since=day(60)).oldest == day(0)
    accept(line)
    operations.follow_sides(at=later(days=30, minutes=5))
    told = dict(Anomaly.objects.filter(closed_at=None).values_list("kind", "details"))
    assert told["bank_only"].endswith("(28 jours)") and told["here_only"].startswith("2 sommes, ")
    operations.ignore_line(line_id=BankLine.objects.get(state="open").pk, reason="x", actor=WHO, at=later(days=31))
    credited(desk, deposit)
    run_tasks()
    operations.follow_sides(at=later(days=32))
    assert Anomaly.objects.get(kind="bank_only").closed_at is not None


def test_the_books_find_a_slip_changed_behind_them(desk: Desk) -> None:
    one, undone = signed(desk.town), signed(desk.town, meals=4)
    deposit = cash(desk, 1300)
    for line in imported(
        desk.town, (day(2), -5200, one.number), (day(2), 1300, deposit.number), (day(3), -1300, undone.number)
    ):
        accept(line)
    undo(line)
    # Behind the operations that hold them together.
    said: dict[str, Any] = {"reason": "x", "actor": WHO, "at": later(days=11)}
    for change, words in (
        (lambda: remittances.undo_transfer(remittance_id=one.pk, **said), "not left"),
        (lambda: cash_desk.undo_credit(deposit_id=deposit.pk, **said), "not credited"),
        (lambda: _forget(UndoneTransfer.objects.all()), "booked for a transfer"),
    ):
        with transaction.atomic():
            change()
            with pytest.raises(verification.BooksDiffer, match=words):
                verification.verify()
            transaction.set_rollback(True)


def _forget(rows: QuerySet[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica")
        rows.delete()
        cursor.execute("SET session_replication_role = origin")
