"""A life is a table: an enum of states and a list of moves. ``Move.apply`` is the only place that assigns ``.state``."""

from dataclasses import dataclass
from typing import Protocol


class HasState(Protocol):
    """A row with a life."""

    state: str


class ForbiddenMove(Exception):
    """The table has no such move from the present state."""

    def __init__(self, verb: str, state: str) -> None:
        super().__init__(f"{verb} is not possible from {state}")
        self.verb = verb
        self.state = state


@dataclass(frozen=True)
class Step:
    """A move that was made; only ``trail.record`` wants it, so a forgotten record is an unused variable."""

    verb: str
    source: str
    target: str


@dataclass(frozen=True)
class Move:
    """One edge, or several with the same end, of a life."""

    verb: str
    sources: frozenset[str]
    target: str

    def apply(self, thing: HasState) -> Step:
        """
        Move ``thing`` to the target in memory; the caller saves it.

        :raises ForbiddenMove: if the table has no such move from the present state.
        """
        if thing.state not in self.sources:
            raise ForbiddenMove(self.verb, thing.state)
        step = Step(self.verb, str(thing.state), self.target)
        thing.state = self.target
        return step

    def allows(self, thing: HasState) -> bool:
        """Tell whether the move is possible now; for screens, never instead of ``apply``."""
        return thing.state in self.sources
