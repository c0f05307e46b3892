"""Régies and their bank's settings."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from obole.audit_log.models import Record
from obole.directory import operations as directory
from obole.directory.rules import Profile
from obole.regies.models import BankChange, Mandate, Regie
from tests.crm.desk import browser
from tests.crm.settings_desk import Desk, errors_of, filled, open_desk, text_of, url
from tests.world import NOON, WHO, make_agent, make_invoice, make_regie

pytestmark = pytest.mark.django_db

PAYFIP = {
    "payfip-client_number": "006382",
    "payfip-mode": "T",
    "payfip-service_url": "https://www.payfip.gouv.fr/tpa/services/securite",
    "payfip-payment_page_url": "https://www.payfip.gouv.fr/tpa/paiementws.web",
}
NEW = {"name": "Régie Culture", "code": "CULT", **PAYFIP}


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_a_regie_is_created_with_its_bank_and_its_agents(desk: Desk) -> None:
    town = desk.town
    desk.saved("settings_regie_new", **NEW, agents=[town.regisseur.pk, town.agent.pk])
    regie = Regie.objects.get(code="CULT")
    assert regie.gateway == "payfip"
    assert regie.gateway_settings == {name.removeprefix("payfip-"): value for name, value in PAYFIP.items()}
    assert (regie.release_delay, regie.enabled) == (20, True)
    assert set(Mandate.objects.filter(regie=regie).values_list("agent", flat=True)) == {
        town.regisseur.pk,
        town.agent.pk,
    }
    verbs = list(
        Record.objects.filter(subject_kind="regies.regie", subject_id=regie.pk)
        .order_by("id")
        .values_list("verb", flat=True)
    )
    assert verbs == ["configure", "regie.mandates"]
    assert "Activée" in text_of(desk.get("settings_regies"))


def test_a_client_number_keeps_its_zeros_and_loses_its_spaces(desk: Desk) -> None:
    desk.saved("settings_regie_new", **{**NEW, "payfip-client_number": " 000404 "})
    assert Regie.objects.get(code="CULT").gateway_settings["client_number"] == "000404"


def test_addresses_left_empty_are_the_usual_ones(desk: Desk) -> None:
    desk.saved("settings_regie_new", **{**NEW, "payfip-service_url": "", "payfip-payment_page_url": ""})
    assert Regie.objects.get(code="CULT").gateway_settings == {"client_number": "006382", "mode": "T"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Ce champ est obligatoire."),
        ({"name": "Régie Enfance"}, "C’est déjà pris"),
        ({"code": "ENF"}, "C’est déjà pris"),
        ({"code": "C1"}, "De 2 à 6 lettres majuscules"),
        ({"code": "TROPLONG"}, "6 caractères"),
        ({"release_delay": "14"}, "15 minutes au moins"),
        ({"release_delay": "-1"}, "15 minutes au moins"),
        ({"release_delay": "vingt"}, "nombre entier"),
        ({"payfip-client_number": ""}, "Ce champ est obligatoire."),
        ({"payfip-client_number": "06382"}, "Six chiffres exactement"),
        ({"payfip-client_number": "00638A"}, "Six chiffres exactement"),
        ({"payfip-client_number": "٠٠٦٣٨٢"}, "Six chiffres exactement"),
        ({"payfip-mode": "Z"}, "choix valide"),
        *(
            ({f"payfip-{name}": address}, "l’exploitant permet")
            for name in ("service_url", "payment_page_url")
            for address in ("http://169.254.169.254/latest", "http://2130706433/", "https://evil.example/tpa")
        ),
        ({"payfip-service_url": "ftp://payfip"}, "commence par https://"),
        ({"payfip-payment_page_url": "https://payfip.example/?a=1"}, "commence par https://"),
        ({"agents": ["99999"]}, "choix valide"),
        ({"gateway": "autre"}, "choix valide"),
    ],
)
def test_bad_values_are_refused(desk: Desk, changes: dict[str, Any], sentence: str) -> None:
    assert sentence in desk.refused("settings_regie_new", **{**NEW, **changes})
    assert Regie.objects.count() == 1


def test_what_was_typed_stays_on_the_page(desk: Desk) -> None:
    answer = desk.send(
        "settings_regie_new",
        **{**NEW, "release_delay": "14"},
        description="Pour la culture",
        agents=[desk.town.agent.pk],
    )
    again = filled(answer)
    assert (again["name"], again["payfip-client_number"], again["release_delay"]) == (
        ["Régie Culture"],
        ["006382"],
        ["14"],
    )
    assert (again["description"], again["agents"]) == (["Pour la culture"], [str(desk.town.agent.pk)])


def test_a_code_is_written_in_capitals(desk: Desk) -> None:
    desk.saved("settings_regie_new", **{**NEW, "code": "cult"})
    assert Regie.objects.filter(code="CULT").exists()


def test_the_code_stays_once_invoices_carry_it(desk: Desk) -> None:
    make_invoice(desk.town)
    sentence = desk.refused("settings_regie", desk.town.regie.pk, code="AUTRE")
    assert "Ce code commence déjà des numéros de factures : il ne peut plus changer." in sentence
    desk.saved("settings_regie", desk.town.regie.pk, name="Régie Enfance et jeunesse")
    assert Regie.objects.get(code="ENF").name == "Régie Enfance et jeunesse"


def test_the_code_may_change_before(desk: Desk) -> None:
    desk.saved("settings_regie", desk.town.regie.pk, code="AUTRE")
    assert Regie.objects.get().code == "AUTRE"


def test_another_bank_is_chosen_then_filled_and_nothing_typed_is_lost(desk: Desk) -> None:
    before = Record.objects.count()
    answer = desk.send("settings_regie_new", name="Régie Sport", code="SPO", gateway="sandbox", choose="1")
    again = filled(answer)
    assert (again["name"], again["code"], again["gateway"], again["shown_gateway"]) == (
        ["Régie Sport"],
        ["SPO"],
        ["sandbox"],
        ["sandbox"],
    )
    assert "sandbox-mode" in again and "payfip-mode" not in again
    assert errors_of(answer) == ""
    assert Record.objects.count() == before
    desk.client.post(url("settings_regie_new"), again)
    assert Regie.objects.get(code="SPO").gateway_settings == {"mode": "T"}


def test_saving_with_another_bank_shows_its_fields_first(desk: Desk) -> None:
    answer = desk.send("settings_regie", desk.town.regie.pk, gateway="payfip")
    assert answer.status_code == 200
    assert "payfip-client_number" in filled(answer)
    assert Regie.objects.get().gateway == "sandbox"


def test_production_is_confirmed_once(desk: Desk) -> None:
    assert "cochez cette case pour le confirmer" in desk.refused("settings_regie_new", **{**NEW, "payfip-mode": "W"})
    desk.saved("settings_regie_new", **{**NEW, "payfip-mode": "W"}, confirm_production="on")
    regie = Regie.objects.get(code="CULT")
    assert regie.gateway_settings["mode"] == "W"
    assert "confirm_production" not in desk.get("settings_regie", regie.pk).content.decode()
    desk.saved("settings_regie", regie.pk, description="Déjà en production.")
    desk.saved("settings_regie", regie.pk, **{"payfip-mode": "T"})
    assert "cochez cette case" in desk.refused("settings_regie", regie.pk, **{"payfip-mode": "W"})


def test_production_at_one_bank_is_not_production_at_another(desk: Desk) -> None:
    chosen = filled(desk.send("settings_regie", desk.town.regie.pk, gateway="payfip", choose="1"))
    answer = desk.client.post(
        url("settings_regie", desk.town.regie.pk), {**chosen, "payfip-client_number": "006382", "payfip-mode": "W"}
    )
    assert "cochez cette case" in errors_of(answer)


def test_training_is_said_to_be_training(desk: Desk) -> None:
    assert "Bac à sable (formation)" in text_of(desk.get("settings_regie_new"))


def test_an_agent_without_access_keeps_the_mandate_that_nobody_took_away(desk: Desk) -> None:
    regisseur = desk.town.regisseur
    directory.configure_agent(agent_id=regisseur.pk, values={}, active=False, actor=WHO, at=NOON)
    desk.saved("settings_regie", desk.town.regie.pk, description="Sans régisseur actif.")
    assert Mandate.objects.filter(agent=regisseur).exists()
    other = make_regie("AUT", "Autre régie")
    assert (
        str(regisseur.pk) not in desk.get("settings_regie", other.pk).content.decode().split('name="agents"')[-1][:60]
    )


def test_mandates_are_recorded_only_when_they_change(desk: Desk) -> None:
    noted = Record.objects.filter(verb="regie.mandates")
    assert noted.count() == 1
    desk.saved("settings_regie", desk.town.regie.pk, description="La même équipe.")
    assert noted.count() == 1
    desk.saved("settings_regie", desk.town.regie.pk, agents=None)
    assert noted.count() == 2
    assert not Mandate.objects.exists()


def test_a_regie_whose_bank_disappeared_can_be_given_another(desk: Desk) -> None:
    regie = make_regie("VIEUX", "Vieille régie", gateway="disparu")
    desk.saved("settings_regie", regie.pk, **PAYFIP)
    regie.refresh_from_db()
    assert (regie.gateway, regie.gateway_settings["client_number"]) == ("payfip", "006382")


def test_the_bank_of_a_regie_that_works_changes_by_two_administrators(desk: Desk) -> None:
    """Whoever answers at that address says which invoices are paid."""
    make_invoice(desk.town)
    regie = desk.town.regie
    before = regie.gateway_settings
    desk.send("settings_regie", regie.pk, **{"sandbox-mode": "T", "description": "Encaisse la cantine."})
    regie.refresh_from_db()
    assert (regie.gateway_settings, regie.description) == (before, "Encaisse la cantine.")
    page = text_of(desk.get("settings_regie", regie.pk))
    assert "Changement de banque en attente" in page and "Un autre administrateur doit l’accepter" in page
    place = url("settings_regie_bank_change", regie.pk)
    assert "un autre administrateur doit l’accepter" in text_of(
        desk.client.post(place, {"action": "accept"}, follow=True)
    )
    regie.refresh_from_db()
    assert regie.gateway_settings == before
    second = browser(make_agent(Profile.ADMINISTRATOR, email="seconde@valbourg.example"))
    assert "la banque de la régie est changée" in text_of(second.post(place, {"action": "accept"}, follow=True))
    regie.refresh_from_db()
    assert regie.gateway_settings["mode"] == "T"
    assert "déjà été décidé" in text_of(second.post(place, {"action": "accept"}, follow=True))
    verbs = list(Record.objects.filter(verb__startswith="regie.bank").order_by("id").values_list("verb", "actor__id"))
    assert [verb for verb, _who in verbs] == ["regie.bank_asked", "regie.bank_decided"]
    assert len({who for _verb, who in verbs}) == 2


def test_the_database_wants_a_second_person_too(desk: Desk) -> None:
    me = desk.town.admin.actor
    values = {"regie": desk.town.regie, "gateway": "sandbox", "requested_by": me, "requested_at": NOON}
    with pytest.raises(IntegrityError), transaction.atomic():
        BankChange.objects.create(**values, decided_by=me, decided_at=NOON, accepted=True)


def test_a_change_of_bank_may_be_given_up(desk: Desk) -> None:
    make_invoice(desk.town)
    desk.send("settings_regie", desk.town.regie.pk, **{"sandbox-mode": "T"})
    place = url("settings_regie_bank_change", desk.town.regie.pk)
    assert "est abandonné" in text_of(desk.client.post(place, {"action": "refuse"}, follow=True))
    assert "Changement de banque en attente" not in text_of(desk.get("settings_regie", desk.town.regie.pk))
