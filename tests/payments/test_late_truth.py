"""
A refusal, an abandonment, an expiry are provisional; money that comes late, twice or wrongly is taken and never
dropped.
"""

from itertools import permutations

import pytest

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors
from obole.lib.actors import Actor
from obole.payments import operations as payments, queries as payments_queries
from obole.payments.models import Anomaly, Attempt, Receipt
from obole.regies import operations as regies
from tests.actors import somebody
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.conftest import set_gateway
from tests.payments.steps import (
    anomalies,
    assert_in_suspense,
    assert_nothing_received,
    assert_paid_once,
    come_back,
    held,
    mails,
    pay,
    state_of,
    verbs,
)
from tests.world import WHO, Town, later, make_invoice, run_tasks

pytestmark = pytest.mark.django_db


def said(attempt: Attempt, letter: str, *, cents: int | None = None, **facts: str) -> Outcome:
    """Return what the bank says of an attempt, as it should be or altered."""
    statuses = {
        "P": Status.PAID_BY_CARD,
        "V": Status.PAID_BY_DEBIT,
        "R": Status.REFUSED,
        "A": Status.ABANDONED,
        "P5": Status.PENDING,
        "P1": Status.MISSING,
        "Y": Status.UNKNOWN,
    }
    has_result = letter not in {"P5", "P1"}
    return Outcome(
        status=statuses[letter],
        said=letter,
        exchange=Exchange(request="question", response=letter),
        facts={**attempt.sent, **facts} if has_result else {},
        amount_cents=(attempt.amount_cents if cents is None else cents) if has_result else None,
    )


def hear(attempt: Attempt, letter: str, minutes: float, *, cents: int | None = None, **facts: str) -> Attempt:
    attempt.refresh_from_db()
    outcome = said(attempt, letter, cents=cents, **facts)
    return payments.apply_gateway_status(
        attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=later(minutes)
    )


def release(attempt: Attempt, simulator: RunningSimulator) -> None:
    """Let the régie's delay pass, the bank being asked."""
    come_back(attempt, 25)
    attempt.refresh_from_db()
    assert attempt.released_at == later(25)


@pytest.mark.parametrize(
    ("letter", "state", "mail"),
    [("R", "refused", ["payment_refused"]), ("Z", "refused", ["payment_refused"]), ("A", "abandoned", [])],
)
def test_after_a_no_the_invoice_can_be_paid_again(
    payfip_town: Town, simulator: RunningSimulator, letter: str, state: str, mail: list[str]
) -> None:
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", letter, notify=False)

    for minutes in (3, 4, 5):
        come_back(attempt, minutes)
    run_tasks()

    assert state_of(attempt) == state
    assert_nothing_received(invoice)
    assert mails() == mail
    again = pay(invoice, 6)
    assert (again.state, again.reference) == ("waiting", f"{attempt.reference[:-1]}2")


@pytest.mark.parametrize("wanted", [("R", "A", "R"), ("A", "R", "A", "A")])
def test_refused_and_abandoned_may_follow_each_other(town: Town, wanted: tuple[str, ...]) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    states = [hear(attempt, letter, n).state for n, letter in enumerate(wanted)]

    assert states == [{"R": "refused", "A": "abandoned"}[letter] for letter in wanted]
    assert_nothing_received(invoice)


@pytest.mark.parametrize("letter", ["R", "A", "P5", "P1", "Y"])
def test_nothing_undoes_a_payment(town: Town, letter: str) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    hear(attempt, "P", 1)
    run_tasks()

    for minutes in (2, 60, 5000, 20000):
        hear(attempt, letter, minutes)

    assert_paid_once(invoice, attempt)


@pytest.mark.parametrize("order", list(permutations(["P5", "A", "P", "R"])), ids="-".join)
def test_every_order_of_the_same_news_ends_paid(town: Town, order: tuple[str, ...]) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    for n, letter in enumerate(order):
        hear(attempt, letter, n)
        hear(attempt, letter, n + 0.5)

    assert (state_of(attempt), state_of(invoice), anomalies()) == ("paid", "paid", [])


