"""The product's two commands, as a person runs them."""

import json
import socket

import pytest
import requests

from tests.journeys.demo import Demo

pytestmark = pytest.mark.processes


def test_the_tour_plays_the_seven_steps(demo: Demo) -> None:
    played = demo.run("tour", "--json")

    lines = [json.loads(line) for line in played.stdout.splitlines()]
    assert [line["name"] for line in lines if line["ok"]] == [
        "configure",
        "apply",
        "review and invoice",
        "see",
        "pay",
        "follow",
        "remind",
    ], played.stdout + played.stderr
    assert played.returncode == 0


def test_health_is_good_and_says_nothing_of_anybody(demo: Demo) -> None:
    answer = requests.get(f"{demo.base}/health", timeout=10)

    assert answer.status_code == 200
    seen = answer.json()
    assert seen["status"] == "ok"
    assert seen["jobs_failed"] == 0
    assert "@" not in answer.text


def test_the_books_of_five_months_are_right(demo: Demo) -> None:
    verified = demo.run("verify")

    assert verified.returncode == 0, verified.stderr
    assert int(verified.stdout.split()[0]) > 600


def test_a_busy_port_is_said_in_one_sentence(demo: Demo) -> None:
    other = Demo(demo.var.parent / "other", port=demo.port)
    refused = other.run("demo")

    assert refused.returncode == 1
    assert (
        refused.stderr.strip() == f"Port {demo.port} is busy: stop what uses it, or choose another one, for instance:"
        f" OBOLE_PORT={demo.port + 10} make demo"
    )


def test_it_stops_entirely_and_starts_again_where_it_was(demo: Demo) -> None:
    before = _exported(demo)

    assert demo.stop() == 0
    assert all(_is_free(port) for port in (demo.port, demo.bank_port))
    said = demo.start()
    demo.control(notifications="off")

    assert "Living the last five months" not in said, "the second start loads nothing"
    assert _exported(demo) == before


def _exported(demo: Demo) -> str:
    session = requests.Session()
    session.get(f"{demo.base}/compte/login/", timeout=10)
    form = {
        "login": "agent@demo.example",
        "password": "obole-demo",
        "csrfmiddlewaretoken": session.cookies["csrftoken"],
    }
    session.post(f"{demo.base}/compte/login/", data=form, headers={"Referer": demo.base}, timeout=10)
    export = session.get(f"{demo.base}/crm/factures/export.csv", params={"sort": "number"}, timeout=30)
    assert export.status_code == 200
    return export.text


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
