"""A citizen pays, on a phone, with and without JavaScript, with the keyboard alone, twice by mistake."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import People
from tests.journeys.demo import Demo

pytestmark = pytest.mark.browser
CARD, REFUSED = "4970 1000 0000 0055", "4970 1000 0000 0113"


def pay_by_card(page: Page, card: str) -> None:
    """Do what a payer does on the bank's pages."""
    page.get_by_role("link", name=re.compile("Carte bancaire")).click()
    page.fill("input[name=numero]", card)
    page.fill("input[name=expiration]", "12/30")
    page.fill("input[name=cryptogramme]", "123")
    page.get_by_role("button", name=re.compile("^Payer")).click()
    page.fill("input[name=code]", "123456")
    page.get_by_role("button", name="Confirmer").click()
    page.get_by_role("link", name="Retourner sur le site du créancier").click()


def read_in(page: Page, said: str) -> str:
    """Wait for what a page says, and return what stands in the sentence's parentheses: the page before said others."""
    expect(page.locator("main")).to_contain_text(re.compile(said))
    found = re.search(said, page.inner_text("main"))
    assert found is not None
    return found[1]


def file_an_application(page: Page) -> str:
    """Apply for a library card: the smallest form of the demo. Return the dossier's reference."""
    page.goto("/demarches/")
    page.get_by_role("link", name=re.compile("Abonnement hors commune")).first.click()
    page.get_by_role("link", name=re.compile("Faire ma demande|Faire une demande")).first.click()
    page.get_by_label("Prénom et nom du lecteur").fill("Zoé Lefèvre")
    page.get_by_role("button", name="Envoyer ma demande").click()
    return read_in(page, r"(DOS-\d{6})")


def invoice_it(people: People, reference: str) -> str:
    """Let an agent accept the dossier and generate its invoice; return the invoice's number."""
    desk = people.window("agent")
    desk.goto(f"/crm/dossiers/?q={reference}")
    desk.get_by_role("link", name=reference).click()
    desk.get_by_role("button", name="Prendre en charge").click()
    desk.get_by_role("link", name=re.compile("^Factures")).last.click()
    expect(desk.locator("#generer")).to_be_attached()
    again = desk.get_by_label("Facturer tout de même")
    if again.count():
        # Another test of this citizen was invoiced the same thing before.
        if not again.is_visible():
            desk.locator("#generer > details > summary").click()
        again.check()
    desk.get_by_role("button", name="Générer la facture").click()
    return read_in(desk, r"la facture (ENF-\d{4}-\d{6}) est émise")


def paid_card(people: People, page: Page) -> str:
    """Apply, be invoiced, and stand before « Payer maintenant » on « Mes factures »; return the number."""
    number = invoice_it(people, file_an_application(page))
    page.goto("/mes-factures/")
    return number


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_citizen_is_refused_then_pays_on_a_phone(people: People, javascript: bool) -> None:
    page = people.window("usager", width=390, javascript=javascript)
    number = paid_card(people, page)
    page.get_by_role("button", name=re.compile(f"Payer maintenant.*{number}")).click()
    pay_by_card(page, REFUSED)
    expect(page.locator("main")).to_contain_text("Aucune somme n’a été débitée")

    page.goto("/mes-factures/")
    page.get_by_role("button", name=re.compile(f"Payer maintenant.*{number}")).click()
    pay_by_card(page, CARD)
    expect(page.locator("main")).to_contain_text("22,00 €")

    page.goto("/mes-factures/")
    paid = page.locator("tr", has_text=number)
    expect(paid).to_contain_text("Payée")


def test_a_citizen_pays_with_the_keyboard_alone(people: People) -> None:
    page = people.window("usager")
    number = paid_card(people, page)
    page.locator("body").press("Tab")
    expect(page.locator(":focus")).to_have_text(re.compile("contenu"))
    for _press in range(80):
        if (
            number in (page.locator(":focus").text_content() or "")
            and page.evaluate("document.activeElement.tagName") == "BUTTON"
        ):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Choisir un moyen de paiement")).to_be_visible()


def test_a_second_tab_is_told_and_never_sent_to_the_bank(people: People, demo: Demo) -> None:
    page = people.window("usager")
    number = paid_card(people, page)
    second = page.context.new_page()
    second.goto("/mes-factures/")
    page.get_by_role("button", name=re.compile(f"Payer maintenant.*{number}")).click()
    expect(page.get_by_role("heading", name="Choisir un moyen de paiement")).to_be_visible()

    second.get_by_role("button", name=re.compile(f"Payer maintenant.*{number}")).click()

    assert second.url.startswith(demo.base)
    expect(second.locator("main")).to_contain_text(re.compile("paiement.*en cours|Paiement en cours", re.IGNORECASE))
    page.get_by_role("button", name="Abandonner").click()
    expect(page.locator("main")).to_contain_text("Aucune somme n’a été débitée")


def test_the_return_works_without_a_session(people: People) -> None:
    page = people.window("usager", width=390)
    number = paid_card(people, page)
    page.get_by_role("button", name=re.compile(f"Payer maintenant.*{number}")).click()
    page.get_by_role("link", name=re.compile("Carte bancaire")).wait_for()
    page.context.clear_cookies()

    pay_by_card(page, CARD)

    expect(page.locator("main")).to_contain_text("22,00 €")
    assert "Lefèvre" not in page.inner_text("main")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_citizen_pays_two_invoices_at_once_on_a_phone(people: People, javascript: bool) -> None:
    page = people.window("usager", width=390, javascript=javascript)
    numbers = [paid_card(people, page) for _twice in range(2)]
    page.get_by_role("link", name=re.compile("Payer ensemble")).first.click()
    expect(page.get_by_role("heading", name="Payer plusieurs factures")).to_be_visible()
    for box in page.get_by_role("checkbox").all():
        name = page.locator(f"label[for={box.get_attribute('id')}]").inner_text()
        box.set_checked(any(number in name for number in numbers))
    if not javascript:
        page.get_by_role("button", name="Mettre le total à jour").click()
    pay = page.get_by_role("button", name=re.compile("Payer 44,00"))
    expect(pay).to_be_visible()
    pay.click()
    pay_by_card(page, CARD)

    expect(page.locator("main")).to_contain_text("44,00 €")
    for number in numbers:
        expect(page.locator("main")).to_contain_text(number)
    page.goto("/mes-factures/")
    for number in numbers:
        expect(page.locator("tr", has_text=number)).to_contain_text("Payée")
