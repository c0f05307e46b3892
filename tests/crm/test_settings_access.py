"""Only administrators enter, every form is guarded against forgery, and the first screen says what is missing."""

import pytest
from django.test import Client

from obole.catalogue import operations as catalogue
from obole.directory.models import Authority
from obole.regies import operations as regies
from obole.trail.models import Record
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.world import NOON, WHO, Town, make_town, make_type

pytestmark = pytest.mark.django_db


FORM_ACTS = ("settings_form_change", "settings_form_publish", "settings_form_discard")


def pages(town: Town) -> list[str]:
    plain = [
        "settings", "settings_authority", "settings_regies", "settings_regie_new", "settings_types", "settings_type_new",
        "settings_services", "settings_service_new", "settings_scheme_new", "settings_mails", "settings_agents",
        "settings_agent_new", "settings_configuration", "settings_history",
    ]  # fmt: skip
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
        url("settings_product_new", town.scheme.pk),
        url("settings_product", town.meal.pk),
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


@pytest.mark.parametrize("who", ["agent", "regisseur"])
def test_other_agents_find_nothing(who: str) -> None:
    town = make_town()
    client = Client()
    client.force_login(getattr(town, who).user)
    acts = [url(name, town.scheme.pk) for name in FORM_ACTS]
    files = [
        url("settings_type_specimen", town.type.pk), url("settings_type_file", town.type.pk),
        url("settings_scheme_file", town.scheme.pk), url("settings_configuration_file"), url("settings_configuration_import"),
    ]  # fmt: skip
    for address in [*pages(town), *files, *acts]:
        assert client.get(address).status_code == 404, address
        assert client.post(address, {"name": "Pris"}).status_code == 404, address


def test_citizens_find_nothing_and_strangers_are_asked_who_they_are() -> None:
    town = make_town()
    client = Client()
    assert client.get(url("settings"))["Location"].startswith("/compte/")
    client.force_login(town.citizen.user)  # type: ignore[arg-type]
    for address in pages(town):
        assert client.get(address).status_code == 404, address


def test_a_forged_form_changes_nothing(desk: Desk) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.town.admin.user)
    before = Record.objects.count()
    acts = [url(name, desk.town.scheme.pk) for name in FORM_ACTS]
    posts = [
        *pages(desk.town),
        *acts,
        url("settings_type_copy", desk.town.type.pk),
        url("settings_mail_reset", "reminder_1"),
        url("settings_configuration_import"),
    ]
    for address in posts:
        if address != url("settings"):
            assert client.post(address, {"name": "Forgé"}).status_code == 403, address
    assert Record.objects.count() == before


@pytest.mark.parametrize("name", ["settings_type_copy", "settings_mail_reset", *FORM_ACTS])
def test_what_acts_is_not_a_link(desk: Desk, name: str) -> None:
    place = {"settings_type_copy": desk.town.type.pk, "settings_mail_reset": "reminder_1"}.get(
        name, desk.town.scheme.pk
    )
    assert desk.client.get(url(name, place)).status_code == 405


def test_unknown_things_are_not_found(desk: Desk) -> None:
    for name in (
        "settings_regie",
        "settings_type",
        "settings_service",
        "settings_scheme",
        "settings_product",
        "settings_agent",
    ):
        assert desk.client.get(url(name, 99_999)).status_code == 404, name
    assert desk.client.get(url("settings_mail", "inconnu")).status_code == 404
    assert desk.client.post(url("settings_mail_reset", "inconnu")).status_code == 404


def test_the_first_screen_counts_and_says_that_nothing_is_missing(desk: Desk) -> None:
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
    assert "Médiathèque : sans régie" in page
    assert "Portage de repas : sans formulaire, produit, type de facture" in page
    assert "disparu" in text_of(desk.get("settings_regies"))
    assert "Sans régie" in text_of(desk.get("settings_types"))
    assert "formulaire, produit, type de facture" in text_of(desk.get("settings_services"))


def test_an_empty_installation_says_where_to_begin() -> None:
    desk = open_desk()
    Authority.objects.all().delete()
    assert "Elle n’est pas encore décrite." in text_of(desk.get("settings"))


def test_each_page_tells_its_history(desk: Desk) -> None:
    desk.saved("settings_regie", desk.town.regie.pk, description="Encaisse la cantine.")
    page = text_of(desk.get("settings_regie", desk.town.regie.pk))
    assert "Historique" in page
    assert "admin@valbourg.example · description" in page
    assert "Création" in page
    assert "Agents mandatés" in page
