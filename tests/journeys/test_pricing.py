"""
An administrator who has never seen the product sets a canteen up, from an empty installation, with the keyboard alone;
its first invoice is the one that the vote makes.
"""

import re
from collections.abc import Iterator
from re import Pattern

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import People
from tests.journeys.installation import Installation, installed
from tests.journeys.keyboard import check, choose, pick, press, tick, write, write_day

pytestmark = [pytest.mark.browser, pytest.mark.long]

ADMIN, AGENT, CITIZEN = "camille@valbourg.example", "sonia@valbourg.example", "maud@exemple.fr"
PASSWORD = "quatre chevaux bleus"
GRID = (
    "Tranche;Repas;Accueil du soir",
    "0–400;1,00;0,45",
    "401–700;2,10;0,70",
    "701–1 000;3,25;0,90",
    "1 001–1 400;4,30;1,05",
    "1 401–1 800;5,20;1,20",
    "> 1 800;5,95;1,35",
    "extérieur;8,40;1,90",
)
COUNTED = ("Repas", "Accueil du soir", "Réservation hors délai")
FAMILY = (("Léo", "16", "24", "1"), ("Nina", "16", "", ""), ("Sacha", "14", "", ""))
"""Of each child: meals, half-hours in the evening, late bookings."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("empty") / "var", administrator=ADMIN) as made:
        yield made


@pytest.fixture
def visitors(town: Installation, chromium: Browser) -> Iterator[People]:
    opened = People(town, chromium)
    yield opened
    opened.close()
    assert opened.complaints == []


def test_a_canteen_is_set_up_with_the_keyboard_and_its_first_invoice_is_right(
    town: Installation, visitors: People
) -> None:
    admin = desk_of(visitors)
    sign_in(admin, town, ADMIN)
    describe_the_town(admin)
    open_a_scheme(admin)
    build_the_form(admin)
    build_the_pricing(admin)
    describe_the_type(admin)
    hire(admin)
    apply(visitors.window(), town)
    agent = desk_of(visitors)
    sign_in(agent, town, AGENT)
    invoice_the_family(agent)
    expect(agent.locator("main")).to_contain_text("est émise")
    named(agent, "link", re.compile("^ENF-"))
    expect(agent.locator("main")).to_contain_text(re.compile(r"158,88\s€"))
    check(agent)


def desk_of(people: People) -> Page:
    """Return a window that gets none of our scripts (axe needs an engine that runs its own)."""
    desk = people.window()
    desk.route(re.compile(r"\.js(\?|$)"), lambda route: route.fulfill(body="", content_type="text/javascript"))
    return desk


def named(page: Page, role: str, name: str | Pattern[str]) -> None:
    """Press Enter on a link or a button, which Tab reaches."""
    press(page, page.get_by_role(role, name=name, exact=isinstance(name, str)).first)  # type: ignore[arg-type]


def settings(page: Page, card: str) -> None:
    """Go to one of the cards of « Paramétrage »."""
    press(page, page.locator("nav, aside").get_by_role("link", name="Paramétrage", exact=True).first)
    expect(page.get_by_role("heading", level=1)).to_have_text("Paramétrage")
    press(page, page.locator("main").get_by_role("link", name=card, exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text(card)


def save(page: Page) -> None:
    """Look at a form that is filled, then save it."""
    check(page)
    named(page, "button", "Enregistrer")


def sign_in(page: Page, town: Installation, who: str) -> None:
    """Answer an invitation by choosing a password, then sign in."""
    page.goto(town.link(to=who))
    for field in page.locator("main input[type=password]").all():
        write(page, field, PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/compte/login/")
    write(page, "Courriel", who)
    write(page, "Mot de passe", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    page.goto("/crm/")


def describe_the_town(page: Page) -> None:
    settings(page, "Collectivité")
    write(page, re.compile("^Nom"), "Ville de Valbourg")
    write(page, re.compile("^Adresse"), "1 place de la Mairie")
    save(page)
    settings(page, "Régies")
    named(page, "link", re.compile("^Nouvelle régie|^Ajouter|^Créer"))
    write(page, re.compile("^Nom"), "Régie Enfance")
    write(page, re.compile("^Code"), "ENF")
    write(page, re.compile("^Numéro client"), "006382")
    save(page)


def open_a_scheme(page: Page) -> None:
    settings(page, "Prestations et dispositifs")
    named(page, "link", re.compile("^Nouvelle prestation|^Ajouter une prestation|^Créer"))
    write(page, re.compile("^Nom"), "Restauration scolaire")
    save(page)
    settings(page, "Prestations et dispositifs")
    named(page, "link", re.compile("dispositif", re.IGNORECASE))
    choose(page, re.compile("^Prestation"), "Restauration scolaire")
    write(page, re.compile("^Nom"), "Cantine 2026-2027")
    save(page)


def build_the_form(page: Page) -> None:
    named(page, "link", re.compile("formulaire"))
    ask(page, "Nombre à virgule", "Quotient familial", required="non")
    ask(page, "Oui ou non", "La famille habite la commune")
    ask(page, "Bloc répété (un par enfant)", "Enfants")
    ask(page, "Texte court", "Prénom", group="Enfants")
    named(page, "button", "Publier ce formulaire")
    expect(page.locator("main")).to_contain_text("du formulaire est publiée")


def ask(page: Page, kind: str, question: str, *, required: str = "", group: str = "") -> None:
    """Add a question to the form."""
    named(page, "link", "Ajouter un champ")
    named(page, "link", kind)
    write(page, re.compile("^Question"), question)
    if kind.startswith("Bloc"):
        write(page, re.compile("^Comment s’appelle"), "enfant")
    if required:
        choose(page, re.compile("^Réponse obligatoire"), required)
    if group:
        choose(page, re.compile("^Bloc répété"), group)
    save(page)


def build_the_pricing(page: Page) -> None:
    """Say what the price depends on, paste the vote, bill each product, then publish."""
    named(page, "link", re.compile("tarification"))
    check(page)
    named(page, "link", "Reprendre les questions du formulaire")
    check(page)
    named(page, "button", "Reprendre ces questions")
    for label in COUNTED:
        named(page, "link", "Ajouter : Données")
        write(page, re.compile("^Libellé"), label)
        choose(page, re.compile("^Bloc répété"), "Enfant")
        save(page)
    paste_the_vote(page)
    sell_a_surcharge(page)
    for label in COUNTED:
        named(page, "link", f"{label} : Aucune ligne ne le facture : en ajouter une")
        save(page)
    press(page, page.locator("[id^=lignes-]").get_by_role("link", name="Repas", exact=True))
    check(page)
    cheaper(page, "2ᵉ enfant", "-10", "est", "2")
    cheaper(page, "3ᵉ enfant et suivants", "-20", "est au moins", "3")
    named(page, "link", "Tarification")
    check(page)
    named(page, "button", "Publier cette tarification")
    expect(page.locator("main")).to_contain_text("de la tarification est publiée")


def paste_the_vote(page: Page) -> None:
    named(page, "link", "Ajouter : Tarifs")
    check(page)
    named(page, "link", "Grille")
    write(page, re.compile("^Nom du tarif"), "Restauration et accueil")
    choose(page, re.compile("^Les lignes dépendent"), "Quotient familial")
    choose(page, re.compile("^Les colonnes dépendent"), "la prestation")
    write(page, re.compile("^Coller un tableau"), "\n".join(GRID))
    write(page, re.compile("^Ligne prise quand"), "extérieur")
    vote(page)
    choose(page, re.compile("^TVA"), "exonéré")
    write(page, re.compile("^Article"), "261, 4, 4°")
    press(page, page.locator("summary", has_text="La ligne sans nombre"))
    clause = page.get_by_role("group", name="Condition 1").first
    choose(page, clause.get_by_label("Réponse"), "La famille habite")
    choose(page, clause.get_by_label("Comparaison"), "est")
    write(page, clause.get_by_label("Valeur"), "non")
    save(page)
    expect(page.locator("main")).to_contain_text("Restauration et accueil")


def vote(page: Page) -> None:
    write(page, re.compile("^Délibération"), "2026-41")
    write_day(page, re.compile("^Votée le"), "2026-06-18")
    write_day(page, re.compile("^Applicable à partir"), "2026-09-01")


def sell_a_surcharge(page: Page) -> None:
    """Add a product with a price of its own."""
    named(page, "link", "Ajouter : Produits")
    write(page, re.compile("^Libellé"), COUNTED[2])
    save(page)
    named(page, "link", "Prix unique")
    write(page, re.compile("^Prix"), "2")
    vote(page)
    save(page)


def cheaper(page: Page, label: str, percent: str, comparison: str, rank: str) -> None:
    """Add a rule to the price of the line that is open."""
    named(page, "link", "un pourcentage")
    write(page, re.compile("^Libellé"), label)
    write(page, re.compile("^Pourcentage"), percent)
    press(page, page.locator("summary", has_text="Appliquer seulement si"))
    clause = page.get_by_role("group", name="Condition 1").first
    choose(page, clause.get_by_label("Réponse"), "Rang dans le groupe")
    choose(page, clause.get_by_label("Comparaison"), comparison)
    write(page, clause.get_by_label("Valeur"), rank)
    save(page)


def describe_the_type(page: Page) -> None:
    settings(page, "Types de factures")
    named(page, "link", re.compile("^Nouveau type"))
    write(page, re.compile("^Nom"), "Vie scolaire")
    choose(page, re.compile("^Régie"), "Régie Enfance")
    tick(page, page.get_by_role("checkbox", name=re.compile("Cantine 2026-2027")))
    save(page)
    expect(page.locator("main")).to_contain_text("Vie scolaire")


def hire(page: Page) -> None:
    settings(page, "Agents et droits")
    named(page, "link", re.compile("^Nouvel agent"))
    write(page, re.compile("^Adresse électronique"), AGENT)
    write(page, re.compile("^Nom"), "Sonia Marchetti")
    pick(page, page.get_by_role("radio", name=re.compile("instructeur")))
    save(page)
    tick(page, page.get_by_role("checkbox", name=re.compile("^Toutes les prestations")))
    save(page)


def apply(page: Page, town: Installation) -> None:
    """Open an account by the code of a mail, then apply for three children."""
    page.goto("/compte/signup/")
    for name, said in (("first_name", "Maud"), ("last_name", "Lefèvre"), ("email", CITIZEN)):
        page.fill(f"[name={name}]", said)
    for name in ("password1", "password2"):
        if page.locator(f"[name={name}]").count():
            page.fill(f"[name={name}]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.fill("[name=code]", town.code(to=CITIZEN))
    page.locator("main form button[type=submit]").first.click()
    page.goto("/demarches/")
    page.get_by_role("link", name=re.compile("Cantine 2026-2027")).first.click()
    page.get_by_role("link", name=re.compile("Faire ma demande")).first.click()
    page.get_by_label("Quotient familial").fill("842")
    page.get_by_label("Oui", exact=True).check()
    for rank, (name, *_counts) in enumerate(FAMILY):
        if rank:
            page.get_by_role("button", name="Ajouter : enfant").click()
        page.get_by_label("Prénom").nth(rank).fill(name)
    page.get_by_role("button", name="Envoyer ma demande").click()
    expect(page.locator("main")).to_contain_text("DOS-")


def invoice_the_family(page: Page) -> None:
    """Take the application, say what each child had in the month, and make the invoice."""
    page.goto("/crm/dossiers/")
    named(page, "link", re.compile("^DOS-"))
    named(page, "button", "Prendre en charge")
    press(page, page.locator("main").get_by_role("link", name=re.compile("^Factures")))
    rows = page.get_by_role("group", name=re.compile(r"^Enfant \d"))
    expect(rows).to_have_count(len(FAMILY))
    for (_name, *counts), row in zip(FAMILY, rows.all(), strict=True):
        for label, count in zip(COUNTED, counts, strict=True):
            if count:
                write(page, row.get_by_label(label), count)
    named(page, "button", "Recalculer")
    expect(page.locator("#generer")).to_contain_text("158,88 €")
    check(page)
    named(page, "button", "Générer la facture")
