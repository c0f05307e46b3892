"""« Fichiers de présence »: sent, described, looked at, confirmed, mended, on screen."""

import io
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from lxml import html
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.catalogue import operations as catalogue
from obole.consumption.models import AttendanceFile, Consumption
from obole.consumption.rules import layouts
from obole.directory.rules import Profile
from tests.consumption.attendance import HEAD, make_family, make_school
from tests.crm.desk import browser, get, rows_of, text_of, url
from tests.spaces import plain
from tests.world import WHO, Town, later, make_agent, make_town, run_tasks

pytestmark = pytest.mark.django_db
SAID = f"{HEAD}Leroy;Léa;23/11/2026;1\nLeroy;Hugo;23/11/2026;2\nInconnu;=cmd|' /C calc'!A0;23/11/2026;1\n"


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    town = make_town()
    make_school(town)
    make_family(town, "Leroy", "Léa", "Hugo")
    return town


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


def upload(client: Client, town: Town, content: str | bytes, name: str = "presences.csv") -> HttpResponse:
    sent = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return client.post(url("attendance_files", town.scheme.pk), {"file": sent}, follow=True)


def press(client: Client, answer: HttpResponse, ending: str, **changes: str) -> HttpResponse:
    """Send one of the forms of a page, have the worker do what it asks, and show the page again."""
    page = html.fromstring(answer.content.decode())
    form = next(form for form in page.forms if (form.get("action") or "").endswith(f"/{ending}/"))
    sent = {name: value or "" for name, value in form.form_values()} | changes
    shown = client.post(form.get("action"), sent, follow=True)
    if not run_tasks() or not shown.redirect_chain:
        return shown
    again: HttpResponse = client.get(shown.redirect_chain[-1][0])
    return again


def test_a_file_from_its_sending_to_its_facts(client: Client, town: Town) -> None:
    shown = upload(client, town, SAID)
    page = text_of(shown)
    assert "Premières lignes du fichier" in page and "Où sont les colonnes" in page
    form = next(form for form in html.fromstring(shown.content.decode()).forms if "quantity" in form.fields)
    guessed = {name: form.fields[name] for name in ("last_name", "first_name", "day", "quantity", "question")}
    assert guessed == {
        "last_name": "Nom",
        "first_name": "Prénom",
        "day": "Jour",
        "quantity": "Repas",
        "question": "repas",
    }

    looked = press(client, shown, "verifier")
    page = text_of(looked)
    assert "À confirmer" in page and "Enregistrer 2 quantités, et laisser de côté 1" in page
    cells = html.fromstring(looked.content.decode()).xpath("//section[@aria-labelledby='laissees']//tbody/tr/td")
    assert [plain(cell.text_content()) for cell in cells[:2]] == [
        "Ligne 4",
        "Inconnu, =cmd|' /C calc'!A0, 23/11/2026, 1",
    ]
    assert "Personne de ce nom dans ce dispositif" in page and not Consumption.objects.exists()

    done = text_of(press(client, looked, "confirmer"))
    assert "Enregistré" in done and Consumption.objects.count() == 2
    assert "presences.csv" in text_of(get(client, "attendance_files", town.scheme.pk))
    again = upload(client, town, SAID)
    assert "Le même fichier a déjà été enregistré" in text_of(again)
    form = next(form for form in html.fromstring(again.content.decode()).forms if "quantity" in form.fields)
    assert form.fields["quantity"] == "Repas", "what was said once is remembered"
    known = text_of(press(client, again, "verifier"))
    assert "Rien à enregistrer : hors de ce qui est laissé de côté" in known


def test_corrections_are_shown_old_and_new(client: Client, town: Town) -> None:
    first = press(client, upload(client, town, SAID), "verifier")
    press(client, first, "confirmer")
    mended = SAID.replace("Hugo;23/11/2026;2", "Hugo;23/11/2026;3")
    shown = press(client, upload(client, town, mended), "verifier")
    corrected = html.fromstring(shown.content.decode()).xpath("//section[@aria-labelledby='corrections']//tbody/tr/td")
    assert [plain(cell.text_content()) for cell in corrected] == [
        "Ligne 3",
        "Leroy, Hugo, 23/11/2026, 3",
        "23/11/2026",
        "2",
        "3",
    ]


def test_lines_to_mend_are_downloaded_and_run_no_formula(client: Client, town: Town) -> None:
    press(client, upload(client, town, SAID), "verifier")
    file = AttendanceFile.objects.get()
    given: Any = client.get(url("attendance_file_csv", town.scheme.pk, file.pk))
    said = b"".join(given.streaming_content).decode("utf-8-sig").splitlines()
    assert said[0] == "Ligne;Nom;Prénom;Jour;Repas;Jour laissé de côté;Pourquoi"
    assert said[1].startswith("4;Inconnu;'=cmd|' /C calc'!A0;23/11/2026;1;") and len(said) == 2
    assert "a-corriger.csv" in given["Content-Disposition"]


BOOK = io.BytesIO()
with xlsxwriter.Workbook(BOOK) as made:
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, ["Nom", "Prénom", "Jour", "Repas"])
    sheet.write_row(1, 0, ["Leroy", "Léa", "23/11/2026", 1])


