"""The simulator as a process: its port, its stop, its memory, its speed, its callers at once."""

import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.payfip_simulator.caller import PATH, VALID, Caller, envelope
from tests.payfip_simulator.creditor import Creditor
from tests.payfip_simulator.live import SOURCES, RunningSimulator, start_simulator


def caller_of(simulator: RunningSimulator) -> Caller:
    """Return a caller of a live simulator."""

    def post(path: str, body: bytes) -> tuple[int, bytes]:
        response = simulator.call("POST", path, data=body, headers={"Content-Type": "text/xml"})
        return response.status_code, response.content

    return Caller(post)


def test_payments_and_switches_survive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with start_simulator(state=state) as simulator:
        paid, waiting = caller_of(simulator).new_idop(), caller_of(simulator).new_idop()
        simulator.pay(paid)
        simulator.control(clients={"123456": ["Ville"]})
        simulator.process.kill()
        simulator.process.wait(timeout=5)
    with start_simulator(state=state) as simulator:
        assert caller_of(simulator).detail(paid).fields["resultrans"] == "P"
        assert caller_of(simulator).detail(waiting).code == "P5"
        assert caller_of(simulator).client("123456").status == 200


def test_it_stops_at_once_even_while_it_hangs() -> None:
    with start_simulator() as simulator:
        simulator.control(hang_detail_seconds=60)
        with pytest.raises(requests.Timeout), requests.Session() as session:
            session.trust_env = False
            body = envelope("recupererDetailPaiementSecurise", [("idOp", "x")])
            session.post(simulator.url + PATH, data=body, headers={"Content-Type": "text/xml"}, timeout=0.3)
        start = time.monotonic()
        assert simulator.stop() == 0
        assert time.monotonic() - start < 2


def refused(*arguments: str, **environment: str) -> str:
    """Return the one sentence with which the simulator refuses to start."""
    command = [sys.executable, "-W", "error", "-m", "payfip_simulator", *arguments]
    environment = os.environ | {"PYTHONPATH": str(SOURCES)} | environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_a_busy_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        sentence = f"The PayFiP simulator cannot listen on 127.0.0.1:{port}: Address already in use.\n"
        assert refused(OBOLE_SIMULATOR_PORT=str(port)) == sentence


def test_an_impossible_state_file_is_one_sentence(tmp_path: Path) -> None:
    state = tmp_path / "nowhere" / "state.sqlite3"
    sentence = f"The PayFiP simulator cannot keep its payments in {state}: unable to open database file.\n"
    assert refused("--port", "0", "--state", str(state)) == sentence
    (tmp_path / "text").write_text("This is no database." * 100)
    assert "file is not a database" in refused("--port", "0", "--state", str(tmp_path / "text"))


def test_many_callers_at_once(live: RunningSimulator, live_caller: Caller) -> None:
    with ThreadPoolExecutor(8) as pool:
        idops = list(pool.map(lambda rank: live_caller.new_idop(refdet=f"RACE{rank:04d}"), range(80)))
        assert len(set(idops)) == 80
        references = pool.map(lambda idop: live.pay(idop, notify=False) and live_caller.detail(idop), idops)
        assert [answer.fields["refdet"] for answer in references] == [f"RACE{rank:04d}" for rank in range(80)]


def test_one_page_one_result_whatever_the_race(live: RunningSimulator, live_caller: Caller) -> None:
    idop = live_caller.new_idop()
    with ThreadPoolExecutor(8) as pool:
        path = f"/tpa/paiementws.web?idop={idop}"
        opened = list(pool.map(lambda _: live.call("GET", path, allow_redirects=False).status_code, range(8)))
        body = {"idop": idop, "result": "P", "notify": False}
        paid = list(pool.map(lambda _: live.call("POST", "/control/pay", json=body).status_code, range(8)))
    assert sorted(opened) == [303] + [410] * 7
    assert sorted(paid) == [200] + [409] * 7
    assert live.payment(idop)["history"] == "P"


def test_answers_are_quick(live: RunningSimulator, live_caller: Caller) -> None:
    idop = live_caller.new_idop()
    spent = []
    for _ in range(30):
        start = time.perf_counter()
        live_caller.detail(idop)
        spent.append(time.perf_counter() - start)
    # Three milliseconds is the aim; the bound leaves room for a busy machine.
    assert sorted(spent)[len(spent) // 2] < 0.03


@pytest.mark.parametrize(("method", "key"), [("POST", "idop"), ("POST", "idOp"), ("GET", "idop"), ("GET", "idOp")])
def test_the_notification_takes_every_shape(
    live: RunningSimulator, live_caller: Caller, creditor: Creditor, method: str, key: str
) -> None:
    live.control(notification_method=method, notification_key=key)
    idop = live_caller.new_idop(urlnotif=f"{creditor.url}/n?regie=7")
    live.pay(idop, "A")
    live.wait_for_notifications(idop)
    ((heard_method, path, body, _kind),) = creditor.heard
    expected = {"POST": ("/n?regie=7", f"{key}={idop}"), "GET": (f"/n?regie=7&{key}={idop}", "")}[method]
    assert (heard_method, path, body) == (method, *expected)


def test_a_redirection_is_never_followed(live: RunningSimulator, live_caller: Caller, creditor: Creditor) -> None:
    creditor.redirect_to = f"{creditor.url}/elsewhere"
    idop = live_caller.new_idop(urlnotif=f"{creditor.url}/n")
    live.pay(idop)
    (sent,) = live.wait_for_notifications(idop)
    assert sent["status"] == 302
    assert [path for _method, path, _body, _kind in creditor.heard] == ["/n"]


def test_a_deaf_creditor_changes_nothing(live: RunningSimulator, live_caller: Caller) -> None:
    idop = live_caller.new_idop(urlnotif=VALID["urlnotif"])
    live.pay(idop)
    (sent,) = live.wait_for_notifications(idop)
    assert sent["status"] is None and sent["error"]
    assert live_caller.detail(idop).fields["resultrans"] == "P"


def test_pay_can_send_the_payer_back(live: RunningSimulator, live_caller: Caller, creditor: Creditor) -> None:
    idop = live_caller.new_idop(urlredirect=f"{creditor.url}/back")
    live.pay(idop, notify=False, redirect=True)
    end = time.monotonic() + 10
    while not creditor.heard and time.monotonic() < end:
        time.sleep(0.02)
    assert creditor.heard[0][:2] == ("GET", f"/back?idop={idop}")
    assert live.payment(idop)["returns"] == 1


def test_the_simulator_stands_alone() -> None:
    for path in (SOURCES / "payfip_simulator").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) (obole|django)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
