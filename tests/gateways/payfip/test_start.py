"""Creating a payment: what is written, what is never sent, how refusals are read."""

import re
from typing import Any

import pytest
from hypothesis import given, strategies as st
from lxml import etree

from obole.gateways.base import BadCallback, Rejected, Unreachable
from obole.gateways.payfip.messages import fold_label
from tests.gateways.payfip.bank import CLIENT, IDOP, Bank, Reply, an_order, payfip, recording

TNS = (
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/"
    "contrat_paiement_securise/PaiementSecuriseService"
)


def written(bank: Bank) -> tuple[str, list[tuple[str, str]]]:
    (message,) = bank.asked
    body = etree.fromstring(message)[0]
    (operation,) = body
    (arg0,) = operation
    assert arg0.tag == "arg0"
    return operation.tag, [(child.tag, child.text) for child in arg0]


def test_the_payer_goes_to_the_page_of_the_bank(bank: Bank) -> None:
    bank.says("created.xml")

    redirect = payfip(bank).start(an_order())

    assert redirect.gateway_reference == IDOP
    assert redirect.url == f"https://pay.example/tpa/paiementws.web?idop={IDOP}"
    assert redirect.exchange.response == recording("created.xml").decode()
    assert redirect.exchange.request.encode() == bank.asked[0]


def test_the_creation_is_written_as_the_schema_says(bank: Bank) -> None:
    bank.says("created.xml")

    payfip(bank).start(an_order())

    assert written(bank) == (
        f"{{{TNS}}}creerPaiementSecurise",
        [
            ("exer", "2026"),
            ("mel", "camille@example.org"),
            ("montant", "4250"),
            ("numcli", CLIENT),
            ("objet", "Cantine d aout coeur gouter n 12"),
            ("refdet", "CANTINE2026001"),
            ("saisie", "T"),
            ("urlnotif", "https://ville.example/notification"),
            ("urlredirect", "https://ville.example/retour"),
        ],
    )
    assert bank.heads[0]["SOAPAction"] == '""'
    assert bank.heads[0]["Content-Type"] == "text/xml; charset=utf-8"


def test_the_question_has_a_capital_o(bank: Bank) -> None:
    """``<idop>`` would be ignored by PayFiP, which would then say that it does not know the payment."""
    bank.says("paid.xml")

    payfip(bank).ask(IDOP)

    assert written(bank) == (f"{{{TNS}}}recupererDetailPaiementSecurise", [("idOp", IDOP)])


def test_the_question_has_a_capital_c(bank: Bank) -> None:
    bank.says("client.xml")

    identity = payfip(bank).identify()

    assert written(bank) == (f"{{{TNS}}}recupererDetailClient", [("numCli", CLIENT)])
    assert (identity.labels, identity.client) == (("VILLE DE TREMBLAY", "REGIE CANTINE"), CLIENT)


@pytest.mark.parametrize("name", ["p1.xml", "t2.xml"])
def test_a_client_that_payfip_does_not_know(bank: Bank, name: str) -> None:
    bank.says(name, 500)

    with pytest.raises(Rejected):
        payfip(bank).identify()


def test_an_address_with_an_ampersand_is_escaped(bank: Bank) -> None:
    bank.says("created.xml")

    payfip(bank).start(an_order(return_url="https://ville.example/?a=1&b=<2>"))

    assert dict(written(bank)[1])["urlredirect"] == "https://ville.example/?a=1&b=<2>"


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("a2.xml", Rejected, "A2"),
        ("functional_without_code.xml", Rejected, ""),
        ("protocol.xml", Rejected, "997"),
        ("unavailable.xml", Unreachable, "998"),
        ("malfunction.xml", Unreachable, "999"),
        ("bare_fault.xml", Unreachable, ""),
        ("undeclared_fault.xml", Unreachable, "1"),
        ("proxy.html", Unreachable, ""),
        ("paid.xml", Unreachable, ""),
        ("laughs.xml", Unreachable, ""),
    ],
)
def test_a_refusal_and_a_silence_are_not_the_same(bank: Bank, name: str, error: type[Exception], code: str) -> None:
    bank.says(name, 500)

    with pytest.raises((Rejected, Unreachable)) as caught:
        payfip(bank).start(an_order())

    assert type(caught.value) is error
    assert caught.value.code == code
    assert caught.value.exchange.request.encode() == bank.asked[0]


