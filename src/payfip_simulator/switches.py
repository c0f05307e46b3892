"""
The incidents that one can order, as one table.

`Switches` holds their values; `SPECS` says, for each, what it accepts and how the panel names it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from payfip_simulator.clients import KNOWN_CLIENTS, Client
from payfip_simulator.codes import TECHNICAL
from payfip_simulator.contract import DETAIL, OPERATIONS

ALTERABLE = ("refdet", "numcli", "exer", "saisie")
BROKEN_ANSWERS = ("html_502", "html_503", "html_200", "empty", "malformed", "drop")
LONGEST_WAIT = 600.0


class BadSwitch(ValueError):
    """A switch that does not exist, or a value that it does not accept."""


@dataclass(frozen=True)
class Switches:
    """How the simulated bank behaves just now."""

    notifications: str = "on"
    notification_copies: int = 2
    notification_late_seconds: float = 10.0
    notification_key: str = "idop"
    notification_method: str = "POST"
    return_mode: str = "normal"
    prelevement: str = "accepted"
    amount_delta_cents: int = 0
    altered_fields: list[str] = field(default_factory=list)
    detail_override: dict[str, str | None] = field(default_factory=dict)
    unknown_result: str = ""
    answer_creer: str = "normal"
    answer_client: str = "normal"
    answer_detail: str = "normal"
    hang_creer_seconds: float = 0.0
    hang_client_seconds: float = 0.0
    hang_detail_seconds: float = 0.0
    latency_ms: int = 0
    response_idop_element: str = "idOp"
    shuffle_children: bool = False
    strict_order: bool = False
    clock_offset_seconds: float = 0.0
    clock: str = ""
    clients: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, word: str) -> str:
        """Say how an operation answers."""
        return str(getattr(self, f"answer_{word}"))

    def hang(self, word: str) -> float:
        """Say how long an operation makes its caller wait, its work done."""
        return float(getattr(self, f"hang_{word}_seconds"))

    def known_clients(self) -> dict[str, Client]:
        """Return the creditors known here: the table, plus those that were added."""
        added = {numcli: Client((labels[0], labels[1], labels[2])) for numcli, labels in self.clients.items()}
        return KNOWN_CLIENTS | added

    def changed(self) -> dict[str, Any]:
        """Return the incidents: the switches that are not at their usual position. A creditor more is no incident."""
        usual = asdict(Switches(clients=self.clients))
        return {name: value for name, value in asdict(self).items() if value != usual[name]}


Read = Callable[[Any], Any]


def one_of(*choices: str) -> Read:
    """Accept one word of a list."""

    def read(value: Any) -> str:
        if value not in choices:
            raise BadSwitch(f"one of {', '.join(choices)}")
        return str(value)

    return read


def number(kind: type[int] | type[float], low: float, high: float) -> Read:
    """Accept a number between two bounds."""

    def read(value: Any) -> int | float:
        try:
            found = kind(str(value).strip().replace(",", "."))
        except ValueError as error:
            raise BadSwitch(f"a number between {low:g} and {high:g}") from error
        if isinstance(value, bool) or not low <= found <= high:
            raise BadSwitch(f"a number between {low:g} and {high:g}")
        return found

    return read


def flag(value: Any) -> bool:
    """Accept true, false, and what a form sends for them."""
    if value in {True, "on", "true", "1"}:
        return True
    if value in {False, "", "off", "false", "0"}:
        return False
    raise BadSwitch("true or false")


def pattern(expression: str, words: str) -> Read:
    """Accept a text of a given shape."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(expression, value):
            raise BadSwitch(words)
        return value

    return read


def answer_kind(value: Any) -> str:
    """Accept a way to answer, or the code of a functional anomaly, known or not."""
    if value in ("normal", *TECHNICAL, *BROKEN_ANSWERS) or re.fullmatch(r"[A-Z][0-9]{1,2}", str(value)):
        return str(value)
    raise BadSwitch(f"normal, {', '.join((*TECHNICAL, *BROKEN_ANSWERS))}, or a code such as P1")


