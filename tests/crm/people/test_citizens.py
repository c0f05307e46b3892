"""Usagers: their file, and who comes to the counter without an account."""

from typing import Any

import pytest
from django.test import Client

from obole.audit_log.models import Record
from obole.directory.models import Citizen
from obole.directory.rules import Profile
from tests.crm.desk import HOSTILE, browser, get, text_of, url
from tests.world import Town, later, make_agent, make_citizen, make_invoice, make_town

pytestmark = pytest.mark.django_db

PERSON = {
    "kind": "person",
    "civility": "Mme",
    "first_name": "Éloïse",
    "last_name": "Œuvrard",
    "organisation": "",
    "email": "",
    "phone": "",
    "address": "1 rue Haute\n99999 Valbourg",
    "language": "fr",
}


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


def test_somebody_at_the_counter_gets_a_file(client: Client) -> None:
    answer = client.post(url("citizen_new"), PERSON, follow=True)
    made = Citizen.objects.get(last_name="Œuvrard")
    assert made.user is None and made.address == "1 rue Haute\n99999 Valbourg" and made.sort_key == "oeuvrard eloise"
    assert "la fiche est ouverte" in text_of(answer) and "à remettre sur papier" in text_of(answer)
    assert Record.objects.get(verb="citizen.register", subject_id=made.pk).actor.name == "Agent Agent instructeur"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_name": " "}, "last_name"),
        ({"email": "pas une adresse"}, "email"),
        ({"kind": "association"}, "organisation"),
        ({"kind": "roi"}, "kind"),
        ({"last_name": "x" * 81}, "last_name"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(town: Town, client: Client, changes: dict[str, str], field: str) -> None:
    before = Citizen.objects.count(), Record.objects.count()
    for target in (url("citizen_new"), url("citizen_edit", town.citizen.pk)):
        answer = client.post(target, {**PERSON, **changes})
        assert answer.status_code == 200 and f'href="#id_{field}"' in answer.content.decode()
    assert (Citizen.objects.count(), Record.objects.count()) == before
    town.citizen.refresh_from_db()
    assert town.citizen.last_name == "Lefèvre"


def test_a_file_is_corrected(town: Town, client: Client) -> None:
    answer = client.post(url("citizen_edit", town.citizen.pk), {**PERSON, "last_name": HOSTILE[:80]}, follow=True)
    assert "la fiche est à jour" in text_of(answer)
    assert "<script>alert" not in answer.content.decode()
    assert Record.objects.filter(verb="citizen.update", subject_id=town.citizen.pk).count() == 1


def test_a_citizens_page_gathers_what_concerns_them(town: Town, client: Client) -> None:
    invoice = make_invoice(town, meals=16)
    make_invoice(town, citizen=make_citizen("autre@example.org", last_name="Autre"))
    page = text_of(get(client, "citizen", town.citizen.pk))
    assert invoice.number in page and invoice.dossier.reference in page and "Reste dû 52,00 €" in page
    assert "ENF-2026-000002" not in page and "Rien n’a encore été reçu" in page


def test_names_are_found_without_accents_nor_order(town: Town, client: Client) -> None:
    make_citizen("a@example.org", last_name="Œuvrard")
    for text in ("oeuv", "Œuvrard maud", "MAUD OEUVRARD"):
        page = text_of(get(client, "citizens", q=text))
        assert "Œuvrard" in page and "Lefèvre" not in page
    assert "Aucun usager" in text_of(get(client, "citizens", q="inconnu"))
    assert "Aucun usager" in text_of(get(client, "citizens", q="\x00"))
    for column in ("name", "kind", "email", "phone", "account"):
        get(client, "citizens", sort=f"-{column}")


def test_a_file_that_looks_like_another_is_told_before_a_second_one_is_opened(town: Town) -> None:
    client = browser(town.agent)
    form = {"kind": "person", "first_name": "maud", "last_name": "LEFEVRE", "email": "", "language": "fr"}
    asked = client.post(url("citizen_new"), form)
    page = text_of(asked)
    assert "Une fiche ressemble" in page and "Maud Lefèvre" in page and "C’est une autre personne" in page
    assert 'value="LEFEVRE"' in asked.content.decode(), "nothing typed is lost"
    count = Citizen.objects.count()
    told = {"told": str(town.citizen.pk)}
    assert "Cochez cette case" in text_of(client.post(url("citizen_new"), {**form, **told}))
    assert client.post(url("citizen_new"), {**form, **told, "other": "1"}).status_code == 302
    assert Citizen.objects.count() == count + 1
    stranger = {**form, "first_name": "Zora", "last_name": "Quint"}
    assert client.post(url("citizen_new"), stranger).status_code == 302


def test_an_agent_is_not_told_of_the_files_of_others(town: Town) -> None:
    make_invoice(town)
    apart = make_agent(Profile.REVIEWER, email="apart@valbourg.example", all_services=False)
    form = {
        "kind": "person",
        "first_name": "Maud",
        "last_name": "Lefèvre",
        "email": "usager@example.org",
        "language": "fr",
    }
    assert browser(apart).post(url("citizen_new"), form).status_code == 302


def test_a_death_is_recorded_mails_stop_and_the_debt_stays(town: Town) -> None:
    invoice = make_invoice(town)
    client, citizen = browser(town.agent), town.citizen
    place = url("citizen_death", citizen.pk)
    tomorrow = text_of(client.post(place, {"deceased_on": "2027-01-01", "correspondent": ""}))
    assert "Ce jour n’est pas encore venu" in tomorrow
    sent = {"deceased_on": "2026-11-20", "correspondent": "Me Lambert, notaire\n2 place Haute\n99210 Valbourg"}
    page = text_of(client.post(place, sent, follow=True))
    assert "Décès 20/11/2026" in page and "Me Lambert" in page and "Noter un décès" not in page
    citizen.refresh_from_db()
    invoice.refresh_from_db()
    assert (citizen.email, invoice.state, invoice.remaining_cents) == ("", "due", 5200)
    assert citizen.user is not None
    citizen.user.refresh_from_db()
    assert not citizen.user.is_active
    assert Record.objects.get(verb="citizen.death").details == {"day": "2026-11-20"}


def test_an_agent_says_in_which_language_somebody_is_written_to(town: Town, client: Client) -> None:
    make_invoice(town)
    form = {name: getattr(town.citizen, name) for name in PERSON}
    shown = client.get(url("citizen_edit", town.citizen.pk))
    assert "Langue des courriels" in text_of(shown) and '<option value="fr" selected>' in shown.content.decode()
    page = text_of(client.post(url("citizen_edit", town.citizen.pk), {**form, "language": "en"}, follow=True))
    assert "Langue des courriels anglais" in page
    refused = client.post(url("citizen_edit", town.citizen.pk), {**form, "language": "de"})
    assert refused.status_code == 200 and 'href="#id_language"' in refused.content.decode()
    town.citizen.refresh_from_db()
    assert town.citizen.language == "en"
    apart = browser(make_agent(Profile.REVIEWER, email="apart@valbourg.example", all_services=False))
    assert apart.post(url("citizen_edit", town.citizen.pk), {**form, "language": "fr"}).status_code == 404
    town.citizen.refresh_from_db()
    assert town.citizen.language == "en"
