"""
Anything in any order: the real operations and doors beside a small model that only counts, compared after each step.

The seeds of what was once wrong are kept by hypothesis; ``OBOLE_EXAMPLES`` asks for more than the suite's few.
"""

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import CharField, Value
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.operations import pricing, transfers
from obole.books.verification import BooksDiffer
from obole.cash_desk.operations import counter, deposits, sessions
from obole.lib import texts
from obole.lib.actors import Actor
from obole.payments import operations as payments
from obole.payments.models import Receipt, Refund, Reversal
from obole.payments.operations import booking, circuit_breaker, refunds, reversals, starting, suspense
from obole.recovery.operations import lines as recovery_lines, returns
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.ledger import Unbalanced
from obole.regies.models import Entry
from obole.reminders import operations as reminders
from obole.remittances import operations as remittances, queries as remittance_queries
from tests.faults.machine import OTHER, REGISSEUR, SCENE
from tests.faults.machine_of_money import Machine
from tests.faults.steps import RED, nothing_differs, nothing_is_final, only_waiting_is_paid
from tests.world import NOON, WHO

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("OBOLE_EXAMPLES", "10"))
Mutant, Story = Callable[[pytest.MonkeyPatch], None], Callable[[Machine], None]
PHASES = tuple(Phase) if "OBOLE_SHRINK" in os.environ else (Phase.explicit, Phase.generate)
"""To look for the shortest way to what is wrong takes minutes: only who mends it wants that."""


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> None:
    monkeypatch.setattr("obole.lib.dates.now", lambda: SCENE.now)
    monkeypatch.setattr("obole.gateways.registry.build", lambda _kind, _settings, *, timeout: SCENE.bank)
    SCENE.build()


def play(examples: int, *, steps: int = 40) -> None:
    # Enough on each account that an example never depends on what the ones before it left there.
    for town in SCENE.towns[:2]:
        reserve = payments.Money(cents=10**9, means=Receipt.Means.TRANSFER)
        payments.take_unmatched(regie_id=town.regie.pk, money=reserve, request_key=texts.token(), actor=WHO, at=NOON)
    few = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=PHASES,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=few)


def test_anything_in_any_order_keeps_every_euro_once() -> None:
    play(EXAMPLES)


def _settles_without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense, "_guard", lambda *_args, **_values: None)


def _forgets_to_unsettle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "unsettle_invoice", lambda **_values: None)


def _forgets_what_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reversals.queries, "cents_by_invoice", lambda _receipt: {})


def _books_in_a_closed_period(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_require_new_and_open", lambda *_args, **_values: None)


def _asks_a_bank_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "may_ask", lambda **_values: True)


def _never_opens_the_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "record_failure", lambda **_values: None)


def _sweeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payments, "sweep", lambda **_values: None)


def _reminds_whoever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "is_still_due", lambda _invoice: True)


def _claims_what_was_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "InvoiceState", SimpleNamespace(TRANSFERRED=""))


def _corrects_what_was_issued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricing, "lock_draft", lambda pk, **_who: Invoice.objects.locked().get(pk=pk))


def _bills_again_what_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense.queries, "invoices_paid_by", lambda _receipt: Everything())


def _leaves_while_somebody_is_at_the_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "_guard", lambda *_args, **_values: None)


class Everything:
    def __contains__(self, _one: object) -> bool:
        return True


