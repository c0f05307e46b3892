"""Several people at the same line, or at the same receipt: one of them says what it is."""

from typing import Any

import pytest

from obole.bank_statements.models import BankLine, Match
from obole.payments.models import Clearing, Receipt
from tests.bank_statements.steps import card, day, imported
from tests.books import check_books
from tests.payments.steps import held
from tests.races.processes import act, all_at_once
from tests.world import Town, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
CROWD = 6
GUARDED = {"done", "NotMatched", "ForbiddenTransition"}
"""What is said of a line by who locked it, and looked at it then."""


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


def outcomes(told: Any) -> list[str]:
    return sorted(item.raised or "done" for item in told)


def test_many_accept_the_same_line(town: Town) -> None:
    receipt = card(town)
    [line] = imported(town, (day(1), receipt.cents, "PAYFIP"))
    line.refresh_from_db()
    told = all_at_once(*[act("accept_bank_line", line_id=line.pk) for _turn in range(CROWD)])
    assert outcomes(told).count("done") == 1, told
    assert set(outcomes(told)) <= GUARDED
    assert (Match.objects.count(), Clearing.objects.count()) == (1, 1)
    assert held(town.regie, "card_clearing", "treasury_deposit") == (0, receipt.cents)
    check_books()


def test_two_lines_want_the_same_receipt(town: Town) -> None:
    receipt = card(town)
    lines = imported(town, *((day(1), receipt.cents, f"VIR {n}") for n in range(CROWD)))
    told = all_at_once(*[act("choose_for_bank_line", line_id=line.pk, receipt_id=receipt.pk) for line in lines])
    assert outcomes(told) == sorted(["done", *["NotMatched"] * (CROWD - 1)]), told
    assert BankLine.objects.filter(state="matched").count() == Clearing.objects.count() == 1
    check_books()


def test_a_line_is_classified_once(town: Town) -> None:
    [line] = imported(town, (day(1), 700, "VIR"))
    told = all_at_once(*[act("classify_bank_line", line_id=line.pk) for _turn in range(CROWD)])
    assert outcomes(told).count("done") == 1, told
    assert Receipt.objects.count() == 1
    check_books()


def test_the_same_file_is_imported_once(town: Town) -> None:
    told = all_at_once(*[act("import_statement", regie_id=town.regie.pk) for _turn in range(CROWD)])
    assert outcomes(told) == sorted(["done", *["StatementRefused"] * (CROWD - 1)]), told
    assert BankLine.objects.count() == 2
    check_books()


def test_neg_without_locks_the_guards_of_the_line_are_passed(town: Town) -> None:
    receipt = card(town)
    [line] = imported(town, (day(1), receipt.cents, "PAYFIP"))
    told = all_at_once(*[act("accept_bank_line", line_id=line.pk) for _turn in range(CROWD)], mutant="no_locks")
    assert not set(outcomes(told)) <= GUARDED, told
    assert Match.objects.count() <= 1
