"""Races between real processes that meet at a barrier, counted to the unit: F07, F08, F25, F28, F49, F59, F60."""

import os
import signal

import pytest

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.mailing.models import Message
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.regies.models import Entry
from obole.reminders.models import Reminder
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import assert_paid_once, mails, pay, state_of
from tests.races.processes import Told, act, all_at_once, gave, raised
from tests.world import Town, later, make_dossier, make_invoice, run_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
CROWD = 50
ISSUERS, ISSUES = 8, int(os.environ.get("OBOLE_ISSUES", "60"))
"""Each of the eight issues so many invoices: 200 for a long run."""
LATE = later(days=28)


def paid_at_the_bank(town: Town, simulator: RunningSimulator) -> tuple[Invoice, Attempt]:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    return invoice, attempt


def assert_booked_once(invoice: Invoice, attempt: Attempt) -> None:
    run_tasks()
    assert_paid_once(invoice, attempt)
    receipts = Entry.objects.filter(cause_kind="receipt").count()
    assert (receipts, Receipt.objects.count(), Record.objects.filter(verb="attempt.pay").count()) == (1, 1, 1)
    assert BankExchange.objects.filter(kind="ask", outcome__startswith="paid").count() == 1


def fifty_ring(attempt: Attempt, mutant: str = "") -> list[Told]:
    ring = act("notify", idop=attempt.gateway_reference, attempt_id=attempt.pk)
    return all_at_once(*[ring] * CROWD, mutant=mutant)


def test_f07_fifty_notifications_at_once_book_one_payment(payfip_town: Town, simulator: RunningSimulator) -> None:
    invoice, attempt = paid_at_the_bank(payfip_town, simulator)

    assert gave(fifty_ring(attempt)) == ["paid"] * CROWD

    assert_booked_once(invoice, attempt)


def test_neg_f07_without_the_locks_fifty_notifications_collide(payfip_town: Town, simulator: RunningSimulator) -> None:
    """The unique constraints are the second line: the money is booked once even then, but most of the crowd breaks."""
    _invoice, attempt = paid_at_the_bank(payfip_town, simulator)

    told = fifty_ring(attempt, mutant="no_locks")

    with pytest.raises(AssertionError):
        gave(told)
    assert set(raised(told)) <= {"IntegrityError", "AlreadyPosted"}
    assert Receipt.objects.count() == 1


def ring_return_and_sweep(attempt: Attempt, mutant: str = "") -> list[Told]:
    kinds = [
        act("notify", idop=attempt.gateway_reference, attempt_id=attempt.pk),
        act("come_back", public_id=attempt.public_id),
        act("sweep", attempt_id=attempt.pk),
    ]
    return all_at_once(*kinds * 4, mutant=mutant)


