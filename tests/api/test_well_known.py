"""What strangers read of the service: whether it is well, and whom to write to."""

import logging
from typing import Any

import pytest
from django.test import Client

from obole.directory.models import Authority
from obole.lib.logs import JsonFormatter
from tests.world import make_town

pytestmark = pytest.mark.django_db
VISITOR = {"REMOTE_ADDR": "203.0.113.7"}


def test_health_says_to_strangers_only_whether_all_is_well(settings: Any) -> None:
    settings.HEALTH_TOKEN = "s3cret-of-the-monitor"
    assert set(Client(**VISITOR).get("/health").json()) == {"status"}
    behind = Client(REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "203.0.113.7"})
    assert set(behind.get("/health").json()) == {"status"}
    for said in ("Bearer wrong", "Bearer ", "s3cret"):
        assert set(Client(**VISITOR, headers={"authorization": said}).get("/health").json()) == {"status"}
    monitor = Client(**VISITOR, headers={"authorization": "Bearer s3cret-of-the-monitor"})
    assert "jobs_waiting" in monitor.get("/health").json()
    assert "jobs_waiting" in Client().get("/health").json()
    settings.HEALTH_TOKEN = ""
    assert set(Client(**VISITOR, headers={"authorization": "Bearer "}).get("/health").json()) == {"status"}


def test_a_weakness_can_be_told() -> None:
    assert Client().get("/.well-known/security.txt").status_code == 404
    make_town()
    answer = Client().get("/.well-known/security.txt")
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"].startswith("text/plain") and lines[0] == "Contact: mailto:mairie@valbourg.example"
    assert lines[1].startswith("Expires: 20") and lines[3].endswith("/.well-known/security.txt")
    Authority.objects.update(email="")
    assert Client().get("/.well-known/security.txt").status_code == 404


def test_pages_ask_nothing_of_the_browser() -> None:
    policy = Client().get("/compte/login/")["Permissions-Policy"]
    assert "camera=()" in policy and "payment=()" in policy


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/compte/password/reset/key/5-cx8n2w-0123456789abcdef0123456789abcdef/", "/compte/password/reset/key/…/"),
        ("/paiements/retour/tCGH9-d4PfWogor2roJFHw/?idop=x", "/paiements/retour/…/?…"),
        ("/compte/confirm-email/Mg:1vAbCd:AbCdEfGhIjKlMnOpQrSt/", "/compte/confirm-email/…/"),
        ("/crm/parametrage/dispositifs/12/formulaire/", "/crm/parametrage/dispositifs/12/formulaire/"),
    ],
)
def test_a_log_keeps_no_token_of_an_address(path: str, kept: str) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s: %s", ("Not Found", path), None)
    assert f'"Not Found: {kept}"' in JsonFormatter().format(record)


def test_machines_are_sent_to_no_other_address(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/")["Location"].startswith("https://")
    assert "status" in Client().get("/health").json()
    assert Client().post("/paiements/payfip/notification", {"idop": "inconnu"}).status_code == 200


def test_static_files_are_framed_by_nobody_either() -> None:
    assert "frame-ancestors 'none'" in Client().get("/static/ui/obole.css")["Content-Security-Policy"]
