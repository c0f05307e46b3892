"""What the web service refuses, with which code, and in which order."""

import pytest
from flask.testing import FlaskClient

from payfip_simulator.app import LARGEST_REQUEST
from payfip_simulator.bank import Bank
from payfip_simulator.checks import CHECKS, first_anomaly
from payfip_simulator.clients import KNOWN_CLIENTS
from payfip_simulator.codes import CODES
from tests.payfip_simulator.caller import PATH, VALID, Caller, envelope

# One wrong value and its code for each field, in the order in which the bank complains.
WRONG = [
    ("saisie", "A", "S1"),
    ("numcli", "999999", "T2"),
    ("exer", "26", "E1"),
    ("refdet", "FAC-2026", "R3"),
    ("objet", "Cantine d'été", "O1"),
    ("mel", "nobody", "A2"),
    ("montant", "1,00", "M1"),
    ("urlnotif", "/relative", "N1"),
    ("urlredirect", "ftp://example.org/", "D1"),
]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("saisie", None, "S1"),
        ("saisie", "t", "S1"),
        ("numcli", None, "T1"),
        ("numcli", "6382", "T1"),
        ("numcli", " 006382", "T1"),
        ("numcli", "٠٠٦٣٨٢", "T1"),
        ("numcli", "000404", "T4"),
        ("exer", "1999", "E1"),
        ("refdet", None, "R3"),
        ("refdet", "ABCDE", "R3"),
        ("refdet", "A" * 31, "R3"),
        ("refdet", "FACTURÉ01", "R3"),
        ("refdet", "FAC2026001\n", "R3"),
        ("objet", "x" * 100, "O1"),
        ("mel", None, "A1"),
        ("mel", "", "A1"),
        ("mel", "a@b.c", "A2"),
        ("mel", "a b@example.org", "A2"),
        ("mel", "a" * 70 + "@example.org", "A2"),
        ("montant", None, "M1"),
        ("montant", "-100", "M1"),
        ("montant", "", "M1"),
        ("montant", "100000000000", "M1"),
        ("montant", "099", "M3"),
        ("montant", "0", "M3"),
        ("urlnotif", None, "N1"),
        ("urlnotif", "http://", "N1"),
        ("urlnotif", "http://example.org/é", "N1"),
        ("urlnotif", "http://example.org:99999/", "N1"),
        ("urlnotif", "http://[::1/", "N1"),
        ("urlnotif", "javascript:alert(1)", "N1"),
        ("urlredirect", None, "D1"),
        ("urlredirect", "http://example.org/" + "x" * 240, "D1"),
        *WRONG,
    ],
)
def test_a_wrong_field_has_its_code(bank: Bank, caller: Caller, field: str, value: str | None, code: str) -> None:
    answer = caller.creer(**{field: value})
    assert (answer.status, answer.code) == (500, code)
    assert answer.fault["libelle"] == CODES[code].label
    assert bank.store.payments() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("saisie", "X"),
        ("saisie", "W"),
        ("exer", None),
        ("refdet", "a1b2c3"),
        ("refdet", "A" * 30),
        ("objet", None),
        ("objet", ""),
        ("objet", "x" * 99),
        ("mel", "a@b.fr"),
        ("montant", "100"),
        ("montant", "00100"),
        ("montant", "9999999"),
        ("urlredirect", "https://example.org:8443/back?x=1"),
    ],
)
def test_the_limits_are_inside(caller: Caller, field: str, value: str | None) -> None:
    assert caller.creer(**{field: value}).status == 200


def test_the_first_of_several_anomalies_is_told() -> None:
    for rank, (_field, _value, code) in enumerate(WRONG):
        later = {field: value for field, value, _code in WRONG[rank:]}
        assert first_anomaly(VALID | later, clients=KNOWN_CLIENTS) == code


def test_every_field_is_checked_once() -> None:
    assert sorted(name for name, _check in CHECKS) == sorted(set(VALID) - {"saisie", "numcli"})


def test_a_miscased_or_qualified_field_is_not_read(caller: Caller) -> None:
    fields = [("NumCli" if name == "numcli" else name, value) for name, value in VALID.items()]
    assert caller.call("creerPaiementSecurise", fields).code == "T1"
    body = envelope("creerPaiementSecurise", VALID.items()).replace(b"<arg0>", b'<arg0 xmlns="urn:other">')
    assert caller.post(PATH, body)[0] == 500


@pytest.mark.parametrize("strict", [False, True])
def test_the_order_of_fields_matters_only_when_strict(bank: Bank, caller: Caller, strict: bool) -> None:
    bank.change({"strict_order": strict})
    assert caller.creer().status == 200
    answer = caller.call("creerPaiementSecurise", reversed(VALID.items()))
    assert answer.status == (500 if strict else 200)
    assert not strict or answer.fault["element"] == "TechProtocolaireErreur"


ENTITIES = b'<!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
FILE = b'<!DOCTYPE e [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<a/>",
        envelope("recupererToutLeReste", []),
        envelope("recupererDetailClient", [("numCli", "006382")]).replace(b"/soap/envelope/", b"/soap12/"),
        envelope("recupererDetailClient", [("numCli", "006382")]).replace(b"finances.gouv.fr", b"finances.example"),
        envelope("recupererDetailClient", []).replace(b"?>", b"?>" + ENTITIES, 1),
        envelope("recupererDetailClient", []).replace(b"?>", b"?>" + FILE, 1),
        envelope("recupererDetailClient", [("numCli", "0" * LARGEST_REQUEST)]),
    ],
)
def test_what_is_not_a_call_is_a_protocol_fault(caller: Caller, bank: Bank, body: bytes) -> None:
    status, answer = caller.post(PATH, body)
    assert status == 500
    assert b"TechProtocolaireErreur" in answer
    assert not bank.calls


def test_a_missing_argument_is_like_an_empty_one(caller: Caller) -> None:
    body = envelope("recupererDetailClient", []).replace(b"<arg0></arg0>", b"")
    status, answer = caller.post(PATH, body)
    assert (status, b"<code>T1</code>" in answer) == (500, True)


def test_only_xml_is_taken(browser: FlaskClient) -> None:
    assert browser.post(PATH, data=envelope("recupererDetailClient", []), content_type="text/plain").status_code == 415


def test_without_a_question_there_is_no_contract(browser: FlaskClient) -> None:
    assert browser.get(PATH).status_code == 404
    assert browser.get(f"{PATH}?xsd=9").status_code == 404


def test_markup_in_a_label_stays_text(bank: Bank, caller: Caller) -> None:
    bank.change({"clients": {"123456": ["<b>R&D</b>"]}})
    assert caller.client("123456").fields == {
        "libelleN1": "<b>R&D</b>",
        "libelleN2": "",
        "libelleN3": "",
        "numcli": "123456",
    }
