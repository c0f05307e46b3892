"""« Émettre les brouillons »: all of a régie's, as they were shown, once."""

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from lxml import html

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.crm.invoices import drafts as views
from obole.payments import operations as payments
from tests.books import check_books
from tests.crm.desk import browser, get, text_of, url
from tests.world import WHO, Town, correct, later, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    with time_machine.travel(later(30), tick=False):
        return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


def draft_of(town: Town, meals: int) -> Invoice:
    """Prepare an invoice that replaces a cancelled one."""
    invoice = make_invoice(town, meals=meals)
    payments.cancel_invoice(invoice_id=invoice.pk, code="quantity", comment="", actor=WHO, at=later(1))
    return billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=later(2))


def hidden(client: Client, town: Town) -> dict[str, str]:
    page = html.fromstring(get(client, "drafts_issue", town.regie.pk).content.decode())
    return {item.get("name"): item.get("value") for item in page.xpath("//main//form//input[@type='hidden']")}


def issue(client: Client, town: Town, **form: str) -> HttpResponse:
    answer: HttpResponse = client.post(url("drafts_issue", town.regie.pk), form, follow=True)
    return answer


def states() -> list[str]:
    return list(Invoice.objects.filter(replaces__isnull=False).order_by("id").values_list("state", flat=True))


def test_all_the_drafts_of_a_regie_are_issued_at_once(town: Town, client: Client) -> None:
    assert "Aucun brouillon" in text_of(get(client, "drafts"))
    draft_of(town, 16), draft_of(town, 10)
    assert "2 brouillons" in text_of(get(client, "invoices"))
    page = text_of(get(client, "drafts"))
    assert "2 brouillons à émettre, 84,50 €" in page and "ENF-2026-000001" in page
    assert "Émettre 2 brouillons ?" in text_of(get(client, "drafts_issue", town.regie.pk))

    form = hidden(client, town)
    page = text_of(issue(client, town, **form))

    assert "2 factures sont émises, de ENF-2026-000003 à ENF-2026-000004 : 84,50 €." in page
    assert states() == ["due", "due"]
    assert "Il n’y a plus de brouillon à émettre" in text_of(issue(client, town, **form)), "sent twice, issued once"
    run_tasks()
    check_books()


def test_a_reviewer_reads_what_is_invoiced_and_a_regisseur_the_regie(town: Town, client: Client) -> None:
    draft_of(town, 16)
    for name in ("drafts", "drafts_issue"):
        args = (town.regie.pk,) if name == "drafts_issue" else ()
        assert "Régie Enfance" not in text_of(get(client, name, *args))
        assert "Cantine et périscolaire" in text_of(get(client, name, *args))
        assert "Régie Enfance" in text_of(get(browser(town.regisseur), name, *args))


def test_a_draft_made_meanwhile_is_not_issued_unseen(town: Town, client: Client) -> None:
    draft_of(town, 16)
    form = hidden(client, town)
    draft_of(town, 10)
    page = text_of(issue(client, town, **form))
    assert "1 facture est émise, ENF-2026-000003 : 52,00 €." in page
    assert states() == ["due", "draft"]


@pytest.mark.parametrize("change", [{"cents": "1"}, {"count": "9"}, {"until": "x"}, {"until": "9" * 30}, {"cents": ""}])
def test_what_is_not_what_was_shown_issues_nothing(town: Town, client: Client, change: dict[str, str]) -> None:
    draft_of(town, 16)
    page = text_of(issue(client, town, **{**hidden(client, town), **change}))
    assert "ont changé entre-temps" in page and states() == ["draft"]


def test_a_draft_given_up_between_the_look_and_the_lock_issues_nothing(
    town: Town, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, _other = draft_of(town, 16), draft_of(town, 10)
    form, look = hidden(client, town), views.batch_to_issue

    def look_then_lose(*args: object, **options: object) -> views.Batch | None:
        seen = look(*args, **options)
        Invoice.objects.filter(pk=draft.pk).exists() and billing.discard_draft(
            invoice_id=draft.pk, actor=WHO, at=later(5)
        )
        return seen

    monkeypatch.setattr(views, "batch_to_issue", look_then_lose)
    assert "ont changé entre-temps" in text_of(issue(client, town, **form))
    assert states() == ["draft"]


def test_an_empty_draft_is_left_and_said(town: Town, client: Client) -> None:
    empty, _full = draft_of(town, 16), draft_of(town, 10)
    correct(empty, repas=0, at=later(3))
    assert "rien à payer : à corriger ou à abandonner" in text_of(get(client, "drafts"))
    assert "1 brouillon à émettre, 32,50 €" in text_of(get(client, "drafts"))
    issue(client, town, **hidden(client, town))
    assert states() == ["draft", "due"]


def test_more_than_is_done_at_once_is_done_in_turns(
    town: Town, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(views, "MOST_SHOWN", 1)
    for meals in (1, 2, 3):
        draft_of(town, meals)
    assert "Et 2 autres." in text_of(get(client, "drafts"))
    assert "Il en restera 1" in text_of(get(client, "drafts_issue", town.regie.pk))
    assert "1 brouillon à émettre" in text_of(issue(client, town, **hidden(client, town))), "back to what is left"
    issue(client, town, **hidden(client, town))
    assert states() == ["due", "due", "due"]
