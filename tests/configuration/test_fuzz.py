"""
Good files with one part made hostile: each is refused by sentences, or says what it would do; nothing else ever comes
out.
"""

import json
import random
from copy import deepcopy
from typing import Any

import pytest
from django.db import transaction

from obole.configuration import operations, queries
from obole.configuration.rules import file_parser, text
from obole.crm.settings import import_preview
from obole.pricing.model.problems import Refused
from tests.configuration.test_import_file import full_town
from tests.world import WHO, later

SPOILT: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**9,
    10**30,
    1.5,
    "",
    " ",
    "x",
    "x" * 10_000,
    "a\x00b",
    "\ud800",
    "\u202e",
    "é\u0301",
    "🍽️",
    "%s %(x)s",
    "{{ 7*7 }}",
    "../..",
    "2026-02-30",
    [],
    [[]],
    [None],
    ["x", "x"],
    {},
    {"kind": "x"},
    {"": ""},
    {"a": {"b": [{}]}},
    "ENF",
    "name",
)
TURNS = 120


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    held = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in held for place in places(value, (*path, key)))]


def spoil(tree: Any, chance: random.Random) -> Any:
    """Put something hostile in one place, take it away, double it, or give it another name."""
    path = chance.choice(places(tree))
    if not path:
        return chance.choice(SPOILT)
    holder = tree
    for step in path[:-1]:
        holder = holder[step]
    act = chance.randrange(5)
    if act == 0:
        del holder[path[-1]]
    elif act == 1 and isinstance(holder, list):
        holder.append(deepcopy(holder[path[-1]]))
    elif act == 1:
        holder[str(chance.choice(SPOILT))[:50]] = holder.pop(path[-1])
    else:
        holder[path[-1]] = chance.choice(SPOILT)
    return tree


def imported(tree: Any) -> list[tuple[str, str]]:
    """Import for good, see that it says so itself, and forget it."""
    with transaction.atomic():
        done = operations.import_file(tree=tree, seen=None, actor=WHO, at=later())
        assert queries.plan(file_parser.read(tree), queries.take_snapshot()).changes == []
        transaction.set_rollback(True)
    return [(change.sort.section, change.key) for change in done.changes]


@pytest.mark.django_db
def test_a_spoilt_file_is_a_sentence_or_a_plan() -> None:
    full_town()
    snapshot = queries.take_snapshot()
    good = queries.everything_as_dict(snapshot)
    chance, refused = random.Random(20261125), 0
    for _turn in range(TURNS):
        tree = deepcopy(good)
        for _time in range(chance.randrange(1, 3)):
            tree = spoil(tree, chance) if isinstance(tree, dict) else tree
        try:
            plan = queries.plan(file_parser.read(text.read(json.dumps(tree).encode())), snapshot)
            shown = str(import_preview.change_rows(plan))
            assert imported(tree) == [(change.sort.section, change.key) for change in plan.changes]
        except Refused as refusal:
            refused += 1
            shown = "".join(problem.path + problem.message for problem in refusal.problems)
        assert shown.encode() or not plan.changes
    assert TURNS // 4 < refused < TURNS
