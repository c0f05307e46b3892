"""
Anything in any order: the real operations and doors beside a small model that only counts, compared after each step.

The seeds of what was once wrong are kept by hypothesis; ``OBOLE_EXAMPLES`` asks for more than the suite's few.
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from obole.billing import operations as billing
from obole.books.verification import BooksDiffer
from obole.lib import texts
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies.ledger import Unbalanced
from tests.faults import mutants, stories
from tests.faults.machine import SCENE
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


def play_out(story: Story) -> None:
    """Do a few of the machine's acts, with all that it compares after each example."""
    one = Machine()
    one.begin(meals=16, n=0)
    story(one)
    one.is_what_the_model_says()
    one.teardown()


MUTANTS: list[tuple[Mutant, Story]] = [
    (mutants.settles_without_limit, stories.unknown_money_meets_a_cancelled_invoice),
    (mutants.forgets_to_unsettle, stories.a_receipt_is_taken_back),
    (mutants.forgets_what_was_counted, stories.a_receipt_is_taken_back),
    (mutants.books_in_a_closed_period, stories.an_invoice_comes_after_the_arrete),
    (mutants.asks_a_bank_that_is_down, stories.a_bank_is_down),
    (mutants.never_opens_the_circuit, stories.a_bank_is_down),
    (mutants.sweeps_nothing, stories.the_clock_alone_asks),
    (mutants.reminds_whoever, stories.who_paid_is_late),
    (mutants.claims_what_was_handed_over, stories.money_comes_back_from_the_comptable),
    (mutants.corrects_what_was_issued, stories.an_issued_invoice_is_corrected),
    (mutants.bills_again_what_stands, stories.unknown_money_does_an_invoice_again),
    (mutants.leaves_while_somebody_is_at_the_bank, stories.two_leave_for_the_bank),
    (nothing_is_final, stories.a_paid_one_is_rung_for),
    (nothing_differs, stories.more_comes_than_was_asked),
    (only_waiting_is_paid, stories.refused_then_paid),
    (mutants.forgets_what_was_paid_over, stories.paid_over_then_taken_back),
    (mutants.signs_without_looking_at_the_account, stories.cash_alone_cannot_be_paid_over),
    (mutants.pays_over_what_the_bank_has_not_credited, stories.a_cheque_waits_for_the_bank),
    (mutants.takes_from_an_empty_account, stories.all_is_paid_over_then_rejected),
    (mutants.hands_over_what_is_contested, stories.a_contested_one_is_handed_over),
    (mutants.hands_over_the_whole_of_what_was_partly_paid, stories.a_partly_paid_one_is_handed_over),
    (mutants.comes_back_to_nowhere, stories.it_comes_back),
    (mutants.one_person_is_enough, stories.who_asked_sends),
    (mutants.pays_the_comptable_through_recettes_versees, stories.late_money_goes_to_the_comptable),
    (mutants.keeps_what_lacks_out_of_the_books, stories.coins_lack),
    (mutants.books_a_difference_upside_down, stories.coins_lack),
    (mutants.books_what_lacks_beyond_the_takings, stories.more_lacks_than_was_taken),
    (mutants.moves_nothing_in_the_drawer, stories.coins_lack),
    (mutants.credits_cash_twice, stories.cash_goes_to_the_bank),
    (mutants.takes_from_an_empty_safe, stories.what_the_bank_has_is_given_back),
    (mutants.credits_no_cheque, stories.cheques_go_to_the_bank),
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
