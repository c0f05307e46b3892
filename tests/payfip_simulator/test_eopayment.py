"""An independent client of PayFiP, written by others, finds our simulator right."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import eopayment
import eopayment.payfip_ws
import pytest
import requests
import zeep

from tests.payfip_simulator.caller import Caller
from tests.payfip_simulator.live import RunningSimulator

OPTIONS = {
    "numcli": "090909",
    "saisie": "T",
    "normal_return_url": "http://127.0.0.1:9/return",
    "automatic_return_url": "http://127.0.0.1:9/notification",
}
ORDER = {"amount": "158.88", "email": "payer@example.org", "refdet": "FAC2026000002", "subject": "Cantine d'été"}


@pytest.fixture
def payment(live: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return eopayment's PayFiP, pointed at our simulator."""
    monkeypatch.setattr(eopayment.payfip_ws, "PAYMENT_URL", live.page_url)
    payment = eopayment.Payment(eopayment.PAYFIP_WS, OPTIONS)
    client = payment.backend.payfip.client
    client.service._binding_options["address"] = live.soap_url
    client.transport.session.trust_env = False
    yield payment
    client.transport.session.close()


def test_a_request_leads_to_the_page(payment: Any) -> None:
    _idop, kind, url = payment.request(**ORDER)
    assert kind == eopayment.URL
    with requests.Session() as payer:
        payer.trust_env = False
        page = payer.get(url, timeout=10)
    assert page.status_code == 200
    assert "158,88" in page.text and "Cantine d ete" in page.text


@pytest.mark.parametrize(
    ("result", "status"),
    [("P", eopayment.PAID), ("V", eopayment.PAID), ("R", eopayment.DENIED), ("Z", eopayment.DENIED)],
)
def test_results(payment: Any, live: RunningSimulator, result: str, status: int) -> None:
    idop, _kind, _url = payment.request(**ORDER)
    live.pay(idop, result)
    found = payment.response(f"idop={idop}")
    assert (found.result, found.order_id, found.test) == (status, idop, True)
    assert found.bank_data["montant"] == "15888"
    assert bool(found.bank_data["numauto"]) is (result in "PV")


def test_a_cancelled_payment_is_cancelled_once_it_is_old(payment: Any, live: RunningSimulator) -> None:
    idop, _kind, _url = payment.request(**ORDER)
    live.control(clock_offset_seconds=-600)
    live.pay(idop, "A")
    assert payment.response(f"idop={idop}").result == eopayment.CANCELLED


def test_a_payment_just_cancelled_still_waits(payment: Any, live: RunningSimulator) -> None:
    idop, _kind, _url = payment.request(**ORDER)
    live.pay(idop, "A")
    assert payment.response(f"idop={idop}").result == eopayment.WAITING


def test_p5_waits_then_expires(payment: Any) -> None:
    idop, _kind, _url = payment.request(**ORDER)
    assert payment.response(f"idop={idop}").result == eopayment.WAITING
    long_ago = datetime.now(tz=UTC) - timedelta(hours=3)
    assert payment.payment_status(idop, transaction_date=long_ago).result == eopayment.EXPIRED


def test_p1_is_expired(payment: Any, live: RunningSimulator) -> None:
    idop, _kind, _url = payment.request(**ORDER)
    live.advance(2 * 86_400)
    assert payment.response(f"idop={idop}").result == eopayment.EXPIRED


def test_errors_are_named(payment: Any) -> None:
    with pytest.raises(eopayment.payfip_ws.PayFiPError) as caught:
        payment.request(**ORDER | {"refdet": "ABCD"})
    assert caught.value.code == "R3"
    assert caught.value.message


@pytest.mark.parametrize("kind", ["tech_indisponibilite", "html_502", "html_200", "empty", "malformed", "drop"])
def test_bad_days_are_errors(payment: Any, live: RunningSimulator, kind: str) -> None:
    idop, _kind, _url = payment.request(**ORDER)
    live.control(answer_detail=kind)
    with pytest.raises(eopayment.payfip_ws.PayFiPError):
        payment.response(f"idop={idop}")


def described(wsdl: str) -> dict[str, list[str]]:
    """Return the public shape of a contract: its elements, its types and its operations."""
    client = zeep.Client(wsdl, transport=_transport())
    types = [kind for kind in client.wsdl.types.types if kind.qname and "finances.gouv.fr" in kind.qname.namespace]
    binding = client.service._binding
    found = {
        "types": sorted(f"{kind.qname} {_children(kind)}" for kind in types),
        "operations": sorted(f"{operation} {operation.soapaction!r}" for operation in binding._operations.values()),
        "faults": sorted(f"{name} {sorted(operation.faults)}" for name, operation in binding._operations.items()),
        "names": [str(binding.name), str(binding.port_type.name), *client.wsdl.services],
    }
    client.transport.session.close()
    return found


def _children(kind: Any) -> list[str]:
    return [f"{element.qname} {element.type.qname} {element.min_occurs}" for _name, element in kind.elements]


def _transport() -> zeep.Transport:
    session = requests.Session()
    session.trust_env = False
    return zeep.Transport(session=session)


def without_prefixes(shape: dict[str, list[str]]) -> dict[str, list[str]]:
    """Forget the prefixes, which each document chooses."""
    return {key: sorted(_strip(line) for line in lines) for key, lines in shape.items()}


def _strip(line: str) -> str:
    return re.sub(r"\bns\d+:", "", line)


def test_the_published_contract_has_the_shape_of_the_real_one(live: RunningSimulator) -> None:
    real = Path(eopayment.__file__).parent / "resource" / "PaiementSecuriseService.wsdl"
    ours = described(f"{live.soap_url}?wsdl")
    assert len(ours["types"]) == 16 and len(ours["operations"]) == 3
    assert without_prefixes(ours) == without_prefixes(described(str(real)))


def test_zeep_calls_us_from_our_own_contract(live: RunningSimulator, live_caller: Caller) -> None:
    client = zeep.Client(f"{live.soap_url}?wsdl", transport=_transport())
    idop = live_caller.new_idop()
    live.pay(idop)
    detail = client.service.recupererDetailPaiementSecurise({"idOp": idop})
    assert (detail.idOp, detail.resultrans, detail.montant) == (idop, "P", "1000")
    labels = client.service.recupererDetailClient({"numCli": "090909"})
    assert labels.libelleN1 == "COLLECTIVITE DE TEST"
    client.transport.session.close()


def test_the_address_is_the_one_by_which_one_came(live: RunningSimulator) -> None:
    contract = live.call("GET", "/tpa/services/securite?wsdl", headers={"Host": "bank.example:8443"}).text
    assert 'location="http://bank.example:8443/tpa/services/securite"' in contract
    assert "127.0.0.1" not in contract
