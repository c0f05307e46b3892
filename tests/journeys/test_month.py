"""
A régisseur's month, from the drawer to the comptable: counted, handed in, matched with the bank, signed over, closed;
then the régie changes hands.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from obole.cash_desk.rules import VALUES
from obole.lib import dates
from tests.journeys.conftest import People
from tests.journeys.keyboard import check, choose, pick, press, write, write_day
from tests.journeys.test_citizen import CARD, file_an_application, invoice_it, pay_by_card
from tests.journeys.test_money import desk_of, open_invoice, take_cash

pytestmark = pytest.mark.browser
REGIE = "/crm/regies/1/"
FUND = 100_00
LAID_OUT = "Date opération;Libellé;Débit;Crédit;Solde\n{day};VIR PAYFIP {receipt};;{cents};{balance}\n"
"""As the bank of the demonstration writes its statements: its columns are remembered."""


def cents_in(text: str) -> int:
    """Return the first amount of a text."""
    found = re.search(r"[−-]?[\d\s\u202f\u00a0]*\d,\d\d", text)
    assert found is not None, text
    return int(re.sub(r"\D", "", found[0])) * (-1 if found[0][0] in "−-" else 1)


def count_it(desk: Page, cents: int, *, prefix: str = "") -> None:
    """Write how many notes and coins come to an amount, as few as can be."""
    for value in VALUES:
        number, cents = divmod(cents, value)
        write(desk, desk.locator(f"[name={prefix}n{value}]"), str(number))


def close_the_drawer(desk: Page) -> None:
    desk.goto(f"{REGIE}caisse/")
    check(desk)
    expected = desk.locator("[data-label='Attendu maintenant €']").first.inner_text()
    press(desk, desk.get_by_role("link", name="Compter et arrêter"))
    count_it(desk, cents_in(expected) - 100)
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("Il manque de l’argent")
    check(desk)
    press(desk, desk.get_by_role("button", name="Compter de nouveau"))
    count_it(desk, cents_in(expected))
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("Le compte est juste")
    press(desk, desk.get_by_role("button", name="Arrêter la caisse"))
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Arrêté de la caisse")
    check(desk)


def import_what_the_bank_shows(desk: Page, receipt: str, cents: int) -> None:
    """Import a statement of one line, and accept what it seems to be."""
    desk.goto(f"{REGIE}rapprochement/")
    check(desk)
    balance = cents_in(desk.locator("dl.figures dd").first.inner_text()) + cents
    today = dates.format_short(dates.day_of(dates.now()))
    written = [f"{one // 100},{one % 100:02}" for one in (cents, balance)]
    content = LAID_OUT.format(day=today, receipt=receipt, cents=written[0], balance=written[1])
    press(desk, desk.get_by_role("link", name="Importer un relevé"))
    check(desk)
    file = {"name": "releve-du-jour.csv", "mimeType": "text/csv", "buffer": content.encode("cp1252")}
    desk.set_input_files("input[type=file]", files=[file])
    press(desk, desk.get_by_role("button", name="Lire le fichier"))
    expect(desk.locator("main")).to_contain_text("les lignes font la différence")
    check(desk)
    press(desk, desk.get_by_role("button", name="Importer 1 ligne"))
    expect(desk.locator("main")).to_contain_text("1 ligne importée")

    line = desk.get_by_role("link", name=re.compile(receipt)).first
    press(desk, line)
    button = desk.get_by_role("button", name=re.compile("^Accepter|^C’est bien"))
    for _look in range(60):
        if button.count():
            break
        desk.wait_for_timeout(500)
        desk.reload()
    check(desk)
    press(desk, button.first)
    expect(desk.locator("main")).to_contain_text("Rapprochée")
    check(desk)


def sign_the_month_over(desk: Page) -> None:
    desk.goto(f"{REGIE}versements/")
    check(desk)
    press(desk, desk.get_by_role("link", name=re.compile("Préparer")).first)
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Préparer un versement")
    check(desk)
    # On the first days of a month, the account may hold less than what came: an earlier day is signed.
    sign = desk.get_by_role("button", name="Signer le bordereau")
    for days in (0, 5, 10, 15, 20, 30):
        if sign.count():
            break
        until = dates.day_of(dates.now()) - timedelta(days=days)
        desk.goto(f"{REGIE}versements/nouveau/?until={until.isoformat()}")
    check(desk)
    press(desk, sign)
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Bordereau de versement ENF-")
    check(desk)
    paper = desk.request.get(str(desk.get_by_role("link", name="Bordereau (PDF)").get_attribute("href")))
    assert paper.body().startswith(b"%PDF")


def close_the_accounts(desk: Page) -> None:
    desk.goto(f"{REGIE}arreter/")
    yesterday = dates.day_of(dates.now()) - timedelta(days=1)
    write_day(desk, desk.locator("main input[type=date]"), yesterday.isoformat())
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("Cela ne se défait pas")
    check(desk)
    press(desk, desk.get_by_role("button", name="Arrêter les comptes"))
    expect(desk.locator("main")).to_contain_text(dates.format_short(yesterday))
    check(desk)


def leave(desk: Page) -> str:
    """Count all that there is, and sign first; return the address of the remise de service."""
    desk.goto(f"{REGIE}remises-de-service/")
    check(desk)
    press(desk, desk.get_by_role("link", name="Remettre le service"))
    check(desk)
    choose(desk, "Qui prend la régie", "Nadia Benali")
    pick(desk, desk.get_by_label("Absence"))
    for prefix in ("drawer-1-", "safe-"):
        told = desk.locator(f"p:has-text('Attendu'):has(~ fieldset [name={prefix}n100])").last
        count_it(desk, cents_in(told.inner_text()), prefix=prefix)
    press(desk, desk.get_by_role("button", name="Vérifier"))
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Vérifier la remise de service")
    check(desk)
    press(desk, desk.get_by_role("button", name="Signer la remise de service"))
    expect(desk.locator("main")).to_contain_text("doit maintenant signer, aujourd’hui")
    check(desk)
    return desk.url


def arrive(desk: Page, place: str) -> None:
    """Sign as who takes the régie over."""
    desk.goto(place)
    check(desk)
    press(desk, desk.get_by_role("button", name="Signer et prendre la régie"))
    expect(desk.locator("main")).to_contain_text("la régie est remise")
    check(desk)
    paper = desk.request.get(str(desk.get_by_role("link", name="Procès-verbal (PDF)").get_attribute("href")))
    assert paper.body().startswith(b"%PDF")


def open_the_drawer(desk: Page) -> None:
    """Open it again with its fund, for the next day and for the other journeys."""
    desk.goto(f"{REGIE}caisse/")
    press(desk, desk.get_by_role("link", name="Ouvrir"))
    count_it(desk, FUND)
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("Votre caisse est ouverte")
    check(desk)


def test_from_the_drawer_to_the_signed_bordereau_then_to_other_hands(people: People) -> None:
    citizen, desk = people.window("usager"), desk_of(people, "regisseur")
    number = invoice_it(people, file_an_application(citizen))
    citizen.goto("/mes-factures/")
    citizen.get_by_role("button", name=re.compile(f"Payer maintenant.*{number}")).click()
    pay_by_card(citizen, CARD)
    open_invoice(desk, number)
    receipt = re.search(r"R-ENF-\d{6}", desk.inner_text("main"))
    assert receipt is not None
    open_invoice(desk, invoice_it(people, file_an_application(citizen)))
    take_cash(desk, "22")

    close_the_drawer(desk)
    import_what_the_bank_shows(desk, receipt[0], 2200)
    sign_the_month_over(desk)
    close_the_accounts(desk)
    arrive(desk_of(people, "suppleante"), leave(desk))
    open_the_drawer(desk)
