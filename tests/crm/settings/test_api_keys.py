"""Keys of other software: made, shown once, ended; by an administrator."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.api_keys.models import ApiKey
from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue
from obole.lib import dates
from tests.api.keys import Software, make_key
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.world import WHO, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def given(desk: Desk, **changes: Any) -> dict[str, Any]:
    services = [str(desk.town.scheme.service_id)]
    return {
        "name": "Tablette Jules-Ferry",
        "scopes": ["consumption.write", "dossiers.read"],
        "services": services,
    } | changes


def test_a_key_is_made_and_its_secret_shown_this_once(desk: Desk) -> None:
    catalogue.configure_service(service_id=None, values={"name": "Piscine"}, actor=WHO, at=later())
    answer = desk.send("settings_api_key_new", **given(desk))
    assert answer.status_code == 200
    assert "montrée cette seule fois" in text_of(answer)
    secret = html.fromstring(answer.content.decode()).xpath("string(//main//code)")
    key = ApiKey.objects.get()
    assert secret.startswith(f"obole_{key.prefix}_")
    assert answer["Cache-Control"] == "no-store, private"
    assert key.expires_on == dates.day_of(dates.now()) + timedelta(days=365)
    assert (key.created_by.id, key.scopes) == (f"agent:{desk.town.admin.pk}", ["consumption.write", "dossiers.read"])
    assert [access.service_id for access in key.accesses.all()] == [desk.town.scheme.service_id]
    for page in (desk.get("settings_api_keys"), desk.get("settings_api_key", key.pk), desk.get("settings")):
        assert secret not in page.content.decode()
    assert "Tablette Jules-Ferry" in text_of(desk.get("settings_api_keys"))
    assert "Restauration scolaire" in text_of(desk.get("settings_api_key", key.pk))
    assert "1 clé en service" in text_of(desk.get("settings"))
    software = Software(secret)
    software.at = dates.now()
    assert software.get("schemes").status_code == 200


def test_the_page_sent_again_makes_no_second_key(desk: Desk) -> None:
    desk.send("settings_api_key_new", **given(desk))
    assert "Une clé en service porte ce nom" in desk.refused("settings_api_key_new", **given(desk))
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Ce champ est obligatoire"),
        ({"scopes": None}, "Ce champ est obligatoire"),
        ({"scopes": ["tout"]}, "tout"),
        ({"services": None}, "Ce champ est obligatoire"),
        ({"services": ["999"]}, "999"),
        ({"expires_on": ""}, "Ce champ est obligatoire"),
        ({"expires_on": "2020-01-01"}, "Choisissez un jour à venir, dans deux ans au plus."),
        ({"expires_on": "2099-01-01"}, "Choisissez un jour à venir, dans deux ans au plus."),
    ],
)
def test_a_key_that_means_nothing_is_refused_at_its_field(desk: Desk, changes: dict[str, Any], sentence: str) -> None:
    assert sentence in desk.refused("settings_api_key_new", **given(desk, **changes))
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_at_once_and_for_ever(desk: Desk) -> None:
    key, token = make_key(desk.town.scheme.service, name="Pointeuse")
    software = Software(token)
    assert software.get("schemes").status_code == 200
    answer = desk.client.post(url("settings_api_key_revoke", key.pk))
    assert (answer.status_code, answer["Location"]) == (302, url("settings_api_keys"))
    assert "la clé « Pointeuse » n’ouvre plus rien" in text_of(desk.get("settings_api_keys"))
    assert software.get("schemes").status_code == 401
    page = text_of(desk.get("settings_api_key", key.pk))
    assert f"par {desk.town.admin.name}" in page
    assert "Révoquer la clé" not in page
    assert Record.objects.get(verb="api_key.revoke").actor == desk.town.admin.actor


def test_a_key_that_ends_soon_is_to_be_replaced(desk: Desk) -> None:
    today = dates.day_of(dates.now())
    make_key(name="Bientôt", until=today + timedelta(days=30), at=dates.now())
    make_key(name="Plus tard", until=today + timedelta(days=31), at=dates.now())
    page = text_of(desk.get("settings"))
    assert "« Bientôt » prend fin le" in page
    assert "Plus tard" not in page
    assert "2 clés en service" in page


def test_the_list_asks_as_much_for_many_as_for_one(desk: Desk) -> None:
    asked = []
    desk.get("settings_api_keys")
    for more in (1, 4):
        for _n in range(more):
            make_key(desk.town.scheme.service)
        with CaptureQueriesContext(connection) as queries:
            desk.get("settings_api_keys")
        asked.append(len(queries))
    assert asked[0] == asked[1]
