"""A passkey, with a virtual authenticator, under the strict CSP: added, then used alone and beside a password."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import People
from tests.journeys.demo import PASSWORD

pytestmark = pytest.mark.browser
WHO = "agent"
SECURITY = "/mon-compte/securite/"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@pytest.fixture
def page(people: People) -> Iterator[Page]:
    opened = people.window(WHO, width=390)
    protocol: Any = opened.context.new_cdp_session(opened)
    protocol.send("WebAuthn.enable")
    protocol.send(
        "WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, "automaticPresenceSimulation": True}}
    )
    yield opened
    opened.goto("/compte/preuves/webauthn/")
    while opened.get_by_role("link", name="Retirer").count():
        opened.get_by_role("link", name="Retirer").first.click()
        opened.get_by_role("button", name="Retirer").click()
    assert people.complaints == []


def sign_out(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/compte/login/")


def test_a_passkey_is_added_and_lets_in(page: Page) -> None:
    page.goto(SECURITY)
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    assert Axe().run(page).violations_count == 0
    page.fill("[name=name]", "Mon téléphone")
    page.check("[name=passwordless]")
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Codes de secours")
    page.get_by_role("link", name="Je les ai rangés").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    sign_out(page)
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url("**/crm/")

    sign_out(page)
    page.fill("input[name=login]", f"{WHO}@demo.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Prouvez que c’est vous")
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url("**/crm/")
    page.goto(SECURITY)
    expect(page.locator("main")).to_contain_text("Voir et changer mes clés")
