"""A month from the files of three schools to a payment: what is odd is mended, and one school is done again."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from obole.lib import dates
from obole.lib.open_days import Calendar
from tests.journeys.conftest import People
from tests.journeys.demo import Demo
from tests.journeys.keyboard import check
from tests.journeys.test_citizen import CARD, pay_by_card, read_in

pytestmark = pytest.mark.browser
SCHEME = "Inscription cantine 2026-2027"
FORGETFUL, AGAIN = "Les Tilleuls", "La Fontaine"
"""The school that forgets a day, and the one whose month is counted again."""
FIRST = dates.months_later(dates.day_of(dates.now()).replace(day=1), -8)
"""Long before the months that the demo bills."""
PERIOD = f"{dates.MONTHS[FIRST.month - 1]} {FIRST.year}"
_ALL = (FIRST + timedelta(days=n) for n in range((dates.months_later(FIRST, 1) - FIRST).days))
DAYS = [day for day in _ALL if Calendar(offices=True).is_open(day) and day.weekday() != 2]
FORGOTTEN = DAYS[4]
_READ = """
import json, os, sys
from pathlib import Path
from obole_demo.embedded_postgres import EmbeddedServer
os.environ["OBOLE_DATABASE_URL"] = EmbeddedServer(Path(os.environ["OBOLE_VAR"])).url
import django
django.setup()
from obole.dossiers.models import Dossier
found = Dossier.objects.filter(scheme__name=sys.argv[1], state="accepted").select_related("citizen").order_by("pk")
print(json.dumps([
    [one.reference, one.citizen.last_name, child["prenom"], child["ecole"]]
    for one in found for child in one.answers["enfants"]
]))
"""


@dataclass(frozen=True)
class Child:
    """A child, as the software of a school knows them."""

    reference: str
    last_name: str
    first_name: str
    school: str


def children_of(demo: Demo) -> list[Child]:
    """Return the children of the canteens, as the schools have them."""
    env = {**demo.environment, "DJANGO_SETTINGS_MODULE": "obole_demo.settings"}
    read = subprocess.run([sys.executable, "-c", _READ, SCHEME], env=env, capture_output=True, text=True, check=True)
    return [Child(*one) for one in json.loads(read.stdout)]


def file_of(children: Sequence[Child], *, days: Sequence[date] = DAYS, meals: Callable[[Child, date], str]) -> bytes:
    """Write the file of a month: a line a child, a column a day."""
    titles = ["Dossier", "Nom", "Prénom", *map(dates.format_short, days)]
    rows = [[one.reference, one.last_name, one.first_name, *(meals(one, day) for day in days)] for one in children]
    return "\r\n".join(";".join(row) for row in [titles, *rows]).encode("cp1252")


def send(desk: Page, name: str, content: bytes) -> None:
    """Send a file of meals, and wait until it was looked at."""
    desk.goto("/crm/presences/")
    desk.get_by_role("link", name=SCHEME).click()
    desk.get_by_role("link", name="Importer un fichier").click()
    desk.get_by_label("Fichier", exact=True).set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    desk.get_by_role("button", name="Lire le fichier").click()
    desk.get_by_label("Ce que compte le fichier").select_option("repas")
    desk.get_by_role("button", name="Vérifier le fichier").click()
    expect(desk.locator("main")).to_contain_text("Quantités à ajouter", timeout=60_000)
    expect(desk.locator("progress")).to_have_count(0, timeout=60_000)


def keep(desk: Page, button: str) -> None:
    """Keep what is good in a file, and wait until it is."""
    desk.get_by_role("button", name=re.compile(button)).click()
    expect(desk.locator("main")).to_contain_text("Quantités enregistrées")
    expect(desk.locator("progress")).to_have_count(0, timeout=60_000)


def open_campaign(desk: Page) -> str:
    """Have the drafts of the month computed; return the address of the campaign."""
    desk.goto("/crm/campagnes/nouvelle/")
    desk.get_by_label("Période").fill(PERIOD)
    for scheme in ("forfait", "regroupement"):
        desk.locator("label", has_text=scheme).locator("input").uncheck()
    desk.get_by_role("button", name="Calculer les brouillons").click()
    expect(desk.locator("main")).to_contain_text("À vérifier", timeout=60_000)
    return desk.url


def type_meals(desk: Page, day: date, meals: str, *, child: Child) -> None:
    """Type what a child ate on a day, in the sheet of that week: the children fill several pages."""
    desk.goto("/crm/presences/")
    desk.get_by_role("link", name=SCHEME).click()
    desk.get_by_label("Semaine du").fill(day.isoformat())
    desk.get_by_role("button", name="Voir").click()
    box = desk.get_by_role("textbox", name=f"{child.first_name}, {dates.format_short(day)}")
    line = desk.get_by_role("row", name=f"{child.last_name} {child.first_name}").get_by_role("textbox")
    box = line.and_(box).first
    while not box.count():
        desk.get_by_role("link", name=re.compile("suivante$|^Suivant")).last.click()
    box.focus()
    desk.keyboard.press("Control+a")
    desk.keyboard.type(meals)
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.locator("main")).to_contain_text("1 quantité est enregistrée")


def test_three_schools_from_their_files_to_a_payment(people: People, demo: Demo) -> None:
    children = children_of(demo)
    desk = people.window("agent")
    import_the_month(desk, children)
    campaign = open_campaign(desk)
    mend(desk, campaign, children)
    deposit(desk)
    count_again(desk, campaign, children)
    do_again(desk, campaign)
    family_pays(people)


def import_the_month(desk: Page, children: Sequence[Child]) -> None:
    """
    Send the file of the three schools: a name is misspelt, a school forgot a day, one child ate twenty meals in a day,
    and nothing is said of one family.
    """
    forgotten, greedy = alone(children)[:2]
    said = [one for one in children if one != forgotten]
    wrong = replace(said[-1], reference="", last_name="Inconnue")

    def meals(one: Child, day: date) -> str:
        if one.school == FORGETFUL and day == FORGOTTEN:
            return ""
        return "20" if one == greedy and day == DAYS[0] else "1"

    send(desk, "mois.csv", file_of([*said[:-1], wrong], meals=meals))
    expect(desk.locator("main")).to_contain_text("Personne de ce nom dans ce dispositif")
    check(desk)
    keep(desk, "Enregistrer .* quantités, et laisser de côté 1")
    # The name is mended, and the whole file sent again: only that line is new.
    send(desk, "mois.csv", file_of(said, meals=meals))
    new = len(DAYS) - (said[-1].school == FORGETFUL)
    keep(desk, f"^Enregistrer {new} quantités$")


def alone(children: Sequence[Child]) -> list[Child]:
    """Return the only children of their families: nothing is said of the first, and the second eats too much."""
    families = Counter(one.reference for one in children)
    return [one for one in children if families[one.reference] == 1 and one.school == AGAIN]


def mend(desk: Page, campaign: str, children: Sequence[Child]) -> None:
    """Mend what is odd: the day that was forgotten, the meals of one child, and the family of whom nothing is said."""
    desk.goto(campaign)
    expect(desk.locator("li", has_text=FORGETFUL)).to_contain_text(dates.format_short(FORGOTTEN))
    for oddity in ("Plus de moitié d’écart avec la fois d’avant", "Rien de compté"):
        expect(desk.get_by_role("link", name=oddity)).to_be_visible()
    check(desk)
    without_a_day = [one for one in children if one.school == FORGETFUL]
    send(desk, "oubli.csv", file_of(without_a_day, days=[FORGOTTEN], meals=lambda _one, _day: "X"))
    keep(desk, "^Enregistrer")
    forgotten, greedy = alone(children)[:2]
    send(desk, "famille.csv", file_of([forgotten], meals=lambda _one, _day: "oui"))
    keep(desk, "^Enregistrer")
    type_meals(desk, DAYS[0], "1", child=greedy)
    desk.goto(campaign)
    desk.get_by_role("button", name="Tout recalculer").click()
    expect(desk.locator("main")).to_contain_text("À vérifier", timeout=60_000)
    expect(desk.locator("main")).not_to_contain_text("Jours où rien n’est compté")
    # Other journeys bill these families too, so that other things are odd.
    for child, oddity in ((greedy, "Plus de moitié d’écart"), (forgotten, "Rien de compté")):
        desk.goto(f"{campaign}?q={child.last_name}")
        line = desk.get_by_role("row").filter(has_text=child.reference)
        expect(line).to_contain_text("À déposer")
        expect(line).not_to_contain_text(oddity)
    desk.goto(campaign)


def deposit(desk: Page) -> None:
    """Deposit what was looked at, beside what the time before came to."""
    expect(desk.locator("main")).to_contain_text("La fois d’avant")
    desk.get_by_role("link", name=re.compile("^Déposer")).click()
    desk.get_by_role("button", name=re.compile("^Déposer")).click()
    expect(desk.locator("main")).to_contain_text("Ce que sont devenues les factures", timeout=60_000)


def count_again(desk: Page, campaign: str, children: Sequence[Child]) -> None:
    """Send a file that takes away the first day of a school."""
    again = [one for one in children if one.school == AGAIN]
    send(desk, "correction.csv", file_of(again, days=DAYS[:1], meals=lambda _one, _day: "0"))
    expect(desk.get_by_role("heading", name="Corrections")).to_be_visible()
    keep(desk, "^Enregistrer")


def do_again(desk: Page, campaign: str) -> None:
    """Cancel the invoices of a school, and do them again, in one action."""
    desk.goto(campaign)
    desk.get_by_label("École, classe…").select_option(f"ecole:{AGAIN}")
    desk.get_by_role("button", name="Filtrer").click()
    desk.get_by_role("link", name="Voir ces factures dans la liste").click()
    desk.get_by_label("Toutes celles qui répondent").check()
    desk.get_by_role("button", name="Annuler et refaire les factures…").click()
    check(desk)
    desk.get_by_label("Quantité erronée").check()
    desk.get_by_role("button", name=re.compile("^Le faire pour")).click()
    expect(desk.locator("main")).to_contain_text("Terminée", timeout=60_000)
    check(desk)


def family_pays(people: People) -> None:
    """A parent has one invoice of that month to pay, the second one, and pays it."""
    phone = people.window("usager", width=390)
    phone.goto("/mes-factures/")
    number = read_in(phone, rf"{PERIOD}\s+Facture n° (ENF-\d{{4}}-\d{{6}})")
    phone.get_by_role("button", name=re.compile(f"Payer maintenant.*{number}")).click()
    pay_by_card(phone, CARD)
    phone.goto("/mes-factures/")
    expect(phone.locator("tr", has_text=number)).to_contain_text("Payée")
    expect(phone.get_by_text(f"Vie scolaire – {PERIOD}")).to_have_count(2)
    expect(phone.locator("tr", has_text="Annulée").filter(has_text=PERIOD)).to_have_count(1)
