"""A month of the canteens: what was counted is billed in one go, once it was looked at."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from obole.lib import dates
from tests.journeys.conftest import People
from tests.journeys.keyboard import check

pytestmark = pytest.mark.browser
NEXT = dates.months_later(dates.day_of(dates.now()).replace(day=1), 1)
PERIOD = f"{dates.MONTHS[NEXT.month - 1]} {NEXT.year}"
MONDAY = NEXT + timedelta(days=(7 - NEXT.weekday()) % 7)


def count_a_week(page: Page) -> None:
    """Type two meals of the first child of the sheet, with the keyboard."""
    page.goto("/crm/presences/")
    page.get_by_role("link", name="Inscription cantine 2026-2027").click()
    page.get_by_label("Semaine du").fill(MONDAY.isoformat())
    page.get_by_role("button", name="Voir").click()
    page.locator("tbody input").first.focus()
    page.keyboard.type("1")
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("main")).to_contain_text("2 quantités sont enregistrées")


def open_campaign(page: Page) -> None:
    page.get_by_role("link", name="Campagnes", exact=True).click()
    check(page)
    page.get_by_role("link", name="Nouvelle campagne").click()
    expect(page.get_by_role("heading", name="Vie scolaire")).to_be_visible()
    page.get_by_label("Période").fill("les vacances")
    page.get_by_role("button", name="Calculer les brouillons").click()
    expect(page.locator("main")).to_contain_text("Écrivez une période qui dit ses jours")
    check(page)
    page.get_by_label("Période").fill(PERIOD)
    for scheme in ("forfait", "regroupement"):
        page.locator("label", has_text=scheme).locator("input").uncheck()
    page.get_by_role("button", name="Calculer les brouillons").click()
    # The page asks again by itself, until the worker is done.
    expect(page.locator("main")).to_contain_text("À vérifier", timeout=60_000)


def test_what_was_counted_is_looked_at_then_deposited(people: People) -> None:
    desk = people.window("agent")
    count_a_week(desk)
    open_campaign(desk)
    check(desk)
    expect(desk.locator("main")).to_contain_text("Rien de compté")
    desk.get_by_role("link", name="Rien de compté").click()
    expect(desk.locator("tbody").last.locator("tr").first).to_contain_text("Rien à facturer")
    desk.get_by_role("link", name="Déposer 1 facture…").click()
    expect(desk.locator("main")).to_contain_text("Factures à émettre")
    check(desk)
    desk.get_by_role("button", name="Déposer 1 facture").click()
    expect(desk.locator("main")).to_contain_text("Ce que sont devenues les factures", timeout=60_000)
    check(desk)
    desk.set_viewport_size({"width": 390, "height": 800})
    check(desk)
    desk.locator("#resultat").select_option("issued")
    desk.get_by_role("button", name="Filtrer").click()
    desk.locator("a[href*='/crm/factures/']").last.click()
    expect(desk.locator("main")).to_contain_text(PERIOD)
    expect(desk.locator("main")).to_contain_text("À payer")


def test_without_javascript_a_campaign_is_given_up(people: People) -> None:
    page = people.window("agent", javascript=False)
    page.goto("/crm/campagnes/nouvelle/")
    far = dates.months_later(NEXT, 2)
    page.get_by_label("Période").fill(f"{dates.MONTHS[far.month - 1]} {far.year}")
    page.get_by_role("button", name="Calculer les brouillons").click()
    for _look in range(60):
        if page.get_by_role("link", name="Tout recalculer").or_(page.get_by_text("À vérifier")).count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    page.get_by_role("link", name="Terminer sans déposer…").click()
    page.get_by_role("button", name="Abandonner les brouillons").click()
    expect(page.locator("main")).to_contain_text("ses brouillons sont abandonnés")
