"""Every page of the demo, as a screen reader, a phone and an eye see it."""

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
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
    "/crm/parametrage/cles/",
    "/crm/parametrage/cles/nouvelle/",
)
WIDTHS = (1280, 360)
FILE = re.compile(r"(\.(pdf|csv|xlsx|ods|zip)|/fichier/)$")
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
    """Open a page, on a desk and on a phone: it is there, holds no accessibility fault, and never scrolls sideways."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    assert page.locator("h1").count() == 1, path
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        faults = Axe().run(page)
        assert faults.violations_count == 0, f"{path} at {width}: {faults.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
            f"{path} scrolls sideways at {width}"
        )
        assert page.evaluate(LETTERS) == [], f"{path} writes a term one letter a line at {width}"


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
        and not FILE.search(item)
        and not item.endswith(("/nouveau/", "/nouvel/"))
    )


def linked(page: Page) -> list[str]:
    """Return the addresses that the page leads to, with what they ask for."""
    found = page.locator("main a[href]").evaluate_all("links => links.map(link => link.href)")
    parts = [urlsplit(address) for address in found]
    return [f"{part.path}?{part.query}" if part.query else part.path for part in parts]


def test_public_pages(people: People) -> None:
    page = people.window()
    for path in PUBLIC:
        look_at(page, path)


def test_citizen_pages(people: People) -> None:
    page = people.window("usager")
    for path in (*CITIZEN, *(first_detail(page, listing) for listing in DETAILS["usager"])):
        look_at(page, path)


def test_crm_pages(people: People) -> None:
    page = people.window("admin")
    for path in (*CRM, *(first_detail(page, listing) for listing in DETAILS["admin"])):
        look_at(page, path)


def test_every_screen_that_a_regie_leads_to(people: People) -> None:
    page = people.window("regisseur")
    regie = first_detail(page, "/crm/regies/")
    left, seen = [regie], set[str]()
    while left:
        address = left.pop(0)
        path = urlsplit(address).path
        screen = resolve(path).view_name
        if not path.startswith(regie) or screen in seen or FILE.search(path):
            continue
        seen.add(screen)
        look_at(page, address)
        left += linked(page)
    assert len(seen) > 25, seen


def test_the_bank_pages(people: People, demo: Demo) -> None:
    page = people.window()
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
