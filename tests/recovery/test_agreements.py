"""« Échéancier » : an issued invoice paid in several times, followed day by day, kept, broken or ended."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given, strategies as st

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.directory import operations as directory
from obole.directory.rules import NotAllowed, Profile
from obole.lib import dates, money
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt
from obole.recovery import operations as recovery, queries
from obole.recovery.agreement_states import AgreementState
from obole.recovery.models import Agreement, Instalment, InstalmentNotice, Obstacle
from obole.recovery.operations import CannotAgree
from obole.recovery.rules import instalments
from obole.recovery.tasks import follow_agreements
from obole.reminders import queries as reminder_queries
from obole.reminders.models import Reminder
from obole.reminders.queries import ReminderRefusal
from obole.reminders.tasks import run
from tests.books import check_books
from tests.crm.desk import browser, text_of, url
from tests.recovery.agreements import agree, shared
from tests.spaces import plain
from tests.world import NOON, WHO, Town, handed, later, make_agent, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def live(*days: int) -> None:
    """Let the worker live these days, at noon."""
    for day in days:
        with time_machine.travel(later(days=day), tick=False):
            run.func(timestamp=0)
            follow_agreements.func(timestamp=0)
            run_tasks()


def mails(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=kind).order_by("id"))


def hand_in(invoice: Invoice, cents: int, *, days: int) -> Receipt:
    cash = handed(cents, Receipt.Means.CASH)
    return payments.take_money(
        invoice_id=invoice.pk, money=cash, request_key=f"cash{days}", actor=WHO, at=later(days=days)
    )


def missing(invoice: Invoice, *, days: int) -> list[int]:
    invoice.refresh_from_db()
    standing = queries.agreement_of(invoice, dates.day_of(later(days=days)))
    return [due.missing for due in standing.dues] if standing else []


@given(cents=st.integers(200, 10**9), times=st.integers(2, instalments.MOST), paid=st.integers(0, 10**9))
def test_shares_are_the_whole_and_what_is_paid_covers_the_earliest(cents: int, times: int, paid: int) -> None:
    shares = instalments.share_out(cents, times=times, first=date(2026, 12, 31))
    assert sum(part for _day, part in shares) == cents
    assert max(part for _day, part in shares) - min(part for _day, part in shares) <= 1
    assert sorted(day for day, _part in shares) == [day for day, _part in shares]
    dues = instalments.cover(((n, day, part) for n, (day, part) in enumerate(shares, 1)), paid=paid)
    assert sum(due.missing for due in dues) == max(0, cents - paid)
    states = [bool(due.missing) for due in dues]
    assert states == sorted(states)


def test_the_31st_is_the_last_of_shorter_months() -> None:
    days = [day for day, _cents in instalments.share_out(300, times=3, first=date(2026, 12, 31))]
    assert days == [date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28)]


def test_what_is_to_pay_is_all_that_has_come_else_the_next_one() -> None:
    rows = [(1, date(2026, 12, 10), 500), (2, date(2027, 1, 10), 500), (3, date(2027, 2, 10), 500)]
    at = {
        (paid, day): instalments.to_pay(instalments.cover(rows, paid=paid), day)
        for paid in (0, 200, 500, 1500)
        for day in (date(2026, 12, 9), date(2026, 12, 10), date(2027, 1, 31))
    }
    assert [at[0, day] for day in (date(2026, 12, 9), date(2026, 12, 10), date(2027, 1, 31))] == [500, 500, 1000]
    assert [at[200, day] for day in (date(2026, 12, 9), date(2026, 12, 10), date(2027, 1, 31))] == [300, 300, 800]
    assert (at[500, date(2026, 12, 10)], at[1500, date(2027, 1, 31)]) == (500, 0)


def test_kept_to_the_end_each_is_recalled_once_and_nobody_is_reminded(town: Town) -> None:
    invoice = make_invoice(town)
    agreement = agree(invoice, NOON)
    assert "2 600" not in mails("agreement_made")[0].text and "26,00 €" in plain(mails("agreement_made")[0].text)
    live(4, 5, 6, 10)
    hand_in(invoice, 2600, days=10)
    assert missing(invoice, days=10) == [0, 2600]
    live(11, 14, 27, 35, 36, 37, 40)
    hand_in(invoice, 2600, days=41)
    live(42)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.KEPT
    assert [plain(mail.subject).split(" : ")[1] for mail in mails("instalment_soon")] == [
        "26,00 € à payer le 5 décembre 2026",
        "26,00 € à payer le 5 janvier 2027",
    ]
    assert mails("instalment_late") == [] and not Reminder.objects.exists()
    invoice.refresh_from_db()
    assert invoice.state == "paid" and invoice.total_cents == 5200
    check_books()


def test_late_it_is_asked_for_once_then_broken_and_reminders_go_on(town: Town) -> None:
    invoice = make_invoice(town)
    agreement = agree(invoice, NOON, grace_days=10)
    live(5, 12)
    assert mails("instalment_late") == []
    live(13, 14, 15)
    (late,) = mails("instalment_late")
    assert "26,00 € à régler au plus tard le 15 décembre 2026" in plain(late.text)
    live(20)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.OPEN
    live(21)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.BROKEN
    assert "les 52,00 € qui restent" in plain(mails("agreement_broken")[0].text)
    live(22, 27, 30)
    assert Reminder.objects.filter(invoice=invoice).count() == 1
    verbs = Record.objects.filter(verb__startswith="agreement").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["agreement.make", "agreement.break"]


def test_two_instalments_late_are_asked_for_together(town: Town) -> None:
    invoice = make_invoice(town)
    agree(invoice, NOON, grace_days=60)
    live(50)
    assert "52,00 € à régler" in plain(mails("instalment_late")[0].text)


def test_who_pays_all_at_once_is_not_written_to_again(town: Town) -> None:
    invoice = make_invoice(town)
    agreement = agree(invoice, NOON)
    hand_in(invoice, 5200, days=1)
    live(2, 5, 13, 40)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.KEPT
    assert not InstalmentNotice.objects.exists()


def test_cancelled_it_ends(town: Town) -> None:
    invoice = make_invoice(town)
    agreement = agree(invoice, NOON)
    billing.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=later(days=2))
    live(3)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.ENDED


def test_paid_between_the_decision_and_the_sending_nothing_leaves(town: Town) -> None:
    invoice = make_invoice(town)
    agreement = agree(invoice, NOON)
    recovery.follow_agreement(agreement_id=agreement.pk, at=later(days=13))
    notice = InstalmentNotice.objects.get()
    hand_in(invoice, 2600, days=13)
    recovery.deliver_notice(message_id=notice.message_id, at=later(days=13))
    notice.refresh_from_db()
    assert (notice.message.state, notice.dropped_at) == ("dropped", later(days=13))


def test_what_was_left_for_a_payer_at_the_bank_comes_again(town: Town) -> None:
    invoice = make_invoice(town)
    agreement = agree(invoice, NOON)
    recovery.follow_agreement(agreement_id=agreement.pk, at=later(days=13))
    Invoice.objects.filter(pk=invoice.pk).update(is_in_progress=True)
    recovery.deliver_notice(message_id=InstalmentNotice.objects.get().message_id, at=later(days=13))
    recovery.follow_agreement(agreement_id=agreement.pk, at=later(days=14))
    assert InstalmentNotice.objects.count() == 1
    Invoice.objects.filter(pk=invoice.pk).update(is_in_progress=False)
    recovery.follow_agreement(agreement_id=agreement.pk, at=later(days=14))
    assert InstalmentNotice.objects.filter(dropped_at=None).count() == 1 and len(mails("instalment_late")) == 2


def test_nobody_is_written_to_at_night(town: Town) -> None:
    agreement = agree(make_invoice(town), NOON)
    recovery.follow_agreement(agreement_id=agreement.pk, at=later(days=13) + timedelta(hours=11))
    assert not InstalmentNotice.objects.exists()


def test_it_protects_from_reminders_and_from_the_comptable(town: Town) -> None:
    invoice = make_invoice(town)
    agree(invoice, NOON, grace_days=60)
    today = later(days=70).date()
    assert list(reminder_queries.candidates(today)) == []
    assert reminder_queries.refusals([invoice.pk], today=today) == {invoice.pk: ReminderRefusal.AGREED}
    found = queries.with_obstacle(Invoice.objects.filter(pk=invoice.pk), later(days=200).date()).get()
    assert found.obstacle == Obstacle.HELD


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"instalments": []}, "de 2 à 24 paiements"),
        ({"instalments": [(date(2026, 12, 5), 5200)]}, "de 2 à 24 paiements"),
        ({"instalments": [(date(2026, 11, 24), 2600), (date(2026, 12, 5), 2600)]}, "à venir"),
        ({"instalments": [(date(2026, 12, 5), 2600), (date(2029, 12, 5), 2600)]}, "d’ici deux ans"),
        ({"instalments": [(date(2026, 12, 5), 2600), (date(2026, 12, 5), 2600)]}, "vient après"),
        ({"instalments": [(date(2026, 12, 5), 5199), (date(2026, 12, 6), 1)]}, "1 € au moins"),
        ({"instalments": [(date(2026, 12, 5), 2600), (date(2026, 12, 6), 2500)]}, "il manque 1,00 €"),
        ({"instalments": [(date(2026, 12, 5), 2600), (date(2026, 12, 6), 2750)]}, "1,50 € de trop"),
        ({"grace_days": 61}, "60 jours au plus"),
    ],
)
def test_what_is_not_the_rest_of_the_invoice_is_refused(town: Town, change: dict[str, Any], said: str) -> None:
    invoice = make_invoice(town)
    asked = replace(shared(invoice, NOON), **change)
    with pytest.raises(CannotAgree) as refusal:
        recovery.make_agreement(invoice_id=invoice.pk, asked=asked, actor=WHO, at=NOON)
    assert said in plain(str(refusal.value))
    assert not Agreement.objects.exists()


def test_twice_is_refused_until_the_first_is_ended(town: Town) -> None:
    invoice = make_invoice(town)
    first = agree(invoice, NOON)
    with pytest.raises(CannotAgree):
        agree(invoice, NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.create(invoice=invoice, cents=1, grace_days=1, agreed_at=NOON, agreed_by=WHO)
    recovery.end_agreement(agreement_id=first.pk, actor=WHO, at=later(days=1))
    recovery.end_agreement(agreement_id=first.pk, actor=WHO, at=later(days=2))
    assert Record.objects.filter(verb="agreement.end").count() == 1
    agree(invoice, later(days=1))
    assert Instalment.objects.count() == 4


def test_contested_or_at_the_bank_nothing_is_agreed(town: Town) -> None:
    contested, paying = make_invoice(town), make_invoice(town, meals=2)
    recovery.open_dispute(invoice_id=contested.pk, reason="Absent", actor=WHO, at=NOON)
    Invoice.objects.filter(pk=paying.pk).update(is_in_progress=True)
    for invoice, said in ((contested, "conteste"), (paying, "paiement est en cours")):
        with pytest.raises(CannotAgree, match=said):
            agree(invoice, NOON)


def test_an_agent_of_another_prestation_agrees_on_nothing(town: Town) -> None:
    invoice = make_invoice(town)
    other = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    asked = shared(invoice, NOON)
    with pytest.raises(NotAllowed):
        recovery.make_agreement(invoice_id=invoice.pk, asked=asked, actor=other.actor, at=NOON)


def test_an_instalment_is_paid_online_and_the_rest_waits(town: Town) -> None:
    invoice = make_invoice(town)
    agree(invoice, NOON)
    client = Client()
    client.force_login(town.citizen.user)
    with time_machine.travel(later(days=8), tick=False):
        page = plain(text_of(client.get(f"/mes-factures/{invoice.public_id}/")))
        assert "Votre échéancier" in page and "Payer 26,00 €" in page and "Tout payer : 52,00 €" in page
        client.post(f"/mes-factures/{invoice.public_id}/payer/", {"request_key": "k" * 32, "part": "1"})
    attempt = Attempt.objects.get()
    assert (attempt.amount_cents, attempt.shares.get().cents) == (2600, 2600)


def test_the_whole_is_paid_online_by_who_prefers(town: Town) -> None:
    invoice = make_invoice(town)
    agree(invoice, NOON)
    client = Client()
    client.force_login(town.citizen.user)
    with time_machine.travel(later(days=8), tick=False):
        client.post(f"/mes-factures/{invoice.public_id}/payer/", {"request_key": "k" * 32})
    assert Attempt.objects.get().amount_cents == 5200


def test_an_agent_proposes_changes_and_agrees_on_a_screen(town: Town) -> None:
    invoice, desk = make_invoice(town), browser(town.agent)
    place = url("agreement", invoice.pk)
    page = plain(text_of(desk.get(f"{place}?times=4&first=2026-12-10")))
    assert "Paiement 4" in page and "Paiement 5" not in page
    sent = {
        "form-TOTAL_FORMS": "2",
        "form-INITIAL_FORMS": "0",
        "form-0-day": "2026-12-10",
        "form-0-cents": "30,00",
        "form-1-day": "2027-01-10",
        "form-1-cents": "21",
        "grace_days": "10",
    }
    with time_machine.travel(NOON, tick=False):
        wrong = plain(text_of(desk.post(place, sent)))
        assert "il manque 1,00 €" in wrong and not Agreement.objects.exists()
        desk.post(place, {**sent, "form-1-cents": "22"})
        assert [part.cents for part in Instalment.objects.order_by("rank")] == [3000, 2200]
        assert "Échéancier en cours : 30,00 € attendus le 10/12/2026" in plain(
            text_of(desk.get(url("invoice", invoice.pk)))
        )
        shown = plain(text_of(desk.get(place)))
        assert "10 décembre 2026" in shown and money.plain(2200) in shown
        desk.post(url("agreement_end", invoice.pk, Agreement.objects.get().pk))
    assert Agreement.objects.get().state == "ended"


def test_who_has_no_address_of_any_kind_is_told_by_the_agent(town: Town) -> None:
    values = {"email": "", "address": ""}
    directory.update_citizen(citizen_id=town.citizen.pk, values=values, actor=WHO, at=NOON)
    invoice = make_invoice(town)
    agree(invoice, NOON)
    live(5, 13)
    assert mails("agreement_made") == [] and not InstalmentNotice.objects.exists()


def test_the_payers_lists_offer_what_was_agreed_and_not_the_whole(town: Town) -> None:
    agreed, whole = make_invoice(town), make_invoice(town)
    agree(agreed, NOON)
    client = Client()
    client.force_login(town.citizen.user)
    with time_machine.travel(later(days=8), tick=False):
        for address in ("/mes-factures/", "/"):
            page = plain(text_of(client.get(address)))
            assert f"Payer 26,00 € – {agreed.number}" in page and "Selon votre échéancier, 26,00 €" in page
            assert f"Payer maintenant – {whole.number}" in page


@pytest.mark.parametrize("rest", ["contested", "held"])
def test_who_contests_or_is_left_in_peace_is_asked_nothing_and_breaks_nothing(town: Town, rest: str) -> None:
    invoice = make_invoice(town)
    agreement = agree(invoice, NOON)
    if rest == "contested":
        actor = Invoice.objects.get(pk=invoice.pk).payer.actor
        recovery.report_error(invoice_id=invoice.pk, said="Absent", actor=actor, at=later(days=1))
    else:
        asked = recovery.HoldRequest(later(days=60).date(), "difficulty")
        recovery.place_hold(invoice_id=invoice.pk, asked=asked, actor=WHO, at=later(days=1))
    live(5, 13, 30)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.OPEN and not InstalmentNotice.objects.exists()


@pytest.mark.parametrize("first", ["9999-12-31", "2020-01-01", "hier"])
def test_a_first_day_that_cannot_be_is_told(town: Town, first: str) -> None:
    page = browser(town.agent).get(f"{url('agreement', make_invoice(town).pk)}?times=24&first={first}")
    assert page.status_code == 200 and "Le formulaire n’est pas enregistré" in text_of(page)


def test_a_payment_that_was_emptied_is_told_at_its_field(town: Town) -> None:
    invoice = make_invoice(town)
    sent = {"form-TOTAL_FORMS": "3", "form-INITIAL_FORMS": "0", "grace_days": "10"}
    sent |= {"form-0-day": "2026-12-10", "form-0-cents": "30", "form-1-day": "2027-01-10", "form-1-cents": "22"}
    with time_machine.travel(NOON, tick=False):
        page = browser(town.agent).post(url("agreement", invoice.pk), sent)
    assert "Choisissez le jour de ce paiement." in text_of(page) and not Agreement.objects.exists()
