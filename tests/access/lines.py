"""What a line of the table says: who may read, who may write, and what they are answered."""

from collections.abc import Callable
from dataclasses import dataclass

from obole.directory.rules import Right
from tests.access.roles import Role

Need = Callable[[Role, str], bool]
"""Tells whether somebody may, of what is of a side."""


def anybody(_role: Role, _side: str) -> bool:
    return True


def whoever_is_signed_in(role: Role, _side: str) -> bool:
    return role.is_in


def citizen(role: Role, _side: str) -> bool:
    return bool(role.citizen_of)


def mine(role: Role, side: str) -> bool:
    return role.citizen_of == side


def read(role: Role, _side: str) -> bool:
    return Right.READ in role.rights


def review(role: Role, _side: str) -> bool:
    return Right.REVIEW in role.rights


def money(role: Role, _side: str) -> bool:
    return Right.MONEY in role.rights


def configure(role: Role, _side: str) -> bool:
    return Right.CONFIGURE in role.rights


def dossier_read(role: Role, side: str) -> bool:
    return side in role.reads


def dossier_handled(role: Role, side: str) -> bool:
    return side in role.handles


def invoice_read(role: Role, side: str) -> bool:
    return side in role.reads | role.follows


def invoice_handled(role: Role, side: str) -> bool:
    return review(role, side) and side in role.handles | role.moves


def invoice_read_by_reviewer(role: Role, side: str) -> bool:
    return review(role, side) and invoice_read(role, side)


def money_read(role: Role, side: str) -> bool:
    return side in role.follows


def money_moved(role: Role, side: str) -> bool:
    return money(role, side) and side in role.moves


def nobody(_role: Role, _side: str) -> bool:
    return False


@dataclass(frozen=True)
class Line:
    """What an address takes."""

    reads: Need
    of: str = ""
    """What stands in the address, by its name in ``sides``; nothing, or the words that stand there."""
    writes: Need | None = None
    """Who may POST; None: who may read."""
    says: str = ""
    """What the page says to who may read it."""
    gives: frozenset[int] = frozenset({200})
    takes: frozenset[int] = frozenset({200, 302, 303})
    """What a POST that says nothing is answered: a form that is refused, or what needs no word done."""
    scoped: bool = True
    """Whether what stands in the address is of one side, and another's is not there."""
    lists: bool = False
    """Whether it shows many things, and may be asked for some of them."""
    query: str = ""
    """What the address must say besides."""
    gone: frozenset[int] = frozenset({404, 405})
    """What whoever may not is answered."""


SAFE = frozenset({405})
"""Answered to a POST, where there is only something to read."""
ACTS = frozenset({405})
"""Answered to a GET, where there is only something to do."""
AWAY = frozenset({200, 302})
BANK = frozenset({200, 302, 303})
UNSEEN = frozenset({200, 302, 404})
"""Answered to who signs without saying what they saw: the form is not ours."""
DONE_ALREADY = frozenset({303, 404, 405})
"""Answered to who throws away what is not there, or is not theirs: the same."""


def shows(reads: Need, of: str = "", says: str = "", **more: object) -> Line:
    """Return a page that is only read: a POST shows it again, or is refused."""
    return Line(reads, of, says=says, takes=frozenset({200, 405}), **more)  # type: ignore[arg-type]


def does(writes: Need, of: str = "", **more: object) -> Line:
    """Return what is only done."""
    return Line(writes, of, gives=ACTS, **more)  # type: ignore[arg-type]


def form(reads: Need, of: str = "", says: str = "", **more: object) -> Line:
    """Return a page with a form."""
    return Line(reads, of, says=says, **more)  # type: ignore[arg-type]


def settings(of: str = "", **more: object) -> Line:
    return Line(configure, of, scoped=False, **more)  # type: ignore[arg-type]


def settings_act(of: str = "") -> Line:
    return Line(configure, of, gives=ACTS, scoped=False)
