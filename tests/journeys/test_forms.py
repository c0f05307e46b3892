"""A form is built by an administrator, and filled with and without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import People
from tests.journeys.test_looks import look_at

pytestmark = pytest.mark.browser
SCHEME = "Inscription au conservatoire 2026-2027"


def add(page: Page, kind: str, label: str, **choices: str) -> None:
    """Add a field at the end of the form, with the keyboard's help only."""
    page.get_by_role("link", name="Ajouter un champ", exact=True).press("Enter")
    page.get_by_role("link", name=kind, exact=True).press("Enter")
    page.get_by_label(re.compile("Question|Titre")).fill(label)
    for name, value in choices.items():
        control = page.locator(f"[name={name}]")
        control.select_option(value) if control.evaluate("one => one.tagName") == "SELECT" else control.fill(value)
    page.get_by_role("button", name="Enregistrer").press("Enter")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_form_is_built_and_filled(people: People, width: int) -> None:
    names = (f"Frères et sœurs {width}", f"Prénom {width}", f"Allergie {width}")
    build(people.window("admin", width=width, javascript=width == 1280), *names, looked_at=width == 1280)
    fill(people.window("usager", width=width, javascript=width == 1280), *names, scripted=width == 1280)


def build(admin: Page, group: str, name: str, allergy: str, *, looked_at: bool) -> None:
    """Add a group with a question, and another question, then publish."""
    admin.goto("/crm/parametrage/prestations/")
    admin.get_by_role("link", name=SCHEME).first.click()
    admin.get_by_role("link", name="Modifier le formulaire").click()
    add(admin, "Bloc répété (un par enfant)", group, row_name="enfant", required="never")
    add(admin, "Texte court", name, group=admin_value(admin, group))
    add(admin, "Texte long", allergy, required="never")
    address = admin.url.partition("#")[0]
    admin.get_by_role("link", name=allergy, exact=True).press("Enter")
    admin.get_by_text("N’afficher que si…").click()
    admin.locator("[name=shown_if_0_name]").select_option("debutant")
    admin.locator("[name=shown_if_0_value]").fill("Non")
    admin.get_by_role("button", name="Enregistrer").press("Enter")
    for path in ("", "champs/debutant/", "nouveau-champ/", "essai/") if looked_at else ():
        look_at(admin, address + path)
    admin.goto(address)
    admin.get_by_role("button", name=f"Monter {allergy}", exact=True).press("Enter")
    admin.get_by_role("button", name="Publier ce formulaire").press("Enter")
    expect(admin.get_by_text("du formulaire est publiée")).to_be_visible()


def fill(citizen: Page, group: str, name: str, allergy: str, *, scripted: bool) -> None:
    """Add rows and take one away, put it aside, go on, and forget it."""
    citizen.goto("/demarches/")
    citizen.get_by_role("link", name=SCHEME).first.click()
    citizen.get_by_role("link", name="Faire ma demande").click()
    if scripted:
        expect(citizen.get_by_label(allergy)).to_be_hidden()
        citizen.locator("[name=answer_debutant][value=no]").check()
    else:
        expect(citizen.get_by_text("À remplir si « Un des élèves débute » est non.").first).to_be_visible()
    expect(citizen.get_by_label(allergy)).to_be_visible()
    box = citizen.get_by_role("group", name=group, exact=True)
    box.get_by_role("button", name="Ajouter : enfant").click()
    box.get_by_label(name).fill("Zoé")
    box.get_by_role("button", name="Ajouter : enfant").click()
    expect(box.get_by_label(name).first).to_have_value("Zoé")
    box.get_by_label(name).nth(1).fill("Léo")
    box.get_by_role("button", name="Retirer : Enfant 1").click()
    expect(box.get_by_label(name)).to_have_value("Léo")
    citizen.get_by_role("button", name="Enregistrer et finir plus tard").click()
    expect(citizen.get_by_role("heading", name="Demandes commencées")).to_be_visible()
    if scripted:
        look_at(citizen, "/mes-demarches/")
    citizen.get_by_role("link", name=f"Reprendre {SCHEME}").click()
    expect(citizen.get_by_label(name)).to_have_value("Léo")
    citizen.goto("/mes-demarches/")
    citizen.get_by_role("button", name=f"Supprimer {SCHEME}").click()
    expect(citizen.get_by_text("La demande commencée est supprimée.")).to_be_visible()


def admin_value(page: Page, group: str) -> str:
    """Return the key of a group, which its place in the list says."""
    place = page.locator(".builder-list > li", has_text=group).get_attribute("id")
    return str(place).removeprefix("champ-")
