"""Several late invoices of one payer: one mail that lists them, where their types say so."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from obole.billing import operations as billing
from obole.billing.models import Invoice, Letter
from obole.billing.rules import reminder_plan
from obole.billing.rules.reminder_plan import Step
from obole.catalogue import operations as catalogue
from obole.directory.models import Citizen
from obole.mailing import queries as mails
from obole.mailing.models import Message
from obole.payments import operations as payments, timeline
from obole.payments.models import Receipt
from obole.recovery import queries as recovery
from obole.reminders import operations as reminders
from obole.reminders.models import Reminder
from obole.reminders.tasks import run
from tests.spaces import plain
from tests.world import (
    WHO,
    Town,
    bill_dossier,
    handed,
    later,
    make_citizen,
    make_dossier,
    make_fixed,
    make_invoice,
    make_town,
    make_type,
    run_tasks,
    steps,
)

pytestmark = pytest.mark.django_db
LATE = 27
"""Days after the issue: a week after the due date of the town's invoices."""


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def decide(*, days: int = LATE, hours: float = 0) -> None:
    with time_machine.travel(later(days=days) + timedelta(hours=hours), tick=False):
        run.func(timestamp=0)


def together(town: Town, *planned: Step, **values: Any) -> None:
    kept = reminder_plan.as_kept(planned or (Step(7), Step(21), Step(35)))
    values = {"reminder_steps": kept, "reminder_together": True, **values}
    billing.configure_type(type_id=town.type.pk, values=values, actor=WHO, at=later())


def made(town: Town, how_many: int, *, citizen: Citizen | None = None) -> list[Invoice]:
    citizen = citizen or make_citizen("maud.lefevre@example.org")
    return [make_invoice(town, citizen=citizen) for _n in range(how_many)]


def listed() -> list[Message]:
    return list(Message.objects.filter(kind="reminder_many").order_by("id"))


def test_one_mail_lists_them_and_each_has_its_reminder(town: Town) -> None:
    together(town)
    mine, other = made(town, 3), made(town, 1, citizen=make_citizen("paul.durand@example.org", last_name="Durand"))

    decide()

    (message,) = listed()
    assert Message.objects.filter(kind__startswith="reminder").count() == 2
    assert plain(message.subject) == "3 factures restent à régler : 156,00 €"
    for invoice in mine:
        assert plain(f"- n° {invoice.number} ({invoice.label}) : 52,00 €, échue le 15 décembre 2026") in plain(
            message.text
        )
    assert other[0].number not in message.text
    assert set(message.reminders.values_list("invoice", "step")) == {(invoice.pk, 1) for invoice in mine}
    assert run_tasks().count("reminders.deliver") == 2


def test_each_invoice_tells_of_the_mail_and_counts_it(town: Town) -> None:
    together(town)
    mine = made(town, 2)
    decide()
    (message,) = listed()

    for invoice in mine:
        assert list(mails.about(invoice).filter(kind="reminder_many")) == [message]
        assert message.subject in [entry.detail for entry in timeline.payer_timeline(invoice)]
    counted = recovery.with_obstacle(Invoice.objects.order_by("pk"), later(days=LATE).date())
    assert list(counted.values_list("reminded", flat=True)) == [1, 1]


def test_a_type_that_does_not_say_so_writes_one_mail_each(town: Town) -> None:
    together(town, reminder_together=False)
    made(town, 2)

    decide()

    assert not listed()
    assert Message.objects.filter(kind="reminder_1").count() == 2


def test_two_services_never_share_a_mail(town: Town) -> None:
    """Who handles one must not read what is owed to the other."""
    together(town)
    citizen = make_citizen("maud.lefevre@example.org")
    made(town, 1, citizen=citizen)
    service = catalogue.configure_service(service_id=None, values={"name": "École de musique"}, actor=WHO, at=later())
    scheme, form = make_fixed(town, 64_00, label="Harpe")
    catalogue.configure_scheme(scheme_id=scheme.pk, values={"service": service}, actor=WHO, at=later())
    kind = make_type(town.regie, [scheme], name="Musique", reminder_steps=steps(7), reminder_together=True)
    bill_dossier(make_dossier(town, form=form, citizen=citizen), kind)

    decide()

    assert not listed()
    assert Reminder.objects.count() == 2


def test_one_that_is_paid_before_the_mail_leaves_is_not_asked_for_and_the_others_are(town: Town) -> None:
    together(town)
    mine = made(town, 3)
    decide()
    (message,) = listed()
    money = handed(52_00, Receipt.Means.CASH, payer="Mme Lefèvre")
    payments.take_money(invoice_id=mine[0].pk, money=money, request_key="k", actor=WHO, at=later(days=LATE, minutes=1))

    reminders.deliver(message_id=message.pk, at=later(days=LATE, minutes=5))

    message.refresh_from_db()
    assert message.state == "dropped"
    assert not Reminder.objects.filter(dropped_at=None).exists()
    decide(hours=1)
    again = listed()[-1]
    assert set(again.reminders.values_list("invoice", flat=True)) == {mine[1].pk, mine[2].pk}
    assert mine[0].number not in again.text


def test_steps_of_different_ranks_and_the_last_one_says_what_follows(town: Town) -> None:
    together(town, Step(7), Step(12), Step(20))
    older = made(town, 1)[0]
    for day in (27, 32):
        decide(days=day)
    younger = make_invoice(town, citizen=older.payer, at=later(days=13))

    decide(days=40)

    (message,) = listed()
    assert set(message.reminders.values_list("invoice", "step")) == {(older.pk, 3), (younger.pk, 1)}
    lines = {
        line.split(" (")[0].removeprefix("- n° "): plain(line) for line in message.text.splitlines() if "- n°" in line
    }
    assert "transmise au comptable public" in lines[older.number or ""]
    assert "transmise" not in lines[younger.number or ""]


def test_an_invoice_in_the_way_stops_no_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    together(town)
    mine = made(town, 3)
    usual = reminders.deciding._rank_due

    def fails_for_one(invoice: Invoice, *args: Any, **options: Any) -> int | None:
        if invoice.pk == mine[1].pk:
            raise RuntimeError("a row that nobody understands")
        return usual(invoice, *args, **options)

    monkeypatch.setattr(reminders.deciding, "_rank_due", fails_for_one)

    with pytest.raises(ExceptionGroup):
        decide()

    assert set(Reminder.objects.values_list("invoice", flat=True)) == {mine[0].pk, mine[2].pk}


def test_a_payer_of_many_invoices_gets_mails_that_can_be_read(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obole.reminders.emails.MOST_TOGETHER", 2)
    together(town)
    made(town, 5)

    decide()

    assert sorted(message.reminders.count() for message in listed()) == [2, 2]
    assert Reminder.objects.count() == 5


def test_who_has_no_mail_gets_a_letter_each(town: Town) -> None:
    together(town)
    citizen = make_citizen("", last_name="Sansmail")
    Citizen.objects.filter(pk=citizen.pk).update(address="1 rue de la Paix\n99999 Valbourg")
    citizen.refresh_from_db()
    made(town, 2, citizen=citizen)

    decide()

    assert Letter.objects.filter(kind="reminder").count() == 2
    assert not listed()


def test_sent_again_it_is_about_the_same_invoices(town: Town) -> None:
    together(town)
    mine = made(town, 2)
    decide()
    (message,) = listed()
    Message.objects.filter(pk=message.pk).update(state="failed")
    message.refresh_from_db()

    copy = payments.resend_message(message_id=message.pk, actor=WHO, at=later(days=28))

    for invoice in mine:
        assert copy in mails.about(invoice)
