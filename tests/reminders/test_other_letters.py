"""What else is told by mail is told on paper to who has none: new due dates, agreements, rejected payments."""

from datetime import date, timedelta
from typing import Any

import pytest

from obole.billing import operations as billing
from obole.billing.models import Invoice, Letter, LetterBatch
from obole.directory.models import Citizen
from obole.mailing.models import Message, UndeliverableAddress
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.recovery import operations as recovery
from obole.recovery.models import InstalmentNotice
from obole.reminders import operations as reminders
from tests.crm.desk import browser, get, text_of
from tests.spaces import plain
from tests.world import NOON, WHO, Town, handed, later, make_citizen, make_invoice, make_town

pytestmark = pytest.mark.django_db
TODAY = later().date()


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def payer(*, email: str = "", address: str = "3 rue Basse\n99999 Valbourg") -> Citizen:
    citizen = make_citizen("papier@example.org", last_name="Courrier")
    Citizen.objects.filter(pk=citizen.pk).update(email=email, address=address)
    return Citizen.objects.get(pk=citizen.pk)


def letters(kind: str = "other") -> list[Letter]:
    return list(Letter.objects.filter(kind=kind).order_by("id"))


def agree(invoice: Invoice, *, first: int = 10) -> Any:
    parts = [(TODAY + timedelta(days=first), 26_00), (TODAY + timedelta(days=first + 30), 26_00)]
    asked = recovery.AgreementRequest(parts, 10)
    return recovery.make_agreement(invoice_id=invoice.pk, asked=asked, actor=WHO, at=later())


def gather(town: Town, at: Any) -> LetterBatch | None:
    return reminders.make_batch(regie_id=town.regie.pk, actor=town.agent.actor, at=at)


def test_a_new_due_date_is_told_on_paper(town: Town) -> None:
    invoice = make_invoice(town, citizen=payer())
    billing.change_due_date(
        invoice_id=invoice.pk, due_date=date(2027, 1, 31), reason="Accord", actor=WHO, at=later(days=1)
    )
    (letter,) = letters()
    assert "est à payer avant le 31 janvier 2027" in plain(letter.subject)
    assert not Message.objects.filter(kind="due_date_changed").exists()


def test_an_agreement_and_its_answer_are_told_on_paper_once(town: Town) -> None:
    invoice = make_invoice(town, citizen=payer())
    agree(invoice)
    (letter,) = letters()
    assert "Votre échéancier" in letter.subject and "26,00" in letter.text


def test_an_address_that_mails_come_back_from_is_none(town: Town) -> None:
    UndeliverableAddress.objects.create(address="revient@example.org", fault="mailbox", diagnostic="550", since=NOON)
    invoice = make_invoice(town, citizen=payer(email="revient@example.org"))
    agree(invoice)
    assert len(letters()) == 1
    assert not Message.objects.filter(kind="agreement_made").exists()


def test_who_has_no_address_at_all_is_told_nothing_and_nothing_breaks(town: Town) -> None:
    agree(make_invoice(town, citizen=payer(address="")))
    assert not Letter.objects.exists()


def test_a_rejected_cheque_is_told_on_paper(town: Town) -> None:
    invoice = make_invoice(town, citizen=payer())
    money = handed(52_00, Receipt.Means.CHEQUE, payer="M. Courrier")
    receipt = payments.take_money(invoice_id=invoice.pk, money=money, request_key="k", actor=WHO, at=later(1))
    payments.reverse_receipt(
        receipt_id=receipt.pk, kind="bounced", reason="Sans provision", actor=WHO, at=later(days=3)
    )
    (letter,) = letters()
    assert "a été rejeté" in letter.subject and "Sans provision" in letter.text


def test_an_instalment_is_recalled_on_paper_once_and_left_if_it_is_paid(town: Town) -> None:
    invoice = make_invoice(town, citizen=payer())
    agreement = agree(invoice)
    for hour in range(2):
        recovery.follow_agreement(agreement_id=agreement.pk, at=later(days=6, minutes=60 * hour))
    (letter,) = letters("instalment")
    assert InstalmentNotice.objects.get().letter == letter
    money = handed(26_00, Receipt.Means.CASH, payer="M. Courrier")
    payments.take_money(invoice_id=invoice.pk, money=money, request_key="k", actor=WHO, at=later(days=7))

    batch = gather(town, later(days=7, minutes=5))

    letter.refresh_from_db()
    assert letter.dropped_at is not None and letter.batch is None
    assert InstalmentNotice.objects.get().dropped_at is not None
    assert batch is not None and set(batch.letters.values_list("kind", flat=True)) == {"notice", "other"}


def test_an_instalment_that_is_still_missing_is_printed_and_said(town: Town) -> None:
    invoice = make_invoice(town, citizen=payer())
    agreement = agree(invoice)
    recovery.follow_agreement(agreement_id=agreement.pk, at=later(days=6))
    client = browser(town.agent)
    assert "1 facture, 1 rappel d’échéancier, 1 autre avis" in text_of(get(client, "letters"))
    batch = gather(town, later(days=6, minutes=5))
    assert batch is not None and batch.count == 3
    page = text_of(get(client, "invoice", invoice.pk))
    assert "Rappel d’un paiement de l’échéancier imprimé, à poster" in page and "Avis imprimé, à poster" in page
    assert InstalmentNotice.objects.get().dropped_at is None