def altered(value: Any) -> list[str]:
    """Accept a list of fields that the answer will alter."""
    if not isinstance(value, (list, tuple)) or not set(value) <= set(ALTERABLE):
        raise BadSwitch(f"a list among {', '.join(ALTERABLE)}")
    return [name for name in ALTERABLE if name in value]


def override(value: Any) -> dict[str, str | None]:
    """Accept the values that replace those of the detail; null removes the element."""
    known = OPERATIONS[DETAIL].gives
    if not isinstance(value, Mapping) or not set(value) <= set(known):
        raise BadSwitch(f"an object whose keys are among {', '.join(known)}")
    if not all(item is None or isinstance(item, str) for item in value.values()):
        raise BadSwitch("an object whose values are texts, or null to remove the element")
    return dict(value)


def instant(value: Any) -> str:
    """Accept an ISO date and time at which the clock stands still; empty lets it run."""
    if value in {"", None}:
        return ""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadSwitch("an ISO date and time, with its offset") from error
    if found.tzinfo is None:
        raise BadSwitch("an ISO date and time, with its offset")
    return found.astimezone(UTC).isoformat()


def creditors(value: Any) -> dict[str, list[str]]:
    """Accept creditors: six digits, and one to three labels for each."""
    words = "an object: six digits to one, two or three labels"
    if not isinstance(value, Mapping):
        raise BadSwitch(words)
    found = {}
    for numcli, labels in value.items():
        several = [labels] if isinstance(labels, str) else labels
        if not re.fullmatch(r"[0-9]{6}", str(numcli)) or not isinstance(several, (list, tuple)):
            raise BadSwitch(words)
        if not 1 <= len(several) <= 3 or not all(isinstance(label, str) for label in several):
            raise BadSwitch(words)
        found[str(numcli)] = [*several, "", ""][:3]
    return found


HANG = number(float, 0, LONGEST_WAIT)
OFFSET = number(float, -10 * 366 * 86_400, 10 * 366 * 86_400)

SPECS: dict[str, Read] = {
    "notifications": one_of("on", "off", "duplicated", "late"),
    "notification_copies": number(int, 1, 50),
    "notification_late_seconds": HANG,
    "notification_key": one_of("idop", "idOp"),
    "notification_method": one_of("POST", "GET"),
    "return_mode": one_of("normal", "before_notification", "none"),
    "prelevement": one_of("accepted", "refused"),
    "amount_delta_cents": number(int, -9_999_999, 9_999_999),
    "altered_fields": altered,
    "detail_override": override,
    "unknown_result": pattern(r"[A-Za-z0-9]{0,3}", "a letter such as Y, or nothing"),
    "answer_creer": answer_kind,
    "answer_client": answer_kind,
    "answer_detail": answer_kind,
    "hang_creer_seconds": HANG,
    "hang_client_seconds": HANG,
    "hang_detail_seconds": HANG,
    "latency_ms": number(int, 0, 60_000),
    "response_idop_element": one_of("idOp", "idop"),
    "shuffle_children": flag,
    "strict_order": flag,
    "clock_offset_seconds": OFFSET,
    "clock": instant,
    "clients": creditors,
}


def merge(current: Switches, changes: Mapping[str, Any]) -> Switches:
    """
    Return the switches once some of them are moved.

    Creditors add up; every other value replaces the former one.

    :raises BadSwitch: if a name does not exist or a value is not accepted.
    """
    clean: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in SPECS:
            raise BadSwitch(f"{name}: no such switch")
        try:
            clean[name] = SPECS[name](value)
        except BadSwitch as error:
            raise BadSwitch(f"{name}: {error}") from error
    if "clients" in clean:
        clean["clients"] = current.clients | clean["clients"]
    return replace(current, **clean)


def restored(saved: Mapping[str, Any]) -> Switches:
    """Read back saved switches, forgetting those that no longer exist."""
    names = {spec.name for spec in fields(Switches)}
    return merge(Switches(), {name: value for name, value in saved.items() if name in names})
