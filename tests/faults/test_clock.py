"""Clocks that jump, hours that come twice, years that end: F45 to F47."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from obole.billing.models import InvoiceType
from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors, dates, texts
from obole.lib.dates import PARIS
from obole.payments import operations as payments, rules
from obole.reminders.models import Reminder
from obole.reminders.tasks import run
from tests.actors import somebody
from tests.faults.steps import RED
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import anomalies, come_back, pay, state_of, sweep
from tests.world import Town, later, make_invoice

pytestmark = pytest.mark.django_db
DUE_IN = 20
JUMPS = st.lists(st.integers(-120, 120), min_size=1, max_size=8)


def f45(town: Town, simulator: RunningSimulator, jumps: list[int]) -> None:
    """
    The clock jumps by so many minutes before each question; then the bank is paid, and time goes on from where it is.
    """
    simulator.reset(payments=True)
    simulator.control(notifications="off")
    invoice, now = make_invoice(town, meals=1), 0.0
    attempt = pay(invoice)
    for jump in jumps:
        now += jump
        come_back(attempt, now)
        assert state_of(attempt) == "waiting"
        assert attempt.next_ask_at is not None and attempt.next_ask_at > later(now)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    sweep(attempt, now + 31)
    assert (state_of(attempt), state_of(invoice), anomalies()) == ("paid", "paid", [])


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jumps=JUMPS)
def test_f45_a_clock_that_jumps_back_and_forth_loses_no_payment(
    payfip_town: Town, simulator: RunningSimulator, jumps: list[int]
) -> None:
    f45(payfip_town, simulator, jumps)


def test_neg_f45_a_negative_age_taken_for_a_great_one_gives_up(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = rules.next_poll_at

    def by_distance(*, opened_at: datetime, at: datetime) -> datetime | None:
        return ask(opened_at=opened_at, at=at) if at >= opened_at else None

    monkeypatch.setattr(rules, "next_poll_at", by_distance)
    with pytest.raises(RED):
        f45(payfip_town, simulator, [-60])


SUMMER_ENDS = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)


def f46(town: Town) -> None:
    """Both 02:30 of the last Sunday of October; the bank's own time goes backwards, ours does not."""
    term = timedelta(days=DUE_IN)
    for at in (SUMMER_ENDS, SUMMER_ENDS.replace(fold=1), datetime(2026, 3, 28, 23, 30, tzinfo=UTC)):
        invoice = make_invoice(town, at=at)
        assert invoice.due_date == at.astimezone(PARIS).date() + term
        attempt = payments.start_payment(
            invoice_id=invoice.pk,
            email="usager@example.org",
            request_key=texts.token(),
            actor=somebody("usager"),
            at=at,
        )
        heard_at = at.astimezone(UTC) + timedelta(minutes=40)
        outcome = Outcome(
            status=Status.PAID_BY_CARD,
            said="P",
            exchange=Exchange(request="q", response="P"),
            facts=attempt.sent,
            amount_cents=attempt.amount_cents,
            bank_time=at - timedelta(days=400),
            bank_time_raw="25102026 0230",
        )
        payments.apply_gateway_status(
            attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=heard_at
        )
        attempt.refresh_from_db()
        assert (attempt.state, attempt.ended_at, attempt.bank_time_raw) == ("paid", heard_at, "25102026 0230")


def test_f46_the_hour_that_comes_twice_moves_no_due_date_and_the_bank_s_time_orders_nothing(town: Town) -> None:
    f46(town)


def test_f46_an_hourly_schedule_reminds_once_through_the_hour_that_comes_twice(town: Town) -> None:
    issued = SUMMER_ENDS - timedelta(days=DUE_IN + 7)
    invoice = make_invoice(town, at=issued)
    # Few would send at night: those who do send once all the same.
    InvoiceType.objects.update(reminder_first_hour=0, reminder_last_hour=24)
    for hour in range(-3, 4):
        with time_machine.travel(SUMMER_ENDS.astimezone(UTC) + timedelta(hours=hour), tick=False):
            run.func(timestamp=0)
    assert list(Reminder.objects.values_list("invoice_id", "step")) == [(invoice.pk, 1)]


def _utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def test_neg_f46_days_counted_in_utc_are_wrong_days(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "day_of", _utc_day)
    with pytest.raises(RED):
        f46(town)


NIGHTS = [
    (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), 2026),
    (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), 2027),
    (datetime(2027, 12, 31, 22, 59, 59, 999999, tzinfo=UTC), 2027),
    (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), 2028),
]


def f47(town: Town, at: datetime, year: int) -> None:
    invoice = make_invoice(town, at=at)
    attempt = payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key=texts.token(), actor=somebody("usager"), at=at
    )
    assert (attempt.fiscal_year, invoice.year) == (year, year)
    assert str(invoice.number).split("-")[1] == str(year)


@pytest.mark.parametrize(("at", "year"), NIGHTS)
def test_f47_the_fiscal_year_is_that_of_the_attempt_in_paris(town: Town, at: datetime, year: int) -> None:
    f47(town, at, year)


@given(
    at=st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31), timezones=st.just(PARIS)),  # noqa: DTZ001
    term=st.integers(0, 400),
)
def test_f47_a_due_date_is_so_many_days_after_the_day_of_issue(at: datetime, term: int) -> None:
    assert (dates.due_date(at, term_days=term) - at.date()).days == term


@pytest.mark.parametrize(
    ("issued", "term", "due"),
    [
        (date(2027, 1, 31), 28, date(2027, 2, 28)),
        (date(2028, 1, 31), 29, date(2028, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
    ],
)
def test_f47_months_and_leap_days_need_no_rule(issued: date, term: int, due: date) -> None:
    assert dates.due_date(datetime(issued.year, issued.month, issued.day, 12, tzinfo=PARIS), term_days=term) == due


def test_neg_f47_a_year_counted_in_utc_is_the_wrong_year(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "day_of", _utc_day)
    with pytest.raises(RED):
        f47(town, *NIGHTS[1])
