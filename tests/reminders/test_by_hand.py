"""« Relancer » by hand: the next words of the scenario, once a day, to who is late, owes and may pay; else a reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.directory.models import Agent, Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.lib import dates as lib_dates
from obole.mailing.models import Message
from obole.payments.models import Circuit
from obole.recovery import operations as recovery
from obole.reminders import operations as reminders, queries
from obole.reminders.models import Reminder
from obole.reminders.queries import ReminderRefusal
from obole.reminders.tasks import run
from tests.crm.desk import pay, try_to_pay
from tests.payments.steps import come_back, pay as pay_differently
from tests.world import (
    WHO,
    Town,
    later,
    make_agent,
    make_fixed_invoice,
    make_invoice,
    make_old_draft,
    make_town,
    run_tasks,
)

pytestmark = pytest.mark.django_db
DUE_IN = 20


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def late(days_late: int) -> Any:
    """Return noon, so many days after the last day to pay."""
    return later(days=DUE_IN + days_late)


def ask(invoice: Invoice, days_late: int = 2, *, by: Agent | None = None) -> Reminder:
    actor = by.actor if by else WHO
    return reminders.remind_now(invoice_id=invoice.pk, actor=actor, at=late(days_late))


def refused(invoice: Invoice, days_late: int = 2) -> ReminderRefusal:
    """Ask, and return why it is refused; nothing is written, and the list says the same."""
    before = Message.objects.count(), Reminder.objects.count(), Record.objects.count()
    with pytest.raises(reminders.ReminderRefused) as refusal:
        ask(invoice, days_late)
    assert (Message.objects.count(), Reminder.objects.count(), Record.objects.count()) == before
    assert str(refusal.value) == refusal.value.why.label
    said = queries.refusals([invoice.pk], today=lib_dates.day_of(late(days_late)))
    assert said == {invoice.pk: refusal.value.why}
    return refusal.value.why


def work(days_late: int) -> None:
    with time_machine.travel(late(days_late), tick=False):
        run.func(timestamp=0)
        run_tasks()


def kinds() -> list[tuple[str, str]]:
    return list(Message.objects.filter(kind__startswith="reminder").order_by("id").values_list("kind", "state"))


def test_an_agent_sends_the_next_reminder_before_its_day(town: Town) -> None:
    invoice = make_invoice(town)
    assert queries.refusals([invoice.pk], today=late(2).date()) == {}
    words = reminders.next_words(Invoice.objects.get(pk=invoice.pk), today=late(2).date())
    reminder = ask(invoice, by=town.agent)
    run_tasks()
    reminder.message.refresh_from_db()
    assert (reminder.step, reminder.message.kind, reminder.message.state) == (1, "reminder_1", "sent")
    assert (reminder.message.subject, reminder.message.text) == (words.subject, words.text)
    kept = Record.objects.get(verb="reminder.send")
    assert (kept.actor.id, kept.details["step"]) == (town.agent.actor.id, 1)


def test_the_worker_does_not_send_the_same_words_again(town: Town) -> None:
    """The delays are 7, 21 and 35 days: the first was asked for on the fifth, the second comes on its own day."""
    invoice = make_invoice(town)
    ask(invoice, 5)
    for day in range(5, 40):
        work(day)
    days = [(item.decided_at - late(0)).days for item in Reminder.objects.order_by("step")]
    assert days == [5, 21, 35]
    assert [kind for kind, _state in kinds()] == ["reminder_1", "reminder_2", "reminder_3"]


def test_one_asked_for_on_the_eve_puts_the_automatic_one_off(town: Town) -> None:
    invoice = make_invoice(town)
    work(7)
    ask(invoice, 20)
    for day in range(20, 40):
        work(day)
    days = [(item.decided_at - late(0)).days for item in Reminder.objects.order_by("step")]
    assert days == [7, 20, 35]


def test_a_day_has_one_reminder_whoever_asks(town: Town) -> None:
    invoice = make_invoice(town)
    work(7)
    assert refused(invoice, 7) == ReminderRefusal.TODAY
    ask(invoice, 8)
    assert refused(invoice, 8) == ReminderRefusal.TODAY
    run_tasks()
    assert kinds() == [("reminder_1", "sent"), ("reminder_2", "sent")]


def test_the_database_refuses_two_in_a_day_in_paris(town: Town) -> None:
    invoice, others = make_invoice(town), [make_invoice(town, meals=meals) for meals in (1, 2)]
    first = ask(invoice)
    spare = [ask(other).message for other in others]
    Reminder.objects.exclude(pk=first.pk).delete()
    # 23:30 in Paris, the same day; 00:30 is the day after.
    night = first.decided_at.astimezone(lib_dates.PARIS).replace(hour=23, minute=30)
    with pytest.raises(IntegrityError, match="reminder_once_a_day"), transaction.atomic():
        Reminder.objects.create(invoice=invoice, step=2, message=spare[0], decided_at=night)
    Reminder.objects.create(invoice=invoice, step=2, message=spare[1], decided_at=night + timedelta(hours=1))


def test_where_the_scenario_is_at_its_end_or_there_is_none_the_words_follow_each_other(town: Town) -> None:
    InvoiceType.objects.update(reminder_steps=[])
    invoice = make_invoice(town)
    for day in (1, 2, 3, 4):
        ask(invoice, day)
    assert [kind for kind, _state in kinds()] == ["reminder_1", "reminder_2", "reminder_3", "reminder_3"]


def test_the_payer_keeps_the_days_that_the_words_promise(town: Town) -> None:
    invoice = make_invoice(town)
    Invoice.objects.filter(pk=invoice.pk).update(payable_until=late(10).date())
    ask(invoice, 2)
    invoice.refresh_from_db()
    assert invoice.payable_until == late(17).date()


def paid(town: Town, invoice: Invoice) -> None:
    pay(invoice)


def cancelled(town: Town, invoice: Invoice) -> None:
    billing.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=late(1))


def transferred(town: Town, invoice: Invoice) -> None:
    billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=late(1))


def disputed(town: Town, invoice: Invoice) -> None:
    recovery.open_dispute(invoice_id=invoice.pk, reason="Absent", actor=WHO, at=late(1))


def paying(town: Town, invoice: Invoice) -> None:
    try_to_pay(invoice)


def handing_over(town: Town, invoice: Invoice) -> None:
    recovery.request_transmission(
        regie_id=town.regie.pk, invoice_ids=[invoice.pk], request_key="t", actor=WHO, at=late(1)
    )


def bank_down(town: Town, invoice: Invoice) -> None:
    Circuit.objects.create(regie=town.regie, failures=5, failing_since=late(1), down_since=late(1), probed_at=late(1))


def no_address(town: Town, invoice: Invoice) -> None:
    Citizen.objects.update(email="", address="")


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (paid, ReminderRefusal.PAID),
        (cancelled, ReminderRefusal.CANCELLED),
        (transferred, ReminderRefusal.TRANSFERRED),
        (disputed, ReminderRefusal.DISPUTED),
        (paying, ReminderRefusal.PAYING),
        (handing_over, ReminderRefusal.HANDING_OVER),
        (bank_down, ReminderRefusal.BANK_DOWN),
        (no_address, ReminderRefusal.NO_ADDRESS),
    ],
)
def test_who_is_not_to_be_reminded_is_not(
    town: Town, happens: Callable[[Town, Invoice], None], why: ReminderRefusal
) -> None:
    invoice = make_invoice(town)
    happens(town, invoice)
    assert refused(invoice) == why


def test_who_sent_money_that_a_person_still_looks_at_is_not_asked_for_more(town: Town) -> None:
    invoice = make_fixed_invoice(town, 5209)
    come_back(pay_differently(invoice), 3)
    assert refused(invoice) == ReminderRefusal.MONEY_WAITS


def test_what_is_not_late_yet_or_not_issued_is_not_reminded(town: Town) -> None:
    assert refused(make_invoice(town), 0) == ReminderRefusal.NOT_LATE
    assert refused(make_old_draft(town)) == ReminderRefusal.DRAFT


def test_it_takes_the_prestation_or_the_mandate(town: Town) -> None:
    invoice = make_invoice(town)
    elsewhere = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    with pytest.raises(NotAllowed):
        ask(invoice, by=elsewhere)
    assert not Reminder.objects.exists()
    ask(invoice, by=town.regisseur)


def test_one_query_says_it_of_a_whole_selection(town: Town, django_assert_max_num_queries: Any) -> None:
    ids = [make_invoice(town, meals=meals).pk for meals in (1, 2, 3)]
    with django_assert_max_num_queries(2):
        assert len(queries.refusals(ids, today=late(0).date())) == 3
