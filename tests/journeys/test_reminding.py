"""The canteen's plan of reminders, from three texts to real dates; a payer left in peace."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from obole.lib import dates
from tests.journeys.conftest import People
from tests.journeys.keyboard import check

pytestmark = pytest.mark.browser
TEXTS = {
    "5": ("Votre facture {{ numero }} arrive à échéance", "Il reste {{ reste_du }} à régler avant le {{ echeance }}."),
    "7": ("Cantine : {{ numero }} reste à régler", "Sauf oubli de notre part, il reste {{ reste_du }}."),
    "21": (
        "Cantine : dernier rappel pour {{ numero }}",
        "Depuis notre message du {{ relance_1_le }} : {{ reste_du }}.",
    ),
}


def write_step(page: Page, at: int, days: str, *, when: str = "après l’échéance") -> None:
    subject, body = TEXTS[days]
    section = page.locator(f"section[aria-labelledby=etape-{at + 1}]")
    section.get_by_label("Jours").fill(days)
    section.get_by_label("Quand").select_option(label=when)
    if not section.get_by_label("Objet").is_visible():
        section.locator("summary").click()
    section.get_by_label("Objet").fill(subject)
    section.get_by_label("Texte").fill(body)


def plan_the_canteen(page: Page) -> None:
    """Build three steps of three texts, look at their dates before anything is kept, then keep them."""
    page.goto("/crm/parametrage/types/")
    page.get_by_role("link", name="Vie scolaire").click()
    page.get_by_role("link", name="Plan de relance").click()
    check(page)
    write_step(page, 0, "5", when="avant l’échéance")
    write_step(page, 1, "7")
    write_step(page, 2, "21")
    page.get_by_label("Seulement les jours ouvrés").check()
    # Twenty days after the 5th is the 25th, a holiday; so is a week before the new year a Friday of rest.
    page.get_by_label("Simuler une facture émise le").fill("2026-11-28")
    page.get_by_role("button", name="Voir ce que donne ce plan").click()
    drawn = page.locator("section[aria-labelledby=simulation]")
    for said in ("14 décembre 2026", "au lieu du 13/12/2026 (dimanche)", "28 décembre 2026", "8 janvier 2027"):
        expect(drawn).to_contain_text(said)
    for subject, _body in TEXTS.values():
        expect(drawn).to_contain_text(subject.replace("{{ numero }}", "ENF-2026-004873").split(" : ")[-1])
    expect(page.locator("section[aria-labelledby=a-venir]")).to_contain_text("relances dans les 30 jours")
    check(page)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("main")).to_contain_text("est enregistré")
    page.goto("/crm/parametrage/types/")
    expect(page.locator("main")).to_contain_text("5 jours avant l’échéance, à 7, 21 jours")


def leave_in_peace(desk: Page) -> None:
    """Suspend the reminders of a late payer for a month, and see it told."""
    desk.goto("/crm/factures/?status=late&sort=due_date")
    desk.locator("tbody a").first.click()
    desk.get_by_role("link", name="Suspendre les relances…").click()
    check(desk)
    until = dates.day_of(dates.now()) + timedelta(days=30)
    desk.get_by_label("Jusqu’au").fill(until.isoformat())
    desk.get_by_label("toutes les factures de ce payeur").check()
    desk.get_by_label("Difficulté du payeur").check()
    desk.get_by_role("button", name="Suspendre les relances").click()
    expect(desk.locator("main")).to_contain_text(f"suspendues jusqu’au {dates.format_short(until)}")
    check(desk)
    desk.get_by_role("link", name="Reprendre ou changer").click()
    desk.get_by_role("button", name="Reprendre les relances").click()
    expect(desk.locator("main")).to_contain_text("les relances reprennent")


def test_reminders_are_planned_and_suspended(people: People) -> None:
    plan_the_canteen(people.window("admin"))
    leave_in_peace(people.window("agent"))
