"""« Mes factures »: the list in two parts, one invoice, its papers, and who cannot pay online and why."""

import pytest
from django.test import Client

from obole.billing import operations as billing, pdf_documents
from obole.billing.models import Invoice, InvoiceType
from obole.lib import pdf, texts
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt, Reversal
from obole.regies import operations as regies
from tests.portal.conftest import Clock, bill, text_of
from tests.world import NOON, WHO, Town, handed, later, make_invoice

pytestmark = pytest.mark.django_db


def paid(invoice: Invoice, minutes: float = 1) -> Attempt:
    attempt = started(invoice, minutes)
    return payments.resolve_attempt(attempt_id=attempt.pk, actor=WHO, at=later(minutes + 1))


def started(invoice: Invoice, minutes: float = 1) -> Attempt:
    return payments.start_payment(
        invoice_id=invoice.pk,
        email="usager@example.org",
        request_key=f"key-{invoice.pk}-{minutes}",
        actor=WHO,
        at=later(minutes),
    )


def page_of(browser: Client, invoice: Invoice) -> str:
    response = browser.get(f"/mes-factures/{invoice.public_id}/")
    assert response.status_code == 200
    return text_of(response)


def test_nothing_to_pay(browser: Client) -> None:
    page = text_of(browser.get("/mes-factures/"))
    assert "Vous n’avez aucune facture à payer." in page
    assert "Rien à payer" in page and "Aucune facture payée" in page
    assert "douze derniers mois" not in page


def test_the_list_says_where_you_stand_in_two_parts(town: Town, browser: Client) -> None:
    due, settled = make_invoice(town, meals=16), make_invoice(town, meals=10)
    bill(town, 1000)
    receipt = Receipt.objects.get(attempt=paid(settled))
    page = text_of(browser.get("/mes-factures/"))
    assert "<strong>2 factures à payer</strong>" in page and "62,00 €" in page
    waiting, payees = page.index("Factures en attente de paiement</h2>"), page.index("Factures payées</h2>")
    assert waiting < page.index(str(due.number)) < payees < page.index(str(settled.number))
    assert page.count("Payer maintenant") == 2
    assert f"/mes-factures/{settled.public_id}/recus/{receipt.public_id}.pdf" in page
    assert "avant le <strong>15 décembre 2026</strong>, dans 20 jours" in page
    assert "Les douze derniers mois" in page and "Voir le tableau" in page and "94,50 €" in page


def test_one_invoice_is_said_in_the_singular(town: Town, browser: Client) -> None:
    make_invoice(town)
    assert "<strong>1 facture à payer</strong>" in text_of(browser.get("/mes-factures/"))


def test_an_invoice_being_paid_has_no_button_and_says_since_when(town: Town, browser: Client) -> None:
    invoice = bill(town, 2203)
    started(invoice)
    for page in (text_of(browser.get("/mes-factures/")), page_of(browser, invoice)):
        assert "Paiement en cours" in page
        assert "commencé à 12 h 01. Si vous avez validé votre carte, ne payez pas une seconde fois" in page
        assert "Payer maintenant" not in page
    assert "Un paiement est en cours de vérification." in text_of(browser.get("/mes-factures/"))


def test_the_bank_page_can_be_opened_again_while_it_lasts(town: Town, browser: Client, clock: Clock) -> None:
    invoice = bill(town, 2203)
    attempt = started(invoice)
    assert f"/paiements/{attempt.public_id}/vers-la-banque/" in page_of(browser, invoice)
    clock.pass_(minutes=16)
    page = page_of(browser, invoice)
    assert "vers-la-banque" not in page and f"/paiements/retour/{attempt.public_id}/" in page


def test_a_late_invoice_says_for_how_long(town: Town, browser: Client, clock: Clock) -> None:
    invoice = make_invoice(town)
    clock.pass_(days=32)
    for page in (text_of(browser.get("/mes-factures/")), page_of(browser, invoice)):
        assert "En retard" in page and "en retard de 12 jours" in page and "Payer maintenant" in page


