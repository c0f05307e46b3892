"""Another last day to pay: told to the payer, followed by reminders and the régie's delay; the document stays."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from obole.audit_log.models import Record
from obole.billing import operations as billing, pdf_documents
from obole.billing.models import Invoice
from obole.billing.operations import BadDays, NotBillable, ReasonMissing
from obole.directory.models import Agent, Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.mailing.models import Message
from obole.payments import timeline
from obole.regies.models import Regie
from obole.reminders import operations as reminders, queries as reminder_queries
from tests.accounts.browsers import sign_in
from tests.books import check_books
from tests.crm.desk import browser, get, pay, text_of, try_to_pay, url
from tests.world import WHO, Town, later, make_agent, make_invoice, make_old_draft, make_town

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 15)
"""Twenty days after the invoice was issued."""


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def change(
    invoice: Invoice, *, days: int = 30, reason: str = "Accord au guichet", by: Agent | None = None, on: int = 5
) -> Invoice:
    """Put the due date off by so many days, on the so many-th day."""
    actor = by.actor if by else WHO
    return billing.change_due_date(
        invoice_id=invoice.pk, due_date=DUE + timedelta(days=days), reason=reason, actor=actor, at=later(days=on)
    )


def told() -> list[str]:
    return list(Message.objects.filter(kind="due_date_changed").order_by("id").values_list("text", flat=True))


def assert_nothing_changed(invoice: Invoice, kept: tuple[date | None, date | None]) -> None:
    invoice.refresh_from_db()
    assert (invoice.due_date, invoice.payable_until) == kept
    assert not told()
    assert not Record.objects.filter(verb="invoice.due_date").exists()


def test_the_payer_is_told_and_the_story_keeps_both_days(town: Town) -> None:
    invoice = make_invoice(town)
    assert invoice.due_date == DUE
    changed = change(invoice, by=town.agent)
    assert changed.due_date == date(2027, 1, 14)
    assert changed.payable_until == date(2027, 1, 14) + timedelta(days=60)
    [mail] = told()
    assert "jusqu’au 14 janvier 2027" in mail
    kept = Record.objects.get(verb="invoice.due_date")
    assert kept.actor.id == town.agent.actor.id
    assert kept.details == {"before": "2026-12-15", "after": "2027-01-14", "reason": "Accord au guichet"}
    [ours] = [item for item in timeline.agent_timeline(changed, with_bank=False) if item.title.startswith("Échéance")]
    assert ours.title == "Échéance reportée au 14/01/2027"
    assert ours.detail.startswith("au lieu du 15/12/2026 – Accord au guichet")
    [theirs] = [item for item in timeline.payer_timeline(changed) if item.title.startswith("Échéance")]
    assert theirs.detail == "Elle remplace celle du 15/12/2026."
    check_books()


def test_the_same_day_again_changes_nothing(town: Town) -> None:
    invoice = make_invoice(town)
    for _click in range(2):
        change(invoice)
    assert len(told()) == Record.objects.filter(verb="invoice.due_date").count() == 1


def test_the_document_keeps_the_day_that_it_was_issued_with(town: Town, tmp_path: Any) -> None:
    """Even where nobody had asked for it before."""
    invoice = make_invoice(town)
    change(invoice)
    paper = pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=later(days=6))
    content = tmp_path / "facture.pdf"
    content.write_bytes(pdf_documents.read_pdf(paper))
    text = " ".join(PdfReader(content).pages[0].extract_text().split())
    assert "15 décembre 2026" in text
    assert "14 janvier 2027" not in text


def test_reminders_are_counted_from_the_new_day(town: Town) -> None:
    invoice = make_invoice(town)
    reminders.remind(invoice_id=invoice.pk, at=later(days=27))
    change(invoice, on=28)
    invoice.refresh_from_db()
    today = later(days=28).date()
    assert reminder_queries.next_reminder(invoice, today=today).day == date(2027, 1, 14) + timedelta(days=21)
    assert list(reminder_queries.candidates(later(days=45).date())) == []
    assert reminders.remind(invoice_id=invoice.pk, at=later(days=45)) is None


def test_a_day_that_was_put_off_too_far_is_brought_back_and_no_further_than_the_document(town: Town) -> None:
    invoice = make_invoice(town)
    Regie.objects.update(transfer_delay=0)
    change(invoice, days=300)
    back = change(invoice, days=2, on=15)
    assert (back.due_date, back.payable_until) == (DUE + timedelta(days=2), later(days=30).date())
    with pytest.raises(BadDays, match="La facture laisse jusqu’au 15/12/2026"):
        change(invoice, days=-1)


def test_a_later_day_takes_back_nothing_that_was_promised(town: Town) -> None:
    invoice = make_invoice(town)
    promised = DUE + timedelta(days=200)
    Invoice.objects.filter(pk=invoice.pk).update(payable_until=promised)
    assert change(invoice).payable_until == promised


@pytest.mark.parametrize(("days", "on", "said"), [(-16, 5, "passé"), (4, 30, "passé"), (400, 5, "plus d’un an")])
def test_no_day_that_is_past_or_too_far(town: Town, days: int, on: int, said: str) -> None:
    invoice = make_invoice(town)
    kept = (invoice.due_date, invoice.payable_until)
    with pytest.raises(BadDays, match=said):
        change(invoice, days=days, on=on)
    assert_nothing_changed(invoice, kept)


def test_it_takes_a_reason_and_a_right(town: Town) -> None:
    invoice = make_invoice(town)
    kept = (invoice.due_date, invoice.payable_until)
    with pytest.raises(ReasonMissing):
        change(invoice, reason="  ")
    elsewhere = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    with pytest.raises(NotAllowed):
        change(invoice, by=elsewhere)
    assert_nothing_changed(invoice, kept)


def paid(invoice: Invoice) -> None:
    pay(invoice)


def cancelled(invoice: Invoice) -> None:
    billing.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=later(1))


def transferred(invoice: Invoice) -> None:
    billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(1))


@pytest.mark.parametrize("ends", [paid, cancelled, transferred])
def test_what_is_not_due_keeps_its_day(town: Town, ends: Callable[[Invoice], None]) -> None:
    invoice = make_invoice(town)
    kept = (invoice.due_date, invoice.payable_until)
    ends(invoice)
    with pytest.raises(NotBillable, match="son échéance ne change plus"):
        change(invoice)
    assert_nothing_changed(invoice, kept)
    with pytest.raises(NotBillable):
        change(make_old_draft(town, meals=3))


def test_a_payment_that_is_going_on_goes_on(town: Town) -> None:
    invoice = make_invoice(town)
    try_to_pay(invoice)
    assert change(invoice).is_in_progress


def test_who_has_no_address_is_not_written_to(town: Town) -> None:
    invoice = make_invoice(town)
    Citizen.objects.update(email="")
    assert change(invoice).due_date == date(2027, 1, 14)
    assert not told()


def test_the_page_of_the_invoice_does_it_and_both_pages_say_it(town: Town, time_machine: Any) -> None:
    invoice = make_invoice(town)
    time_machine.move_to(later(days=5), tick=False)
    client = browser(town.agent)
    assert "Reporter l’échéance…" in text_of(get(client, "invoice", invoice.pk))
    address = url("invoice_due_date", invoice.pk)
    for day, said in (("2026-11-01", "Ce jour est passé"), ("", "Choisissez le dernier jour")):
        assert said in text_of(client.post(address, {"due_date": day, "comment": "Accord"}))
    assert not told()
    answer = client.post(address, {"due_date": "2027-01-14", "comment": "Accord"}, follow=True)
    assert "reportée ; la facture imprime le 15/12/2026" in text_of(answer)
    pay(invoice)
    assert "a changé entre-temps" in text_of(client.get(address, follow=True))


def test_the_payer_reads_the_new_day_on_the_portal(town: Town, client: Client, time_machine: Any) -> None:
    invoice = make_invoice(town)
    change(invoice)
    time_machine.move_to(later(days=6), tick=False)
    assert town.citizen.user is not None
    sign_in(client, town.citizen.user)
    page = text_of(client.get(f"/mes-factures/{invoice.public_id}/"))
    assert "Échéance reportée au 14 janvier 2027 : elle remplace celle du 15 décembre 2026" in page
