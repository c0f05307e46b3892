"""
F81: a period that was closed takes no entry any more, from our code or from anywhere; its totals are kept and
recomputed.
"""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from obole.audit_log.models import Record
from obole.books import verification
from obole.books.queries.balances import trial_balance
from obole.books.rules import Period
from obole.books.verification import BooksDiffer
from obole.lib.dates import PARIS
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies import ledger, operations, queries
from obole.regies.accounts import Account
from obole.regies.models import Closing, Entry, Regie
from tests.cli.test_verify import behind_the_triggers
from tests.spaces import plain
from tests.world import NOON, WHO, make_regie

pytestmark = pytest.mark.django_db

OCTOBER, NOVEMBER = date(2026, 10, 31), date(2026, 11, 24)
LAST_SECOND = datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=PARIS)
"""Of October in Paris: 22:59 in Greenwich."""


@pytest.fixture
def regie(db: None) -> Regie:
    return make_regie("ENF", "Régie Enfance")


def post(regie: Regie, key: str, at: datetime, *, cents: int = 1250, label: str = "Essai") -> Entry:
    money = payments.Money(cents=cents, means=Receipt.Means.CASH, payer_name=label)
    return payments.take_unmatched(regie_id=regie.pk, money=money, request_key=key, actor=WHO, at=at).entry


def close(regie: Regie, until: date = OCTOBER, at: datetime = NOON) -> Closing:
    return operations.close_period(regie_id=regie.pk, until=until, actor=WHO, at=at)


def test_a_closing_keeps_what_its_days_come_to_and_what_came_before(regie: Regie) -> None:
    post(regie, "1", datetime(2026, 10, 3, tzinfo=UTC))
    post(regie, "2", LAST_SECOND, cents=50)
    post(regie, "3", LAST_SECOND + timedelta(microseconds=1), cents=7)
    post(make_regie("SPO", "Régie Sports"), "4", LAST_SECOND, cents=99)

    first, second = close(regie), close(regie, NOVEMBER)

    assert (first.entry_number, first.before) == (2, {})
    assert first.totals == {"cash": [1300, 0], "suspense": [0, 1300]}
    assert (second.entry_number, second.before, second.totals) == (
        3,
        first.totals,
        {"cash": [7, 0], "suspense": [0, 7]},
    )
    assert queries.sum_balances(second.before, second.totals) == {"cash": [1307, 0], "suspense": [0, 1307]}
    record = Record.objects.filter(verb="regie.close").order_by("id")[0]
    assert record.details == {"until": "2026-10-31", "entry_number": 2}
    verification.verify()


def test_a_period_without_an_entry_is_closed_too(regie: Regie) -> None:
    assert (close(regie).entry_number, close(regie, NOVEMBER).totals) == (0, {})
    verification.verify()


def test_entries_out_of_order_of_time_belong_to_their_day(regie: Regie) -> None:
    post(regie, "1", NOON)
    post(regie, "2", LAST_SECOND, cents=50)

    closing = close(regie)

    assert (closing.entry_number, closing.totals["cash"]) == (2, [50, 0])
    verification.verify()


@pytest.mark.parametrize("until", [date(2026, 11, 25), date(2027, 1, 1)])
def test_a_day_that_is_not_over_is_not_closed(regie: Regie, until: date) -> None:
    with pytest.raises(operations.CannotClose, match="n’est pas finie"):
        close(regie, until)
    assert not Closing.objects.exists()


def test_the_day_is_over_when_it_is_in_paris(regie: Regie) -> None:
    half_past_eleven_in_greenwich = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)

    assert close(regie, date(2026, 11, 24), half_past_eleven_in_greenwich).until == NOVEMBER


@pytest.mark.parametrize("until", [OCTOBER, OCTOBER - timedelta(days=1)])
def test_what_is_closed_is_not_closed_again(regie: Regie, until: date) -> None:
    close(regie)
    with pytest.raises(operations.CannotClose, match="déjà arrêtés au 31 octobre 2026"):
        close(regie, until)
    assert Closing.objects.count() == 1


def test_a_closing_is_never_changed_nor_deleted(regie: Regie) -> None:
    closing = close(regie)
    for touch in (Closing.objects.filter(pk=closing.pk).delete, lambda: Closing.objects.update(until=NOVEMBER)):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            touch()  # type: ignore[operator]
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM regies_closing")


def test_f81_a_back_dated_entry_is_refused_and_goes_to_the_open_period_with_its_reference(regie: Regie) -> None:
    post(regie, "1", LAST_SECOND)
    close(regie)

    with pytest.raises(ledger.PeriodClosed) as refused:
        post(regie, "2", LAST_SECOND)

    assert "arrêtés au 31 octobre 2026 : passez l’écriture à la date d’aujourd’hui" in plain(refused.value)
    assert refused.value.until == OCTOBER
    assert Entry.objects.count() == 1
    entry = post(regie, "2", NOON, label="Rappel du 31/10, chèque 1234567")
    assert (entry.number, entry.label) == (2, "ENF-Q-2026-000002 Rappel du 31/10, chèque 1234567")
    assert queries.closings(regie)[0].totals["cash"] == [1250, 0]
    verification.verify()