def test_the_invoice_is_released_after_the_delay_and_only_once_the_bank_was_asked(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    come_back(attempt, 19)
    attempt.refresh_from_db()
    assert attempt.released_at is None

    with pytest.raises(payments.AlreadyInProgress):
        pay(invoice, 25)
    simulator.control(answer_detail="html_502")
    come_back(attempt, 26)
    with pytest.raises(payments.AlreadyInProgress):
        pay(invoice, 26)
    simulator.control(answer_detail="normal")
    come_back(attempt, 27)

    attempt.refresh_from_db()
    assert (attempt.state, attempt.released_at, attempt.is_open) == ("waiting", later(27), False)
    assert attempt.next_ask_at == later(29), "the old attempt goes on being watched"
    assert pay(invoice, 28).state == "waiting"
    assert verbs(attempt) == ["attempt.open", "attempt.start", "attempt.release"]


@pytest.mark.parametrize("late_first", [True, False])
def test_two_attempts_both_paid_one_settles_the_other_waits_for_a_person(
    payfip_town: Town, simulator: RunningSimulator, late_first: bool
) -> None:
    invoice = make_invoice(payfip_town)
    old = pay(invoice)
    release(old, simulator)
    new = pay(invoice, 26)
    winner, loser = (old, new) if late_first else (new, old)
    for attempt in (winner, loser):
        simulator.pay(attempt.gateway_reference or "", "P", notify=False)
        come_back(attempt, 30)
    run_tasks()

    assert state_of(invoice) == "paid"
    assert_in_suspense(invoice, loser, 5200, "not_due")
    assert Receipt.objects.get(attempt=winner).invoice_id == invoice.pk
    assert held(payfip_town.regie, "card_clearing", "revenue_due", "suspense") == (10400, 5200, 5200)
    assert mails() == ["payment_surplus", "payment_receipt"]


@pytest.mark.parametrize("ending", ["cancel", "transfer"])
def test_money_for_an_invoice_that_ended_meanwhile_is_kept(
    payfip_town: Town, simulator: RunningSimulator, ending: str
) -> None:
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    if ending == "cancel":
        billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="erreur", actor=WHO, at=later(1))
    else:
        billing.transfer_invoice(invoice_id=invoice.pk, actor=WHO, at=later(1))
    invoice.refresh_from_db()
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)

    come_back(attempt, 3)
    run_tasks()

    assert_in_suspense(invoice, attempt, 5200, "not_due")
    assert held(payfip_town.regie, "receivable", "claims", "revenue_due") == (0, 0, 0)
    assert mails() == ["payment_surplus" if ending == "cancel" else "payment_too_late"]


@pytest.mark.parametrize("mode", ["T", "X"])
def test_a_test_payment_is_never_money(payfip_town: Town, simulator: RunningSimulator, mode: str) -> None:
    set_gateway(payfip_town.regie, mode=mode)
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)

    for minutes in (3, 4):
        come_back(attempt, minutes)
    run_tasks()

    assert state_of(attempt) == "tested"
    assert_nothing_received(invoice)
    assert (anomalies(), mails()) == ([], [])


def test_unknown_to_the_bank_is_too_young_at_first_and_over_the_next_morning(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    simulator.control(answer_detail="P1")

    come_back(attempt, 5)
    assert (state_of(attempt), attempt.next_ask_at) == ("waiting", later(7))
    assert anomalies() == []
    come_back(attempt, 17 * 60)
    assert (state_of(attempt), anomalies()) == ("waiting", ["unknown"])
    come_back(attempt, 18 * 60)

    assert (state_of(attempt), attempt.next_ask_at, attempt.ended_at) == ("expired", None, later(18 * 60))
    assert_nothing_received(invoice)


def test_a_bank_silent_for_seven_days_frees_the_invoice_and_calls_a_person(town: Town) -> None:
    invoice = make_invoice(town, meals=5)
    attempt = pay(invoice)
    for minutes in (10, 60 * 24 * 6, 60 * 24 * 7 + 1):
        hear(attempt, "P5", minutes)

    assert (state_of(attempt), attempt.next_ask_at) == ("expired", None)
    assert anomalies() == ["no_answer"]
    assert_nothing_received(invoice)
    hear(attempt, "P", 60 * 24 * 8)
    assert (state_of(invoice), Anomaly.objects.count()) == ("paid", 1)


def test_a_bank_out_of_reach_for_seven_days_frees_the_invoice_too(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    invoice: Invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    simulator.control(answer_detail="html_502")

    for minutes in (10, 60 * 24 * 7 + 1):
        come_back(attempt, minutes)

    assert (state_of(attempt), attempt.next_ask_at, anomalies()) == ("expired", None, ["no_answer"])
    assert_nothing_received(invoice)


def test_a_no_that_is_repeated_is_kept_once(town: Town) -> None:
    attempt = pay(make_invoice(town))
    for minutes in range(1, 20):
        hear(attempt, "R", minutes)

    assert attempt.exchanges.filter(kind="ask").count() == 1
    assert verbs(attempt).count("attempt.refuse") == 1


@pytest.mark.parametrize("actor", [actors.OPERATOR, WHO], ids=["operator", "two persons"])
def test_a_payment_under_way_is_asked_for_at_the_bank_that_the_regie_had(
    payfip_town: Town, simulator: RunningSimulator, actor: Actor
) -> None:
    invoice, regie = make_invoice(payfip_town), payfip_town.regie
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)

    other = {"gateway": "sandbox", "gateway_settings": {"mode": "W"}}
    regies.configure_regie(regie_id=regie.pk, values=other, actor=actor, at=later(2))
    if not actor.is_machine:
        regies.decide_bank_change(regie_id=regie.pk, accept=True, actor=somebody("second"), at=later(2))
    come_back(attempt, 3)
    run_tasks()

    regie.refresh_from_db()
    assert regie.gateway == "sandbox"
    assert_paid_once(invoice, attempt)


def test_a_bank_that_the_regie_left_stays_silent_alone(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempts = [pay(make_invoice(payfip_town)) for _n in range(5)]
    other = {"gateway": "sandbox", "gateway_settings": {"mode": "W"}}
    regies.configure_regie(regie_id=payfip_town.regie.pk, values=other, actor=actors.OPERATOR, at=later(2))
    simulator.control(answer_detail="drop")

    for attempt in attempts:
        come_back(attempt, 3)

    assert payments_queries.outages([payfip_town.regie.pk]) == {}
    assert pay(make_invoice(payfip_town), 4).state == "waiting"
