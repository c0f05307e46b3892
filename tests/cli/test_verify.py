"""`obole verify` finds what the database was made to swallow behind its own triggers."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from obole.audit_log import seals
from obole.books import verification
from obole.books.verification import BooksDiffer
from obole.cli.management.commands.verify import _read
from obole.payments import queries
from obole.payments.models import Verification
from tests.payments.steps import come_back, pay
from tests.world import NOON, make_invoice, make_town

pytestmark = pytest.mark.django_db

TAMPERINGS = {
    "it was altered": "UPDATE regies_entry SET label = 'autre chose' WHERE number = 2",
    "debits and credits differ": (
        "UPDATE regies_line SET debit = debit + 1 WHERE id = (SELECT min(id) FROM regies_line WHERE debit > 0)"
    ),
    "entry 2 is missing": "DELETE FROM regies_line WHERE entry_id = (SELECT id FROM regies_entry WHERE number = 2)",
    "its chain ends at entry": "UPDATE regies_regie SET entry_count = entry_count + 1",
    "is not the sum of its lines": "UPDATE regies_balance SET credit = credit + 100 WHERE account = 'revenue_due'",
    "on 2026-11-25 is not the sum": "UPDATE regies_dailytotal SET debit = debit + 100 WHERE account = 'receivable'",
    "on 2026-11-24 is not the sum": (
        "UPDATE regies_dailytotal SET day = day - 1 WHERE account = 'card_clearing' AND cause_kind = 'receipt'"
    ),
    "have a gap": "UPDATE billing_invoice SET sequence = 9 WHERE sequence = 2",
    "its total is not the sum of its lines": "UPDATE billing_invoiceline SET amount_cents = amount_cents + 1",
    "it is paid without the bank's word": "UPDATE payments_bankexchange SET response = ''",
}


def behind_the_triggers(*statements: str) -> None:
    """Do what only somebody with the keys of the database could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")


DAYS_MADE_ANEW = (
    "DELETE FROM regies_dailytotal",
    "INSERT INTO regies_dailytotal (regie_id, account, day, cause_kind, debit, credit, lines) SELECT regie_id, account,"
    " (booked_at AT TIME ZONE 'Europe/Paris')::date, cause_kind, sum(debit), sum(credit), count(*) FROM regies_line"
    " JOIN regies_entry ON regies_entry.id = entry_id GROUP BY 1, 2, 3, 4",
)


def some_books() -> None:
    """One invoice paid, one due."""
    town = make_town()
    attempt = pay(make_invoice(town))
    come_back(attempt, 2)
    make_invoice(town, meals=4)


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("verify", *options, stdout=out)
    return out.getvalue()


def test_right_books_are_right() -> None:
    assert run().startswith("0 entries")
    some_books()

    assert run().startswith("3 entries")


def test_what_the_command_finds_is_kept_for_whoever_looks(tmp_path: Path) -> None:
    some_books()
    heads = tmp_path / "heads.txt"
    heads.write_text(run("--head"))
    behind_the_triggers("UPDATE regies_regie SET entry_count = entry_count + 1")
    with pytest.raises(CommandError, match="its chain ends"):
        run()
    wrong = queries.last_verification()
    behind_the_triggers("UPDATE regies_regie SET entry_count = entry_count - 1")
    run()
    right = queries.last_verification()
    assert wrong is not None and right is not None
    assert ("its chain ends" in wrong.difference, right.is_right, right.entries) == (True, True, 3)
    heads.write_text(heads.read_text().replace(" 3 ", " 4 "))
    with pytest.raises(CommandError, match="kept elsewhere, is missing"):
        run("--against", str(heads))
    assert "is missing" in Verification.objects.latest("pk").difference


@pytest.mark.parametrize("found", ["it was altered", "debits and credits differ", "its chain ends at entry"])
def test_a_ledger_that_was_touched_is_found(found: str) -> None:
    some_books()
    behind_the_triggers(TAMPERINGS[found])

    with pytest.raises(BooksDiffer, match=found):
        verification.verify()


