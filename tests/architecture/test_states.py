"""
A life is a table: nothing but ``Transition.apply`` changes a state, each move has one place, the database knows the
states.
"""

import ast
from collections import Counter
from importlib import import_module

import pytest
from django.apps import apps
from django.db import models

from obole.lib.states import Transition
from tests.architecture.source import ROOMS, functions, in_rooms, modules, room_of, where

LIVES = (
    "bank_statements.states",
    "cash_desk.states",
    "cash_desk.deposit_states",
    "billing.states",
    "campaigns.states",
    "billing.instalment_states",
    "billing.security_deposit_states",
    "books.states",
    "consumption.states",
    "dossiers.states",
    "mailing.states",
    "payments.states",
    "payments.refund_states",
    "recovery.agreement_states",
    "recovery.states",
    "recovery.line_states",
    "remittances.states",
)


def moves_of(room: str) -> dict[str, Transition]:
    states = import_module(f"obole.{room}")
    return {name: value for name, value in vars(states).items() if isinstance(value, Transition)}


@pytest.mark.parametrize("room", LIVES)
def test_the_table_lists_every_move_once(room: str) -> None:
    states = import_module(f"obole.{room}")
    named = moves_of(room)
    assert list(named.values()) == list(states.MOVES)
    assert len({move.verb for move in states.MOVES}) == len(states.MOVES)


@pytest.mark.parametrize("room", LIVES)
def test_moves_join_states_that_exist_and_every_state_can_be_reached(room: str) -> None:
    states = import_module(f"obole.{room}")
    known = set(states.S.values)
    for move in states.MOVES:
        assert {*move.sources, move.target} <= known
        assert move.target not in move.sources
    first = states.S.values[0]
    assert {first, *(str(move.target) for move in states.MOVES)} == known


def test_every_room_with_a_life_is_in_this_test() -> None:
    lives = {f"{room_of(path)}.{path.stem}" for path in in_rooms(*ROOMS) if path.stem.endswith("states")}
    assert lives == set(LIVES)


def test_only_move_apply_assigns_a_state() -> None:
    assigned = []
    for path, tree in modules().items():
        if path.parts[0] != "obole":
            continue
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            flat = [elt for target in targets for elt in (target.elts if isinstance(target, ast.Tuple) else [target])]
            if any(isinstance(item, ast.Attribute) and item.attr == "state" for item in flat):
                assigned.append(where(path, node))
    assert {place.split(":")[0] for place in assigned} == {"src/obole/lib/states.py"}


def test_no_row_is_made_or_updated_with_a_state() -> None:
    writes = {"create", "update", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "setattr"}
    lives = {
        "Agreement",
        "AttendanceFile",
        "Invoice",
        "PlanPart",
        "Caution",
        "Dossier",
        "Message",
        "Attempt",
        "Refund",
        "BankLine",
        "CashSession",
        "Deposit",
        "Handover",
        "Transmission",
        "TransmissionLine",
    }
    found = []
    for path, tree in modules().items():
        for node in (item for item in ast.walk(tree) if isinstance(item, ast.Call)):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {*writes, *lives} and any(keyword.arg == "state" for keyword in node.keywords):
                found.append(where(path, node))
            if name == "setattr" and any(isinstance(arg, ast.Constant) and arg.value == "state" for arg in node.args):
                found.append(where(path, node))
    assert found == []


@pytest.mark.parametrize("room", LIVES)
def test_each_move_is_applied_in_one_place(room: str) -> None:
    applied: Counter[str] = Counter()
    handed: Counter[str] = Counter()
    for tree in in_rooms(room.split(".")[0]).values():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "states"):
                continue
            handed[node.attr] += 1
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "apply" and isinstance(node.value, ast.Attribute):
                applied[node.value.attr] += 1
    for name in moves_of(room):
        assert applied[name] <= 1, f"{name} is applied in {applied[name]} places"
        assert handed[name] >= 1, f"{name} is in the table and never made"


def test_every_step_is_recorded() -> None:
    """A function that applies a move hands its step to ``audit_log.log_transition``."""
    for path, tree in in_rooms(*ROOMS).items():
        for function in functions(tree):
            own = list(ast.walk(function))
            applies = [item for item in own if isinstance(item, ast.Attribute) and item.attr == "apply"]
            records = [
                item
                for item in own
                if isinstance(item, ast.Attribute) and item.attr in {"log_transition", "log_transitions"}
            ]
            if applies and path.name != "states.py":
                assert records, where(path, function)


def test_the_database_knows_the_states_of_every_life() -> None:
    lives = []
    for model in apps.get_models():
        if not model.__module__.startswith("obole."):
            continue
        names = {constraint.name for constraint in model._meta.constraints}
        for field in model._meta.get_fields():
            if isinstance(field, models.Field) and field.name == "state":
                lives.append(model.__name__)
                assert f"{model.__name__.lower()}_state_known" in names
    assert sorted(lives) == [
        "Agreement",
        "Attempt",
        "AttendanceFile",
        "BankLine",
        "Campaign",
        "CashSession",
        "Deposit",
        "Dossier",
        "Handover",
        "Invoice",
        "Message",
        "PlannedInstalment",
        "Refund",
        "Remittance",
        "SecurityDeposit",
        "Transmission",
        "TransmissionLine",
    ]
