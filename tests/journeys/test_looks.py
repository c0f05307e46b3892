"""Every page of the demo, as a screen reader, a phone and an eye see it."""

from pathlib import Path
from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.conftest import People
from tests.journeys.demo import Demo

pytestmark = pytest.mark.browser

PUBLIC = (
    "/",
    "/demarches/",
    "/compte/login/",
    "/compte/signup/",
    "/compte/password/reset/",
    "/pages/accessibilite/",
    "/pages/donnees-personnelles/",
    "/pages/cookies/",
)
CITIZEN = ("/", "/mes-demarches/", "/mes-factures/", "/mon-compte/", "/mon-compte/fermer/", "/demarches/")
CRM = (
    "/crm/",
    "/crm/a-traiter/",
    "/crm/dossiers/",
    "/crm/factures/",
    "/crm/transactions/",
    "/crm/encaissements/",
    "/crm/courriels/",
    "/crm/usagers/",
    "/crm/regies/",
    "/crm/parametrage/",
    "/crm/parametrage/regies/",
    "/crm/parametrage/regies/nouvelle/",
    "/crm/parametrage/types/",
    "/crm/parametrage/types/nouveau/",
    "/crm/parametrage/prestations/",
    "/crm/parametrage/courriels/",
    "/crm/parametrage/agents/2/droits/",
    "/crm/parametrage/journal/",
    "/crm/parametrage/conservation/",
    "/crm/parametrage/agents/",
)
BOOKS = ("journal/", "quittances/", "grand-livre/", "balance/", "soldes/", "graphiques/", "ecritures/1/")
DETAILS = {
    "usager": ("/mes-factures/", "/mes-demarches/", "/demarches/"),
    "admin": (
        "/crm/dossiers/",
        "/crm/factures/",
        "/crm/transactions/",
        "/crm/courriels/",
        "/crm/usagers/",
        "/crm/regies/",
    ),
}


def look_at(page: Page, path: str) -> None:
    """Open a page; it must be there, hold no accessibility fault, and never scroll sideways."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    faults = Axe().run(page)
    assert faults.violations_count == 0, f"{path}: {faults.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
        f"{path} scrolls sideways"
    )
    assert page.locator("h1").count() == 1, path
    assert page.evaluate(LETTERS) == [], f"{path} writes a term one letter a line"


LETTERS = """[...document.querySelectorAll('dt')].map(one => [one.textContent, one.getBoundingClientRect()])
    .filter(([text, box]) => box.width && text.trim().length > 5 && box.width < 40).map(([text]) => text)"""
"""The terms of a list of facts that have hardly any room."""


def first_detail(page: Page, path: str) -> str:
    """Return the address of the first thing that a list leads to."""
    page.goto(path)
    found = page.locator("main a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    full = [urljoin(path, item) for item in found]
    return next(
        item
        for item in full
        if item.startswith(path)
        and item != path
        and "?" not in item
        and not item.endswith((".pdf", ".csv", "/nouveau/", "/nouvel/"))
    )


@pytest.mark.parametrize("width", [1280, 360])
def test_public_pages(people: People, width: int) -> None:
    page = people.window(width=width)
    for path in PUBLIC:
        look_at(page, path)


@pytest.mark.parametrize("width", [1280, 360])
def test_citizen_pages(people: People, width: int) -> None:
    page = people.window("usager", width=width)
    for path in (*CITIZEN, *(first_detail(page, listing) for listing in DETAILS["usager"])):
        look_at(page, path)


@pytest.mark.parametrize("width", [1280, 360])
def test_crm_pages(people: People, width: int) -> None:
    page = people.window("admin", width=width)
    for path in (*CRM, *(first_detail(page, listing) for listing in DETAILS["admin"])):
        look_at(page, path)
    regie = first_detail(page, "/crm/regies/")
    for book in BOOKS:
        look_at(page, f"{regie}{book}")


def test_the_bank_pages(people: People, demo: Demo) -> None:
    page = people.window(width=360)
    for path in ("/", "/incidents"):
        look_at(page, f"{demo.bank}{path}")


def test_the_pictures_of_the_readme(people: People, pictures: Path | None, tmp_path: Path) -> None:
    folder = pictures or tmp_path
    citizen, agent = people.window("usager"), people.window("regisseur")
    citizen.goto("/mes-factures/")
    citizen.screenshot(path=folder / "portail-mes-factures.png")
    agent.goto("/crm/factures/?status=paid&type=1")
    agent.locator("main tbody a").first.click()
    agent.wait_for_load_state()
    agent.screenshot(path=folder / "crm-facture.png")

    assert all((folder / name).stat().st_size > 20_000 for name in ("portail-mes-factures.png", "crm-facture.png"))