def test_a_workbook_is_read_like_a_csv(client: Client, town: Town) -> None:
    shown = press(client, upload(client, town, BOOK.getvalue(), "presences.xlsx"), "verifier")
    assert "Enregistrer 1 quantité" in text_of(shown)
    press(client, shown, "confirmer")
    assert Consumption.objects.get().quantity == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 x", "Ce fichier n’est pas un tableau"),
        (b"\xd0\xcf\x11\xe0 xls", "Ce fichier n’est pas un tableau"),
        (b"PK\x03\x04 broken", "Ce classeur ne s’ouvre pas"),
        (b"\x00\x01\x02;a", "Les lettres de ce fichier ne se lisent pas"),
        (b"Nom;Jour\n", "aucune ligne sous ses titres"),
        (b"Nom\nLea\n", "ligne de titres sur au moins deux colonnes"),
        (b'Nom;Jour\n"Lea;23/11/2026\n', "Ligne 2 : des guillemets ne sont pas fermés"),
        (b"Nom;Jour\n" + b";" * 70 + b"a\n", "Ligne 2 : plus de 60 colonnes"),
        (b"", "Ce fichier est vide"),
    ],
)
def test_a_wrong_file_is_told_at_its_field(client: Client, town: Town, content: bytes, words: str) -> None:
    page = text_of(upload(client, town, content))
    assert words in page and not AttendanceFile.objects.exists()


def test_too_much_is_told_as_well(client: Client, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Choisissez le fichier" in text_of(client.post(url("attendance_files", town.scheme.pk), {}))
    monkeypatch.setattr(layouts, "MOST_LINES", 2)
    assert "Plus de 2 lignes" in text_of(upload(client, town, SAID))
    assert "trop lourd : 10 Mo au plus" in text_of(upload(client, town, b"a;b\n" * (layouts.MOST_BYTES // 4 + 1)))
    assert not AttendanceFile.objects.exists()


def test_columns_that_say_too_little_are_asked_for_at_their_field(client: Client, town: Town) -> None:
    shown = upload(client, town, SAID)
    page = text_of(press(client, shown, "verifier", last_name="", first_name="", day=""))
    assert "Dites au moins une colonne qui désigne l’enfant." in page
    assert "aucun titre de ce fichier n’est une date" in page
    assert AttendanceFile.objects.get().state == "received"


def test_who_confirms_what_somebody_else_looked_at_again_looks_again(client: Client, town: Town) -> None:
    looked = press(client, upload(client, town, SAID), "verifier")
    press(browser(town.admin), looked, "verifier", question="soirs")
    page = text_of(press(client, looked, "confirmer"))
    assert "Quelqu’un a vérifié ce fichier autrement entre-temps" in page and not Consumption.objects.exists()
    press(client, looked, "abandonner")
    assert "Ce fichier a changé entre-temps" in text_of(press(client, looked, "abandonner"))


def test_a_file_at_work_tells_how_far_it_is(client: Client, town: Town) -> None:
    shown = upload(client, town, SAID)
    page = html.fromstring(shown.content.decode())
    form = next(form for form in page.forms if (form.get("action") or "").endswith("/verifier/"))
    answer = client.post(form.get("action"), dict(form.form_values()), follow=True)
    assert "Vérification en cours" in text_of(answer) and "le travail continue" in text_of(answer)
    assert html.fromstring(answer.content.decode()).xpath("//progress/@max") == ["3"]


def test_an_erased_file_still_says_what_it_did(client: Client, town: Town) -> None:
    looked = press(client, upload(client, town, SAID), "verifier")
    press(client, looked, "confirmer")
    file = AttendanceFile.objects.get()
    AttendanceFile.objects.update(name="", digest="")
    page = text_of(get(client, "attendance_file", town.scheme.pk, file.pk))
    assert "Fichier effacé" in page and "Inconnu" not in page
    assert "Fichier effacé" in text_of(get(client, "attendance_files", town.scheme.pk))
    assert client.get(url("attendance_file_csv", town.scheme.pk, file.pk)).status_code == 404


def test_who_handles_nothing_there_finds_nothing(client: Client, town: Town) -> None:
    upload(client, town, SAID)
    place = (town.scheme.pk, AttendanceFile.objects.get().pk)
    values = {"service": town.scheme.service, "name": "Étude du soir"}
    other = catalogue.configure_scheme(scheme_id=None, values=values, actor=WHO, at=later())
    assert client.get(url("attendance_file", other.pk, place[1])).status_code == 404, "of another dispositif"
    stranger = browser(make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False))
    assert stranger.get(url("attendance_files", town.scheme.pk)).status_code == 404
    for name in ("attendance_file", "attendance_file_csv"):
        assert stranger.get(url(name, *place)).status_code == 404
    for name in ("attendance_file_check", "attendance_file_confirm", "attendance_file_stop"):
        assert stranger.post(url(name, *place)).status_code == 404


def test_a_page_costs_the_same_however_many_files_and_lines(
    client: Client, town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    costs = []
    get(client, "attendance_files", town.scheme.pk)
    for times in (1, 6):
        said = HEAD + "".join(f"Inconnu;A{n};23/11/2026;1\n" for n in range(times))
        for n in range(times):
            press(client, upload(client, town, f"{said}Inconnu;B{n};23/11/2026;1\n"), "verifier")
        file = AttendanceFile.objects.latest("id")
        with django_assert_max_num_queries(40) as counted:
            rows = rows_of(get(client, "attendance_files", town.scheme.pk))
            get(client, "attendance_file", town.scheme.pk, file.pk)
        costs.append(len(counted))
    assert costs[0] == costs[1] and len(rows) == 7


def test_a_long_list_of_what_is_left_begins_with_its_reasons(client: Client, town: Town) -> None:
    said = HEAD + "".join(f"Inconnu;A{n};23/11/2026;1\n" for n in range(60)) + "Leroy;Léa;23/11/2026;-1\n"
    shown = press(client, upload(client, town, said), "verifier")
    counted = html.fromstring(shown.content.decode()).xpath("//section[@aria-labelledby='laissees']/ul/li/strong")
    assert [number.text for number in counted] == ["60", "1"]
