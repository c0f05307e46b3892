"""
Every address × every role × one's own, another's and what is not there × GET and POST.

The lines of ``table`` say who may. Whoever may not finds nothing, changes nothing, and reads no word of the other side.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from obole.crm.shared import sidebar
from obole.directory.models import Citizen
from tests.access.lines import Line, anybody
from tests.access.roles import Role
from tests.access.sides import MISSING, Address
from tests.access.table import TABLE, WORDS
from tests.access.world import World, rolled_back
from tests.architecture.source import views
from tests.architecture.test_doors import WITHOUT_CSRF
from tests.spaces import plain
from tests.world import make_citizen, make_invoice

pytestmark = pytest.mark.django_db
ROLES = (
    "anonymous",
    "agent who left",
    "citizen",
    "another citizen",
    "instructor",
    "instructor of the other prestation",
    "instructor who only reads",
    "instructor with a mandate",
    "reader",
    "régisseur",
    "régisseur of the other régie",
    "mandataire whose mandate ended",
    "administrator without mandate",
    "administrator without second factor",
)
WRITE = re.compile(r'(?<!FOR )(?<!FOR NO KEY )\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?!SET\b)(\w+)')
OF_ANY_VISIT = {"django_session", "limits_meter", "usersessions_usersession"}
"""What is written of anybody who comes: that they are there, and how often they asked."""
SCREEN = frozenset({403, 405})
OF_READING = {"audit_log_access"}
"""What reading writes: that somebody looked."""


class Writes:
    """The tables that were really written to."""

    def __init__(self) -> None:
        self.tables = set[str]()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Do a statement, and note what it changed."""
        found = execute(sql, params, many, context)
        if context["cursor"].rowcount:
            self.tables |= set(WRITE.findall(sql)) - OF_ANY_VISIT
        return found


class Visit:
    """Somebody goes from address to address; what they do is undone after each."""

    def __init__(self, world: World, name: str, **options: Any) -> None:
        self.world, self.role = world, world.roles[name]
        self.client = self.role.browser(**options)
        # What a first page writes in the session is written once: each visit after it is undone.
        self.client.get(reverse("portal:home"))
        self.cookies = dict(self.client.cookies)
        self.asked = 0
        self.wrong: list[str] = []

    def go(self, method: str, address: str, asked: dict[str, str] | None = None) -> tuple[Any, str, set[str]]:
        """Ask, undo, and return the answer, its words and the tables that were written to."""
        self.asked += 1
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies)
        writes = Writes()
        with rolled_back(), connection.execute_wrapper(writes):
            answer = getattr(self.client, method)(address, asked or {})
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer, f"{body.decode('utf-8', 'replace')} {answer.headers}", writes.tables

    def look(self, method: str, name: str, side: str, address: str, asked: dict[str, str] | None = None) -> None:
        """Ask, and note what is wrong with the answer."""
        answer, text, written = self.go(method, address, asked)
        line = TABLE[name]
        if answer.status_code == 500:
            wrong = [repr(getattr(answer, "exc_info", None))]
        elif name.startswith("crm:") and self.role.waits:
            wrong = [*wrong_wait(answer), *wrong_refusal(written)]
        elif self.may(method, line, side):
            wrong = list(wrong_welcome(method, line, answer, text, written))
        elif not self.role.is_in and line.reads is not anybody:
            wrong = [*wrong_question(answer), *wrong_refusal(written)]
        else:
            gone = [] if answer.status_code in self.refused(name, line) else ["is there"]
            wrong = [*gone, *wrong_refusal(written)]
        # What was looked for stands in its field again.
        looked_for = {str(value) for value in (asked or {}).values()}
        wrong += [f"shows {word}" for word in self.hidden(name) if word in text and word not in looked_for]
        self.wrong += [
            f"{method.upper()} {name} {address} {asked or ''}: {answer.status_code} {said}" for said in wrong
        ]

    def may(self, method: str, line: Line, side: str) -> bool:
        need = line.reads if method == "get" else (line.writes or line.reads)
        return side != "nowhere" and need(self.role, side)

    def refused(self, name: str, line: Line) -> frozenset[int]:
        """Return what a refusal is answered: an agent is told of a whole screen, and not of a file."""
        screen = name.startswith("crm:") and not line.of and not name.endswith(("_csv", "_xlsx"))
        return SCREEN if self.role.agent and screen else line.gone

    def hidden(self, name: str) -> Iterator[str]:
        """Return the words that this person may not read there: what the town offers is read on the portal."""
        for side, one in self.world.sides.items():
            if side not in self.role.follows:
                # Régies are named to who sees their money, and to nobody else.
                yield one.town.regie.name
            if side not in self.role.known:
                yield from one.of_people
                yield from one.of_work if name.startswith("crm:") else ()


def wrong_wait(answer: Any) -> Iterator[str]:
    if answer.status_code != 302 or answer["Location"] != reverse(settings.SECOND_FACTOR_URL):
        yield "is not sent to the second factor"


