"""Opening a drawer with a count, and closing it with another."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from obole.audit_log import operations as audit_log
from obole.cash_desk import queries, rules, states
from obole.cash_desk.models import CashSession, Drawer
from obole.directory.rules import NotAllowed
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.regies import ledger
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie

CLOSED = (
    "state",
    "closed_at",
    "closed_by",
    "closing",
    "closing_cents",
    "expected_cents",
    "explanation",
    "booked_cents",
    "entry",
)
"""What closing changes; what was opened never does."""


class OpeningObstacle(StrEnum):
    """Why a drawer is not opened."""

    DISABLED = "disabled"
    OPEN = "open"
    HAS_ANOTHER = "has_another"


class CannotOpen(Exception):
    """The drawer stays as it is."""

    def __init__(self, why: OpeningObstacle) -> None:
        super().__init__(why)
        self.why = why


class CountUnexplained(ValueError):
    """What is counted is not what is expected, and nothing says why."""

    def __init__(self, *, counted: int, expected: int) -> None:
        super().__init__(f"{counted} counted, {expected} expected")
        self.counted = counted
        self.expected = expected


class ExpectedChanged(Exception):
    """Cash moved since who closes was shown what must be there; ``expected`` is what must be there now."""

    def __init__(self, expected: int) -> None:
        super().__init__(expected)
        self.expected = expected


@atomic_with_retry
def open_session(
    *, drawer_id: int, count: Mapping[int, int], reason: str = "", actor: Actor, at: datetime
) -> CashSession:
    """
    Open a drawer with what is in it, which is its fonds de caisse.

    :param reason: why it is not what the last session left.
    :raises CannotOpen: if it is disabled or open already, or if the agent has another one open in the régie.
    :raises CountUnexplained: if it is not what the last session left, and nothing says why.
    :raises obole.cash_desk.rules.BadCount: if there is no such coin.
    """
    drawer = Drawer.objects.select_for_update(no_key=True).get(pk=drawer_id)
    require_mandate(regie_id=drawer.regie_id, actor=actor, at=at)
    agent_id = actor.pk_of("agent")
    if agent_id is None:
        raise NotAllowed(f"{actor.id} has no hands")
    # Two drawers opened at once by one agent wait here for each other.
    Regie.objects.locked().get(pk=drawer.regie_id)
    _refuse_to_open(drawer, agent_id)
    counted = rules.as_count(count)
    last, cents = queries.last_session(drawer), rules.total(counted)
    if last is not None and last.fund_cents != cents and not reason.strip():
        raise CountUnexplained(counted=cents, expected=last.fund_cents)
    session = CashSession.objects.create(
        drawer=drawer,
        regie_id=drawer.regie_id,
        agent_id=agent_id,
        opened_at=at,
        opening=counted,
        opening_cents=cents,
        opening_reason=reason.strip()[:300],
    )
    audit_log.log_event(
        "cash_session.open", subject=session, actor=actor, at=at, drawer=drawer.name, cents=cents, reason=reason[:200]
    )
    return session


@atomic_with_retry
def close_session(
    *, session_id: int, count: Mapping[int, int], expected_cents: int, explanation: str = "", actor: Actor, at: datetime
) -> CashSession:
    """
    Close a drawer with what is counted in it, and book the difference.

    Who opened it closes it, or anybody with a mandate where they cannot.

    :param expected_cents: what who closes was shown that must be there.
    :raises obole.lib.states.ForbiddenTransition: if it is closed already.
    :raises ExpectedChanged: if cash moved since.
    :raises CountUnexplained: if there is a difference, and nothing says why.
    """
    session = CashSession.objects.locked().select_related("drawer").get(pk=session_id)
    require_mandate(regie_id=session.regie_id, actor=actor, at=at)
    step = states.CLOSE.apply(session)
    takings = queries.moved_cents(session)
    expected, counted = session.opening_cents + takings, rules.as_count(count)
    if expected != expected_cents:
        raise ExpectedChanged(expected)
    cents = rules.total(counted)
    if cents != expected and not explanation.strip():
        raise CountUnexplained(counted=cents, expected=expected)
    session.closed_at, session.closed_by = at, actor
    session.closing, session.closing_cents, session.expected_cents = counted, cents, expected
    session.explanation = explanation.strip()[:300]
    session.booked_cents = rules.booked_cents(difference=cents - expected, takings=takings)
    if session.booked_cents:
        session.entry = _book(session, at=at)
    session.save(update_fields=CLOSED)
    audit_log.log_transition(
        step, subject=session, actor=actor, at=at, cents=cents, expected=expected, explanation=session.explanation[:200]
    )
    return session


def _refuse_to_open(drawer: Drawer, agent_id: int) -> None:
    if not drawer.enabled:
        raise CannotOpen(OpeningObstacle.DISABLED)
    opened = CashSession.objects.open()
    if opened.filter(drawer=drawer).exists():
        raise CannotOpen(OpeningObstacle.OPEN)
    if opened.filter(regie=drawer.regie_id, agent=agent_id).exists():
        raise CannotOpen(OpeningObstacle.HAS_ANOTHER)


def _book(session: CashSession, *, at: datetime) -> Entry:
    lacks = session.booked_cents < 0
    debit, credit = (Account.CASH_DIFFERENCES, Account.CASH) if lacks else (Account.CASH, Account.CASH_DIFFERENCES)
    return ledger.post(
        regie_id=session.regie_id,
        cause=ledger.Cause(kind="cash_session", key=str(session.pk)),
        postings=ledger.transfer_postings(debit=debit, credit=credit, cents=abs(session.booked_cents)),
        label=f"{session.drawer.name} {dates.format_short(dates.day_of(at))} {session.explanation}",
        at=at,
    )
