"""« Mes documents »: only one's own, only what was paid, and wrong days told at their field."""

import io
import re

import pypdf
import pytest
from django.test import Client
from lxml import html

from obole.billing.models import Invoice, InvoiceType
from obole.lib import pdf, texts
from obole.limits.rules import OWN_DOCUMENTS
from obole.payments import operations as payments, pdf_documents
from obole.payments.models import Receipt
from tests.portal.conftest import Clock, text_of
from tests.spaces import plain
from tests.world import WHO, Town, handed, later, make_invoice

pytestmark = pytest.mark.django_db
PAGE = "/mes-documents/"
PAID, FISCAL = (f"{PAGE}2026/attestation-{kind}.pdf" for kind in ("paiement", "fiscale"))
ACCOUNT = f"{PAGE}releve/"


def take(invoice: Invoice, cents: int | None = None, *, minutes: float = 0) -> Receipt:
    return payments.take_money(
        invoice_id=invoice.pk,
        money=handed(cents or invoice.total_cents),
        request_key=texts.token(),
        actor=WHO,
        at=later(minutes),
    )


def words_of(answer: object) -> str:
    """Return what a PDF says."""
    assert answer["Content-Type"] == "application/pdf"  # type: ignore[index]
    assert "no-store" in answer["Cache-Control"]  # type: ignore[index]
    reader = pypdf.PdfReader(io.BytesIO(answer.content))  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", plain(" ".join(page.extract_text() for page in reader.pages)))


def test_nothing_paid_has_no_document(town: Town, browser: Client) -> None:
    make_invoice(town)
    page = text_of(browser.get(PAGE))
    assert "Aucun paiement" in page and "attestation-" not in page
    assert browser.get(PAID).status_code == browser.get(FISCAL).status_code == 404


def test_each_year_that_was_paid_has_its_attestation(town: Town, browser: Client, clock: Clock) -> None:
    invoice = make_invoice(town)
    take(invoice, 2000)
    take(invoice, 3200, minutes=60 * 24 * 60)
    clock.pass_(days=61)

    assert "/mes-documents/" in text_of(browser.get("/mes-factures/"))
    page = text_of(browser.get(PAGE))
    assert "Attestation de paiement 2026 (PDF)" in page and "Attestation de paiement 2027 (PDF)" in page
    assert page.index("2027") < page.index("2026")
    assert "20,00 € payés" in page and "32,00 € payés, à ce jour" in page
    assert "fiscale" not in page
    assert "la somme de 20,00 €" in words_of(browser.get(PAID))
    assert browser.get(f"{PAGE}2025/attestation-paiement.pdf").status_code == 404


def test_the_tax_certificate_is_there_where_a_type_gives_a_right_to_it(town: Town, browser: Client) -> None:
    take(make_invoice(town))
    InvoiceType.objects.update(is_childcare=True)
    assert FISCAL in text_of(browser.get(PAGE))
    assert "Zoé" in words_of(browser.get(FISCAL))


def test_who_paid_nothing_for_childcare_is_told(town: Town, browser: Client) -> None:
    take(make_invoice(town))
    answer = browser.get(FISCAL, follow=True)
    assert "n’est pour la garde d’enfants de moins de six ans" in text_of(answer)


@pytest.mark.parametrize(
    "address", ["1999/attestation-paiement.pdf", "2101/attestation-paiement.pdf", "2026/attestation-autre.pdf"]
)
def test_what_is_no_document_is_not_found(browser: Client, address: str) -> None:
    assert browser.get(PAGE + address).status_code == 404


def test_a_stranger_finds_nothing_of_another_s(town: Town, stranger: Client) -> None:
    take(make_invoice(town))
    assert "attestation-" not in text_of(stranger.get(PAGE))
    assert stranger.get(PAID).status_code == 404
    page = text_of(stranger.get(ACCOUNT))
    assert "Paiement n°" not in page and "52,00" not in page


def test_documents_follow_the_account_of_the_payer(town: Town, stranger: Client) -> None:
    """A file whose account is given to somebody else takes its documents along."""
    take(make_invoice(town))
    owner, town.citizen.user = town.citizen.user, None
    town.citizen.save(update_fields=["user"])
    assert owner is not None
    client = Client()
    client.force_login(owner)
    assert client.get(PAID).status_code != 200


def test_the_account_runs_to_what_is_due(town: Town, browser: Client) -> None:
    paid, due = make_invoice(town), make_invoice(town, meals=10)
    take(paid)
    page = plain(text_of(browser.get(ACCOUNT)))
    for expected in (
        f"Facture {paid.number}",
        f"Facture {due.number}",
        "Paiement n° ENF-Q-2026-000001",
        "−52,00 €",
        "32,50 €",
    ):
        assert expected in page
    pdf_link = next(link for link in html.fromstring(page).xpath("//a/@href") if "releve.pdf" in link)
    words = words_of(browser.get(pdf_link))
    assert "À payer, au 25 novembre 2026 32,50 €" in words and f"Facture {due.number}" in words


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ("first=2026-12-01&last=2026-11-01", "last", "Le dernier jour vient avant le premier"),
        ("first=2026-01-01&last=2026-12-01", "last", "Ce jour n’est pas encore venu"),
        ("first=2022-01-01&last=2026-01-01", "first", "Choisissez trois ans au plus"),
        ("first=1999-01-01&last=2001-01-01", "first", "à partir de l’an 2000"),
        ("first=hier&last=2026-01-01", "first", "Saisissez une date valide"),
        ("first=&last=2026-01-01", "first", "obligatoire"),
        ("first=0001-01-01&last=9999-12-31", "last", "pas encore venu"),
    ],
)
def test_wrong_days_are_told_at_their_field(browser: Client, asked: str, field: str, said: str) -> None:
    page = html.fromstring(browser.get(f"{ACCOUNT}?{asked}").content.decode())
    wrong = page.xpath(f"//input[@name='{field}']/ancestor::div[contains(@class, 'field-wrong')]")
    assert said in wrong[0].text_content()
    assert not page.xpath("//table")
    typed = dict(part.split("=") for part in asked.split("&"))
    assert page.xpath("//input[@name='last']/@value") == [typed["last"]]
    assert browser.get(f"{PAGE}releve.pdf?{asked}")["Location"].startswith(ACCOUNT)


def test_a_document_that_cannot_be_made_is_said(town: Town, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    take(make_invoice(town))

    def refuse(*_given: object, **_named: object) -> bytes:
        raise pdf.DocumentNotRendered("no colour")

    for name, address in (("render_year", PAID), ("render_payer_account", f"{PAGE}releve.pdf")):
        monkeypatch.setattr(pdf_documents, name, refuse)
        assert "réessayez plus tard" in text_of(browser.get(address, follow=True))


def test_documents_are_not_made_without_end(town: Town, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    take(make_invoice(town))
    monkeypatch.setattr(pdf_documents, "render_year", lambda *_given, **_named: b"%PDF")
    answers = [browser.get(PAID).status_code for _n in range(OWN_DOCUMENTS.most + 1)]
    assert answers == [200] * OWN_DOCUMENTS.most + [429]
