"""The payer's pages."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient

from payfip_simulator import cards
from payfip_simulator.bank import Bank
from tests.payfip_simulator.caller import VALID, Caller

OpenPage = Callable[[str], str]
CARD = {"numero": "4970100000000055", "expiration": "12/30", "cryptogramme": "123"}


@pytest.fixture
def idop(caller: Caller) -> str:
    """Return a new idop."""
    return caller.new_idop()


@pytest.fixture
def page(open_page: OpenPage, idop: str) -> str:
    """Return the address of its open page."""
    return open_page(idop)


def test_every_test_number_has_a_right_key() -> None:
    assert all(cards.is_luhn_valid(card.number) for card in cards.TEST_CARDS)
    assert all(cards.is_iban_valid(iban) for iban in cards.TEST_IBANS)
    assert len(cards.CARDS_BY_NUMBER) == len(cards.TEST_CARDS)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("numero", "", "Indiquez le numéro"),
        ("numero", "4970 1000", "16 chiffres"),
        ("numero", "٤٩٧٠١٠٠٠٠٠٠٠٠٠٥٥", "16 chiffres"),
        ("numero", "4970100000000056", "n’existe pas"),
        ("numero", "4111111111111111", "N’utilisez jamais une vraie carte"),
        ("expiration", "", "Indiquez la date"),
        ("expiration", "13/30", "MM/AA"),
        ("expiration", "2030-12", "MM/AA"),
        ("expiration", "10/26", "est passée"),
        ("expiration", "12/60", "trop lointaine"),
        ("cryptogramme", "", "Indiquez le cryptogramme"),
        ("cryptogramme", "12", "3 chiffres"),
        ("cryptogramme", "12a", "3 chiffres"),
    ],
)
def test_typing_errors(field: str, value: str, error: str) -> None:
    found = cards.card_errors(CARD | {field: value}, today=date(2026, 11, 25))
    assert list(found) == [field]
    assert error in found[field]


@pytest.mark.parametrize("expiration", ["11/26", "1126", "12 / 30", "12/46"])
def test_expiry_dates_that_are_good(expiration: str) -> None:
    assert cards.card_errors(CARD | {"expiration": expiration}, today=date(2026, 11, 30)) == {}


@pytest.mark.parametrize("number", ["4970 1000 0000 0055", "4970-1000-0000-0055", "4970\u00a01000\u202f0000 0055"])
def test_card_numbers_may_be_spaced(number: str) -> None:
    assert cards.card_errors(CARD | {"numero": number}, today=date(2026, 11, 30)) == {}


def test_errors_stand_at_the_field_and_in_a_summary(browser: FlaskClient, page: str, bank: Bank, idop: str) -> None:
    answer = browser.post(f"{page}/carte", data={"numero": "4970100000000056", "cryptogramme": "999"}).text
    assert answer.count("Ce numéro de carte n’existe pas") == 2
    assert '<a href="#numero">' in answer
    assert 'id="numero-erreur"' in answer and 'aria-invalid="true"' in answer
    assert 'value="4970100000000056"' in answer
    assert 'value="999"' not in answer, "a security code is never written back"
    assert bank.find(idop).result is None


@pytest.mark.parametrize("card", [card for card in cards.TEST_CARDS if card.refusal], ids=lambda card: card.title)
def test_a_refused_card_is_r_and_one_can_try_again(
    browser: FlaskClient, caller: Caller, page: str, idop: str, card: cards.TestCard
) -> None:
    browser.post(f"{page}/carte", data=CARD | {"numero": card.number})
    ticket = browser.post(f"{page}/verification", data={"code": "123456"}, follow_redirects=True).text
    assert card.refusal in ticket
    assert "Essayer à nouveau" in ticket and "Retourner sur le site du créancier" in ticket
    first = caller.detail(idop).fields
    assert first["resultrans"] == "R" and "numauto" not in first
    browser.post(f"{page}/carte", data=CARD)
    browser.post(f"{page}/verification", data={"code": "123456"})
    assert caller.detail(idop).fields["resultrans"] == "P"


def test_a_wrong_code_is_refused(browser: FlaskClient, caller: Caller, page: str, idop: str) -> None:
    browser.post(f"{page}/carte", data=CARD)
    assert "<strong>123456</strong>" in browser.get(f"{page}/verification").text
    assert "Indiquez le code" in browser.post(f"{page}/verification", data={}).text
    assert caller.detail(idop).code == "P5", "an empty code is a slip, not an answer"
    ticket = browser.post(f"{page}/verification", data={"code": "000000"}, follow_redirects=True).text
    assert "le code de sécurité était faux" in ticket.lower()
    assert caller.detail(idop).fields["resultrans"] == "R"


def test_no_step_can_be_skipped(browser: FlaskClient, caller: Caller, page: str, idop: str) -> None:
    for path in ("verification", "ticket", "retour"):
        assert browser.get(f"{page}/{path}").status_code == 303
    browser.post(f"{page}/verification", data={"code": "123456"})
    assert caller.detail(idop).code == "P5"


def test_the_card_number_is_forgotten(browser: FlaskClient, bank: Bank, page: str, idop: str) -> None:
    browser.post(f"{page}/carte", data=CARD)
    browser.post(f"{page}/verification", data={"code": "123456"})
    assert bank.find(idop).pending_card is None


@pytest.mark.parametrize("path", ["", "/carte", "/verification", "/prelevement"])
def test_a_paid_payment_only_has_a_ticket(
    browser: FlaskClient, caller: Caller, bank: Bank, page: str, idop: str, path: str
) -> None:
    bank.settle(idop, "P")
    before = caller.detail(idop).fields
    assert browser.get(f"{page}{path}").location == f"{page}/ticket"
    assert browser.post(f"{page}/abandon").location == f"{page}/ticket"
    assert caller.detail(idop).fields == before


@pytest.mark.parametrize(
    ("iban", "switch", "expected"),
    [
        (cards.ACCEPTED_IBAN, "accepted", "V"),
        (cards.REFUSED_IBAN, "accepted", "Z"),
        (cards.ACCEPTED_IBAN, "refused", "Z"),
    ],
)
def test_direct_debits(
    browser: FlaskClient, caller: Caller, bank: Bank, page: str, idop: str, iban: str, switch: str, expected: str
) -> None:
    bank.change({"prelevement": switch})
    browser.post(f"{page}/prelevement", data={"iban": iban})
    fields = caller.detail(idop).fields
    assert fields["resultrans"] == expected
    assert ("numauto" in fields) is (expected == "V")


@pytest.mark.parametrize("iban", ["", "FR00", "FR7600000000000000000000195", "FR1420041010050500013M02606"])
def test_wrong_accounts(browser: FlaskClient, caller: Caller, page: str, idop: str, iban: str) -> None:
    answer = browser.post(f"{page}/prelevement", data={"iban": iban})
    assert 'aria-invalid="true"' in answer.text
    assert caller.detail(idop).code == "P5"


def test_looking_at_the_head_does_not_use_the_page_up(browser: FlaskClient, open_page: OpenPage, idop: str) -> None:
    assert browser.head("/tpa/paiementws.web", query_string={"idop": idop}).status_code == 200
    open_page(idop)


@pytest.mark.parametrize("query", ["", "?idop=", "?idop=00000000-0000-1000-8000-000000000000"])
def test_an_unknown_idop_is_p1(browser: FlaskClient, query: str) -> None:
    answer = browser.get(f"/tpa/paiementws.web{query}")
    assert answer.status_code == 410
    assert "<strong>P1</strong>" in answer.text
    assert browser.get("/tpa/paiement/unknown/carte").status_code == 410


def test_an_open_page_dies_in_the_night(browser: FlaskClient, bank: Bank, page: str) -> None:
    bank.advance(2 * 86_400)
    assert browser.post(f"{page}/carte", data=CARD).status_code == 410


def test_no_return(browser: FlaskClient, bank: Bank, page: str, idop: str) -> None:
    bank.change({"return_mode": "none"})
    answer = browser.post(f"{page}/abandon")
    assert answer.status_code == 200 and "fermer cet onglet" in answer.text
    assert browser.get(f"{page}/retour").status_code == 404
    assert VALID["urlredirect"] not in answer.text


def test_return_before_the_notification(
    browser: FlaskClient, bank: Bank, page: str, idop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    knocks: list[float] = []
    monkeypatch.setattr(bank.notifier, "knock", lambda knock, *, after_seconds=0.0: knocks.append(after_seconds))
    bank.change({"return_mode": "before_notification"})
    bank.settle(idop, "P")
    assert knocks == []
    assert browser.get(f"{page}/retour").status_code == 302
    browser.get(f"{page}/retour")
    assert knocks == [2.0], "a second return does not knock again"


def test_pages_are_in_french_named_and_without_script(browser: FlaskClient, page: str) -> None:
    for path in ("/", "/incidents", page, f"{page}/carte", f"{page}/prelevement", "/nowhere"):
        text = browser.get(path).text
        assert '<html lang="fr">' in text
        assert len(re.findall("<h1", text)) == 1
        assert "PayFiP (simulateur) — aucun argent réel" in text
        assert 'href="/incidents"' in text
        assert "<script" not in text
        assert not re.findall(r'(?:src|href)="https?://', text)


def test_what_the_creditor_wrote_is_text(browser: FlaskClient, bank: Bank, caller: Caller, open_page: OpenPage) -> None:
    bank.change({"clients": {"123456": ["<i>Ville</i>"]}})
    page = open_page(caller.new_idop(numcli="123456", mel="<b>@example.org"))
    text = browser.get(page).text
    assert "&lt;i&gt;Ville" in text and "&lt;b&gt;@example.org" in text
