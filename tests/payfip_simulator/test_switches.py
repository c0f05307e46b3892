"""The switches, by JSON and by the panel."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from payfip_simulator.bank import Bank
from payfip_simulator.panel import GROUPS
from payfip_simulator.switches import SPECS, Switches
from tests.payfip_simulator.caller import Caller


def test_every_switch_accepts_its_usual_position() -> None:
    usual = Switches()
    assert set(SPECS) == set(Switches.__dataclass_fields__)
    assert all(SPECS[name](getattr(usual, name)) == getattr(usual, name) for name in SPECS)


@pytest.mark.parametrize(
    "changes",
    [
        {"notification": "off"},
        {"notifications": "sometimes"},
        {"notifications": None},
        {"notification_copies": 0},
        {"notification_copies": True},
        {"notification_copies": "many"},
        {"hang_creer_seconds": -1},
        {"hang_creer_seconds": "nan"},
        {"amount_delta_cents": "1.5"},
        {"altered_fields": ["montant"]},
        {"altered_fields": "refdet"},
        {"detail_override": {"idop": "x"}},
        {"detail_override": {"refdet": 3}},
        {"detail_override": []},
        {"answer_detail": "html_418"},
        {"answer_detail": "p1"},
        {"shuffle_children": "perhaps"},
        {"clock": "yesterday"},
        {"clock": "2026-11-25T10:00:00"},
        {"clients": {"12": ["x"]}},
        {"clients": {"123456": []}},
        {"clients": {"123456": [1]}},
        {"advance_seconds": "1"},
        {"advance_seconds": 1e12},
        [],
    ],
)
def test_a_wrong_switch_moves_nothing(browser: FlaskClient, changes: Any) -> None:
    before = browser.get("/control").get_json()
    body = {"unknown_result": "Y"} | changes if isinstance(changes, dict) else changes
    answer = browser.post("/control", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"]
    after = browser.get("/control").get_json()
    assert before | {"now": ""} == after | {"now": ""}


def test_given_keys_are_merged_and_reset_forgets_them(browser: FlaskClient) -> None:
    browser.post("/control", json={"latency_ms": 1, "clients": {"111111": ["A"]}})
    state = browser.post("/control", json={"shuffle_children": True, "clients": {"222222": "B"}}).get_json()
    assert (state["latency_ms"], state["shuffle_children"]) == (1, True)
    assert state["clients"] == {"111111": ["A", "", ""], "222222": ["B", "", ""]}
    state = browser.post("/control/reset").get_json()
    assert (state["latency_ms"], set(state["clients"])) == (0, {"111111", "222222"})
    assert browser.post("/control/reset", json={"clients": True}).get_json()["clients"] == {}


def test_detail_override(bank: Bank, caller: Caller) -> None:
    idop = caller.new_idop()
    bank.settle(idop, "P")
    bank.change({"detail_override": {"exer": "20", "numauto": None, "resultrans": ""}})
    fields = caller.detail(idop).fields
    assert (fields["exer"], fields["resultrans"], "numauto" in fields) == ("20", "", False)


def test_the_idop_element_and_the_order_of_children(bank: Bank, caller: Caller) -> None:
    bank.change({"response_idop_element": "idop", "shuffle_children": True})
    idop = caller.creer().fields["idop"]
    bank.settle(idop, "P")
    orders = {tuple(caller.detail(idop).fields) for _ in range(20)}
    assert len(orders) > 1
    assert all("idop" in order and "idOp" not in order for order in orders)


def test_pay_without_a_browser(browser: FlaskClient, caller: Caller) -> None:
    idop = caller.new_idop()
    for result in "ARZP":
        answer = browser.post("/control/pay", json={"idop": idop, "result": result})
        assert answer.status_code == 200
        assert answer.get_json()["redirect_url"].endswith(f"/return?idop={idop}")
        assert caller.detail(idop).fields["resultrans"] == result
    assert browser.post("/control/pay", json={"idop": idop, "result": "A"}).status_code == 409
    assert browser.post("/control/pay", json={"idop": "unknown", "result": "P"}).status_code == 404
    assert browser.post("/control/pay", json={"idop": idop, "result": "paid"}).status_code == 400
    (found,) = browser.get("/control/payments", query_string={"idop": idop}).get_json()["payments"]
    assert (found["state"], found["history"], found["detail_calls"]) == ("P", "ARZP", 4)


def test_calls_are_counted(browser: FlaskClient, caller: Caller) -> None:
    idop = caller.new_idop()
    caller.detail(idop)
    caller.detail("unknown")
    caller.client("006382")
    body = browser.get("/control/payments", query_string={"limit": 0}).get_json()
    assert body == {"payments": [], "calls": {"creer": 1, "detail": 2, "client": 1}}


def test_payments_can_be_forgotten(browser: FlaskClient, caller: Caller) -> None:
    idop = caller.new_idop()
    browser.post("/control/reset", json={"payments": True})
    assert caller.detail(idop).code == "P1"


def shown(text: str) -> dict[str, str]:
    """Return what the panel would send back as it stands."""
    usual = Switches()
    names = [knob.name for group in GROUPS.values() for knob in group if knob.kind not in {"flag", "several"}]
    assert all(f'id="{name}"' in text for name in names)
    return {name: str(getattr(usual, name)) for name in names}


def test_the_panel_orders_incidents(browser: FlaskClient, bank: Bank) -> None:
    form: dict[str, Any] = shown(browser.get("/incidents").text)
    form |= {"notifications": "off", "altered_fields": ["refdet", "exer"], "strict_order": "on", "latency_ms": "5"}
    answer = browser.post("/incidents", data=form)
    assert (answer.status_code, answer.location) == (303, "/incidents?fait=enregistre")
    wanted = {"notifications": "off", "altered_fields": ["refdet", "exer"], "strict_order": True, "latency_ms": 5}
    assert bank.switches.changed() == wanted
    assert "Incidents (4)" in browser.get("/").text
    browser.post("/incidents/normal")
    assert bank.switches.changed() == {}


def test_the_panel_keeps_what_it_does_not_show(browser: FlaskClient, bank: Bank) -> None:
    bank.change({"clients": {"111111": ["A"]}, "answer_detail": "K7"})
    text = browser.get("/incidents").text
    assert "Erreur K7" in text
    browser.post("/incidents", data=shown(text) | {"answer_detail": "K7"})
    assert bank.switches.changed() == {"answer_detail": "K7"}
    assert "111111" in bank.switches.clients


def test_the_panel_says_which_value_is_wrong(browser: FlaskClient, bank: Bank) -> None:
    form = shown(browser.get("/incidents").text) | {"latency_ms": "-1", "altered_fields": ["refdet", "exer"]}
    answer = browser.post("/incidents", data=form)
    assert answer.status_code == 400
    assert 'value="refdet" checked' in answer.text and 'value="exer" checked' in answer.text
    assert 'href="#latency_ms"' in answer.text and 'id="latency_ms-erreur"' in answer.text
    assert bank.switches.changed() == {}


def test_the_panel_moves_the_clock(browser: FlaskClient, bank: Bank, caller: Caller) -> None:
    bank.change({"clock": "2026-11-25T10:00:00+01:00"})
    idop = caller.new_idop()
    browser.post("/incidents/horloge", data={"pas": "15min"})
    assert "<strong>P4</strong>" in browser.get("/tpa/paiementws.web", query_string={"idop": idop}).text
    browser.post("/incidents/horloge", data={"pas": "nuit"})
    assert bank.now().isoformat() == "2026-11-26T03:00:00+00:00"
    assert caller.detail(idop).code == "P1"
