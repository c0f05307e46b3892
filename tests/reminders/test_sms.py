"""The SMS that goes beside a reminder: to who has a mobile, once, and not if the invoice is paid meanwhile."""

import pytest
import time_machine

from obole.billing import operations as billing
from obole.billing.models import Letter
from obole.billing.rules import reminder_plan
from obole.billing.rules.reminder_plan import Step
from obole.directory.models import Citizen
from obole.mailing.models import Message
from obole.payments import operations as payments, timeline
from obole.payments.models import Receipt
from obole.recovery import queries as recovery
from obole.reminders import operations as reminders
from obole.reminders.models import Reminder
from obole.reminders.tasks import run
from tests.crm.desk import browser, get, text_of
from tests.spaces import plain
from tests.world import WHO, Town, handed, later, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db
LATE = 27
TEXT = "{{ ville }} : votre facture {{ numero }} de {{ reste_du }} reste à payer."


@pytest.fixture
def town(db: None) -> Town:
    town = make_town()
    plan(town, Step(7, sms=TEXT), Step(21))
    Citizen.objects.filter(pk=town.citizen.pk).update(phone="06 12 34 56 78")
    return town


def plan(town: Town, *planned: Step, **values: object) -> None:
    kept = reminder_plan.as_kept(planned)
    billing.configure_type(type_id=town.type.pk, values={"reminder_steps": kept, **values}, actor=WHO, at=later())


def decide(days: int = LATE) -> None:
    with time_machine.travel(later(days=days), tick=False):
        run.func(timestamp=0)


def sms() -> list[Message]:
    return list(Message.objects.filter(channel="sms").order_by("id"))


def test_it_goes_beside_the_mail_and_is_counted_once(town: Town) -> None:
    invoice = make_invoice(town)
    decide()
    (one,) = sms()
    assert (one.to, one.kind) == ("+33612345678", "reminder_sms")
    assert one.text == plain(f"Ville de Valbourg : votre facture {invoice.number} de 52,00 € reste à payer.")
    reminder = Reminder.objects.get()
    assert reminder.sms == one and reminder.message is not None and reminder.message.channel == "mail"
    assert set(run_tasks()) >= {"reminders.deliver", "reminders.deliver_sms"}
    counted = recovery.with_obstacle(type(invoice).objects.all(), later(days=LATE).date()).get()
    assert counted.reminded == 1
    decide(LATE + 1)
    assert len(sms()) == 1


def test_a_step_without_one_and_a_payer_without_a_mobile_get_none(town: Town) -> None:
    make_invoice(town)
    Citizen.objects.update(phone="01 23 45 67 89")
    decide()
    assert not sms() and Reminder.objects.count() == 1


def test_who_gets_a_letter_gets_it_too(town: Town) -> None:
    Citizen.objects.update(email="", address="1 rue de la Paix\n99999 Valbourg")
    make_invoice(town)
    decide()
    assert len(sms()) == 1 and Letter.objects.filter(kind="reminder").count() == 1


def test_paid_meanwhile_it_does_not_leave(town: Town) -> None:
    invoice = make_invoice(town)
    decide()
    money = handed(52_00, Receipt.Means.CASH, payer="Mme Lefèvre")
    payments.take_money(invoice_id=invoice.pk, money=money, request_key="k", actor=WHO, at=later(days=LATE, minutes=1))
    (one,) = sms()
    reminders.deliver_sms(message_id=one.pk, at=later(days=LATE, minutes=5))
    one.refresh_from_db()
    assert one.state == "dropped"


def test_several_invoices_in_one_mail_make_one_sms(town: Town) -> None:
    plan(town, Step(7, sms=TEXT), reminder_together=True)
    make_invoice(town), make_invoice(town)
    decide()
    assert len(sms()) == 1
    assert Reminder.objects.filter(sms=sms()[0]).count() == 2


def test_it_is_told_to_the_payer_and_to_agents(town: Town) -> None:
    invoice = make_invoice(town)
    decide()
    run_tasks()
    told = {entry.title: entry.detail for entry in timeline.payer_timeline(invoice)}
    assert told["Un SMS vous a été envoyé"] == sms()[0].text
    client = browser(town.admin)
    assert "Relance, par SMS" in text_of(get(client, "invoice", invoice.pk))
    page = text_of(get(client, "message", sms()[0].pk))
    assert "Relance, par SMS" in page and "Renvoyer à" not in page


def test_words_that_cannot_be_used_are_refused_and_a_long_one_is_counted(town: Town) -> None:
    (wrong,) = reminder_plan.wrong_sms(Step(7, sms="{{ motif }}"))
    assert "La variable « motif » n’existe pas" in plain(wrong)
    (long,) = reminder_plan.wrong_sms(Step(7, sms="a" * 301))
    assert "300 caractères au plus" in long
    plan(town, Step(7, sms="é" * 200))
    page = text_of(get(browser(town.admin), "settings_type_reminders", town.type.pk))
    assert "SMS de 200 signes, payé comme 2" in page
    assert "Aucun service de SMS n’est réglé par l’exploitant" in page


def test_one_that_its_service_refused_is_told_as_an_sms(town: Town) -> None:
    invoice = make_invoice(town)
    decide()
    Message.objects.filter(channel="sms").update(state="failed", last_error="sms: unknown number")
    page = text_of(get(browser(town.admin), "invoice", invoice.pk))
    assert "SMS non remis à +33612345678. Le service de SMS ne l’a pas pris." in page
    assert "Courriel « Relance, par SMS »" not in page
