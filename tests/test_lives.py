"""Every move of every life, from every state: allowed where the table says so, refused with a named error elsewhere."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from obole.billing import states as invoices
from obole.dossiers import states as dossiers
from obole.lib.states import ForbiddenMove, Move
from obole.mailing import states as mails
from obole.payments import refund_states as refunds
from obole.payments import states as attempts

LIVES: list[Any] = [invoices, dossiers, mails, attempts, refunds]
CASES = [(move, state) for life in LIVES for move, state in product(life.MOVES, life.S.values)]


@dataclass
class Thing:
    """Something with a life."""

    state: str


@pytest.mark.parametrize(("move", "state"), CASES, ids=[f"{move.verb} from {state}" for move, state in CASES])
def test_each_move_from_each_state(move: Move, state: str) -> None:
    thing = Thing(state)
    assert move.allows(thing) is (state in move.sources)
    if state in move.sources:
        step = move.apply(thing)
        assert (step.verb, step.source, step.target, thing.state) == (move.verb, state, move.target, move.target)
        return
    with pytest.raises(ForbiddenMove) as refusal:
        move.apply(thing)
    assert (refusal.value.verb, refusal.value.state, thing.state) == (move.verb, state, state)


@pytest.mark.parametrize("state", ["reversed", "tested", "failed"])
def test_an_attempt_that_ended_for_good_has_no_way_out(state: str) -> None:
    assert not [move for move in attempts.MOVES if state in move.sources]


def test_late_truth_leads_to_paid_from_everything_that_the_bank_knows() -> None:
    assert attempts.PAY.sources == {"waiting", "refused", "abandoned", "expired"}
