"""
The régisseur's screens in Chromium: the counter, an avoir, what waits, a refund, a wrong entry.

The agents' browsers get none of our scripts and are driven from the keyboard; every screen is looked at on a desk and
on a phone.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import People
from tests.journeys.keyboard import check, press, reach, write
from tests.journeys.test_citizen import CARD, file_an_application, invoice_it, pay_by_card

pytestmark = pytest.mark.browser


def desk_of(people: People, who: str) -> Page:
    """Return the window of an agent whose browser gets none of our scripts (axe needs an engine that runs its own)."""
    desk = people.window(who)
    desk.route(re.compile(r"\.js(\?|$)"), lambda route: route.fulfill(body="", content_type="text/javascript"))
    return desk


def open_invoice(desk: Page, number: str) -> None:
    desk.goto(f"/crm/factures/?q={number}")
    desk.get_by_role("link", name=number).first.click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text(number)


def take_cash(desk: Page, amount: str) -> str:
    """Take cash for the invoice that is open, from the keyboard; return the number of the quittance."""
    press(desk, desk.get_by_role("link", name="Encaisser…"))
    write(desk, "Montant", amount)
    reach(desk, desk.get_by_label("espèces"))
    desk.keyboard.press("Space")
    check(desk)
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("Remettez la quittance")
    quittance = re.search(r"ENF-Q-\d{4}-\d{6}", desk.inner_text("main"))
    assert quittance is not None
    return quittance[0]


def test_half_at_the_counter_half_online_then_done_again_and_given_back(people: People) -> None:
    citizen, desk = people.window("usager"), desk_of(people, "regisseur")
    number = invoice_it(people, file_an_application(citizen))
    open_invoice(desk, number)
    check(desk)
    place = desk.url
    be_refused(desk)

    open_invoice(desk, number)
    quittance = take_cash(desk, "11")
    check(desk)
    pay_the_rest(citizen, number)
    expect(citizen.get_by_role("link", name=re.compile(f"Quittance {quittance}"))).to_be_visible()
    expect(citizen.get_by_role("link", name=re.compile("Reçu R-ENF"))).to_be_visible()
    check(citizen)

    replacement = cancel_and_redo(desk, place)
    citizen.reload()
    expect(citizen.locator("main")).to_contain_text("Votre paiement de 11,00 € n’est pas perdu")
    expect(citizen.get_by_role("link", name=f"facture {replacement}")).to_be_visible()
    check(citizen)

    apply_to(desk, replacement)
    ask_for_a_refund(desk, number)
    approve_and_pay(desk_of(people, "suppleante"), refuse_to_approve_ones_own(desk))
    citizen.reload()
    expect(citizen.locator("main")).to_contain_text("Remboursement effectué : 11,00 €")


def be_refused(desk: Page) -> None:
    """Try to take more than is due."""
    press(desk, desk.get_by_role("link", name="Encaisser…"))
    write(desk, "Montant", "500")
    press(desk, desk.get_by_label("espèces"), "Space")
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("n’encaissez pas davantage")
    check(desk)


def pay_the_rest(citizen: Page, number: str) -> None:
    """Pay online what is left, and stand on the page of the invoice."""
    citizen.goto("/mes-factures/")
    bill = citizen.locator("li", has_text=number)
    expect(bill).to_contain_text("11,00 €")
    address = bill.get_by_role("link").first.get_attribute("href")
    citizen.get_by_role("button", name=re.compile(f"Payer maintenant.*{number}")).click()
    pay_by_card(citizen, CARD)
    expect(citizen.locator("main")).to_contain_text("11,00 €")
    citizen.goto(str(address))


def cancel_and_redo(desk: Page, place: str) -> str:
    """Cancel a paid invoice and do it again; return the number of the new one."""
    desk.goto(place)
    press(desk, desk.get_by_role("link", name="Annuler ou refaire…"))
    expect(desk.locator("main")).to_contain_text("cette somme ira en recettes à classer")
    check(desk)
    press(desk, desk.get_by_role("button", name="Annuler et refaire"))
    expect(desk.locator("main")).to_contain_text("Choisissez un motif")
    check(desk)
    press(desk, desk.get_by_label("Quantité erronée"), "Space")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Brouillon de facture")).to_be_visible()
    check(desk)

    press(desk, desk.get_by_role("button", name="Enregistrer"))
    expect(desk.locator("main")).to_contain_text("le brouillon est enregistré")
    desk.goto("/crm/brouillons/")
    check(desk)
    press(desk, desk.get_by_role("link", name="Émettre les brouillons…").first)
    expect(desk.locator("main")).to_contain_text("Cela ne se défait pas")
    check(desk)
    press(desk, desk.get_by_role("button", name="Émettre"))
    expect(desk.locator("main")).to_contain_text(re.compile(r"émises?, (?:de )?ENF-"))
    said = re.search(r"émises?, (?:de )?(ENF-\d{4}-\d{6})(?: à (ENF-\d{4}-\d{6}))?", desk.inner_text("main"))
    assert said is not None
    return said[2] or said[1]


def apply_to(desk: Page, replacement: str) -> None:
    """Count half of the money that the avoir freed for the new invoice."""
    open_invoice(desk, replacement)
    check(desk)
    press(desk, desk.get_by_role("link", name=re.compile("Imputer l’encaissement R-ENF")))
    expect(desk.locator("#apply select option:checked")).to_contain_text(replacement)
    check(desk)
    write(desk, "Motif", "Facture refaite")
    press(desk, desk.get_by_role("button", name="Imputer", exact=True))
    expect(desk.locator("main")).to_contain_text(f"11,00 € sont imputés sur la facture {replacement}")
    check(desk)


def ask_for_a_refund(desk: Page, number: str) -> None:
    """Ask for the other half back."""
    desk.goto("/crm/a-traiter/?kind=freed")
    press(desk, desk.locator("tbody tr", has_text=number).get_by_role("link").first)
    reach(desk, desk.locator("#id_refund_reason"))
    desk.keyboard.type("Payée au guichet, trop facturée")
    write(desk, "Titulaire du compte", "Maud Lefèvre")
    write(desk, "IBAN", "FR76 3000 6000 0112 3456 7890 189")
    press(desk, desk.get_by_role("button", name="Demander le remboursement"))
    expect(desk.locator("main")).to_contain_text("le remboursement est demandé")


def refuse_to_approve_ones_own(desk: Page) -> str:
    """Return the address of the refund, which its asker cannot approve."""
    desk.goto("/crm/remboursements/?state=requested")
    check(desk)
    press(desk, desk.locator("main tbody a").first)
    expect(desk.locator("main")).to_contain_text("une autre personne doit l’approuver")
    assert desk.get_by_role("button", name="Approuver").count() == 0
    check(desk)
    return desk.url


def approve_and_pay(desk: Page, refund: str) -> None:
    """Approve as another person, then write that the comptable paid."""
    desk.goto(refund)
    check(desk)
    press(desk, desk.get_by_role("button", name="Approuver"))
    check(desk)
    write(desk, "Référence du mandat", "M-2026-118")
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("le remboursement est noté, et l’usager prévenu")
    check(desk)


def test_a_wrong_entry_is_taken_back(people: People) -> None:
    desk = desk_of(people, "regisseur")
    number = invoice_it(people, file_an_application(people.window("usager")))
    open_invoice(desk, number)
    quittance = take_cash(desk, "22")
    press(desk, desk.get_by_role("link", name=quittance, exact=True))
    check(desk)
    press(desk, desk.get_by_role("link", name="Reprendre…"))
    check(desk)
    press(desk, desk.get_by_role("button", name="Reprendre l’encaissement"))
    expect(desk.locator("main")).to_contain_text("Écrivez le motif")
    check(desk)
    write(desk, "Motif", "saisi sur la mauvaise facture")
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("Repris, ne compte plus")
    check(desk)
    open_invoice(desk, number)
    expect(desk.get_by_role("link", name="Encaisser…")).to_be_visible()


def test_money_without_an_invoice_has_its_quittance_and_finds_its_invoice(people: People) -> None:
    desk = desk_of(people, "regisseur")
    number = invoice_it(people, file_an_application(people.window("usager")))
    desk.goto("/crm/regies/")
    press(desk, desk.locator("main tbody a", has_text="Enfance").first)
    press(desk, desk.get_by_role("link", name="Encaissement sans facture connue"))
    check(desk)
    write(desk, "Montant reçu", "22")
    write(desk, "Payé par", "M. Inconnu")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Encaissement dont la facture est inconnue")
    check(desk)
    write(desk, "N° de facture ou nom", number)
    desk.keyboard.press("Enter")
    expect(desk.locator("#apply select")).to_contain_text(number)
    check(desk)
    press(desk, desk.get_by_role("link", name=re.compile(r"^ENF-Q-")).first)
    check(desk)
    paper = desk.request.get(str(desk.get_by_role("link", name="PDF").first.get_attribute("href")))
    assert paper.status == 200
    assert paper.body().startswith(b"%PDF")