@pytest.mark.parametrize(
    "found",
    [
        "is not the sum of its lines",
        "on 2026-11-25 is not the sum",
        "on 2026-11-24 is not the sum",
        "have a gap",
        "its total is not the sum of its lines",
    ],
)
def test_sums_and_numbers_that_were_touched_are_found(found: str) -> None:
    some_books()
    behind_the_triggers(TAMPERINGS[found])

    with pytest.raises(CommandError, match=found):
        run()


def test_a_payment_without_its_money_or_without_the_banks_word_is_found() -> None:
    some_books()
    behind_the_triggers(TAMPERINGS["it is paid without the bank's word"])

    with pytest.raises(BooksDiffer, match="it is paid without the bank's word"):
        verification.verify()

    behind_the_triggers("UPDATE payments_receipt SET cents = cents - 1")
    with pytest.raises(BooksDiffer, match="more was made of it than it holds"):
        verification.verify()


def test_an_invoice_that_never_reached_the_ledger_is_found() -> None:
    town = make_town()
    make_invoice(town)
    behind_the_triggers(
        "DELETE FROM regies_line",
        "DELETE FROM regies_entry",
        "DELETE FROM regies_balance",
        "DELETE FROM regies_dailytotal",
        "UPDATE regies_regie SET entry_count = 0, entry_head = ''",
    )

    with pytest.raises(BooksDiffer, match="is not in the ledger"):
        verification.verify()


def test_a_cut_tail_is_found_with_a_head_kept_elsewhere(tmp_path: Path) -> None:
    some_books()
    kept = tmp_path / "heads.txt"
    kept.write_text(run("--head"))
    assert run("--against", str(kept)).startswith("3 entries")

    # The last invoice is made never to have been, everywhere at once: nothing inside the database can tell.
    behind_the_triggers(
        "DELETE FROM billing_invoiceexplanation WHERE invoice_id = (SELECT max(id) FROM billing_invoice)",
        "DELETE FROM billing_invoiceline WHERE invoice_id = (SELECT max(id) FROM billing_invoice)",
        "DELETE FROM billing_invoice WHERE id = (SELECT max(id) FROM billing_invoice)",
        "DELETE FROM regies_line WHERE entry_id = (SELECT id FROM regies_entry WHERE number = 3)",
        "DELETE FROM regies_entry WHERE number = 3",
        "UPDATE regies_regie SET entry_count = 2, entry_head = (SELECT hash FROM regies_entry WHERE number = 2)",
        "UPDATE regies_balance b SET (debit, credit) = (SELECT sum(debit), sum(credit) FROM regies_line l WHERE"
        " l.account = b.account)",
        *DAYS_MADE_ANEW,
    )
    assert run().startswith("2 entries")
    with pytest.raises(CommandError, match="entry 3, which was kept elsewhere, is missing"):
        run("--against", str(kept))


def test_a_file_of_heads_that_is_something_else_is_said(tmp_path: Path) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_text("bonjour")

    with pytest.raises(CommandError, match="is not what `obole verify --head` prints"):
        run("--against", str(odd))


@pytest.mark.parametrize(
    ("touched", "said"),
    [
        ("DELETE FROM audit_log_seal WHERE \"table\" = 'audit_log_record'", "is missing"),
        ("UPDATE audit_log_seal SET digest = 'another'", "is not the one that was kept elsewhere"),
    ],
)
def test_the_journals_heads_are_kept_elsewhere_too(tmp_path: Path, touched: str, said: str) -> None:
    some_books()
    assert seals.seal(at=NOON)
    heads = tmp_path / "heads.txt"
    heads.write_text(run("--head"))
    assert "audit_log_record" in heads.read_text()
    behind_the_triggers(touched)
    with pytest.raises(BooksDiffer, match=said):
        verification.check_against(_read(heads))