def _a_receipt_is_taken_back(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cash", crash=0)
    machine.take_back(n=0, kind=Reversal.Kind.MISTAKE, crash=0)


def _unknown_money_meets_a_cancelled_invoice(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=0, cents=5000, crash=0)
    machine.cancel(n=0, crash=0)
    machine.apply(m=0, n=0, crash=0)


def _an_invoice_comes_after_the_arrete(machine: Machine) -> None:
    machine.close_period(n=0, back=1)
    machine.tick(minutes=-3000)
    machine.issue(n=0, meals=5, crash=0)


def _a_bank_is_down(machine: Machine) -> None:
    machine.start(n=0, crash=0)
    machine.bank_goes_or_comes(up=False)
    for _visit in range(6):
        machine.payer_comes_back(n=0)
        machine.is_what_the_model_says()


def _the_clock_alone_asks(machine: Machine) -> None:
    machine.start(n=0, crash=0)
    machine.payer_acts_at_the_bank(n=0, word="card", surplus=0)
    machine.tick(minutes=6)
    machine.sweep(crash=0)


def _who_paid_is_late(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=1, means="cheque", crash=0)
    machine.tick(minutes=43200)
    machine.remind(n=0)


def _money_comes_back_from_the_comptable(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cash", crash=0)
    machine.hand_over_to_the_comptable(n=0, crash=0)
    machine.take_back(n=0, kind=Reversal.Kind.MISTAKE, crash=0)


def _an_issued_invoice_is_corrected(machine: Machine) -> None:
    machine.correct_a_draft(n=0, meals=3, crash=0)


def _unknown_money_does_an_invoice_again(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=0, cents=5000, crash=0)
    machine.cancel(n=0, crash=0)
    machine.bill_again_what_was_paid(m=0, n=0, own=False, crash=0)


def _two_leave_for_the_bank(machine: Machine) -> None:
    machine.start(n=0, crash=0)
    machine.start(n=0, crash=0)


def _a_paid_one_is_rung_for(machine: Machine) -> None:
    machine.pay_online(n=0, word="card", door="return", crash=0)
    machine.tick(minutes=1)
    machine.bank_rings(n=0, copies=2, crash=0)


def _more_comes_than_was_asked(machine: Machine) -> None:
    machine.start(n=0, crash=0)
    machine.payer_acts_at_the_bank(n=0, word="card", surplus=150)
    machine.tick(minutes=6)
    machine.sweep(crash=0)


def _refused_then_paid(machine: Machine) -> None:
    machine.pay_online(n=0, word="refused", door="sweep", crash=0)
    machine.payer_acts_at_the_bank(n=0, word="card", surplus=0)
    machine.tick(minutes=6)
    machine.sweep(crash=0)


def play_out(story: Story) -> None:
    """Do a few of the machine's acts, with all that it compares after each example."""
    one = Machine()
    one.begin(meals=16, n=0)
    story(one)
    one.is_what_the_model_says()
    one.teardown()


def _forgets_what_was_paid_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking.queries, "remitted_by_invoice", lambda _receipt: {})


def _signs_without_looking_at_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remittances, "reason_not_to_sign", lambda *_args, **_values: "")


def _pays_over_what_the_bank_has_not_credited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remittance_queries, "ready", lambda entries, **_values: entries)


def _takes_from_an_empty_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "require_funds", lambda **_values: None)


def _paid_over_then_taken_back(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=0, cents=9000, crash=0)
    machine.take_at_the_counter(n=0, share=1, means="transfer", crash=0)
    machine.sign_remittance(n=0, crash=0)
    machine.transfer_leaves(n=0, crash=0)
    machine.take_back(n=1, kind=Reversal.Kind.MISTAKE, crash=0)
    machine.is_what_the_model_says()
    machine.comptable_gives_back(n=0, crash=0)
    machine.sign_remittance(n=0, crash=0)


def _cash_alone_cannot_be_paid_over(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cash", crash=0)
    machine.sign_remittance(n=0, crash=0)


def _a_cheque_waits_for_the_bank(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=0, cents=9000, crash=0)
    machine.take_at_the_counter(n=0, share=1, means="cheque", crash=0)
    machine.take_at_the_counter(n=1, share=1, means="transfer", crash=0)
    machine.sign_remittance(n=0, crash=0)
    machine.clear(n=1, crash=0)
    machine.sign_remittance(n=0, crash=0)


def _all_is_paid_over_then_rejected(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=1, means="transfer", crash=0)
    machine.sign_remittance(n=0, crash=0)
    machine.transfer_leaves(n=0, crash=0)
    machine.take_back(n=0, kind=Reversal.Kind.MISTAKE, crash=0)


def _hands_over_what_is_contested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_lines.queries, "with_obstacle", _without_obstacle)


def _without_obstacle(invoices: Any, _today: object) -> Any:
    return invoices.annotate(obstacle=Value("", output_field=CharField()))


def _hands_over_the_whole_of_what_was_partly_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "_post", _post_the_total(transfers._post))


def _post_the_total(post: Callable[..., Any]) -> Callable[..., Any]:
    return lambda invoice, kind, **how: post(invoice, kind, **{**how, "cents": invoice.total_cents})


def _comes_back_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns.billing, "return_invoice", lambda **_values: Entry.objects.latest("pk"))


