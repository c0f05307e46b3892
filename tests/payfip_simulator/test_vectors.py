"""The twelve exchanges that a faithful PayFiP must reproduce."""

import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from flask.testing import FlaskClient
from lxml import etree

from payfip_simulator.bank import Bank
from payfip_simulator.clock import UUID_EPOCH
from tests.payfip_simulator.caller import SOAP, TNS, VALID, Caller
from tests.payfip_simulator.creditor import Creditor
from tests.payfip_simulator.live import RunningSimulator

OpenPage = Callable[[str], str]
CARD = {"numero": "4970 1000 0000 0055", "expiration": "12/30", "cryptogramme": "123"}


def pay_by_card(browser: FlaskClient, page: str, number: str = "4970100000000055", code: str = "123456") -> str:
    """Pay as a person would, and return the ticket."""
    assert browser.post(f"{page}/carte", data=CARD | {"numero": number}).status_code == 303
    response = browser.post(f"{page}/verification", data={"code": code}, follow_redirects=True)
    assert response.status_code == 200
    return response.text


def test_1_a_valid_request_gives_a_version_1_uuid(caller: Caller) -> None:
    answer = caller.creer()
    assert answer.status == 200
    root = etree.fromstring(answer.body)
    assert (root.tag, root.prefix) == (f"{{{SOAP}}}Envelope", "S")
    (wrapper,) = root.find(f"{{{SOAP}}}Body")
    assert (wrapper.tag, wrapper.prefix) == (f"{{{TNS}}}creerPaiementSecuriseResponse", "ns2")
    (returned,) = wrapper
    (idop,) = returned
    assert (returned.tag, idop.tag) == ("return", "idOp")
    made = uuid.UUID(idop.text)
    assert (made.version, str(made)) == (1, idop.text)
    embedded = UUID_EPOCH + timedelta(microseconds=made.time // 10)
    assert abs(datetime.now(tz=UTC) - embedded) < timedelta(seconds=10)


def test_2_a_short_reference_is_r3(caller: Caller) -> None:
    answer = caller.creer(refdet="ABCD")
    assert answer.status == 500
    fault = answer.fault
    assert (fault["element"], fault["code"], fault["severite"]) == ("FonctionnelleErreur", "R3", "2")
    assert fault["faultstring"] == "fr.gouv.finances.cp.tpa.webservice.exceptions.FonctionnelleErreur"


def test_3_the_address_is_checked_before_the_amount(caller: Caller) -> None:
    answer = caller.creer(mel="payer.example.org", montant="9990000001", refdet="ABCDEF")
    assert (answer.status, answer.code) == (500, "A2")


@pytest.mark.parametrize(("montant", "code"), [("99", "M3"), ("10000000", "M5"), ("10.00", "M1")])
def test_4_amounts(caller: Caller, montant: str, code: str) -> None:
    answer = caller.creer(montant=montant)
    assert (answer.status, answer.code) == (500, code)


def test_5_clients(caller: Caller) -> None:
    known = caller.client("006382")
    assert known.status == 200
    assert list(known.fields) == ["libelleN1", "libelleN2", "libelleN3", "numcli"]
    assert known.fields["numcli"] == "006382"
    unknown = caller.client("999999")
    assert (unknown.status, unknown.code) == (500, "T2")
    miscased = caller.client("006382", element="numcli")
    assert (miscased.status, miscased.code) == (500, "T1")


def test_6_no_result_yet_is_p5(caller: Caller) -> None:
    answer = caller.detail(caller.new_idop())
    assert (answer.status, answer.code) == (500, "P5")
    assert answer.fault["libelle"] == "Résultat de la transaction non connu."
    assert answer.fault["descriptif"] == ""


def test_7_a_miscased_element_is_not_read(caller: Caller) -> None:
    answer = caller.detail(caller.new_idop(), element="idop")
    assert (answer.status, answer.code) == (500, "P1")
    assert answer.fault["libelle"] == "IdOp incorrect."


def test_8_paid_by_card(live: RunningSimulator, live_caller: Caller, creditor: Creditor) -> None:
    idop = live_caller.new_idop(urlnotif=f"{creditor.url}/n", urlredirect=f"{creditor.url}/r?from=bank")
    live.control(clock="2026-07-14T22:30:00+00:00")
    with requests.Session() as payer:
        payer.trust_env = False
        page = payer.get(live.page_url, params={"idop": idop}, timeout=10)
        assert page.status_code == 200
        assert "COMMUNE DE VALBOURG" in page.text and "10,00" in page.text
        payer.post(f"{page.url}/carte", data=CARD, timeout=10)
        ticket = payer.post(f"{page.url}/verification", data={"code": "123456"}, timeout=10)
        assert "Paiement accepté" in ticket.text
        back = payer.get(f"{page.url}/retour", timeout=10, allow_redirects=False)
    assert (back.status_code, back.headers["Location"]) == (302, f"{creditor.url}/r?from=bank&idop={idop}")
    (sent,) = live.wait_for_notifications(idop)
    assert (sent["status"], sent["error"]) == (200, "")
    assert creditor.heard == [("POST", "/n", f"idop={idop}", "application/x-www-form-urlencoded")]
    fields = live_caller.detail(idop).fields
    assert re.fullmatch(r"\d{6}", fields.pop("numauto"))
    echoed = {name: VALID[name] for name in ("exer", "mel", "montant", "numcli", "objet", "refdet", "saisie")}
    expected = echoed | {"dattrans": "15072026", "heurtrans": "0030", "idOp": idop, "resultrans": "P"}
    assert fields == expected
    assert list(fields) == sorted(expected)


@pytest.mark.parametrize("how", ["on", "off", "duplicated", "late"])
def test_8_notifications_as_ordered(live: RunningSimulator, live_caller: Caller, creditor: Creditor, how: str) -> None:
    live.control(notifications=how, notification_copies=3, notification_late_seconds=0.4)
    idop = live_caller.new_idop(urlnotif=creditor.url)
    start = time.monotonic()
    live.pay(idop)
    expected = {"on": 1, "off": 0, "duplicated": 3, "late": 1}[how]
    live.wait_for_notifications(idop, expected)
    assert how != "late" or time.monotonic() - start >= 0.4
    assert len(creditor.heard) == expected


def test_9_paid_by_direct_debit(browser: FlaskClient, caller: Caller, open_page: OpenPage) -> None:
    idop = caller.new_idop()
    page = open_page(idop)
    ticket = browser.post(
        f"{page}/prelevement", data={"iban": "fr76 0000 0000 0000 0000 0000 194"}, follow_redirects=True
    )
    assert "Prélèvement accepté" in ticket.text
    fields = caller.detail(idop).fields
    assert fields["resultrans"] == "V"
    assert re.fullmatch(r"\d{12}-tip", fields["numauto"])


def test_10_abandoned_then_paid(browser: FlaskClient, caller: Caller, open_page: OpenPage) -> None:
    idop = caller.new_idop()
    page = open_page(idop)
    gone = browser.post(f"{page}/abandon")
    assert (gone.status_code, gone.location) == (303, f"{VALID['urlredirect']}?idop={idop}")
    first = caller.detail(idop)
    assert (first.status, first.fields["resultrans"]) == (200, "A")
    assert "numauto" not in first.fields
    assert "Vous pouvez encore payer" in browser.get(page).text
    pay_by_card(browser, page)
    second = caller.detail(idop)
    assert (second.status, second.fields["resultrans"], second.fields["idOp"]) == (200, "P", idop)


def test_11_the_page_opens_once(browser: FlaskClient, caller: Caller, open_page: OpenPage) -> None:
    idop = caller.new_idop()
    open_page(idop)
    again = browser.get("/tpa/paiementws.web", query_string={"idop": idop})
    assert again.status_code == 410
    assert "<strong>P3</strong>" in again.text


def test_11_the_page_opens_within_15_minutes(browser: FlaskClient, bank: Bank, caller: Caller) -> None:
    bank.change({"clock": "2026-11-25T09:00:00+00:00"})
    late, in_time = caller.new_idop(), caller.new_idop()
    bank.advance(15 * 60)
    assert browser.get("/tpa/paiementws.web", query_string={"idop": in_time}).status_code == 303
    bank.advance(1)
    refused = browser.get("/tpa/paiementws.web", query_string={"idop": late})
    assert refused.status_code == 410
    assert "<strong>P4</strong>" in refused.text
    assert caller.detail(late).code == "P5"
    bank.change({"clock": "2026-11-25T22:59:00+00:00", "clock_offset_seconds": 0})
    assert caller.detail(late).code == "P5"
    bank.change({"clock": "2026-11-26T02:01:00+00:00"})
    assert caller.detail(late).code == "P1"
    bank.change({"clock": "2026-11-25T09:00:00+00:00"})
    assert caller.detail(late).code == "P1", "what the night took does not come back"


@pytest.mark.parametrize(
    ("kind", "status", "element", "code"),
    [
        ("tech_indisponibilite", 500, "TechIndisponibiliteErreur", None),
        ("tech_dysfonctionnement", 500, "TechDysfonctionnementErreur", "999"),
        ("tech_protocolaire", 500, "TechProtocolaireErreur", None),
        ("P1", 500, "FonctionnelleErreur", "P1"),
        ("K7", 500, "FonctionnelleErreur", "K7"),
    ],
)
def test_12_ordered_faults(bank: Bank, caller: Caller, kind: str, status: int, element: str, code: str | None) -> None:
    idop = caller.new_idop()
    bank.change({"answer_detail": kind})
    answer = caller.detail(idop)
    assert (answer.status, answer.fault["element"], answer.fault.get("code")) == (status, element, code)
    assert answer.fault["faultstring"].endswith(f".{element}")
    assert caller.creer().status == 200, "the other operations stay well"


@pytest.mark.parametrize(("kind", "status"), [("html_502", 502), ("html_503", 503), ("html_200", 200), ("empty", 200)])
def test_12_rubbish(bank: Bank, caller: Caller, kind: str, status: int) -> None:
    bank.change({"answer_creer": kind})
    answer = caller.creer()
    assert answer.status == status
    assert answer.body == b"" if kind == "empty" else answer.body.startswith(b"<!DOCTYPE html>")
    assert len(bank.store.payments()) == 1, "the payment exists although its caller does not know it"


def test_12_cut_xml(bank: Bank, caller: Caller) -> None:
    bank.change({"answer_detail": "malformed"})
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(caller.detail("x").body)


def test_12_hangs_once_the_payment_exists(live: RunningSimulator) -> None:
    live.control(hang_creer_seconds=30)
    with pytest.raises(requests.Timeout), requests.Session() as session:
        session.trust_env = False
        caller = Caller(lambda path, data: _post(session, live.url + path, data))
        caller.creer(refdet="HANGING01")
    assert len(live.payments(refdet="HANGING01")) == 1


def _post(session: requests.Session, url: str, data: bytes) -> tuple[int, bytes]:
    response = session.post(url, data=data, headers={"Content-Type": "text/xml"}, timeout=0.5)
    return response.status_code, response.content


def test_12_cuts_the_line(live: RunningSimulator, live_caller: Caller) -> None:
    live.control(answer_creer="drop")
    with pytest.raises(requests.ConnectionError):
        live_caller.creer(refdet="DROPPED01")
    assert len(live.payments(refdet="DROPPED01")) == 1


def test_12_unknown_result_and_altered_fields(bank: Bank, caller: Caller) -> None:
    idop = caller.new_idop()
    bank.settle(idop, "P")
    bank.change(
        {"unknown_result": "Y", "amount_delta_cents": -1, "altered_fields": ["refdet", "numcli", "exer", "saisie"]}
    )
    fields = caller.detail(idop).fields
    assert (fields["resultrans"], fields["montant"]) == ("Y", "999")
    assert all(fields[name] != VALID[name] for name in ("refdet", "numcli", "exer", "saisie"))
    bank.reset()
    assert caller.detail(idop).fields["montant"] == "1000", "only the telling was wrong"
