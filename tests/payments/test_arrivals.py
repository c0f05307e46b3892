"""
One truth, three ways to learn it: the bank's notification, the payer's return, the sweep. In any order, any number of
times.
"""

from collections.abc import Callable
from itertools import permutations

import pytest

from obole.payments.models import Anomaly, Attempt, BankExchange, Receipt, ReceiptPdf
from obole.regies.models import Entry
from tests.books import count_everything
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import anomalies, assert_paid_once, come_back, held, mails, pay, ring, state_of, sweep, verbs
from tests.world import Town, later, make_invoice, run_tasks

pytestmark = pytest.mark.django_db

Arrival = Callable[[Attempt, float], object]
ARRIVALS: dict[str, Arrival] = {"notification": ring, "return": come_back, "sweep": sweep}


@pytest.mark.parametrize("order", list(permutations(ARRIVALS)), ids=",".join)
def test_a_payment_is_booked_once_whoever_learns_it_first(
    payfip_town: Town, simulator: RunningSimulator, order: tuple[str, ...]
) -> None:
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)

    for minute, name in enumerate([*order, *order], start=3):
        ARRIVALS[name](attempt, minute)
    run_tasks()

    assert_paid_once(invoice, attempt)
    assert verbs(attempt) == ["attempt.open", "attempt.start", "attempt.pay"]
    assert held(payfip_town.regie, "card_clearing", "revenue_due", "receivable") == (5200, 5200, 0)


def test_a_direct_debit_is_booked_to_its_own_account(payfip_town: Town, simulator: RunningSimulator) -> None:
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", "V", notify=False)

    come_back(attempt, 3)
    run_tasks()

    assert_paid_once(invoice, attempt)
    assert held(payfip_town.regie, "card_clearing", "debit_clearing", "revenue_due") == (0, 5200, 5200)
    assert Receipt.objects.get().means == "debit"


def test_the_receipt_and_its_mail_are_made_once(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempt = pay(make_invoice(payfip_town))
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    come_back(attempt, 3)
    run_tasks()
    made = (ReceiptPdf.objects.get().digest, mails())

    for minutes in (4, 5, 6):
        ring(attempt, minutes)
        sweep(attempt, minutes)

    assert (ReceiptPdf.objects.get().digest, mails()) == made == (made[0], ["payment_receipt"])
    assert Entry.objects.filter(cause_kind="receipt").count() == 1


def test_what_the_bank_said_is_kept_word_for_word(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempt = pay(make_invoice(payfip_town))
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    come_back(attempt, 3)

    start, ask = BankExchange.objects.order_by("id")
    assert (start.kind, ask.kind, ask.outcome) == ("start", "ask", "paid_by_card P")
    assert f"<refdet>{attempt.reference}</refdet>" in start.request
    assert str(attempt.gateway_reference) in ask.request
    assert "<montant>5200</montant>" in ask.response
    attempt.refresh_from_db()
    assert (attempt.bank_said, bool(attempt.authorisation), attempt.next_ask_at) == ("P", True, None)
    assert Entry.objects.get(cause_kind="receipt").happened_at == attempt.bank_time


def test_once_paid_the_bank_is_left_in_peace(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempt = pay(make_invoice(payfip_town))
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    come_back(attempt, 3)
    run_tasks()
    asked, before = simulator.calls(), count_everything()

    ring(attempt, 4)
    come_back(attempt, 5)
    sweep(attempt, 500)

    assert (simulator.calls(), count_everything()) == (asked, before)


def test_the_sandbox_pays_by_return_and_by_sweep(town: Town) -> None:
    first, second = make_invoice(town, meals=16), make_invoice(town, meals=12)
    one, two = pay(first), pay(second)

    come_back(one, 1)
    sweep(two, 3)

    assert (state_of(first), state_of(second), state_of(one), state_of(two)) == ("paid", "paid", "paid", "paid")
    assert (anomalies(), Anomaly.objects.count()) == ([], 0)
    assert Receipt.objects.filter(received_at__lte=later(4)).count() == 2
