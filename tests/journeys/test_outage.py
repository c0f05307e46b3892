"""The bank goes down and comes back under the eyes of a citizen and of a régisseur; and a period is closed."""

import time

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import People
from tests.journeys.demo import Demo
from tests.journeys.test_looks import look_at

pytestmark = pytest.mark.browser

OPERATIONS = ("answer_creer", "answer_detail", "answer_client")
BANNER = "Le paiement en ligne est momentanément indisponible."
WIDTHS = (1280, 360)
PATIENCE_SECONDS = 150


def address_of_a_bill(page: Page) -> str:
    page.goto("/mes-factures/")
    address = page.locator("main li.bill a").first.get_attribute("href")
    assert address
    return address


def test_the_bank_goes_down_and_comes_back(people: People, demo: Demo) -> None:
    citizen = people.window("usager")
    bill = address_of_a_bill(citizen)
    demo.control(**dict.fromkeys(OPERATIONS, "html_502"))
    try:
        for _click in range(5):
            citizen.goto(bill)
            citizen.click("button.btn-pay")
            citizen.wait_for_load_state()
        assert BANNER in citizen.content()
        for width in WIDTHS:
            look_at_the_outage(people, bill, width)
    finally:
        demo.control(**dict.fromkeys(OPERATIONS, "normal"))
    back_in = time.monotonic() + PATIENCE_SECONDS
    while BANNER in citizen.content():
        assert time.monotonic() < back_in, "the banner stays"
        time.sleep(2)
        citizen.goto(bill)
    assert citizen.locator("button.btn-pay").count() == 1


def look_at_the_outage(people: People, bill: str, width: int) -> None:
    page = people.window("usager", width=width)
    for path in ("/mes-factures/", bill, f"{bill}payer/", "/"):
        look_at(page, path)
        assert BANNER in page.content(), path
        # Another régie's bills can still be paid: in a list, only this one is looked at.
        is_list = path in ("/mes-factures/", "/")
        mine = page.locator("li.bill", has=page.locator(f"a[href='{bill}']")) if is_list else page.locator("main")
        assert mine.count() == 1 and mine.locator("text=Payer maintenant").count() == 0, path
    desk = people.window("regisseur", width=width)
    look_at(desk, "/crm/")
    assert "la banque ne répond plus depuis" in desk.content()


@pytest.mark.parametrize(("width", "until"), [(1280, "2026-01-31"), (360, "2026-02-28")])
def test_a_period_is_closed(people: People, width: int, until: str) -> None:
    page = people.window("regisseur", width=width)
    page.goto("/crm/regies/")
    regie = page.locator("main tbody a").first.get_attribute("href") or ""
    look_at(page, f"{regie}arreter/?until=2099-12-31")
    page.goto(regie)
    page.fill("input[name=until]", until)
    page.click("text=Arrêter…")
    page.wait_for_load_state()
    look_at(page, page.url)
    page.click("main form button.btn-primary")
    page.wait_for_load_state()
    look_at(page, page.url)
    look_at(page, regie)
    assert page.locator("#arretes").count() == 1