def test_f81_neg_without_the_guard_of_the_code_the_database_still_refuses(
    regie: Regie, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(regie)
    monkeypatch.setattr(ledger.dates, "day_of", lambda _at: NOVEMBER)

    with pytest.raises(IntegrityError, match="is closed"):
        post(regie, "1", LAST_SECOND)

    assert not Entry.objects.exists()
    post(regie, "1", LAST_SECOND + timedelta(microseconds=1))


def test_f81_neg_without_both_it_is_booked_and_the_verification_finds_it(
    regie: Regie, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(regie)
    monkeypatch.setattr(ledger.dates, "day_of", lambda _at: NOVEMBER)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE regies_entry DISABLE TRIGGER ALL")
        try:
            post(regie, "1", LAST_SECOND)
        finally:
            cursor.execute("ALTER TABLE regies_entry ENABLE TRIGGER ALL")

    with pytest.raises(BooksDiffer, match="what was closed on 2026-10-31 is not the sum of its entries"):
        verification.verify()


@pytest.mark.parametrize(
    "change",
    [
        """totals = '{"cash": [1251, 0], "suspense": [0, 1251]}'""",
        """before = '{"cash": [1, 0]}'""",
        "entry_number = 0",
        "until = '2026-10-30'",
    ],
)
def test_a_closing_that_was_touched_is_found(regie: Regie, change: str) -> None:
    post(regie, "1", LAST_SECOND)
    close(regie)
    verification.verify()
    behind_the_triggers(f"UPDATE regies_closing SET {change}")

    with pytest.raises(BooksDiffer, match="what was closed"):
        verification.verify()


def test_money_of_a_closed_period_that_is_learnt_later_is_booked_today(regie: Regie) -> None:
    close(regie, NOVEMBER)
    happened: Any = LAST_SECOND
    with transaction.atomic():
        entry = ledger.post(
            regie_id=regie.pk,
            cause=ledger.Cause(kind="receipt", key="attempt:1"),
            label="ENF2026000001T1 CARD",
            at=NOON,
            postings=ledger.transfer_postings(debit=Account.CARD_CLEARING, credit=Account.SUSPENSE, cents=500),
            happened_at=happened,
        )

    assert (entry.booked_at, entry.happened_at) == (NOON, LAST_SECOND)


def test_a_closing_keeps_the_head_of_the_chain_and_the_verification_knows_it(regie: Regie) -> None:
    entry = post(regie, "1", LAST_SECOND)
    post(regie, "2", LAST_SECOND + timedelta(microseconds=1))

    first, second = close(regie), close(regie, NOVEMBER)

    assert (first.entry_number, first.entry_hash) == (entry.number, entry.hash)
    assert second.entry_hash == Entry.objects.get(regie=regie, number=2).hash
    behind_the_triggers(f"UPDATE regies_closing SET entry_hash = repeat('0', 64) WHERE id = {first.pk}")
    with pytest.raises(BooksDiffer, match="what was closed on 2026-10-31"):
        verification.verify()


def test_no_closing_passes_over_the_end_of_an_exercice(regie: Regie) -> None:
    post(regie, "1", LAST_SECOND)
    post(regie, "2", datetime(2027, 1, 5, 12, tzinfo=UTC), cents=7)
    february = {"until": date(2027, 1, 31), "at": datetime(2027, 2, 10, tzinfo=UTC)}
    with pytest.raises(operations.CannotClose, match="L’exercice 2026 n’est pas arrêté"):
        close(regie, **february)
    close(regie, NOVEMBER)
    with pytest.raises(operations.CannotClose, match="31/12/2026"):
        close(regie, **february)

    year = close(regie, date(2026, 12, 31), at=datetime(2027, 2, 10, tzinfo=UTC))
    after = close(regie, **february)

    carried = queries.sum_balances(year.before, year.totals)
    assert after.before == carried == {"cash": [1250, 0], "suspense": [0, 1250]}
    opening = trial_balance(regie, Period(date(2027, 1, 1), date(2027, 1, 31)))
    assert {row.account: row.opening for row in opening} == {Account.CASH: 1250, Account.SUSPENSE: 1250}
    assert [row.closing for row in opening] == [1257, 1257]
    verification.verify()


def test_an_upgrade_adds_up_what_was_booked_before_and_completes_the_closings(regie: Regie) -> None:
    post(regie, "1", LAST_SECOND)
    closing = close(regie)
    post(regie, "2", NOON)
    behind_the_triggers("DELETE FROM regies_dailytotal", "UPDATE regies_closing SET entry_hash = ''")
    with pytest.raises(BooksDiffer):
        verification.verify()

    migration = import_module("obole.regies.migrations.0007_daily_totals")
    with connection.cursor() as cursor:
        # A migration has a transaction of its own, where nothing of this waits.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.FILL)
        cursor.execute(migration.COMPLETE)

    verification.verify()
    assert Closing.objects.get().entry_hash == closing.entry_hash
    with pytest.raises(DatabaseError), transaction.atomic():
        Closing.objects.update(entry_hash="")
