"""A town's pages speak French, unless somebody chose otherwise."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _real_addresses(_stub_doors: None, settings: pytest.FixtureRequest) -> None:
    settings.ROOT_URLCONF = "obole.config.urls"  # type: ignore[attr-defined]


def test_a_foreign_browser_reads_french(client: Client) -> None:
    page = client.get("/demarches/", headers={"accept-language": "en-GB,en"})

    assert page["Content-Language"] == "fr"
    assert '<html lang="fr">' in page.content.decode()


def test_who_chooses_english_reads_english_until_french_is_chosen(client: Client) -> None:
    answer = client.post("/langue/", {"language": "en", "next": "/demarches/"})
    assert answer["Location"] == "/demarches/"
    assert client.get("/demarches/")["Content-Language"] == "en"

    client.post("/langue/", {"language": "fr", "next": "/demarches/"})
    assert client.get("/demarches/")["Content-Language"] == "fr"


def test_the_choice_leads_nowhere_else(client: Client) -> None:
    answer = client.post("/langue/", {"language": "en", "next": "//elsewhere.example/"})

    assert answer["Location"] == "/"
