"""Attempts that end, come back to life, and follow each other: F26, F30 to F33."""

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors, texts
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt
from obole.payments.operations import gateway_status, starting
from tests.faults.steps import RED, nothing_is_final, only_waiting_is_paid
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import (
    anomalies,
    assert_nothing_received,
    assert_paid_once,
    come_back,
    pay,
    state_of,
    sweep,
    verbs,
)
from tests.portal.conftest import Clock, signed_in, text_of
from tests.world import NOON, Town, later, make_invoice, run_tasks

pytestmark = pytest.mark.django_db


def f26(town: Town) -> None:
    invoice = make_invoice(town)
    come_back(pay(invoice), 1)
    run_tasks()
    browser = signed_in(town.citizen)
    answer = browser.post(f"/mes-factures/{invoice.public_id}/payer/", {"request_key": texts.token()})
    assert (answer.status_code, answer["Location"]) == (303, f"/mes-factures/{invoice.public_id}/")
    page = text_of(browser.get(answer["Location"]))
    assert "Cette facture n’est plus à payer ici." in page
    assert f"/mes-factures/{invoice.public_id}/recus/{Receipt.objects.get().public_id}.pdf" in page
    assert Attempt.objects.count() == 1


def test_f26_a_paid_invoice_is_not_paid_again_and_its_receipt_is_shown(town: Town, clock: Clock) -> None:
    f26(town)


def test_neg_f26_without_the_guard_the_bank_would_be_asked_for_nothing(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "_guard", lambda _invoice, **_values: None)
    with pytest.raises(RED):
        f26(town)


def f30(town: Town, simulator: RunningSimulator, clock: Clock) -> None:
    invoice = make_invoice(town)
    old = pay(invoice)
    simulator.advance(16 * 60)
    assert "P4" in simulator.call("GET", f"/tpa/paiementws.web?idop={old.gateway_reference}").text
    clock.at = later(16)
    browser = signed_in(town.citizen)
    address = f"/mes-factures/{invoice.public_id}/payer/"
    browser.post(address, {"request_key": texts.token()})
    assert Attempt.objects.count() == 1, "the bank may still know of it"
    clock.at = later(21)
    answer = browser.post(address, {"request_key": texts.token()})
    fresh = Attempt.objects.exclude(pk=old.pk).get()
    assert answer["Location"] == fresh.gateway_url
    assert (state_of(old), state_of(fresh), old.asked_at) == ("waiting", "waiting", later(21))
    simulator.pay(fresh.gateway_reference or "", "P", notify=False)
    come_back(fresh, 23)
    run_tasks()
    assert_paid_once(invoice, fresh)


def test_f30_after_the_page_expired_a_fresh_attempt_is_offered_once_the_bank_was_asked(
    payfip_town: Town, simulator: RunningSimulator, clock: Clock
) -> None:
    f30(payfip_town, simulator, clock)


def test_neg_f30_without_the_release_the_citizen_is_locked_out(
    payfip_town: Town, simulator: RunningSimulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_status, "_release_if_long_enough", lambda *_args: None)
    with pytest.raises((*RED, Attempt.DoesNotExist)):
        f30(payfip_town, simulator, clock)


def f31(town: Town, simulator: RunningSimulator) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    simulator.control(answer_detail="P1")
    come_back(attempt, 60 * 24 * 2)
    assert state_of(attempt) == "expired"
    simulator.control(answer_detail="normal")
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    come_back(attempt, 60 * 24 * 2 + 10)
    run_tasks()
    assert_paid_once(invoice, attempt)
    assert verbs(attempt)[-2:] == ["attempt.expire", "attempt.pay"]


def test_f31_expired_here_then_paid_there_is_taken(payfip_town: Town, simulator: RunningSimulator) -> None:
    f31(payfip_town, simulator)


def test_neg_f31_were_an_expiry_final_the_money_would_be_refused(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_waiting_is_paid(monkeypatch)
    with pytest.raises(RED):
        f31(payfip_town, simulator)


def f32(town: Town, simulator: RunningSimulator, letter: str, minutes: float) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", letter, notify=False)
    come_back(attempt, 2)
    assert state_of(attempt) == {"A": "abandoned", "R": "refused"}[letter]
    assert_nothing_received(invoice)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    sweep(attempt, 2 + max(minutes, 2.5))
    assert_paid_once(invoice, attempt)


@pytest.mark.parametrize("minutes", [1, 3, 30])
@pytest.mark.parametrize("letter", ["A", "R"])
def test_f32_a_no_then_paid_on_the_same_page_ends_paid(
    payfip_town: Town, simulator: RunningSimulator, letter: str, minutes: float
) -> None:
    f32(payfip_town, simulator, letter, minutes)


@pytest.mark.parametrize("letter", ["A", "R"])
def test_neg_f32_were_a_no_final_the_money_would_be_refused(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    only_waiting_is_paid(monkeypatch)
    with pytest.raises(RED):
        f32(payfip_town, simulator, letter, 3)


STATUSES = {
    "P": Status.PAID_BY_CARD,
    "R": Status.REFUSED,
    "A": Status.ABANDONED,
    "P5": Status.PENDING,
    "P1": Status.MISSING,
}
NEWS = [
    ("old", "R"),
    ("old", "P1"),
    ("old", "A"),
    ("new", "P"),
    ("new", "P"),
    ("new", "P5"),
    ("new", "R"),
    ("new", "P1"),
]


def hear(attempt: Attempt, letter: str, minutes: float) -> None:
    attempt.refresh_from_db()
    has_result = letter not in {"P5", "P1"}
    outcome = Outcome(
        status=STATUSES[letter],
        said=letter,
        exchange=Exchange(request="q", response=letter),
        facts=attempt.sent if has_result else {},
        amount_cents=attempt.amount_cents if has_result else None,
    )
    payments.apply_gateway_status(
        attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=later(minutes)
    )


def f33(town: Town, order: list[tuple[str, str]]) -> None:
    """A refused first attempt, a paid second one, and the rest of the news in any order, late and repeated."""
    invoice = make_invoice(town, meals=1, at=NOON)
    attempts = {"old": pay(invoice)}
    hear(attempts["old"], "R", 1)
    attempts["new"] = pay(invoice, 2)
    hear(attempts["new"], "P5", 4)
    for turn, (which, letter) in enumerate(order):
        hear(attempts[which], letter, 60 + 400 * turn)
    assert (state_of(attempts["new"]), state_of(invoice)) == ("paid", "paid")
    assert state_of(attempts["old"]) in {"refused", "abandoned", "expired"}
    assert Receipt.objects.filter(invoice=invoice).count() == 1
    assert anomalies() == []


@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(NEWS))
def test_f33_late_bad_news_of_any_attempt_never_undoes_a_payment(town: Town, order: list[tuple[str, str]]) -> None:
    f33(town, order)


def test_neg_f33_were_a_payment_not_final_its_news_would_be_heard_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_is_final(monkeypatch)
    with pytest.raises(RED):
        f33(town, NEWS)


def test_f33_a_refused_second_attempt_does_not_disturb_the_first(town: Town) -> None:
    invoice = make_invoice(town)
    old = pay(invoice)
    hear(old, "P5", 25)
    new = pay(invoice, 26)
    hear(old, "P", 27)
    hear(new, "R", 28)
    run_tasks()
    assert_paid_once(invoice, old)
    assert state_of(new) == "refused"
    assert Client().get(f"/paiements/retour/{new.public_id}/").status_code == 200
