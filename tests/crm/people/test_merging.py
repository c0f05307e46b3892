"""The screens that merge two files: what is shown before, what is refused, and where the old address leads."""

from typing import Any

import pytest
from django.test import Client

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.directory.rules import Profile
from tests.crm.desk import browser, get, text_of, try_to_pay, url
from tests.crm.test_boundaries import beside, text_of_anything
from tests.world import NOON, PASSWORD, WHO, Town, later, make_agent, make_citizen, make_invoice, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def twin(town: Town) -> Citizen:
    values = {"first_name": "Maud", "last_name": "LEFEVRE", "phone": "0102030405"}
    return directory.register_citizen(values=values, actor=WHO, at=NOON)


def test_from_a_file_to_its_twin_to_one_file(town: Town, twin: Citizen) -> None:
    make_invoice(town)
    make_invoice(town, citizen=twin, meals=4)
    client = browser(town.agent)
    page = get(client, "citizen", town.citizen.pk)
    assert url("citizen_merge", town.citizen.pk) in page.content.decode()
    choice = get(client, "citizen_merge", town.citizen.pk)
    assert url("citizen_merge_preview", town.citizen.pk, twin.pk) in choice.content.decode()
    shown = text_of(get(client, "citizen_merge_preview", town.citizen.pk, twin.pk))
    assert "Reste dû 52,00 € 13,00 € 65,00 €" in shown and "Factures 1 1 2" in shown
    assert "0102030405" in shown and "Compte en ligne oui aucun oui" in shown and "Recettes à classer" not in shown

    place = url("citizen_merge_preview", town.citizen.pk, twin.pk)
    refused = client.post(place, {"reason": ""})
    assert 'href="#id_reason"' in refused.content.decode() and Citizen.objects.get(pk=twin.pk).merged_into is None
    done = text_of(client.post(place, {"reason": "<b>même pièce</b>"}, follow=True))
    assert "les deux fiches n’en font plus qu’une" in done and "Reste dû 65,00 €" in done
    assert f"Maud LEFEVRE (fiche n° {twin.pk}), le 25/11/2026 par Agent Agent instructeur : <b>même pièce</b>" in done

    assert client.get(url("citizen", twin.pk))["Location"] == url("citizen", town.citizen.pk)
    for name in ("citizen_edit", "citizen_death", "citizen_merge"):
        assert client.get(url(name, twin.pk)).status_code == 404
    assert client.post(place, {"reason": "encore"}).status_code == 404
    for name in ("citizens", "search"):
        assert url("citizen", twin.pk) not in get(client, name, q="lefevre").content.decode()


def test_another_name_is_looked_for(town: Town, twin: Citizen) -> None:
    other = make_citizen("x@example.org", last_name="Œuvrard")
    client = browser(town.agent)
    assert "Œuvrard" not in text_of(get(client, "citizen_merge", twin.pk))
    assert (
        url("citizen_merge_preview", twin.pk, other.pk)
        in get(client, "citizen_merge", twin.pk, q="oeuv").content.decode()
    )
    assert "Aucune autre fiche" in text_of(get(client, "citizen_merge", twin.pk, q="zzz"))


def test_neg_what_stands_in_the_way_is_said_and_nothing_is_offered(town: Town, twin: Citizen) -> None:
    try_to_pay(make_invoice(town, citizen=twin))
    client, place = browser(town.agent), url("citizen_merge_preview", town.citizen.pk, twin.pk)
    for answer in (client.get(place), client.post(place, {"reason": "x"})):
        page = text_of(answer)
        assert "Un paiement est en cours" in page and "Fusionner les deux fiches" not in page
    assert "la même fiche" in text_of(get(client, "citizen_merge_preview", twin.pk, twin.pk))
    assert not Record.objects.filter(verb="citizen.merge").exists()


def test_neg_who_handles_a_part_is_sent_to_an_administrator_and_reads_nothing_of_the_rest(
    town: Town, twin: Citizen
) -> None:
    other = beside(town)
    make_invoice(town, citizen=twin)
    make_invoice(other, citizen=town.citizen, meals=3)
    make_invoice(other, citizen=twin, meals=5)
    agent = make_agent(Profile.REVIEWER, email="salle@valbourg.example", all_services=False)
    catalogue.give_service_access(agent_id=agent.pk, handled={other.scheme.service_id}, read=set(), actor=WHO, at=NOON)
    client, place = browser(agent), url("citizen_merge_preview", town.citizen.pk, twin.pk)
    for answer in (client.get(place), client.post(place, {"reason": "x"})):
        page = text_of(answer)
        assert "demandez-la à un administrateur" in page and "Reste dû 9,75 € 16,25 € 26,00 €" in page
        assert not [
            word for word in ("cantine", "Restauration", "ENF-2026", "68,25") if word in text_of_anything(answer)
        ]
    assert Citizen.objects.get(pk=twin.pk).merged_into is None
    assert browser(town.admin).post(place, {"reason": "x"}).status_code == 302


def test_neg_a_file_of_others_is_not_there_before_nor_after(town: Town, twin: Citizen) -> None:
    make_invoice(town, citizen=twin)
    other = beside(town)
    make_invoice(other, citizen=other.citizen)
    agent = make_agent(Profile.REVIEWER, email="salle@valbourg.example", all_services=False)
    catalogue.give_service_access(agent_id=agent.pk, handled={other.scheme.service_id}, read=set(), actor=WHO, at=NOON)
    client = browser(agent)
    assert client.get(url("citizen_merge_preview", other.citizen.pk, twin.pk)).status_code == 404
    assert "LEFEVRE" not in text_of(get(client, "citizen_merge", other.citizen.pk, q="lefevre"))
    browser(town.admin).post(url("citizen_merge_preview", town.citizen.pk, twin.pk), {"reason": "x"})
    assert client.get(url("citizen", twin.pk)).status_code == 404


def test_the_owner_of_two_accounts_leaves_one_from_inside(town: Town) -> None:
    other = make_citizen("second@example.org")
    invoice = make_invoice(town, citizen=other)
    place = url("citizen_merge_preview", town.citizen.pk, other.pk)
    assert "Seul l’usager prouve" in text_of(browser(town.agent).get(place))
    owner = Client()
    owner.post("/compte/login/", {"login": "second@example.org", "password": PASSWORD})
    page = owner.get("/mon-compte/fermer/").content.decode()
    assert "Il reste une facture à payer" in page and "Fermer seulement le compte" in page
    assert owner.get("/mon-compte/fermer/compte-seul/").status_code == 405
    left = owner.post("/mon-compte/fermer/compte-seul/", follow=True)
    assert "Ce compte est fermé" in left.content.decode() and owner.get("/mon-compte/").status_code == 302
    assert owner.post("/compte/login/", {"login": "second@example.org", "password": PASSWORD}).status_code == 200
    assert browser(town.agent).post(place, {"reason": "les deux comptes sont à elle"}).status_code == 302
    invoice.refresh_from_db()
    assert invoice.payer == town.citizen and Invoice.objects.of_payer(town.citizen).count() == 1
