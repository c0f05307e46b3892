"""The bank's doorbell: always the same answer, whatever rings; one question to the bank, whatever the storm."""

from typing import Any

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.payments.models import Attempt, BankExchange
from tests.books import count_everything
from tests.races.crowd import EIGHT, at_once
from tests.world import NOON, make_invoice, make_town

pytestmark = pytest.mark.django_db
ADDRESS = "/paiements/payfip/notification"
IDOP = "f3c2a1e0-8d7b-11f0-9a44-0242ac120002"


@pytest.fixture
def attempt(db: None) -> Attempt:
    town = make_town()
    return _waiting(town)


def _waiting(town: Any) -> Attempt:
    """Make an attempt that PayFiP knows, without PayFiP."""
    invoice = make_invoice(town)
    ProcrastinateJob.objects.all()._raw_delete("default")
    attempt = Attempt(
        request_key="k",
        invoice=invoice,
        regie=invoice.regie,
        reference="R1",
        amount_cents=5200,
        email="u@example.org",
        fiscal_year=2026,
        gateway="payfip",
        opened_at=NOON,
        gateway_reference=IDOP,
    )
    attempt.state = "waiting"
    attempt.save()
    return attempt


def assert_same_answer(answer: Any) -> None:
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"OK", "text/plain")
    assert "Set-Cookie" not in answer


@pytest.mark.parametrize("name", ["idop", "idOp", "IDOP"])
@pytest.mark.parametrize("how", ["body", "query", "get"])
def test_a_known_payment_queues_one_question(attempt: Attempt, name: str, how: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    if how == "body":
        answer = browser.post(ADDRESS, {name: IDOP})
    else:
        answer = browser.post(f"{ADDRESS}?{name}={IDOP}") if how == "query" else browser.get(ADDRESS, {name: IDOP})

    assert_same_answer(answer)
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args) == (
        "payments.resolve",
        {"attempt_id": attempt.pk, "actor": {"id": "gateway:payfip", "name": "payfip"}},
    )
    assert BankExchange.objects.get().kind == "notification"


NONSENSE: list[dict[str, Any]] = [
    {"data": {}},
    {"data": {"idop": ""}},
    {"data": {"idop": "x"}},
    {"data": {"idop": "a1b2c3d4-8d7b-11f0-9a44-0242ac120002"}},
    {"data": {"idop": IDOP.replace("f3", "\x00\x00")}},
    {"data": {"idop": IDOP, "idOp": IDOP[:-1] + "9"}},
    {"data": {"idop": IDOP + "'--"}},
    {"data": b"<xml/>", "content_type": "text/xml"},
    {"data": b"{", "content_type": "application/json"},
    {"data": b"\xff\xfe\x00", "content_type": "application/x-www-form-urlencoded"},
    {"data": b"no boundary", "content_type": "multipart/form-data"},
    {"data": b"--b\r\nbroken", "content_type": "multipart/form-data; boundary=b"},
    {"data": b"a=" + b"x" * 3_000_000, "content_type": "application/x-www-form-urlencoded"},
    {"data": "&".join(f"a{n}=1" for n in range(2000)), "content_type": "application/x-www-form-urlencoded"},
    {"data": {"idop": IDOP}, "query_params": {"x": "y" * 5000}},
]


@pytest.mark.parametrize("asked", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_gets_the_same_answer_and_asks_nothing(attempt: Attempt, asked: dict[str, Any]) -> None:
    before = count_everything()
    assert_same_answer(Client().post(ADDRESS, **asked))
    assert (count_everything(), ProcrastinateJob.objects.count()) == (before, 0)


@pytest.mark.django_db(transaction=True)
def test_a_storm_is_one_question(attempt: Attempt) -> None:
    acts = [lambda: Client().post(ADDRESS, {"idop": IDOP})] * EIGHT
    for answer in at_once(*acts) + at_once(*acts):
        assert_same_answer(answer)
    assert ProcrastinateJob.objects.count() == 1
    assert BankExchange.objects.count() == 2 * EIGHT


def test_once_it_is_paid_a_ring_is_not_even_kept(attempt: Attempt) -> None:
    Attempt.objects.update(state="paid", ended_at=NOON)
    before = count_everything()
    assert_same_answer(Client().post(ADDRESS, {"idop": IDOP}))
    assert (count_everything(), ProcrastinateJob.objects.count()) == (before, 0)
    Attempt.objects.update(state="waiting")


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(method: str) -> None:
    assert getattr(Client(), method)(ADDRESS).status_code == 405
