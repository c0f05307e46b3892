"""The network at its worst: slow, huge, hostile, absent, and asked by many at once."""

import gzip
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import eopayment
import pytest
import zeep
from hypothesis import HealthCheck, given, settings, strategies as st
from lxml import etree

from obole.gateways.base import GatewayError, Status, Unreachable
from obole.gateways.payfip import soap
from obole.gateways.payfip.gateway import PayFiP
from tests.gateways.payfip.bank import CLIENT, IDOP, Bank, Reply, an_order, payfip, recording, start_bank

PAID = recording("paid.xml")
SLACK = 1.5
"""Seconds that a busy machine may add."""


@pytest.mark.parametrize(
    "reply",
    [
        Reply(hang=True),
        Reply(PAID, drip=0.05),
        Reply(PAID, drip_headers=0.05),
        Reply(PAID, headers={"X-Long": "a" * 5000}, drip_headers=0.05),
        Reply(PAID[:100], headers={"Content-Length": str(len(PAID))}),
    ],
    ids=["hangs", "drips", "drips its head", "drips a long header", "stops halfway"],
)
def test_a_slow_bank_is_left_in_time(bank: Bank, reply: Reply) -> None:
    bank.reply = reply
    began = time.monotonic()

    with pytest.raises(Unreachable) as caught:
        payfip(bank, timeout=0.4).ask(IDOP)

    assert time.monotonic() - began < 0.4 + SLACK
    assert IDOP in caught.value.exchange.request


def test_a_slow_answer_leaves_nothing_to_the_next_question(bank: Bank) -> None:
    gateway = payfip(bank, timeout=0.3)
    bank.reply = Reply(PAID, drip=0.05)
    with pytest.raises(Unreachable):
        gateway.ask(IDOP)

    bank.says("refused.xml")

    assert payfip(bank).ask(IDOP).status is Status.REFUSED


def test_a_huge_answer_is_not_read_to_its_end(bank: Bank) -> None:
    bank.reply = Reply(b"<a>" * 10_000, endless=True)

    with pytest.raises(Unreachable) as caught:
        payfip(bank).ask(IDOP)

    assert "more than 262144 bytes" in str(caught.value)
    assert len(caught.value.exchange.response) < 21_000