def _one_person_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Actor, "is_same_as", lambda _self, _other: False)


def _pays_the_comptable_through_recettes_versees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "_leaves_from", _as_a_refund_by_mandat)


def _as_a_refund_by_mandat(refund: Refund) -> Any:
    return Refund.Payer.REGIE, 0, [ledger.Posting(account=Account.REMITTED, credit=refund.cents)]


def _keeps_what_lacks_out_of_the_books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions.rules, "booked_cents", lambda **_values: 0)


def _books_what_lacks_beyond_the_takings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions.rules, "booked_cents", lambda *, difference, takings: difference)


def _books_a_difference_upside_down(monkeypatch: pytest.MonkeyPatch) -> None:
    upside_down = SimpleNamespace(CASH=Account.CASH_DIFFERENCES, CASH_DIFFERENCES=Account.CASH)
    monkeypatch.setattr(sessions, "Account", upside_down)


def _credits_cash_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deposits, "_book", _book_the_double(deposits._book))


def _book_the_double(book: Callable[..., Any]) -> Callable[..., Any]:
    def double(deposit: Any, **who: Any) -> Any:
        deposit.cents *= 2
        return book(deposit, **who)

    return double


def _takes_from_an_empty_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (counter, deposits):
        monkeypatch.setattr(room, "require_cash", lambda *_args, **_values: None)


def _moves_nothing_in_the_drawer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "keep_movement", lambda *_args, **_values: None)


def _in_a_week(machine: Machine) -> None:
    """Have the second invoice be one of the régie that hands over within days."""
    machine.issue(n=1, meals=10, crash=0)
    machine.tick(minutes=11000)


def _a_contested_one_is_handed_over(machine: Machine) -> None:
    _in_a_week(machine)
    machine.request_transmission(n=2, many=False, by=OTHER, crash=0)
    machine.payer_contests(n=2, crash=0)
    machine.send_transmission(n=0, by=REGISSEUR, crash=0)


def _a_partly_paid_one_is_handed_over(machine: Machine) -> None:
    _in_a_week(machine)
    machine.take_at_the_counter(n=2, share=2, means="transfer", crash=0)
    machine.request_transmission(n=2, many=True, by=OTHER, crash=0)
    machine.send_transmission(n=0, by=REGISSEUR, crash=0)


def _it_comes_back(machine: Machine) -> None:
    _a_partly_paid_one_is_handed_over(machine)
    machine.comptable_numbers(n=0, number=3)
    machine.invoice_comes_back(n=0, crash=0)
    machine.is_what_the_model_says()
    machine.take_at_the_counter(n=2, share=2, means="cheque", crash=0)


def _who_asked_sends(machine: Machine) -> None:
    _in_a_week(machine)
    machine.request_transmission(n=2, many=False, by=OTHER, crash=0)
    machine.send_transmission(n=0, by=OTHER, crash=0)


def _late_money_goes_to_the_comptable(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=1, cents=5000, crash=0)
    _in_a_week(machine)
    machine.start(n=2, crash=0)
    machine.payer_acts_at_the_bank(n=0, word="abandoned", surplus=0)
    machine.tick(minutes=25)
    machine.sweep(crash=0)
    machine.request_transmission(n=2, many=False, by=OTHER, crash=0)
    machine.send_transmission(n=0, by=REGISSEUR, crash=0)
    machine.payer_acts_at_the_bank(n=0, word="card", surplus=0)
    machine.tick(minutes=1)
    machine.payer_comes_back(n=0)
    machine.late_money_is_paid_over(n=1, crash=0)
    machine.approve_a_refund(n=0, by=REGISSEUR, crash=0)
    machine.end_a_refund(n=0, gives_up=False, crash=0)


def _a_drawer_with_its_takings(machine: Machine) -> None:
    machine.issue(n=1, meals=10, crash=0)
    machine.open_the_drawer(cents=100_00, crash=0)
    machine.take_at_the_counter(n=2, share=1, means="cash", crash=0)


def _coins_lack(machine: Machine) -> None:
    _a_drawer_with_its_takings(machine)
    machine.is_what_the_model_says()
    machine.count_the_drawer(difference=-30, crash=0)
    machine.is_what_the_model_says()
    machine.open_the_drawer(cents=100_00, crash=0)
    machine.settle_a_difference(n=0, crash=0)


