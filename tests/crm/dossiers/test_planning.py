"""« Réservations »: a week, an absence, a departure: seen, confirmed, refused where wrong, shown on the sheet."""

from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.catalogue.models import BilledOn
from obole.consumption.models import Absence, Booking, Enrolment
from obole.consumption.rules.planning import Stay
from obole.directory.rules import Profile
from obole.dossiers.models import Dossier
from tests.consumption.attendance import make_family, make_school
from tests.consumption.planned import MONDAY, book, enrol, plan_by, say_absent
from tests.crm.desk import browser, get, text_of, url
from tests.world import Town, later, make_agent, make_town

pytestmark = pytest.mark.django_db
WEEK = {"day_0": "1", "day_1": "1", "day_2": "", "day_3": "1", "day_4": "1", "day_5": "", "day_6": ""}


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return plan_by(make_town())


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def dossier(town: Town) -> Dossier:
    make_school(town)
    return make_family(town, "Martin", "Léa", "Hugo")


def send(client: Client, name: str, dossier: Dossier, given: dict[str, str], *, confirm: bool = False) -> HttpResponse:
    """Look at what something changes, then confirm it if asked, as the page does."""
    address = url(name, dossier.pk)
    page = html.fromstring(client.get(address).content.decode())
    seen = page.xpath("//main//input[@name='seen']")[0].get("value")
    shown: HttpResponse = client.post(address, {**given, "seen": seen})
    if not confirm:
        return shown
    page = html.fromstring(shown.content.decode())
    (form,) = (form for form in page.forms if form.xpath(".//input[@name='seen']"))
    (button,) = form.xpath(".//button[@name='shown']")
    done: HttpResponse = client.post(address, {**dict(form.form_values()), "shown": button.get("value")})
    return done


def a_week(**more: str) -> dict[str, str]:
    return {"thing": "0:repas", "first": "2026-11-02", "last": "", **WEEK, **more}


def an_absence(**more: str) -> dict[str, str]:
    reason = "Maladie avec certificat"
    return {"who": "0:", "question": "", "first": "2026-11-02", "last": "2026-11-03", "reason": reason, **more}


def test_a_week_is_seen_then_confirmed(client: Client, dossier: Dossier) -> None:
    shown = text_of(send(client, "planning_booking", dossier, a_week()))
    assert "Rien n’est encore enregistré" in shown
    assert "Léa – Repas, novembre 2026 : 17 au lieu de 0" in shown
    assert not Booking.objects.exists()
    done = send(client, "planning_booking", dossier, a_week(), confirm=True)
    page = text_of(client.get(done["Location"]))
    assert "la réservation est enregistrée" in page and "lundi 1, mardi 1, jeudi 1, vendredi 1" in page
    booking = Booking.objects.get()
    assert (booking.row, booking.question, booking.last) == (0, "repas", None)
    again = get(client, "planning_booking", dossier.pk, thing="0:repas")
    assert html.fromstring(again.content.decode()).xpath("//input[@name='day_3']")[0].get("value") == "1"


def test_what_is_typed_otherwise_after_it_was_shown_is_shown_again(client: Client, dossier: Dossier) -> None:
    shown = send(client, "planning_booking", dossier, a_week())
    button = html.fromstring(shown.content.decode()).xpath("//button[@name='shown']")[0].get("value")
    other = client.post(url("planning_booking", dossier.pk), {**a_week(day_2="1"), "seen": "0", "shown": button})
    assert "Rien n’est encore enregistré" in text_of(other) and not Booking.objects.exists()


def test_what_somebody_else_planned_meanwhile_is_told(client: Client, town: Town, dossier: Dossier) -> None:
    shown = send(client, "planning_booking", dossier, a_week())
    button = html.fromstring(shown.content.decode()).xpath("//button[@name='shown']")[0].get("value")
    book(town, dossier, row=1)
    late = client.post(url("planning_booking", dossier.pk), {**a_week(), "seen": "0", "shown": button})
    assert "entre-temps" in text_of(late) and Booking.objects.count() == 1


def test_an_absence_says_what_stays_due_then_is_noted_and_cancelled(
    client: Client, town: Town, dossier: Dossier
) -> None:
    book(town, dossier, row=0)
    shown = text_of(send(client, "planning_absence", dossier, an_absence()))
    assert "Léa – Repas, novembre 2026 : 16 au lieu de 17" in shown, "a day of carence"
    due = text_of(send(client, "planning_absence", dossier, an_absence(reason="Sans prévenir")))
    assert "rien de ce qui est dû" in due
    done = send(client, "planning_absence", dossier, an_absence(), confirm=True)
    page = text_of(client.get(done["Location"]))
    assert "du 02/11/2026 au 03/11/2026" in page and "excusée, 1 jour de carence" in page
    client.post(url("planning_absence_cancel", dossier.pk, Absence.objects.get().pk))
    assert "Aucune absence n’est notée" in text_of(get(client, "planning", dossier.pk))