def test_a_compressed_flood_is_not_read_to_its_end(bank: Bank) -> None:
    flood = gzip.compress(b"<a>" + b" " * 50_000_000)
    bank.reply = Reply(flood, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        with pytest.raises(Unreachable) as caught:
            payfip(bank).ask(IDOP)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert "more than 262144 bytes" in str(caught.value)
    assert peak < 10_000_000


def test_a_long_answer_is_read_whole_but_kept_in_part(bank: Bank) -> None:
    bank.reply = Reply(PAID + b"\n" * 30_000)

    outcome = payfip(bank).ask(IDOP)

    assert outcome.status is Status.PAID_BY_CARD
    assert len(outcome.exchange.response) < 21_000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(bank: Bank, status: int) -> None:
    with start_bank() as elsewhere:
        elsewhere.says("paid.xml")
        bank.reply = Reply(b"", status, headers={"Location": elsewhere.url})

        with pytest.raises(Unreachable):
            payfip(bank).ask(IDOP)

        assert elsewhere.asked == []


def test_cookies_are_not_kept_between_clients(bank: Bank) -> None:
    bank.reply = Reply(PAID, headers={"Set-Cookie": "session=1; Path=/"})

    payfip(bank).ask(IDOP)
    payfip(bank).ask(IDOP)

    assert all("Cookie" not in head for head in bank.heads)


def test_nobody_listens() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        bank = Bank(f"http://127.0.0.1:{sock.getsockname()[1]}/", Reply())

    with pytest.raises(Unreachable):
        payfip(bank).start(an_order())


@pytest.mark.parametrize("address", ["http://127.0.0.1:99999/", "http://./", "http://" + "a" * 300 + "/"])
def test_an_address_that_leads_nowhere(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obole.gateways.settings.is_allowed", lambda _address: True)
    with pytest.raises(Unreachable):
        payfip(Bank(address, Reply())).ask(IDOP)


def test_a_bank_that_speaks_without_tls(bank: Bank) -> None:
    bank.says("paid.xml")

    with pytest.raises(Unreachable):
        payfip(replace(bank, url=bank.url.replace("http:", "https:"))).ask(IDOP)

    assert bank.asked == []


def test_a_thread_keeps_one_session(bank: Bank) -> None:
    bank.says("paid.xml")
    payfip(bank).ask(IDOP)
    first = soap._local.session

    payfip(bank, mode="W").ask(IDOP)

    assert soap._local.session is first


def test_the_network_libraries_are_not_loaded_for_nothing() -> None:
    program = "import sys, obole.gateways.registry as r; r.build('payfip', {'client_number': '000001'}, timeout=1)"
    program += "; print(sorted({'requests', 'django'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


@pytest.mark.parametrize(
    "operation", ["creerPaiementSecurise", "recupererDetailPaiementSecurise", "recupererDetailClient"]
)
def test_a_question_is_what_another_library_writes_from_the_bank_s_own_contract(operation: str) -> None:
    contract = zeep.Client(str(Path(eopayment.__file__).parent / "resource" / "PaiementSecuriseService.wsdl"))
    taken = contract.service._binding.get(operation).input.body.type.elements[0][1].type.elements
    fields = {name: f"<&é {rank}>" for rank, (name, _element) in enumerate(taken)}
    written = contract.create_message(contract.service, operation, fields)
    assert len(fields) in {1, 9}
    assert _shape(etree.fromstring(soap.envelope(operation, fields))) == _shape(written)


def _shape(element: Any) -> tuple[str, str, list[Any]]:
    return element.tag, element.text or "", [_shape(child) for child in element]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Bank]:
    with pytest.MonkeyPatch.context() as patch, start_bank() as bank:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield bank


def _never_surprises(bank: Bank, gateway: PayFiP) -> None:
    for verb in (lambda: gateway.ask(IDOP), lambda: gateway.start(an_order()), gateway.identify):
        try:
            answer = verb()
        except GatewayError as error:
            answer = error
        assert "\x00" not in answer.exchange.response if hasattr(answer, "exchange") else True


FIELDS = ["resultrans", "montant", "dattrans", "heurtrans", "numauto", "exer", "idOp", "code", "x"]
words = st.sampled_from(["P", "V", "4250", CLIENT, IDOP, "14032026"]) | st.text(max_size=20)
fields = st.lists(st.tuples(st.sampled_from(FIELDS), words), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400), status=st.sampled_from([200, 404, 500, 502]))
def test_any_bytes_are_an_answer_or_a_known_error(fuzzed: Bank, body: bytes, status: int) -> None:
    fuzzed.reply = Reply(body, status)
    _never_surprises(fuzzed, payfip(fuzzed))


@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, len(PAID)), length=st.integers(0, 40), noise=st.binary(max_size=20))
def test_any_damage_is_an_answer_or_a_known_error(fuzzed: Bank, start: int, length: int, noise: bytes) -> None:
    fuzzed.reply = Reply(PAID[:start] + noise + PAID[start + length :])
    _never_surprises(fuzzed, payfip(fuzzed))


@settings(max_examples=80, deadline=None)
@given(values=fields, wrapper=st.sampled_from(["recupererDetailPaiementSecuriseResponse", "FonctionnelleErreur"]))
def test_any_fields_are_an_answer_or_a_known_error(fuzzed: Bank, values: list[tuple[str, str]], wrapper: str) -> None:
    root = etree.fromstring(PAID if wrapper != "FonctionnelleErreur" else recording("p5.xml"))
    parent = next(node for node in root.iter() if node.tag == "return" or node.tag.endswith(wrapper))
    parent = parent.find("return") if parent.find("return") is not None else parent
    for child in list(parent):
        parent.remove(child)
    for name, value in values:
        etree.SubElement(parent, name).text = "".join(c for c in value if c.isprintable())
    fuzzed.reply = Reply(etree.tostring(root))
    _never_surprises(fuzzed, payfip(fuzzed))
