"""An agent's morning, by keyboard alone: somebody at the counter, a caller, late payers, a file, a selection."""

import csv
import io
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from obole.lib import dates
from tests.journeys.conftest import People
from tests.journeys.keyboard import check, pick, press, tick, write, write_day

pytestmark = pytest.mark.browser
ADDRESS = "12 quai de l’Odet"
FIRST_NAME, NAME, PHONE, ASKED = "Gwenola", "Le Hénaff", "06 45 12 78 90", "+33 (0)6 45 12 78 90"


def look_for(desk: Page, text: str) -> None:
    """Press « / » wherever one is, and ask."""
    desk.locator("h1").click()
    desk.keyboard.press("/")
    desk.keyboard.type(text)
    desk.keyboard.press("Enter")
    desk.wait_for_load_state()


def open_a_dossier_at_the_counter(desk: Page) -> str:
    """Somebody without account wants a library card: open their file, then their dossier; return its reference."""
    desk.goto("/crm/usagers/")
    press(desk, desk.get_by_role("link", name="Ouvrir une fiche"))
    expect(desk.get_by_label("Prénom")).to_be_visible()
    check(desk)
    write(desk, "Prénom", FIRST_NAME)
    write(desk, desk.get_by_label("Nom", exact=True), NAME)
    write(desk, "Téléphone", PHONE)
    write(desk, "Adresse postale", ADDRESS)
    press(desk, desk.get_by_role("button", name=re.compile("Ouvrir la fiche|Enregistrer")))
    press(desk, desk.get_by_role("link", name=re.compile("Ouvrir un dossier")))
    press(desk, desk.get_by_role("link", name=re.compile("Abonnement hors commune")))
    expect(desk.get_by_label("Prénom et nom du lecteur")).to_be_visible()
    check(desk)
    write(desk, "Prénom et nom du lecteur", "Enora Le Hénaff")
    press(desk, desk.get_by_role("button", name="Déposer le dossier"))
    expect(desk.locator("body")).to_contain_text("est déposé pour")
    reference = re.search(r"DOS-\d{6}", desk.inner_text("body"))
    assert reference is not None
    check(desk)
    return reference[0]


def answer_a_caller(desk: Page, reference: str) -> None:
    """Find who calls by a telephone number in any writing, by a misspelt name, by the reader's name."""
    for text in (ASKED, "lehenaf", "Enora"):
        look_for(desk, text)
        expect(desk.locator("main")).to_contain_text(re.compile(f"{NAME}|{reference}"))
    check(desk)
    press(desk, desk.get_by_role("link", name=reference).first)
    expect(desk.locator("main")).to_contain_text("Enora Le Hénaff")


def sort_and_keep_a_view(desk: Page) -> None:
    """Narrow the invoices to the late ones, the largest first, and keep that under a name."""
    desk.goto("/crm/factures/")
    press(desk, desk.locator("summary", has_text="Filtrer"))
    tick(desk, desk.get_by_label("En retard", exact=True))
    press(desk, desk.get_by_role("button", name="Appliquer"))
    desk.wait_for_url(re.compile("status=late"))
    for order in ("remaining", "-remaining"):
        press(desk, desk.get_by_role("link", name="Reste dû €"))
        desk.wait_for_url(re.compile(f"sort={order}"))
    dues = [text.strip() for text in desk.locator("[data-label='Reste dû €']").all_inner_texts()]
    cents = [int(re.sub(r"\D", "", text)) for text in dues]
    assert len(cents) > 1 and cents == sorted(cents, reverse=True)
    press(desk, desk.locator("summary", has_text="Vues"))
    write(desk, "sous le nom", "Les plus gros retards")
    press(desk, desk.get_by_role("button", name="Garder cette vue"))
    expect(desk.locator("[aria-current=page]", has_text="Les plus gros retards")).to_be_visible()
    check(desk)


