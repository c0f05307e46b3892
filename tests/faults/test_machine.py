"""
Anything in any order: the real operations and doors beside a small model that only counts, compared after each step.

The seeds of what was once wrong are kept by hypothesis; ``OBOLE_EXAMPLES`` asks for more than the suite's few.
"""

import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.operations import drafts
from obole.payments import operations as payments
from obole.payments.operations import booking, circuit, opening, reversing, suspense
from obole.payments.verification import BooksDiffer
from obole.regies import ledger
from obole.regies.ledger import Unbalanced
from obole.regies.models import Closing
from obole.reminders import operations as reminders
from tests.faults.machine import SCENE
from tests.faults.machine_of_money import Machine
from tests.faults.steps import RED, nothing_differs, nothing_is_final, only_waiting_is_paid

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("OBOLE_EXAMPLES", "10"))
PHASES = tuple(Phase) if "OBOLE_SHRINK" in os.environ else (Phase.explicit, Phase.generate)
"""To look for the shortest way to what is wrong takes minutes: only who mends it wants that."""


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> None:
    monkeypatch.setattr("obole.lib.days.now", lambda: SCENE.now)
    monkeypatch.setattr("obole.gateways.registry.build", lambda _kind, _settings, *, timeout: SCENE.bank)
    SCENE.build()


def play(examples: int, *, steps: int = 40, phases: tuple[Phase, ...] = PHASES) -> None:
    few = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True, database=None, phases=phases,
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Machine, settings=few)


def test_anything_in_any_order_keeps_every_euro_once() -> None:
    play(EXAMPLES)


def _settles_without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense, "_guard", lambda *_args, **_values: None)


def _forgets_to_unsettle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "unsettle_invoice", lambda **_values: None)


def _forgets_what_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reversing.queries, "allocated", lambda _receipt: {})


def _books_in_a_closed_period(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "Closing", SimpleNamespace(objects=Closing.objects.none()))


def _asks_a_bank_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit, "may_ask", lambda **_values: True)


def _never_opens_the_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit, "missed", lambda **_values: None)


def _sweeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payments, "sweep", lambda **_values: None)


def _reminds_whoever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "is_still_due", lambda _invoice: True)


def _claims_what_was_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "InvoiceState", SimpleNamespace(TRANSFERRED=""))


def _corrects_what_was_issued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_lock_draft", lambda pk: Invoice.objects.locked().get(pk=pk))


def _bills_again_what_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense.queries, "invoices_paid_by", lambda _receipt: Everything())


def _leaves_while_somebody_is_at_the_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_guard", lambda *_args, **_values: None)


class Everything:
    def __contains__(self, _one: object) -> bool:
        return True


MUTANTS = [
    _settles_without_limit, _forgets_to_unsettle, _forgets_what_was_counted, _books_in_a_closed_period, _asks_a_bank_that_is_down,
    _never_opens_the_circuit, _sweeps_nothing, _reminds_whoever, _claims_what_was_handed_over, _corrects_what_was_issued,
    _bills_again_what_stands, _leaves_while_somebody_is_at_the_bank, nothing_is_final, nothing_differs, only_waiting_is_paid,
]  # fmt: skip
SEEN = (*RED, ValueError, BooksDiffer, Unbalanced, billing.NotBillable, payments.NotApplicable)
"""The model, the room's own checks, the database or the books: whichever sees it first."""


@pytest.mark.parametrize("mutant", MUTANTS)
def test_neg_the_machine_finds_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    mutant(monkeypatch)
    with pytest.raises(SEEN):
        play(25, phases=(Phase.generate,))