def wrong_question(answer: Any) -> Iterator[str]:
    if answer.status_code != 302 or not answer["Location"].startswith("/compte/login/"):
        yield "is not asked who they are"


def wrong_refusal(written: set[str]) -> Iterator[str]:
    if written:
        yield f"wrote {sorted(written)}"


def wrong_welcome(method: str, line: Line, answer: Any, text: str, written: set[str]) -> Iterator[str]:
    expected = line.gives if method == "get" else line.takes
    if answer.status_code not in expected:
        yield f"instead of {sorted(expected)}"
    elif method == "get":
        if line.says not in plain(unescape(text)):
            yield f"does not say {line.says}"
        yield from wrong_refusal(written - OF_READING)


def addresses(world: World, role: Role, name: str) -> Iterator[tuple[str, str]]:
    """Return what is of each side, and what is nowhere: the side, and its address."""
    line = TABLE[name]
    if not line.of or line.of in WORDS:
        yield "ours", reverse(name, args=WORDS.get(line.of, ())) + line.query
        return
    sides = world.sides if line.scoped else {"ours": world.sides["ours"]}
    known = {side: one.objects[line.of] for side, one in sides.items()}
    for side, args in known.items():
        yield side, reverse(name, args=args) + line.query
    # Who is refused before anything is looked for is refused it all.
    if line.scoped or line.reads(role, "ours"):
        for args in nowhere(*known.values()):
            yield "nowhere", reverse(name, args=args) + line.query


def nowhere(ours: Address, theirs: Address = ()) -> Iterator[Address]:
    """Return what is not there: no such thing, and a thing of one side under the other."""
    yield (*ours[:-1], MISSING[type(ours[-1])])
    if len(theirs) > 1:
        yield (*ours[:-1], theirs[-1])
        yield (*theirs[:-1], ours[-1])


def questions(world: World, role: Role, line: Line) -> Iterator[dict[str, str]]:
    """Return what a list may be asked for: the words, the régie and the dispositif of who must not be found there."""
    yield {}
    if not line.lists or role.waits or not line.reads(role, "ours"):
        return
    for one in (side for name, side in world.sides.items() if name not in role.known):
        yield {"q": one.town.citizen.last_name}
        yield {"q": one.of_people[0]}
        yield {"regie": str(one.town.regie.pk), "scheme": str(one.town.scheme.pk), "type": str(one.town.type.pk)}


@pytest.fixture(autouse=True)
def _rail_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page, and every page that is not there, counts what waits behind its rail: here once for each person."""
    monkeypatch.setattr(sidebar, "_waiting", cache(sidebar._waiting))


@pytest.mark.parametrize("name", ROLES)
def test_everybody_finds_what_is_theirs_and_nothing_else(ready: World, name: str) -> None:
    visit = Visit(ready, name)
    for address, line in TABLE.items():
        for side, place in addresses(ready, visit.role, address):
            for asked in questions(ready, visit.role, line):
                visit.look("get", address, side, place, asked)
            visit.look("post", address, side, place)
    assert not visit.wrong, "\n".join(visit.wrong)
    assert visit.asked > 600


def test_every_address_has_its_line_and_every_role_its_visit(ready: World) -> None:
    named = [name for name, _view in views()]
    assert set(named) == set(TABLE)
    assert len(named) == len(set(named))
    assert tuple(ready.roles) == ROLES


@pytest.mark.parametrize("name", ["citizen", "instructor with a mandate", "administrator without mandate"])
def test_nothing_is_done_without_the_page_s_own_token(ready: World, name: str) -> None:
    visit = Visit(ready, name, enforce_csrf_checks=True)
    for address, line in TABLE.items():
        if address not in WITHOUT_CSRF and visit.may("post", line, "ours"):
            for side, place in addresses(ready, visit.role, address):
                answer, _text, written = visit.go("post", place)
                if side == "ours" and (answer.status_code not in {403, 405} or written):
                    visit.wrong.append(f"{address}: {answer.status_code} {written}")
    assert not visit.wrong, "\n".join(visit.wrong)


def test_of_somebody_who_is_of_both_sides_each_sees_their_own(ready: World) -> None:
    with rolled_back():
        both = make_citizen("deux@example.net", last_name="Deuxmaisons")
        for side in ready.sides.values():
            make_invoice(side.town, citizen=both)
        place = reverse("crm:citizen", args=[both.pk])
        for name, role in ready.roles.items():
            visit = Visit(ready, name)
            if role.agent and not role.waits and role.known:
                visit.look("get", "crm:citizen", min(role.known), place)
                assert not visit.wrong, name


def test_the_code_of_a_file_is_read_by_who_may_change_it(ready: World) -> None:
    file = Citizen.objects.get(pk=ready.sides["ours"].objects["file"][0])
    assert file.claim_code
    for name, reads in {
        "instructor": True,
        "régisseur": True,
        "instructor who only reads": False,
        "reader": False,
    }.items():
        _answer, text, _written = Visit(ready, name).go("get", reverse("crm:citizen", args=[file.pk]))
        assert (file.claim_code in text) is reads, name
        assert ("Modifier la fiche" in text) is reads, name