def test_an_invoice_shows_what_is_left_its_lines_and_what_happened(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    page = page_of(browser, invoice)
    assert '<p class="amount amount-xl">52,00 €</p>' in page
    for text in ("Reste à payer", "16 repas", "3,25 €", "Payer maintenant", "Facture déposée dans votre espace"):
        assert text in page
    assert "Télécharger la facture (PDF)" in page
    assert "Votre facture ENF-2026-000001 est disponible" in page


def test_the_size_of_the_document_is_said_once_it_is_made(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    size = round(pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=later(1)).size / 1000)
    assert f"Télécharger la facture (PDF, {size} ko)" in page_of(browser, invoice)


def test_a_paid_invoice_shows_its_receipt(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    receipt = Receipt.objects.get(attempt=paid(invoice))
    page = page_of(browser, invoice)
    assert "Payée" in page and "le 25 novembre 2026" in page and "Paiement reçu : 52,00 €" in page
    assert f"Reçu {receipt.number} : 52,00 €" in page and "Payer maintenant" not in page
    assert "Reste à payer" not in page


@pytest.mark.parametrize(
    ("cents", "sentence"),
    [(50, "Les paiements en ligne commencent à 1,00 €"), (100_000_00, "Les paiements en ligne s’arrêtent à")],
)
def test_amounts_that_the_bank_does_not_take(town: Town, browser: Client, cents: int, sentence: str) -> None:
    invoice = bill(town, cents)
    for page in (text_of(browser.get("/mes-factures/")), page_of(browser, invoice)):
        assert sentence in page and "Payer maintenant" not in page


def test_a_regie_that_is_off_takes_no_payment(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    regies.configure_regie(regie_id=town.regie.pk, values={"enabled": False}, actor=WHO, at=NOON)
    page = page_of(browser, invoice)
    assert "Le paiement en ligne est fermé pour le moment" in page and "Payer maintenant" not in page


def test_a_transferred_invoice_is_paid_elsewhere(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(1))
    page = page_of(browser, invoice)
    assert "auprès du comptable public" in page and "Payer maintenant" not in page
    assert "Factures annulées ou transmises" in text_of(browser.get("/mes-factures/"))


def test_a_cancelled_invoice_says_why(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="Facture <en double>", actor=WHO, at=later(1))
    page = page_of(browser, invoice)
    assert "Il n’y a rien à payer. Motif : Facture &lt;en double&gt;" in page
    assert "Payer maintenant" not in page


def test_money_of_a_cancelled_invoice_is_told_in_plain_words(town: Town, browser: Client) -> None:
    invoice = make_invoice(town, meals=10)
    paid(invoice)
    payments.cancel_invoice(invoice_id=invoice.pk, code="quantity", comment="", actor=WHO, at=later(3))
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=WHO, at=later(4))
    page = page_of(browser, invoice)
    assert "Votre paiement de 32,50 € n’est pas perdu" in page
    assert "il réglera une autre de vos factures, ou vous sera remboursé" in page
    assert "avoir<" not in page and "repris" not in page
    assert "Elle est remplacée" not in page, "a draft is nobody's but the agents'"
    again = billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=later(5))
    assert f'/mes-factures/{again.public_id}/">facture {again.number}</a>' in page_of(browser, invoice)


def test_a_payment_that_the_bank_sent_back_says_why(town: Town, browser: Client) -> None:
    invoice = make_invoice(town, meals=10)
    money = handed(1000, Receipt.Means.CHEQUE)
    receipt = payments.take_money(invoice_id=invoice.pk, money=money, request_key="k", actor=WHO, at=later(1))
    kind = Reversal.Kind.BOUNCED
    payments.reverse_receipt(receipt_id=receipt.pk, kind=kind, reason="chèque sans provision", actor=WHO, at=later(2))
    page = page_of(browser, invoice)
    assert "Votre paiement de 10,00 € ne compte plus" in page and "chèque sans provision" in page


def test_a_payment_that_does_not_fit_warns_before_another(town: Town, browser: Client) -> None:
    invoice = bill(town, 1209)
    paid(invoice)
    page = page_of(browser, invoice)
    assert "12,10 € déjà reçus attendent d’être comptés" in page and "Payer maintenant" not in page
    there = text_of(browser.get(f"/mes-factures/{invoice.public_id}/payer/"))
    assert "Ne payez pas une seconde fois." in there and "Payer maintenant" not in there
    before = Attempt.objects.count()
    answer = browser.post(f"/mes-factures/{invoice.public_id}/payer/", {"request_key": texts.token()}, follow=True)
    assert "Ne payez pas une seconde fois." in text_of(answer)
    assert Attempt.objects.count() == before


def test_a_payment_without_a_result_is_said_before_the_button_once_the_invoice_may_be_tried_again(
    town: Town, browser: Client, clock: Clock
) -> None:
    invoice, other = bill(town, 1203), make_invoice(town)
    attempt = started(invoice)
    said, clock.at = "La banque n’a toujours pas donné le résultat du paiement commencé le", later(30)
    assert said not in page_of(browser, invoice)
    payments.resolve_attempt(attempt_id=attempt.pk, actor=WHO, at=clock.at)

    for address in (f"/mes-factures/{invoice.public_id}/", "/mes-factures/", "/mes-factures/payer-ensemble/"):
        page = text_of(browser.get(address))
        assert page.count(said) == 1, address
    assert page.count(" checked>") == 1, "only the other one is ticked"
    assert "Payer maintenant" in page_of(browser, invoice)
    assert said in text_of(browser.get(f"/mes-factures/{invoice.public_id}/payer/"))
    assert said not in page_of(browser, other)


def test_papers_are_handed_over_privately(town: Town, browser: Client, stranger: Client) -> None:
    invoice = make_invoice(town)
    receipt = Receipt.objects.get(attempt=paid(invoice))
    addresses = {
        f"/mes-factures/{invoice.public_id}/facture.pdf": f"facture-{invoice.number}.pdf",
        f"/mes-factures/{invoice.public_id}/recus/{receipt.public_id}.pdf": f"recu-{receipt.number}.pdf",
    }
    for address, name in addresses.items():
        first, again = browser.get(address), browser.get(address)
        assert first.content.startswith(b"%PDF-1.7") and first.content == again.content
        assert first["Content-Type"] == "application/pdf"
        assert first["Content-Disposition"] == f'inline; filename="{name}"'
        assert first["X-Content-Type-Options"] == "nosniff"
        assert set(first["Cache-Control"].split(", ")) == {"private", "no-store"}
        assert stranger.get(address).status_code == 404
        assert Client().get(address).status_code == 302


def test_a_receipt_belongs_to_its_invoice(town: Town, browser: Client) -> None:
    invoice, other = make_invoice(town), make_invoice(town)
    receipt = Receipt.objects.get(attempt=paid(invoice))
    assert browser.get(f"/mes-factures/{other.public_id}/recus/{receipt.public_id}.pdf").status_code == 404


def test_a_document_that_cannot_be_made_is_no_crash(
    town: Town, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> bytes:
        raise pdf.DocumentNotRendered("broken")

    invoice = make_invoice(town)
    receipt = Receipt.objects.get(attempt=paid(invoice))
    monkeypatch.setattr("obole.billing.pdf_documents.render_invoice", fail)
    monkeypatch.setattr("obole.payments.pdf_documents.render_receipt", fail)
    for address in ("facture.pdf", f"recus/{receipt.public_id}.pdf"):
        response = browser.get(f"/mes-factures/{invoice.public_id}/{address}", follow=True)
        assert "ne peut pas être produit pour le moment" in text_of(response)


def test_home_shows_the_first_invoices_to_pay(town: Town, browser: Client) -> None:
    for cents in (1000, 2000, 3000, 4000):
        bill(town, cents)
    page = text_of(browser.get("/"))
    assert "<strong>4 factures à payer</strong>" in page and "100,00 €" in page
    assert page.count("Payer maintenant") == 3 and "Voir toutes mes factures" in page


def test_a_draft_is_not_there(town: Town, browser: Client) -> None:
    draft = Invoice.objects.create(
        request_key="draft",
        type=InvoiceType.objects.get(pk=town.type.pk),
        regie=town.regie,
        payer=town.citizen,
        label="Brouillon",
        total_cents=100,
        created_at=NOON,
    )
    for end in ("", "facture.pdf", "payer/"):
        assert browser.get(f"/mes-factures/{draft.public_id}/{end}").status_code == 404
    assert browser.post(f"/mes-factures/{draft.public_id}/payer/").status_code == 404
    assert "Vous n’avez aucune facture à payer." in text_of(browser.get("/mes-factures/"))


def test_lists_cost_the_same_however_many_invoices(
    town: Town, browser: Client, django_assert_max_num_queries: object
) -> None:
    def fill(times: int) -> None:
        for _number in range(times):
            bill(town, 5000)
            paid(make_invoice(town))
            billing.transfer_invoice(invoice_id=bill(town, 5000).pk, actor=WHO, at=later(1))

    costs = []
    # The first page of a session asks once whether an agent is there.
    browser.get("/pages/cookies/")
    for times in (1, 5):
        fill(times)
        for address in ("/mes-factures/", "/"):
            with django_assert_max_num_queries(14) as counted:  # type: ignore[operator]
                browser.get(address)
            costs.append(len(counted))
    assert costs[:2] == costs[2:]


def test_paid_invoices_come_by_pages(town: Town, browser: Client) -> None:
    for _number in range(21):
        paid(make_invoice(town))
    assert text_of(browser.get("/mes-factures/")).count(">Reçu<") == 20
    assert text_of(browser.get("/mes-factures/?page=2")).count(">Reçu<") == 1
    assert browser.get("/mes-factures/?page=999").status_code == 200
