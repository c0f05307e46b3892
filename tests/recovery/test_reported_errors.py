"""« Signaler une erreur » : a payer says what is wrong, is left in peace, and reads the answer."""

import pytest
import time_machine
from django.test import Client

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.directory.rules import NotAllowed
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.mailing.models import Message
from obole.personal_data import operations as personal_data
from obole.recovery import operations as recovery
from obole.recovery.models import Dispute
from obole.recovery.operations import AlreadyDisputed, AnswerMissing, TooManyReports
from obole.reminders import queries as reminders
from obole.reminders.queries import ReminderRefusal
from tests.crm.desk import browser, text_of, url
from tests.spaces import plain
from tests.world import NOON, WHO, Town, later, make_citizen, make_invoice, make_town

pytestmark = pytest.mark.django_db
SAID = "Léo était absent le 12."


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture
def phone(town: Town) -> Client:
    client = Client()
    client.force_login(town.citizen.user)
    return client


def report(invoice: Invoice, said: str = SAID, *, minutes: float = 0) -> Dispute:
    actor = Invoice.objects.get(pk=invoice.pk).payer.actor
    return recovery.report_error(invoice_id=invoice.pk, said=said, actor=actor, at=later(minutes))


def answer(dispute: Dispute, said: str = "Vous avez raison.", *, minutes: float = 1) -> None:
    recovery.close_dispute(dispute_id=dispute.pk, answer=said, actor=WHO, at=later(minutes))


def test_from_the_report_to_the_answer_on_both_sides(town: Town, phone: Client) -> None:
    invoice, desk = make_invoice(town), browser(town.agent)
    mine = f"/mes-factures/{invoice.public_id}/"
    with time_machine.travel(later(1), tick=False):
        assert "Signaler une erreur sur cette facture" in text_of(phone.get(mine))
        assert "Écrivez ce qui ne va pas" in text_of(phone.post(f"{mine}signaler/", {"said": "  "}))
        phone.post(f"{mine}signaler/", {"said": SAID})
        page = plain(text_of(phone.get(mine)))
        assert f"« {SAID} »" in page and "Le service vous répond" in page and "sur cette facture" not in page
        assert "Payer maintenant" in page
        assert "Contestations sans réponse" in text_of(desk.get("/crm/"))
        assert invoice.number in text_of(desk.get(url("invoices") + "?disputed=true"))
        assert "Erreur signalée par le payeur le 25/11/2026" in plain(text_of(desk.get(url("invoice", invoice.pk))))
        desk.post(url("dispute", invoice.pk), {"said": "Vous avez raison, un avoir suit."})
        assert "Vous avez raison, un avoir suit." in text_of(phone.get(mine))
        assert "Contestations sans réponse" not in text_of(desk.get("/crm/"))
    (mail,) = Message.objects.filter(kind="dispute_answered")
    assert mail.to == "usager@example.org" and SAID in mail.text and "un avoir suit" in mail.text


def test_nobody_is_reminded_until_it_is_answered(town: Town) -> None:
    invoice, late = make_invoice(town), later(days=40).date()
    dispute = report(invoice)
    assert reminders.refusals([invoice.pk], today=late) == {invoice.pk: ReminderRefusal.DISPUTED}
    assert list(reminders.candidates(late)) == []
    answer(dispute)
    assert reminders.refusals([invoice.pk], today=late) == {}
    assert list(reminders.candidates(late)) == [invoice.pk]


def test_only_its_payer_reports_an_invoice(town: Town) -> None:
    invoice, other = make_invoice(town), make_citizen("autre@example.org")
    for actor in (other.actor, WHO, town.agent.actor):
        with pytest.raises(NotAllowed):
            recovery.report_error(invoice_id=invoice.pk, said=SAID, actor=actor, at=NOON)
    stranger = Client()
    stranger.force_login(town.agent.user)
    assert stranger.get(f"/mes-factures/{invoice.public_id}/signaler/").status_code in (302, 404)
    assert not Dispute.objects.exists()


def test_twice_at_once_or_too_often_is_refused(town: Town, phone: Client) -> None:
    invoice = make_invoice(town)
    with pytest.raises(AnswerMissing):
        report(invoice, "   ")
    for turn in range(3):
        dispute = report(invoice, minutes=turn)
        with pytest.raises(AlreadyDisputed):
            report(invoice, minutes=turn)
        answer(dispute, minutes=turn + 0.5)
    with pytest.raises(TooManyReports):
        report(invoice, minutes=9)
    place = f"/mes-factures/{invoice.public_id}/"
    with time_machine.travel(later(10), tick=False):
        phone.post(f"{place}signaler/", {"said": SAID})
        assert "appelez le service" in text_of(phone.get(place))
    assert Dispute.objects.count() == 3


def test_what_is_paid_or_contested_offers_nothing_to_report(town: Town, phone: Client) -> None:
    invoice = make_invoice(town)
    recovery.open_dispute(invoice_id=invoice.pk, reason="Absent", actor=WHO, at=NOON)
    place = f"/mes-factures/{invoice.public_id}/"
    with time_machine.travel(later(1), tick=False):
        page = text_of(phone.get(place))
        assert "Signaler une erreur" not in page and "Absent" not in page
        assert phone.get(f"{place}signaler/").status_code == 303
    answer(Dispute.objects.get())
    assert not Message.objects.filter(kind="dispute_answered").exists()


def test_what_was_written_is_in_no_record_and_is_forgotten_with_its_payer(town: Town) -> None:
    payer = make_citizen("oublie@example.org")
    invoice = make_invoice(town, citizen=payer)
    answer(report(invoice))
    kept = Dispute.objects.get()
    assert kept.opened_by.name == kept.opened_by.id
    records = Record.objects.filter(verb__in=("dispute.report", "dispute.answer")).order_by("id")
    assert [record.details for record in records] == [{}, {}]
    Invoice.objects.filter(pk=invoice.pk).update(state="paid", received_cents=5200, due_cents=0, paid_at=NOON)
    Dossier.objects.update(state=DossierState.CLOSED, decided_at=NOON)
    personal_data.forget_citizen(citizen_id=payer.pk, actor=town.admin.actor, at=later(days=1))
    kept.refresh_from_db()
    assert "Léo" not in kept.reason and "raison" not in kept.answer