def test_f08_notification_return_and_sweep_at_once_book_one_payment(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    invoice, attempt = paid_at_the_bank(payfip_town, simulator)

    assert set(gave(ring_return_and_sweep(attempt))) == {"paid", "received"}

    assert_booked_once(invoice, attempt)


def test_neg_f08_without_the_locks_the_three_ways_collide(payfip_town: Town, simulator: RunningSimulator) -> None:
    """Luck may keep twelve processes apart once, on a busy machine; not several times."""
    for _turn in range(5):
        _invoice, attempt = paid_at_the_bank(payfip_town, simulator)
        told = ring_return_and_sweep(attempt, mutant="no_locks")
        try:
            gave(told)
        except AssertionError:
            return
    pytest.fail("nobody collided")


def two_tabs(invoice: Invoice, mutant: str = "") -> list[Told]:
    return all_at_once(*[act("start", invoice_id=invoice.pk, key=f"tab{n}") for n in range(2)], mutant=mutant)


def assert_one_left_for_the_bank(told: list[Told]) -> None:
    assert sorted([item.gave or item.raised for item in told]) == ["AlreadyInProgress", "waiting"]
    assert Attempt.objects.get().state == "waiting"


def test_f25_two_tabs_that_start_at_once_leave_once_for_the_bank(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    invoice = make_invoice(payfip_town)

    assert_one_left_for_the_bank(two_tabs(invoice))

    assert simulator.calls()["creer"] == 1


def test_neg_f25_without_the_lock_the_second_tab_meets_an_error(payfip_town: Town, simulator: RunningSimulator) -> None:
    """
    « One open attempt for an invoice » is also a constraint: without the lock the payer reads an error, not a sentence.
    """
    told = two_tabs(make_invoice(payfip_town), mutant="no_locks")

    with pytest.raises(AssertionError):
        assert_one_left_for_the_bank(told)
    assert raised(told) == ["IntegrityError"]


def cancel_against_pay(pairs: list[tuple[Invoice, Attempt]], mutant: str = "") -> list[Told]:
    acts = []
    for invoice, attempt in pairs:
        acts.append(act("cancel", invoice_id=invoice.pk))
        acts.append(act("hear_paid", attempt_id=attempt.pk, cents=5200))
    return all_at_once(*acts, mutant=mutant)


def assert_one_of_the_two_orders(pairs: list[tuple[Invoice, Attempt]], told: list[Told]) -> None:
    """Either the money came first and the invoice is paid, or the cancellation did and the money waits for a person."""
    for (invoice, attempt), cancelled, heard in zip(pairs, told[::2], told[1::2], strict=True):
        settled = Receipt.objects.get(attempt=attempt).invoice_id == invoice.pk
        assert (state_of(attempt), state_of(invoice)) == ("paid", "paid" if settled else "cancelled")
        assert (cancelled.raised, heard.raised) == ("ForbiddenTransition" if settled else "", "")


def at_the_bank(town: Town, how_many: int) -> list[tuple[Invoice, Attempt]]:
    invoices = [make_invoice(town) for _n in range(how_many)]
    return [(invoice, pay(invoice)) for invoice in invoices]


def test_f28_cancelling_against_paying_has_one_winner_and_loses_no_money(town: Town) -> None:
    pairs = at_the_bank(town, 6)

    assert_one_of_the_two_orders(pairs, cancel_against_pay(pairs))


def test_neg_f28_without_the_locks_money_settles_what_is_cancelled(town: Town) -> None:
    pairs = at_the_bank(town, 3)

    told = cancel_against_pay(pairs, mutant="no_locks")

    with pytest.raises((AssertionError, Receipt.DoesNotExist)):
        assert_one_of_the_two_orders(pairs, told)


def two_schedulers(mutant: str = "") -> list[Told]:
    return all_at_once(*[act("remind_all", at=LATE.isoformat())] * 2, mutant=mutant)


def assert_each_reminded_once(told: list[Told], invoices: list[Invoice]) -> None:
    reminded = [invoice_id for item in gave(told) for invoice_id in item]
    assert sorted(reminded) == sorted(invoice.pk for invoice in invoices)
    assert sorted(Reminder.objects.values_list("invoice_id", "step")) == sorted((invoice.pk, 1) for invoice in invoices)
    assert Message.objects.filter(kind="reminder_1").count() == len(invoices)
    assert Record.objects.filter(verb="reminder.send").count() == len(invoices)
    assert run_tasks().count("reminders.deliver") == len(invoices)


def test_f49_two_schedulers_at_once_remind_each_once(town: Town) -> None:
    invoices = [make_invoice(town) for _n in range(4)]

    assert_each_reminded_once(two_schedulers(), invoices)


def test_neg_f49_without_the_lock_both_decide_the_same_reminder(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox and the reminders' own constraint are the other lines: one process breaks on the last of them."""
    make_invoice(town)

    told = two_schedulers(mutant="nothing_keeps_a_reminder_unique")

    with pytest.raises(AssertionError):
        gave(told)


def eight_issue(town: Town, *, how_many: int, mutant: str = "") -> list[Told]:
    """Let eight issue at once, some rolled back by chance, and a ninth be killed in the middle of one."""
    made = [make_dossier(town) for _n in range(ISSUERS + 1)]
    acts = [
        act("issue_many", dossier_id=dossier.pk, type_id=town.type.pk, how_many=how_many, seed=seed)
        for seed, dossier in enumerate(made[:-1])
    ]
    killed = act(
        "issue_many", dossier_id=made[-1].pk, type_id=town.type.pk, how_many=how_many, seed=99, dies_after=how_many // 2
    )
    return all_at_once(*acts, killed, mutant=mutant)


def assert_numbers_have_no_gap(town: Town, told: list[Told]) -> int:
    *issuers, killed = told
    kept = sum(gave(issuers))
    assert killed.signal == signal.SIGKILL
    sequences = list(Invoice.objects.order_by("id").values_list("sequence", flat=True))
    assert sorted(sequences, key=int) == list(range(1, len(sequences) + 1))
    assert len(sequences) >= kept
    by_number = list(Invoice.objects.order_by("sequence").values_list("pk", flat=True))
    entries = Entry.objects.filter(cause_kind="invoice").order_by("number").values_list("cause_key", flat=True)
    assert [int(key) for key in entries] == by_number, "the order of numbers is the order of issue"
    return kept


def test_f59_eight_who_issue_with_rollbacks_and_a_kill_leave_no_gap(town: Town) -> None:
    kept = assert_numbers_have_no_gap(town, eight_issue(town, how_many=ISSUES))

    assert 0 < kept < ISSUERS * ISSUES, "some were rolled back, some were not"


def test_neg_f59_without_the_lock_of_the_series_numbers_collide(town: Town) -> None:
    told = eight_issue(town, how_many=5, mutant="numbers_are_read_then_written")

    with pytest.raises(AssertionError):
        assert_numbers_have_no_gap(town, told)


def two_attempts_paid(town: Town, simulator: RunningSimulator) -> tuple[Invoice, Attempt, Attempt]:
    """The first attempt was released, a second one was made, and both were paid."""
    invoice, old = paid_at_the_bank(town, simulator)
    Attempt.objects.update(released_at=later(1))
    new = pay(invoice, 2)
    simulator.pay(new.gateway_reference or "", "P", notify=False)
    return invoice, old, new


def assert_settled_once(invoice: Invoice, told: list[Told]) -> None:
    assert gave(told) == ["paid"] * len(told)
    assert Receipt.objects.filter(invoice=invoice).count() == Receipt.objects.filter(invoice=None).count() == 1
    assert state_of(invoice) == "paid"
    run_tasks()
    assert sorted(mails()) == ["payment_receipt", "payment_surplus"], "who paid twice is told that it is not lost"


def test_f25_two_attempts_paid_at_once_settle_the_invoice_once_and_keep_the_other_money(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    invoice, *attempts = two_attempts_paid(payfip_town, simulator)

    told = all_at_once(*[act("resolve", attempt_id=attempt.pk) for attempt in attempts] * 4)

    assert_settled_once(invoice, told)


def test_neg_f25_without_the_locks_both_payments_settle_the_invoice(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    invoice, *attempts = two_attempts_paid(payfip_town, simulator)

    told = all_at_once(*[act("resolve", attempt_id=attempt.pk) for attempt in attempts], mutant="no_locks")

    with pytest.raises(AssertionError):
        assert_settled_once(invoice, told)
