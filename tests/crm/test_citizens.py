"""Usagers: their file, and who comes to the counter without an account."""

from typing import Any

import pytest
from django.test import Client

from obole.directory.models import Citizen
from obole.trail.models import Record
from tests.crm.desk import HOSTILE, browser, get, text_of, url
from tests.world import Town, later, make_citizen, make_invoice, make_town

pytestmark = pytest.mark.django_db

PERSON = {"kind": "person", "civility": "Mme", "first_name": "Éloïse", "last_name": "Œuvrard", "organisation": "", "email": "",
          "phone": "", "address": "1 rue Haute\n99999 Valbourg"}  # fmt: skip


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
    assert Record.objects.get(verb="citizen.register", subject_id=made.pk).actor == "reviewer@valbourg.example"


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
    assert "Lefèvre" in text_of(get(client, "citizens", q="\x00"))
    for column in ("name", "kind", "email", "phone", "account"):
        get(client, "citizens", sort=f"-{column}")