def _more_lacks_than_was_taken(machine: Machine) -> None:
    _a_drawer_with_its_takings(machine)
    machine.count_the_drawer(difference=-5000, crash=0)


def _cash_goes_to_the_bank(machine: Machine) -> None:
    _a_drawer_with_its_takings(machine)
    machine.prepare_cash(n=1, cents=1000, own=True, crash=0)
    machine.prepare_cash(n=1, cents=1000, own=True, crash=0)
    machine.remise_does_not_go(n=1, crash=0)
    machine.bank_credits_a_remise(n=0, crash=0)


def _what_the_bank_has_is_given_back(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cash", crash=0)
    machine.prepare_cash(n=0, cents=2000, own=False, crash=0)
    machine.take_back(n=0, kind=Reversal.Kind.MISTAKE, crash=0)


def _cheques_go_to_the_bank(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cheque", crash=0)
    machine.take_at_the_counter(n=1, share=2, means="cheque", crash=0)
    machine.prepare_cheques(n=0, most=2, crash=0)
    machine.bank_credits_a_remise(n=0, crash=0)


def _credits_no_cheque(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deposits.payments, "clear_receipts", lambda **_values: Entry.objects.latest("pk"))


MUTANTS: list[tuple[Mutant, Story]] = [
    (_settles_without_limit, _unknown_money_meets_a_cancelled_invoice),
    (_forgets_to_unsettle, _a_receipt_is_taken_back),
    (_forgets_what_was_counted, _a_receipt_is_taken_back),
    (_books_in_a_closed_period, _an_invoice_comes_after_the_arrete),
    (_asks_a_bank_that_is_down, _a_bank_is_down),
    (_never_opens_the_circuit, _a_bank_is_down),
    (_sweeps_nothing, _the_clock_alone_asks),
    (_reminds_whoever, _who_paid_is_late),
    (_claims_what_was_handed_over, _money_comes_back_from_the_comptable),
    (_corrects_what_was_issued, _an_issued_invoice_is_corrected),
    (_bills_again_what_stands, _unknown_money_does_an_invoice_again),
    (_leaves_while_somebody_is_at_the_bank, _two_leave_for_the_bank),
    (nothing_is_final, _a_paid_one_is_rung_for),
    (nothing_differs, _more_comes_than_was_asked),
    (only_waiting_is_paid, _refused_then_paid),
    (_forgets_what_was_paid_over, _paid_over_then_taken_back),
    (_signs_without_looking_at_the_account, _cash_alone_cannot_be_paid_over),
    (_pays_over_what_the_bank_has_not_credited, _a_cheque_waits_for_the_bank),
    (_takes_from_an_empty_account, _all_is_paid_over_then_rejected),
    (_hands_over_what_is_contested, _a_contested_one_is_handed_over),
    (_hands_over_the_whole_of_what_was_partly_paid, _a_partly_paid_one_is_handed_over),
    (_comes_back_to_nowhere, _it_comes_back),
    (_one_person_is_enough, _who_asked_sends),
    (_pays_the_comptable_through_recettes_versees, _late_money_goes_to_the_comptable),
    (_keeps_what_lacks_out_of_the_books, _coins_lack),
    (_books_a_difference_upside_down, _coins_lack),
    (_books_what_lacks_beyond_the_takings, _more_lacks_than_was_taken),
    (_moves_nothing_in_the_drawer, _coins_lack),
    (_credits_cash_twice, _cash_goes_to_the_bank),
    (_takes_from_an_empty_safe, _what_the_bank_has_is_given_back),
    (_credits_no_cheque, _cheques_go_to_the_bank),
]
"""A guard taken away, and the shortest story in which that shows: what the machine compares must see it."""
SEEN = (*RED, ValueError, BooksDiffer, Unbalanced, billing.NotBillable, payments.NotApplicable)
"""The model, the room's own checks, the database or the books: whichever sees it first."""


@pytest.mark.parametrize("story", dict.fromkeys(story for _mutant, story in MUTANTS))
def test_each_story_is_what_the_model_says(story: Story) -> None:
    play_out(story)


@pytest.mark.parametrize(("mutant", "story"), MUTANTS)
def test_neg_the_machine_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch, mutant: Mutant, story: Story) -> None:
    mutant(monkeypatch)
    with pytest.raises(SEEN):
        play_out(story)
