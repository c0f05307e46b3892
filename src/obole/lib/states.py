"""
A life is a table: an enum of states and a list of moves. ``Transition.apply`` is the only place that assigns
``.state``.
"""

from dataclasses import dataclass
from typing import Protocol


class Stateful(Protocol):
    """A row with a life."""

    state: str


class ForbiddenTransition(Exception):
    """The table has no such move from the present state."""

    def __init__(self, verb: str, state: str) -> None:
        super().__init__(f"{verb} is not possible from {state}")
        self.verb = verb
        self.state = state


@dataclass(frozen=True)
class TransitionRecord:
    """A move that was made; only ``audit_log.log_transition`` wants it, so a forgotten record is an unused variable."""

    verb: str
    source: str
    target: str


@dataclass(frozen=True)
class Transition:
    """One edge, or several with the same end, of a life."""

    verb: str
    sources: frozenset[str]
    target: str

    def apply(self, thing: Stateful) -> TransitionRecord:
        """
        Move ``thing`` to the target in memory; the caller saves it.

        :raises ForbiddenTransition: if the table has no such move from the present state.
        """
        if thing.state not in self.sources:
            raise ForbiddenTransition(self.verb, thing.state)
        step = TransitionRecord(self.verb, str(thing.state), self.target)
        thing.state = self.target
        return step

    def allows(self, thing: Stateful) -> bool:
        """Tell whether the move is possible now; for screens, never instead of ``apply``."""
        return thing.state in self.sources