def test_a_departure_is_seen_confirmed_and_shown(client: Client, town: Town, dossier: Dossier) -> None:
    book(town, dossier, row=0)
    left = {"who": "0:", "first": "", "last": "2026-11-13"}
    assert "novembre 2026 : 8 au lieu de 17" in text_of(send(client, "planning_enrolment", dossier, left))
    done = send(client, "planning_enrolment", dossier, left, confirm=True)
    assert "Léa : départ le 13/11/2026" in text_of(client.get(done["Location"]))
    after = text_of(send(client, "planning_booking", dossier, a_week(first="2026-11-16")))
    assert "Le départ est noté le 13/11/2026" in after
    assert Enrolment.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (a_week(first="2026-11-09", last="2026-11-02"), "Le dernier jour est avant le premier"),
        (a_week(first="2029-11-09"), "plus d’un an"),
        (a_week(first="31/02/2026"), "une date qui existe"),
        (a_week(first=""), "obligatoire"),
        (a_week(thing="0:soirs", day_0="49"), "de 0 à 48"),
        (a_week(day_4="un"), "Écrivez un nombre"),
        (a_week(day_4="-1"), "Écrivez un nombre"),
    ],
)
def test_a_wrong_week_is_said_and_nothing_typed_is_lost(
    client: Client, dossier: Dossier, given: dict[str, str], said: str
) -> None:
    answer = send(client, "planning_booking", dossier, given)
    assert said in text_of(answer) and "un point est à corriger" in text_of(answer)
    page = html.fromstring(answer.content.decode())
    assert page.xpath("//input[@name='day_1']")[0].get("value") == given["day_1"]
    assert not page.xpath("//button[@name='shown']") and not Booking.objects.exists()


def test_two_absences_of_the_same_days_are_said(client: Client, town: Town, dossier: Dossier) -> None:
    book(town, dossier, row=0)
    say_absent(town, dossier, row=0)
    assert "déjà notée du 02/11/2026" in text_of(send(client, "planning_absence", dossier, an_absence()))
    nothing = send(client, "planning_absence", dossier, an_absence(who="1:"))
    assert "Rien n’est réservé ces jours-là" in text_of(nothing)


def test_who_and_what_is_not_there_is_not_found(client: Client, town: Town, dossier: Dossier) -> None:
    for name, given in (
        ("planning_booking", {"thing": "7:repas"}),
        ("planning_booking", {"thing": "0:toit"}),
        ("planning_absence", {"who": "2:"}),
        ("planning_enrolment", {"who": "x"}),
    ):
        assert client.get(url(name, dossier.pk), given).status_code == 404
        assert client.post(url(name, dossier.pk), given).status_code == 404
    other = make_family(town, "Petit", "Zoé")
    book(town, dossier, row=0)
    absence = say_absent(town, dossier, row=0)
    assert client.post(url("planning_absence_cancel", other.pk, absence.pk)).status_code == 404
    stranger = browser(make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False))
    assert stranger.get(url("planning", dossier.pk)).status_code == 404


def test_a_dispositif_that_counts_offers_only_departures(client: Client, town: Town, dossier: Dossier) -> None:
    plan_by(town, BilledOn.COUNTED)
    page = text_of(get(client, "planning", dossier.pk))
    assert "rien de nouveau ne s’y réserve" in page and "Réserver une semaine" not in page
    assert "facture ce qui est compté" in text_of(send(client, "planning_booking", dossier, a_week()))


def test_the_sheet_says_what_is_planned_beside_each_box(
    client: Client, town: Town, dossier: Dossier, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    book(town, dossier, row=0)
    say_absent(town, dossier, row=0, days=2)
    enrol(town, dossier, Stay(None, date(2026, 11, 5)), row=1)
    with django_assert_max_num_queries(30):
        answer = get(client, "attendance", town.scheme.pk, quoi="repas", semaine=MONDAY.isoformat())
    page = html.fromstring(answer.content.decode())
    lea, hugo = (
        ["".join(cell.itertext()).strip() for cell in row.xpath("./td")[2:]] for row in page.xpath("//tbody/tr")
    )
    assert lea == ["absent, dû", "absent, excusé", "", "1 réservé", "1 réservé", "", "", "3"]
    assert hugo == ["", "", "", "", "non inscrit", "non inscrit", "non inscrit", "0"]
    described = page.xpath("//input[@aria-describedby]")[0]
    assert page.get_element_by_id(described.get("aria-describedby")).text == "absent, dû"
    assert "départ le 05/11/2026" in text_of(answer)


def test_a_quantity_after_a_departure_is_said(client: Client, town: Town, dossier: Dossier) -> None:
    enrol(town, dossier, Stay(None, date(2026, 11, 5)), row=0)
    address = f"{url('attendance', town.scheme.pk)}?quoi=repas&semaine=2026-11-02"
    answer = client.post(address, {"seen": "0", f"c-{dossier.pk}-0-20261106": "1"})
    assert "06/11/2026 : ce jour est hors de l’inscription" in text_of(answer)


def test_the_page_of_the_dossier_leads_there(client: Client, dossier: Dossier) -> None:
    assert url("planning", dossier.pk) in get(client, "dossier", dossier.pk).content.decode()