def take_the_list_away(desk: Page) -> list[list[str]]:
    press(desk, desk.locator("summary", has_text="Exporter"))
    with desk.expect_download() as given:
        press(desk, desk.get_by_role("link", name=re.compile("^CSV")))
    text = given.value.path().read_text(encoding="utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=";"))


def put_off(desk: Page) -> None:
    """Grant a caller some days, and see that the page and the story say so."""
    press(desk, desk.locator("tbody a").first)
    press(desk, desk.get_by_role("link", name="Reporter l’échéance…"))
    expect(desk.get_by_label("Nouvelle échéance")).to_be_visible()
    check(desk)
    day = dates.day_of(dates.now()) + timedelta(days=20)
    write_day(desk, "Nouvelle échéance", day.isoformat())
    write(desk, "Motif", "accord au téléphone")
    press(desk, desk.get_by_role("button", name="Reporter l’échéance"))
    expect(desk.locator("main")).to_contain_text(dates.format_short(day))
    expect(desk.locator("main")).to_contain_text("accord au téléphone")
    check(desk)


def take_an_address_away(desk: Page) -> str:
    """A late payer has no e-mail any more: return the number of the invoice, which a letter will name."""
    desk.goto("/crm/factures/?status=late&sort=-due_date")
    row = desk.locator("tbody tr").first
    number = row.locator("a").first.inner_text()
    press(desk, row.locator("a").nth(1))
    press(desk, desk.get_by_role("link", name="Modifier la fiche"))
    email = desk.get_by_label("Adresse électronique")
    expect(email).to_be_visible()
    write(desk, email, "")
    desk.keyboard.press("Backspace")
    press(desk, desk.get_by_role("button", name="Enregistrer"))
    expect(email).to_be_hidden()
    return number


def post_the_letters(desk: Page, number: str) -> None:
    """Gather the reminders on paper, read the PDF, and hand them to the post."""
    desk.goto("/crm/courriels/")
    press(desk, desk.get_by_role("link", name="Courriers à poster"))
    gather = desk.get_by_role("button", name=re.compile("^Préparer le lot"))
    expect(gather.first).to_be_visible()
    check(desk)
    pages: list[str] = []
    while gather.count():
        press(desk, gather.first)
        expect(desk.locator("main")).to_contain_text("à imprimer")
        paper = desk.request.get(str(desk.get_by_role("link", name=re.compile("^Lot n")).first.get_attribute("href")))
        pages += [page.extract_text() for page in PdfReader(io.BytesIO(paper.body())).pages]
    assert any(number in page for page in pages)
    press(desk, desk.get_by_role("button", name=re.compile("^Remis à l’affranchissement")).first)
    expect(desk.locator("main")).to_contain_text("est remis à l’affranchissement")
    check(desk)


def remind_who_is_late(desk: Page) -> None:
    """Remind all who are late, each once: what cannot be reminded is named with its reason."""
    desk.goto("/crm/factures/?status=late&sort=due_date")
    do_to_all(desk, "Relancer les payeurs")
    press(desk, desk.get_by_role("button", name=re.compile("^Le faire pour")))
    expect(desk.locator("main")).to_contain_text("Terminée.", timeout=60_000)
    check(desk)


def do_to_all(desk: Page, verb: str) -> None:
    """Choose all that answer, past the rows, and see what will happen."""
    press(desk, desk.get_by_role("link", name="Aller aux actions sur les lignes"))
    pick(desk, desk.locator("input[name=scope][value=all]"))
    press(desk, desk.get_by_role("button", name=re.compile(f"^{verb}")))
    expect(desk.locator("main")).to_contain_text("Seront faites")
    check(desk)


def print_forty(desk: Page) -> None:
    """Choose all that answer, see what will happen, do it, and wait for the archive."""
    desk.goto("/crm/factures/?status=paid&sort=-issued_at")
    do_to_all(desk, "Imprimer")
    press(desk, desk.get_by_role("button", name=re.compile("^Le faire pour")))
    expect(desk.get_by_role("link", name=re.compile("Télécharger l’archive"))).to_be_visible(timeout=90_000)
    check(desk)


def test_an_agent_s_morning(people: People) -> None:
    desk = people.window("agent")
    reference = open_a_dossier_at_the_counter(desk)
    answer_a_caller(desk, reference)
    sort_and_keep_a_view(desk)
    titles, *rows = take_the_list_away(desk)
    assert titles[0] == "Numéro" and rows
    put_off(desk)
    on_paper = take_an_address_away(desk)
    remind_who_is_late(desk)
    post_the_letters(desk, on_paper)
    print_forty(desk)
