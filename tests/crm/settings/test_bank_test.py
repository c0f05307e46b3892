"""« Tester »: the bank says who we are, and nothing is saved."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from obole.audit_log.models import Record
from obole.regies.models import Regie
from tests.crm.settings_desk import Desk, filled, open_desk, text_of
from tests.payfip_simulator.live import RunningSimulator, start_simulator

# The bank is never called inside a transaction.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with start_simulator() as running:
        yield running


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def ask(desk: Desk, address: str, client_number: str = "006382", **changes: Any) -> HttpResponse:
    """Press « Tester » on a régie that is not saved yet."""
    before = (Regie.objects.count(), Record.objects.count())
    fields = {"payfip-client_number": client_number, "payfip-service_url": address, "name": "Régie à l’essai"}
    answer = desk.send("settings_regie_new", **fields, **changes, test="1")
    assert answer.status_code == 200
    assert (Regie.objects.count(), Record.objects.count()) == before
    return answer


def test_payfip_says_who_we_are(desk: Desk, simulator: RunningSimulator) -> None:
    simulator.reset()
    answer = ask(desk, simulator.soap_url)
    page = text_of(answer)
    assert "La banque reconnaît cette régie." in page
    assert "Client 006382 : COMMUNE DE VALBOURG – REGIE ENFANCE ET RESTAURATION – VALBOURG" in page
    again = filled(answer)
    assert (again["name"], again["payfip-client_number"]) == (["Régie à l’essai"], ["006382"])
    assert set(simulator.calls()) == {"client"}


def test_payfip_does_not_know_the_number(desk: Desk, simulator: RunningSimulator) -> None:
    simulator.reset()
    page = text_of(ask(desk, simulator.soap_url, "999999"))
    assert "La banque a répondu, et refuse ces réglages." in page
    assert "PayFiP ne connaît pas ce numéro client : vérifiez-le avec la DDFiP." in page
    assert "Code de la banque : T2." in page


@pytest.mark.parametrize("broken", ["html_503", "empty", "malformed", "drop"])
def test_payfip_answers_nonsense(desk: Desk, simulator: RunningSimulator, broken: str) -> None:
    simulator.reset()
    simulator.control(answer_client=broken)
    page = text_of(ask(desk, simulator.soap_url))
    assert "La banque ne répond pas." in page
    assert "réessayez dans quelques minutes" in page


def test_payfip_is_down(desk: Desk) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert "La banque ne répond pas." in text_of(ask(desk, f"http://127.0.0.1:{port}/tpa/services/securite"))


@pytest.mark.parametrize("number", ["", "06382", "abc"])
def test_a_bad_number_is_not_even_asked(desk: Desk, simulator: RunningSimulator, number: str) -> None:
    simulator.reset(payments=True)
    page = text_of(ask(desk, simulator.soap_url, number))
    assert "la banque n’a pas été interrogée" in page
    assert "Numéro client PayFiP :" in page
    assert not simulator.calls()


def test_the_sandbox_knows_itself(desk: Desk) -> None:
    answer = desk.send("settings_regie", desk.town.regie.pk, name="Autre nom", test="1")
    page = text_of(answer)
    assert "La banque reconnaît cette régie." in page
    assert "Client sandbox : Bac à sable" in page
    assert Regie.objects.get().name == "Régie Enfance"
