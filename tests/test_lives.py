"""
Every move of every life, from every state, against tables written here a second time, by hand, from the trade's rules:
a move added to the code, taken out of it or sent elsewhere disagrees with them.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from obole.bank_statements import states as bank_lines
from obole.billing import instalment_states as parts, security_deposit_states as cautions, states as invoices
from obole.books import states as handovers
from obole.campaigns import states as campaigns
from obole.cash_desk import deposit_states as deposits, states as sessions
from obole.cli.management.commands.states import LIVES as DRAWN
from obole.consumption import states as attendance
from obole.dossiers import states as dossiers
from obole.lib.states import ForbiddenTransition, Transition
from obole.mailing import states as mails
from obole.payments import refund_states as refunds, states as attempts
from obole.recovery import agreement_states as agreements, line_states as handed, states as transmissions
from obole.remittances import states as remittances


@dataclass(frozen=True)
class Life:
    """The states of something, and from which of them each move leads where."""

    code: Any
    states: str
    moves: dict[str, tuple[str, str]]


DOSSIER = Life(
    dossiers,
    "draft submitted in_review incomplete accepted rejected withdrawn closed",
    {
        "dossier.submit": ("draft", "submitted"),
        "dossier.file": ("draft", "submitted"),
        "dossier.take": ("submitted", "in_review"),
        "dossier.release": ("in_review", "submitted"),
        "dossier.ask_complement": ("in_review", "incomplete"),
        "dossier.complete": ("incomplete", "in_review"),
        "dossier.complete_for": ("incomplete", "in_review"),
        "dossier.accept": ("in_review", "accepted"),
        "dossier.reject": ("in_review", "rejected"),
        "dossier.withdraw": ("draft submitted in_review incomplete", "withdrawn"),
        "dossier.close": ("accepted", "closed"),
        "dossier.reopen": ("closed", "accepted"),
        "dossier.reconsider": ("rejected", "in_review"),
    },
)
ATTENDANCE = Life(
    attendance,
    "received checking checked writing done stopped",
    {
        "attendance_file.check": ("received checked", "checking"),
        "attendance_file.show": ("checking", "checked"),
        "attendance_file.confirm": ("checked", "writing"),
        "attendance_file.finish": ("writing", "done"),
        "attendance_file.stop": ("received checking checked writing", "stopped"),
    },
)
INVOICE = Life(
    invoices,
    "draft due paid cancelled transferred",
    {
        "invoice.issue": ("draft", "due"),
        "invoice.settle": ("due", "paid"),
        "invoice.cancel": ("due", "cancelled"),
        "invoice.transfer": ("due", "transferred"),
        "invoice.unsettle": ("paid", "due"),
        "invoice.return": ("transferred", "due"),
    },
)
CAMPAIGN = Life(
    campaigns,
    "computing ready depositing deposited given_up",
    {
        "campaign.computed": ("computing", "ready"),
        "campaign.compute": ("ready deposited", "computing"),
        "campaign.deposit": ("ready", "depositing"),
        "campaign.deposited": ("depositing", "deposited"),
        "campaign.give_up": ("computing ready", "given_up"),
        "campaign.close": ("computing ready", "deposited"),
    },
)
PART = Life(
    parts, "planned billed abandoned", {"part.bill": ("planned", "billed"), "part.abandon": ("planned", "abandoned")}
)
CAUTION = Life(
    cautions,
    "asked received returned kept dropped",
    {
        "caution.receive": ("asked", "received"),
        "caution.give_back": ("received", "returned"),
        "caution.keep": ("received", "kept"),
        "caution.drop": ("asked", "dropped"),
    },
)
ATTEMPT = Life(
    attempts,
    "opening waiting paid refused abandoned expired failed reversed tested",
    {
        "attempt.start": ("opening", "waiting"),
        "attempt.fail": ("opening", "failed"),
        "attempt.pay": ("waiting refused abandoned expired", "paid"),
        "attempt.refuse": ("waiting abandoned", "refused"),
        "attempt.abandon": ("waiting refused", "abandoned"),
        "attempt.expire": ("waiting", "expired"),
        "attempt.test": ("waiting refused abandoned expired", "tested"),
        "attempt.reverse": ("paid", "reversed"),
    },
)
REFUND = Life(
    refunds,
    "requested approved done given_up",
    {
        "refund.approve": ("requested", "approved"),
        "refund.complete": ("approved", "done"),
        "refund.give_up": ("requested approved", "given_up"),
    },
)
REMITTANCE = Life(
    remittances,
    "signed transferred",
    {"remittance.transfer": ("signed", "transferred"), "remittance.undo_transfer": ("transferred", "signed")},
)
TRANSMISSION = Life(
    transmissions,
    "requested sending sent given_up",
    {
        "transmission.send": ("requested", "sending"),
        "transmission.finish": ("sending", "sent"),
        "transmission.give_up": ("requested", "given_up"),
    },
)
HANDED = Life(
    handed,
    "waiting sent refused returned",
    {"line.send": ("waiting", "sent"), "line.refuse": ("waiting", "refused"), "line.return": ("sent", "returned")},
)
SESSION = Life(sessions, "open closed", {"cash_session.close": ("open", "closed")})
DEPOSIT = Life(
    deposits,
    "prepared credited cancelled",
    {
        "deposit.credit": ("prepared", "credited"),
        "deposit.cancel": ("prepared", "cancelled"),
        "deposit.undo_credit": ("credited", "prepared"),
    },
)
HANDOVER = Life(
    handovers,
    "signed done cancelled",
    {"handover.countersign": ("signed", "done"), "handover.cancel": ("signed", "cancelled")},
)
MAIL = Life(
    mails,
    "queued sending sent kept failed doubtful dropped bounced",
    {
        "message.claim": ("queued", "sending"),
        "message.send": ("sending", "sent"),
        "message.keep": ("queued", "kept"),
        "message.postpone": ("sending", "queued"),
        "message.fail": ("sending", "failed"),
        "message.refuse": ("queued", "failed"),
        "message.drop": ("queued", "dropped"),
        "message.doubt": ("sending", "doubtful"),
        "message.bounce": ("sent doubtful", "bounced"),
    },
)
BANK_LINE = Life(
    bank_lines,
    "open matched ignored withdrawn",
    {
        "bank_line.match": ("open", "matched"),
        "bank_line.undo": ("matched", "open"),
        "bank_line.ignore": ("open", "ignored"),
        "bank_line.reopen": ("ignored", "open"),
        "bank_line.withdraw": ("open ignored", "withdrawn"),
    },
)
AGREEMENT = Life(
    agreements,
    "open kept broken ended",
    {"agreement.keep": ("open", "kept"), "agreement.break": ("open", "broken"), "agreement.end": ("open", "ended")},
)
LIVES = (
    DOSSIER,
    ATTENDANCE,
    INVOICE,
    CAMPAIGN,
    PART,
    CAUTION,
    ATTEMPT,
    REFUND,
    SESSION,
    DEPOSIT,
    BANK_LINE,
    TRANSMISSION,
    AGREEMENT,
    HANDED,
    REMITTANCE,
    HANDOVER,
    MAIL,
)
# The states and the verbs of this page, never those of the code.
CASES = [(life, verb, state) for life in LIVES for verb, state in product(life.moves, life.states.split())]


@dataclass
class Thing:
    """Something with a life."""

    state: str


def test_these_are_all_the_lives() -> None:
    assert [life.code.S for life in LIVES] == [states for _name, states, _moves in DRAWN]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.code.__name__)
def test_a_life_has_these_states_and_these_moves(life: Life) -> None:
    assert life.code.S.values == life.states.split(), (
        "mend the table of the code, or the one of this test: which is right?"
    )
    assert [move.verb for move in life.code.MOVES] == list(life.moves)


@pytest.mark.parametrize(("life", "verb", "state"), CASES, ids=[f"{verb} from {state}" for _life, verb, state in CASES])
def test_each_move_from_each_state(life: Life, verb: str, state: str) -> None:
    move: Transition = {move.verb: move for move in life.code.MOVES}[verb]
    sources, target = life.moves[verb]
    thing = Thing(state)
    assert move.allows(thing) is (state in sources.split())
    if state in sources.split():
        step = move.apply(thing)
        assert (step.verb, step.source, step.target, thing.state) == (verb, state, target, target)
        return
    with pytest.raises(ForbiddenTransition) as refusal:
        move.apply(thing)
    assert (refusal.value.verb, refusal.value.state, thing.state) == (verb, state, state)


@pytest.mark.parametrize("state", ["reversed", "tested", "failed"])
def test_an_attempt_that_ended_for_good_has_no_way_out(state: str) -> None:
    assert not [move for move in attempts.MOVES if state in move.sources]
