"""Every page opens, and the first screen says what is missing."""

import pytest

from obole.catalogue import operations as catalogue
from obole.directory.models import Authority
from obole.regies import operations as regies
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.world import NOON, WHO, Town, make_type

pytestmark = pytest.mark.django_db


def pages(town: Town) -> list[str]:
    plain = [
        "settings",
        "settings_authority",
        "settings_regies",
        "settings_regie_new",
        "settings_types",
        "settings_type_new",
        "settings_services",
        "settings_service_new",
        "settings_scheme_new",
        "settings_mails",
        "settings_agents",
        "settings_agent_new",
        "settings_api_keys",
        "settings_api_key_new",
        "settings_configuration",
        "settings_history",
    ]
    return [
        *(url(name) for name in plain),
        url("settings_regie", town.regie.pk),
        url("settings_type", town.type.pk),
        url("settings_service", town.scheme.service_id),
        url("settings_scheme", town.scheme.pk),
        url("settings_scheme_copy", town.scheme.pk),
        url("settings_form", town.scheme.pk),
        url("settings_pricing", town.scheme.pk),
        url("settings_form_preview", town.scheme.pk),
        url("settings_form_version", town.scheme.pk, 1),
        url("settings_form_field_new", town.scheme.pk),
        url("settings_form_field", town.scheme.pk, "enfant"),
        url("settings_mail", "reminder_1"),
        url("settings_agent", town.agent.pk),
    ]


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_an_administrator_opens_every_page(desk: Desk) -> None:
    for address in pages(desk.town):
        answer = desk.client.get(address)
        assert answer.status_code == 200, address
        assert "UNDEFINED-VARIABLE" not in answer.content.decode(), address
        assert answer.content.decode().count("<h1>") == 1, address


def test_the_first_screen_counts_and_says_that_nothing_is_missing(desk: Desk) -> None:
    desk.saved("settings_type", desk.town.type.pk, legal_mentions="Vous pouvez saisir le tribunal administratif.")
    page = text_of(desk.get("settings"))
    for part in ("1 régie", "1 type", "1 prestation, 1 dispositif", "3 agents actifs", "Rien ne manque"):
        assert part in page, part
    assert "à compléter" not in page


def test_the_first_screen_says_what_is_missing(desk: Desk) -> None:
    town = desk.town
    regies.configure_regie(
        regie_id=None, values={"code": "CULT", "name": "Régie Culture", "gateway": "payfip"}, actor=WHO, at=NOON
    )
    regies.configure_regie(
        regie_id=None, values={"code": "VIEUX", "name": "Régie d’un autre", "gateway": "disparu"}, actor=WHO, at=NOON
    )
    make_type(None, [], name="Médiathèque")
    catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": "Portage de repas"}, actor=WHO, at=NOON
    )
    page = text_of(desk.get("settings"))
    assert "Régie Culture : réglages bancaires incomplets" in page
    assert "Régie d’un autre : réglages bancaires incomplets" in page
    assert "Médiathèque : sans régie, dispositif, mentions légales, voies de recours" in page
    assert "Portage de repas : sans formulaire, tarification, type de facture" in page
    assert "disparu" in text_of(desk.get("settings_regies"))
    assert "Sans régie" in text_of(desk.get("settings_types"))
    assert "formulaire, tarification, type de facture" in text_of(desk.get("settings_services"))


def test_an_empty_installation_says_where_to_begin() -> None:
    desk = open_desk()
    Authority.objects.all().delete()
    assert "Elle n’est pas encore décrite." in text_of(desk.get("settings"))


def test_each_page_tells_its_history(desk: Desk) -> None:
    desk.saved("settings_regie", desk.town.regie.pk, description="Encaisse la cantine.")
    page = text_of(desk.get("settings_regie", desk.town.regie.pk))
    assert "Historique" in page
    assert f"{desk.town.admin.name} · description" in page
    assert "Création" in page
    assert "Agents mandatés" in page
