"""A plan of reminders: before and after the due date, each step with its words, on open days, for what is worth it."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoicePdf, InvoiceType
from obole.billing.rules import reminder_plan
from obole.billing.rules.reminder_plan import Step
from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.directory.rules import Profile
from obole.lib import actors, dates, texts
from obole.lib.open_days import Calendar
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.reminders import operations as reminders, queries
from obole.reminders.models import Reminder
from obole.reminders.queries import ReminderObstacle, campaigns, simulation
from obole.reminders.tasks import run
from tests.actors import somebody
from tests.crm.desk import browser, get, text_of
from tests.spaces import plain
from tests.world import WHO, Town, later, make_agent, make_citizen, make_invoice, make_town, run_tasks, steps

pytestmark = pytest.mark.django_db
DUE_IN = 20
"""Invoices of the town are due on Tuesday 15/12/2026."""


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def late(days_late: int) -> Any:
    return later(days=DUE_IN + days_late)


def work(days_late: int, *, hours: float = 0) -> None:
    with time_machine.travel(late(days_late) + timedelta(hours=hours), tick=False):
        run.func(timestamp=0)
        run_tasks()


def plan(town: Town, *planned: Step, **values: Any) -> None:
    kept = reminder_plan.as_kept(planned)
    billing.configure_type(type_id=town.type.pk, values={"reminder_steps": kept, **values}, actor=WHO, at=later())


def sent() -> list[tuple[int, int]]:
    """Return each reminder: its rank, and how many days after the due date it was decided."""
    return [(item.step, (item.decided_at - late(0)).days) for item in Reminder.objects.order_by("step")]


def kinds() -> list[str]:
    return list(Message.objects.filter(kind__startswith="reminder").order_by("id").values_list("kind", flat=True))


def test_each_step_says_its_own_words_or_those_of_its_rank(town: Town) -> None:
    own = Step(
        21, "Deuxième, {{ numero }}", "Le {{ relance_1_le }}, puis le {{ relance_precedente_le }} : {{ reste_du }}"
    )
    plan(town, Step(-5), Step(7), own, Step(35))
    make_invoice(town)
    for day in range(-10, 60):
        work(day)
    assert sent() == [(1, -5), (2, 7), (3, 21), (4, 35)]
    assert kinds() == ["reminder_before", "reminder_1", "reminder_2", "reminder_3"]
    second = Message.objects.get(kind="reminder_2")
    assert second.subject.startswith("Deuxième, ENF-2026-")
    assert second.text.startswith("Le 10 décembre 2026, puis le 22 décembre 2026")
    assert "est à régler avant le 15 décembre 2026" in Message.objects.get(kind="reminder_before").text


def test_a_reminder_before_the_due_date_that_was_missed_is_left(town: Town) -> None:
    plan(town, Step(-5), Step(7))
    make_invoice(town)
    assert list(queries.candidates(late(1).date())) == []
    for day in range(1, 10):
        work(day)
    assert (sent(), kinds()) == ([(2, 7)], ["reminder_1"])


def test_the_towns_holidays_and_its_school_holidays_are_spared(town: Town) -> None:
    values = {"territory": "57", "school_zone": "B"}
    directory.configure_authority(values=values, actor=WHO, at=later())
    plan(town, Step(5), reminder_outside_school_holidays=True)
    # Due on 15/12, reminded on 20/12: the holidays of Christmas are from 19/12 to 03/01.
    invoice = make_invoice(town)
    assert queries.next_reminder(invoice, today=late(1).date()).day == date(2027, 1, 4)
    for day in range(1, 25):
        work(day)
    assert sent() == [(1, 20)]


def test_a_page_of_a_plan_says_when_no_zone_is_set(town: Town) -> None:
    client = browser(town.admin)
    plan(town, Step(5), reminder_outside_school_holidays=True)
    said = "La zone scolaire de la collectivité n’est pas réglée"
    assert said in text_of(get(client, "settings_type_reminders", town.type.pk))
    directory.configure_authority(values={"school_zone": "C"}, actor=WHO, at=later())
    assert said not in text_of(get(client, "settings_type_reminders", town.type.pk))


def test_open_days_only(town: Town) -> None:
    """The 25th is a holiday, then comes a week-end: what was planned on Christmas leaves on Monday."""
    plan(town, Step(10), reminder_open_days_only=True)
    make_invoice(town)
    assert queries.next_reminder(Invoice.objects.get(), today=late(1).date()).day == date(2026, 12, 28)
    for day in range(9, 14):
        work(day)
    assert sent() == [(1, 13)]


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 12, 25), "noël"),
        (date(2027, 3, 29), "lundi de pâques"),
        (date(2026, 11, 28), "samedi"),
        (date(2026, 11, 29), "dimanche"),
        (date(2026, 11, 30), ""),
    ],
)
def test_what_closes_offices(day: date, why: str) -> None:
    calendar = Calendar(offices=True)
    assert calendar.why_closed(day) == why
    assert calendar.is_open(day) is (why == "")


def test_hours_are_those_of_paris(town: Town) -> None:
    """Noon there is 11 in UTC: from 14 to 16 h, nothing leaves at noon, and what is due leaves at 14 h."""
    plan(town, Step(7), reminder_first_hour=14, reminder_last_hour=16)
    make_invoice(town)
    local = dates.local(late(7)).hour
    for hour in (12, 13):
        work(7, hours=hour - local)
        assert sent() == []
    work(7, hours=14 - local)
    assert Reminder.objects.count() == 1


def test_small_sums_are_not_reminded_and_say_so(town: Town) -> None:
    plan(town, Step(7), reminder_minimum_cents=52_01)
    invoice = make_invoice(town)
    work(8)
    assert sent() == []
    assert reminders.remind(invoice_id=invoice.pk, at=late(8)) is None
    assert queries.next_reminder(invoice, today=late(8).date()).obstacle == ReminderObstacle.SMALL
    plan(town, Step(7), reminder_minimum_cents=52_00)
    work(8)
    assert sent() == [(1, 8)]


def test_the_invoice_is_joined_where_its_type_says_so(town: Town) -> None:
    plan(town, Step(7), Step(21), reminder_joins_invoice=True)
    invoice = make_invoice(town)
    run_tasks()
    work(7)
    document = InvoicePdf.objects.get(invoice=invoice)
    said = {"name": f"{invoice.number}.pdf", "type": "application/pdf", "digest": document.digest}
    assert Reminder.objects.get().message.attachments == [said]
    plan(town, Step(7), Step(21), reminder_joins_invoice=False)
    work(21)
    assert Reminder.objects.get(step=2).message.attachments == []


def test_an_agents_reminder_is_a_late_one(town: Town) -> None:
    plan(town, Step(-5), Step(7), Step(21))
    invoice = make_invoice(town)
    reminders.remind_now(invoice_id=invoice.pk, actor=town.agent.actor, at=late(2))
    assert (sent(), kinds()) == ([(2, 2)], ["reminder_1"])
    assert list(queries.candidates(late(8).date())) == []


@pytest.mark.parametrize(
    ("planned", "sentence"),
    [
        (steps(7, 7), "le même jour"),
        (steps(400), "365 jours"),
        (steps(-20), "le jour de son dépôt : le délai de paiement est de 20 jours"),
        (steps(*range(1, 14)), "12 relances"),
        (steps(7, subject="Objet"), "laissez les deux vides"),
        (steps(7, subject="{{ mdp }}", body="x"), "« mdp » n’existe pas"),
        ([{"days": True}], "liste d’étapes"),
        ({"days": 7}, "liste d’étapes"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(town: Town, planned: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        billing.configure_type(type_id=town.type.pk, values={"reminder_steps": planned}, actor=WHO, at=later())
    assert sentence in plain(" ".join(refusal.value.messages))
    assert [step.days for step in InvoiceType.objects.get().steps] == [7, 21, 35]


def test_a_shorter_payment_term_is_refused_where_a_reminder_would_come_first(town: Town) -> None:
    plan(town, Step(-10))
    with pytest.raises(ValidationError, match="partirait avant la facture"):
        billing.configure_type(type_id=town.type.pk, values={"payment_term": 10}, actor=WHO, at=later())


def test_a_plan_is_drawn_on_real_dates(town: Town) -> None:
    """Across the end of summer time, a step before, one that falls on a Sunday, and the gap of five days."""
    plan(town, Step(-5), Step(5), Step(7), reminder_open_days_only=True)
    drawn = simulation.draw(InvoiceType.objects.get(), date(2026, 10, 13))
    assert (drawn.due_date, [step.day for step in drawn.steps]) == (
        date(2026, 11, 2),
        [date(2026, 10, 28), date(2026, 11, 9), date(2026, 11, 16)],
    )
    assert [(step.moved_from, step.why) for step in drawn.steps][1] == (date(2026, 11, 7), "samedi")
    assert drawn.handed_over > drawn.steps[-1].day


def test_what_is_drawn_is_what_happens(town: Town) -> None:
    plan(town, Step(-5), Step(1), Step(3), Step(30), reminder_open_days_only=True)
    invoice = make_invoice(town)
    drawn = simulation.draw(InvoiceType.objects.get(), dates.day_of(later()))
    for day in range(-19, 60):
        work(day)
    decided = Reminder.objects.order_by("step").values_list("step", "decided_at")
    assert [(step.rank, step.day) for step in drawn.steps] == [(rank, dates.day_of(at)) for rank, at in decided]
    kept = Invoice.objects.get(pk=invoice.pk).payable_until
    assert kept is not None and drawn.handed_over == kept + timedelta(days=1)


def test_who_will_be_reminded_in_a_month(town: Town) -> None:
    first, paper = make_invoice(town), make_invoice(town, citizen=make_citizen("papier@example.org"))
    Citizen.objects.filter(pk=paper.payer_id).update(email="")
    kind = InvoiceType.objects.get()
    assert list(simulation.upcoming(kind, late(-25).date())) == []
    coming = list(simulation.upcoming(kind, late(8).date()))
    assert [(one.invoice.pk, one.rank, one.day) for one in coming] == [
        (first.pk, 1, late(8).date()),
        (paper.pk, 1, late(8).date()),
    ]


def test_what_reminders_did_is_counted_by_step(town: Town) -> None:
    """Two are reminded; one pays three days later, the other long after: the first step brought one payment."""
    quick, slow = make_invoice(town), make_invoice(town, meals=2)
    work(7)
    pay(quick, at=late(10))
    work(21)
    pay(slow, at=late(29))
    first, last = late(0).date(), late(40).date()
    found = campaigns.results(town.agent, first, last)
    assert [(row.step, row.decided, row.sent, row.paid, row.paid_cents, row.per_cent) for row in found] == [
        (1, 2, 2, 1, 52_00, 50),
        (2, 1, 1, 0, 0, 0),
    ]
    assert campaigns.results(town.agent, first, late(6).date()) == []
    assert campaigns.results(town.agent, first, last, [town.regie]) == found
    elsewhere = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    assert campaigns.results(elsewhere, first, last) == []
    shown = text_of(get(browser(town.agent), "reminder_results", first=first.isoformat(), last=last.isoformat()))
    assert "Relance 1 2 2 0 0 0 0 1 (50 %) 52,00" in shown
    wrong = get(browser(town.agent), "reminder_results", first=last.isoformat(), last=first.isoformat())
    assert "échangez-les" in text_of(wrong)


def pay(invoice: Invoice, *, at: Any) -> None:
    attempt = payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key=texts.token(), actor=somebody("usager"), at=at
    )
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=at)