@pytest.mark.parametrize("idop", ["", "12", "../../page", "<b>"])
def test_a_reference_that_is_none_is_not_followed(bank: Bank, idop: str) -> None:
    bank.reply = Reply(recording("created.xml").replace(IDOP.encode(), idop.encode()))

    with pytest.raises(Unreachable):
        payfip(bank).start(an_order())


LONG = "https://ville.example/" + "a" * 229


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_cents": 99},
        {"amount_cents": 0},
        {"amount_cents": -100},
        {"amount_cents": 10_000_000},
        {"reference": "ABCDE"},
        {"reference": "A" * 31},
        {"reference": "CANTINE-2026-001"},
        {"reference": "cantine2026001"},
        {"reference": "CANTINE2026001\n"},
        {"email": ""},
        {"email": "a@b.f"},
        {"email": "camille.example.org"},
        {"email": "a@b@c.fr"},
        {"email": "camille @example.org"},
        {"email": "camille\x00@example.org"},
        {"email": "é@example.org"},
        {"email": "a" * 80 + "@example.org"},
        {"fiscal_year": 26},
        {"notification_url": "/notification"},
        {"notification_url": LONG},
        {"return_url": "ftp://ville.example/"},
        {"return_url": LONG},
        {"return_url": "https://ville.example/é"},
        {"return_url": "https://ville.example/\x07"},
    ],
)
def test_what_payfip_would_refuse_is_never_sent(bank: Bank, changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as caught:
        payfip(bank).start(an_order(**changes))

    assert bank.asked == []
    assert caught.value.exchange.request == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_cents": 100},
        {"amount_cents": 9_999_999},
        {"reference": "A12345"},
        {"reference": "9" * 30},
        {"email": "a@b.fr"},
        {"email": "a" * 68 + "@example.org"},
        {"return_url": LONG[:-1]},
        {"label": ""},
        {"label": "—"},
    ],
)
def test_the_limits_themselves_are_sent(bank: Bank, changes: dict[str, Any]) -> None:
    bank.says("created.xml")

    payfip(bank).start(an_order(**changes))

    assert len(bank.asked) == 1
    assert dict(written(bank)[1])["objet"]


@given(st.text(max_size=300))
def test_a_label_has_only_what_payfip_takes(text: str) -> None:
    assert re.fullmatch("[A-Za-z0-9]([A-Za-z0-9 ]{0,97}[A-Za-z0-9])?", fold_label(text, fallback="REF001"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Cantine de l’école", "Cantine de l ecole"),
        ("Crèche — août", "Creche aout"),
        ("Œuvre sœur Ægir", "OEuvre soeur AEgir"),
        ("", "REF001"),
        ("日本", "REF001"),
    ],
)
def test_a_label_stays_readable(text: str, folded: str) -> None:
    assert fold_label(text, fallback="REF001") == folded


@pytest.mark.parametrize("name", ["idop", "idOp", "IDOP", "IdOp"])
def test_a_callback_is_read_in_any_case(bank: Bank, name: str) -> None:
    assert payfip(bank).read_callback({"other": "1", name: IDOP}) == IDOP


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"idop": ""},
        {"idop": "1234"},
        {"idop": IDOP + "\n"},
        {"idop": f"{IDOP}' OR 1=1"},
        {"id": IDOP},
        {"idop": IDOP, "idOp": IDOP.replace("f3", "00")},
        {"idop": IDOP.replace("f", "g")},
        {"idop": "-" * 36},
    ],
)
def test_a_callback_that_cannot_be_read(bank: Bank, body: dict[str, str]) -> None:
    with pytest.raises(BadCallback):
        payfip(bank).read_callback(body)


def test_the_same_reference_twice_is_one(bank: Bank) -> None:
    assert payfip(bank).read_callback({"idop": IDOP, "idOp": IDOP}) == IDOP


@given(st.dictionaries(st.text(max_size=8) | st.just("idop"), st.text(max_size=50)))
def test_any_callback_is_read_or_refused(body: dict[str, str]) -> None:
    gateway = payfip(Bank("http://127.0.0.1:9/", Reply()))
    with pytest.raises(BadCallback):
        gateway.read_callback(body)
