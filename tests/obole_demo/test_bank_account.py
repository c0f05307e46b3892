"""The days when the town's people work, and the bank's files as the product reads them."""

from datetime import date

import pytest

from obole.bank_statements.rules import csv_files, layouts
from obole.lib import dates
from obole.regies.models import Regie
from obole_demo import office
from obole_demo.bank_account import BankAccount, Shown


@pytest.mark.parametrize(
    ("day", "after", "found"),
    [
        (date(2026, 11, 6), 0, date(2026, 11, 6)),
        (date(2026, 11, 7), 0, date(2026, 11, 9)),
        (date(2026, 11, 6), 1, date(2026, 11, 9)),
        (date(2026, 11, 10), 1, date(2026, 11, 12)),
        (date(2026, 11, 7), 1, date(2026, 11, 10)),
    ],
)
def test_nobody_works_on_sundays_nor_on_holidays(day: date, after: int, found: date) -> None:
    assert office.next_open(day, after=after) == found


@pytest.mark.parametrize(
    ("hour", "minute", "found"), [(9, 5, "2026-11-10 09:05"), (7, 12, "2026-11-12 09:12"), (22, 40, "2026-11-12 09:40")]
)
def test_who_comes_when_the_counter_is_closed_comes_again(hour: int, minute: int, found: str) -> None:
    come = office.when_open(office.moment(date(2026, 11, 10), hour, minute)).astimezone(dates.PARIS)
    assert f"{come:%Y-%m-%d %H:%M}" == found


def test_what_the_bank_writes_is_what_the_product_reads_and_each_file_follows_the_one_before() -> None:
    account = BankAccount(Regie(code="X"), date(2026, 10, 1), set())
    first = [
        Shown(day=date(2026, 10, 2), cents=12_34, label="VIR DE M. ŒUVRARD 1200004"),
        Shown(day=date(2026, 10, 5), cents=-4_00, label="COMMISSION"),
    ]
    second = [Shown(day=date(2026, 11, 2), cents=5, label="REMISE CHEQUES ENF-R-2026-000001")]
    closing = 0
    for lines in (first, second):
        table = csv_files.read_table(account.as_csv(lines))
        reading = layouts.read("account", table, layouts.guess("account", table), today=date(2026, 11, 30))
        assert [(line.day, line.cents, line.label) for line in reading.lines] == [line.key for line in lines]
        assert reading.opening_cents == closing
        closing = reading.closing_cents or 0
    assert closing == account.balance == 8_39
