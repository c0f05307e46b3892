"""Reminders: on the right day, once, to who still owes; never to who pays, has paid, or owes nothing any more."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings, strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.billing.rules.reminder_plan import Step
from obole.directory.models import Citizen
from obole.lib import actors, dates as lib_dates, texts as lib_texts
from obole.lib.open_days import Calendar
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.recovery import operations as recovery
from obole.reminders import operations as reminders, queries, rules, tasks
from obole.reminders.models import Reminder
from obole.reminders.operations import deciding
from obole.reminders.tasks import run
from tests.actors import somebody
from tests.world import WHO, Town, later, make_invoice, make_town, run_tasks, steps

pytestmark = pytest.mark.django_db
DUE_IN = 20
DELAYS = st.lists(st.integers(-30, 365), max_size=6, unique=True)
DUE = date(2026, 12, 15)


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def late(days_late: int) -> Any:
    """Return noon, so many days after the last day to pay."""
    return later(days=DUE_IN + days_late)


def work(days_late: int, *, hours: int = 0) -> list[str]:
    """Let the worker live that hour: the schedule, then what it asked for."""
    with time_machine.travel(late(days_late) + (later(60 * hours) - later(0)), tick=False):
        run.func(timestamp=0)
        return run_tasks()


def sent() -> list[tuple[int, str]]:
    return list(Reminder.objects.order_by("id").values_list("step", "message__state"))


def pay(invoice: Invoice) -> None:
    attempt = payments.start_payment(
        invoice_id=invoice.pk,
        email="usager@example.org",
        request_key=lib_texts.token(),
        actor=somebody("usager"),
        at=late(7),
    )
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=late(7))


def plan(*days: int) -> tuple[Step, ...]:
    return tuple(Step(day) for day in sorted(days))


def planned(days: list[int], *, sent: rules.Sent, today: date, open_days_only: bool = False) -> rules.Planned | None:
    calendar = Calendar(offices=open_days_only)
    return rules.next_planned(plan(*days), due_date=DUE, calendar=calendar, sent=sent, today=today)


# The calendar of holidays is read when it is first asked for.
@settings(deadline=None)
@given(days=DELAYS, sent=st.integers(0, 7), since=st.integers(0, 400), today=st.integers(-40, 500), only=st.booleans())
def test_the_next_one_is_a_later_step_on_a_day_that_its_words_still_suit(
    days: list[int], sent: int, since: int, today: int, only: bool
) -> None:
    now = DUE + timedelta(days=today)
    last = rules.Sent(sent, now - timedelta(days=since)) if sent else rules.Sent()
    found = planned(days, sent=last, today=now, open_days_only=only)
    if found is None:
        assert all(day <= 0 for day in sorted(days)[sent:])
        return
    step = sorted(days)[found.rank - 1]
    assert found.rank > sent
    assert found.day >= max(now, DUE + timedelta(days=step))
    assert last.day is None or (found.day - last.day).days >= rules.SMALLEST_GAP
    assert step > 0 or found.day <= DUE
    assert not only or Calendar(offices=True).is_open(found.day)


# How fast a busy machine draws sixty days is no fault of what is tried.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days=DELAYS, down=st.sets(st.integers(-40, 400), max_size=60))
def test_over_a_year_each_step_comes_once_in_order_and_far_enough_apart(days: list[int], down: set[int]) -> None:
    sent, came = rules.Sent(), []
    for n in range(-40, 401):
        today = DUE + timedelta(days=n)
        found = planned(days, sent=sent, today=today)
        if n not in down and found is not None and found.day == today:
            assert found.rank > sent.rank
            sent = rules.Sent(found.rank, today)
            came.append(n)
    assert len(came) <= len(days)
    assert all(after - before >= rules.SMALLEST_GAP for before, after in pairwise(came))


def test_three_reminders_come_on_their_days(town: Town) -> None:
    make_invoice(town)
    for day in range(60):
        work(day)
    decided = [(item.decided_at - late(0)).days for item in Reminder.objects.order_by("step")]
    assert decided == [7, 21, 35]
    kinds = list(Message.objects.filter(kind__startswith="reminder").order_by("id").values_list("kind", "state"))
    assert kinds == [("reminder_1", "sent"), ("reminder_2", "sent"), ("reminder_3", "sent")]
    assert Record.objects.filter(verb="reminder.send").count() == 3


def test_running_every_hour_sends_it_once(town: Town) -> None:
    make_invoice(town)
    assert work(7).count("reminders.deliver") == 1
    for hour in range(1, 6):
        assert "reminders.deliver" not in work(7, hours=hour)
    assert sent() == [(1, "sent")]


def test_the_last_day_to_pay_is_not_late(town: Town) -> None:
    InvoiceType.objects.update(reminder_steps=steps(1))
    make_invoice(town)
    work(0)
    assert sent() == []
    work(1)
    assert sent() == [(1, "sent")]


def test_who_paid_is_not_reminded(town: Town) -> None:
    pay(make_invoice(town))
    work(30)
    assert (sent(), list(queries.candidates(lib_dates.day_of(late(30))))) == ([], [])


@pytest.mark.parametrize("ending", ["cancel", "transfer"])
def test_what_is_not_due_any_more_is_not_reminded(town: Town, ending: str) -> None:
    invoice = make_invoice(town)
    if ending == "cancel":
        billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="x", actor=WHO, at=late(1))
    else:
        billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=late(1))
    work(30)
    assert reminders.remind(invoice_id=invoice.pk, at=late(30)) is None
    assert sent() == []


def test_who_is_at_the_bank_is_not_reminded(town: Town) -> None:
    invoice = make_invoice(town)
    payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key="k", actor=somebody("u"), at=late(7)
    )
    assert reminders.remind(invoice_id=invoice.pk, at=late(7)) is None
    assert sent() == []


def test_who_has_no_address_is_not_reminded_and_stops_nobody(town: Town) -> None:
    invoice = make_invoice(town)
    type(town.citizen).objects.update(email="", address="")
    assert reminders.remind(invoice_id=invoice.pk, at=late(7)) is None
    assert not ProcrastinateJob.objects.filter(task_name="reminders.deliver").exists()


def test_a_fourth_reminder_uses_the_third_words_and_a_type_may_have_its_own(town: Town) -> None:
    InvoiceType.objects.update(reminder_steps=steps(1, 10, 20, 30))
    make_invoice(town)
    for day in (1, 10, 20):
        work(day)
    billing.configure_type(
        type_id=town.type.pk,
        values={"reminder_steps": [*steps(1, 10, 20), *steps(30, subject="Stage", body="{{ nom }} : {{ reste_du }}")]},
        actor=WHO,
        at=late(21),
    )
    work(30)
    kinds = list(Message.objects.filter(kind__startswith="reminder").order_by("id").values_list("kind", flat=True))
    assert kinds == ["reminder_1", "reminder_2", "reminder_3", "reminder_3"]
    assert Message.objects.order_by("-id")[0].text == "Maud Lefèvre : 52,00\u00a0€"


def test_words_that_cannot_be_filled_stop_no_reminder(town: Town) -> None:
    """They pass the check, each variable worth « … », and are too long once filled: the default words leave instead."""
    unlucky = make_invoice(town, meals=1)
    make_invoice(town, meals=2)
    InvoiceType.objects.update(reminder_steps=steps(7, subject="Rappel", body="{{ nom }}" * 600))
    Citizen.objects.filter(pk=unlucky.payer_id).update(last_name="N" * 80)
    work(8)
    assert sent() == [(1, "sent"), (1, "sent")]
    assert all("N" * 80 * 2 not in text and "Bonjour" in text for text in texts())


def texts() -> list[str]:
    return list(Message.objects.filter(kind="reminder_1").values_list("text", flat=True))


def test_a_reminder_that_raises_stops_no_other_and_the_task_fails(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    unlucky, other = make_invoice(town, meals=1), make_invoice(town, meals=2)
    words_of = deciding.Words.__call__

    def fail(words: deciding.Words, group: Sequence[deciding.Chosen]) -> Any:
        if group[0].invoice.pk == unlucky.pk:
            raise ZeroDivisionError
        return words_of(words, group)

    monkeypatch.setattr(deciding.Words, "__call__", fail)
    with pytest.raises(ExceptionGroup, match="1 left undone"):
        work(8)
    assert list(Reminder.objects.values_list("invoice", flat=True)) == [other.pk]


def test_delays_in_any_order_are_taken_in_theirs(town: Town) -> None:
    """A file may write them so: the first reminder is the one of the seventh day."""
    InvoiceType.objects.update(reminder_steps=[{"days": day} for day in (21, 7, 35)])
    invoice = make_invoice(town)
    assert list(queries.candidates(late(6).date())) == []
    assert list(queries.candidates(late(7).date())) == [invoice.pk]
    work(7)
    assert list(queries.candidates(late(20).date())) == []
    assert list(queries.candidates(late(21).date())) == [invoice.pk]


def test_a_step_that_was_left_is_not_lost(town: Town) -> None:
    """Decided, left since its payer was to be left in peace, then free again: the same words come again, once."""
    invoice = make_invoice(town)
    first = reminders.remind(invoice_id=invoice.pk, at=late(7))
    assert first is not None and first.message is not None
    asked = recovery.HoldRequest(late(9).date(), "difficulty")
    hold = recovery.place_hold(invoice_id=invoice.pk, asked=asked, actor=WHO, at=late(7))
    for _twice in range(2):
        reminders.deliver(message_id=first.message.pk, at=late(7))
    assert reminders.remind(invoice_id=invoice.pk, at=late(8)) is None
    recovery.lift_hold(hold_id=hold.pk, actor=WHO, at=late(8))
    assert list(queries.candidates(late(8).date())) == [invoice.pk]
    work(8)
    work(8, hours=1)
    assert sent() == [(1, "dropped"), (1, "sent")]
    assert queries.sent_of(invoice) == rules.Sent(1, late(8).date(), late(8).date(), dropped=1)
    work(21)
    assert sent()[-1] == (2, "sent")


def test_many_are_shared_between_the_workers_and_none_is_left_nor_reminded_twice(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SHARE", 2)
    invoices = [make_invoice(town) for _n in range(5)]
    with time_machine.travel(late(8), tick=False):
        run.func(timestamp=0)
        assert Reminder.objects.count() == 2
        assert run_tasks().count("reminders.decide") == 2
    assert sorted(Reminder.objects.values_list("invoice", flat=True)) == sorted(one.pk for one in invoices)
    work(9)
    assert Reminder.objects.count() == 5


def test_a_share_that_comes_too_late_reminds_nobody(town: Town) -> None:
    invoice = make_invoice(town)
    for hours in (-1, 1, 12):
        with time_machine.travel(late(8) + timedelta(hours=hours), tick=False):
            tasks.decide_shared.func(invoice_ids=str(invoice.pk), hour=lib_dates.local(late(8)).hour)
    assert not Reminder.objects.exists()
