"""Each room has the same files; operations are sentences; time is given; sizes stay human."""

import ast
import re
from pathlib import Path

import pytest
from procrastinate.contrib.django import app

from tests.architecture.source import (
    DOORS,
    PRODUCT,
    ROOMS,
    SOURCES,
    WHERE_THINGS_HAPPEN,
    Function,
    calls,
    functions,
    in_rooms,
    modules,
    public_functions,
    room_of,
    where,
)

FILES = {
    "__init__.py",
    "apps.py",
    "models.py",
    "states.py",
    "operations.py",
    "queries.py",
    "rules.py",
    "tasks.py",
    "pdf_documents.py",
    "emails.py",
    "wording.py",
    "history.py",
    "timeline.py",
    "display_status.py",
    "uploads.py",
    "fields.py",
    "ledger.py",
    "accounts.py",
    "passwords.py",
    "access.py",
    "seals.py",
    "bank_changes.py",
    "middleware.py",
    "context.py",
    "configuration.py",
    "default_templates.py",
    "english_templates.py",
    "verification.py",
    "numbering.py",
    "refund_states.py",
    "instalment_states.py",
    "security_deposit_states.py",
    "deposit_states.py",
    "agreement_states.py",
    "line_states.py",
}
FOLDERS = {
    "models",
    "migrations",
    "operations",
    "documents",
    "templatetags",
    "__pycache__",
    "queries",
    "rules",
    "forms",
}
WITHOUT_TABLES = {"configuration"}
"""It reads and writes what the rooms below keep."""
LONGEST_FUNCTION, LONGEST_VIEW, LONGEST_FILE, MOST_PARAMETERS = 50, 25, 400, 6
WRITES = {
    "save",
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "aupdate",
    "acreate",
}


def operations_of(room: str) -> dict[Path, ast.Module]:
    return {path: tree for path, tree in in_rooms(room).items() if "operations" in (path.stem, path.parent.name)}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_the_usual_files_and_no_other(room: str) -> None:
    for entry in (PRODUCT / room).iterdir():
        assert entry.name in (FOLDERS if entry.is_dir() else FILES), entry
    has_tables = (PRODUCT / room / "models.py").exists() or (PRODUCT / room / "models" / "__init__.py").exists()
    assert has_tables is (room not in WITHOUT_TABLES)


@pytest.mark.parametrize("room", WHERE_THINGS_HAPPEN)
def test_a_room_where_things_happen_has_its_front(room: str) -> None:
    assert operations_of(room)
    assert (PRODUCT / room / "queries.py").exists() or (PRODUCT / room / "queries" / "__init__.py").exists()


@pytest.mark.parametrize("room", ROOMS)
def test_an_operation_is_a_sentence(room: str) -> None:
    for path, tree in operations_of(room).items():
        for function in public_functions(tree):
            place, given = where(path, function), function.args
            assert ast.get_docstring(function), f"{place} says nothing"
            assert function.returns is not None, f"{place} does not say what it gives"
            assert all(arg.annotation for arg in [*given.args, *given.kwonlyargs]), f"{place} has an untyped parameter"
            assert len([*given.args, *given.posonlyargs]) <= 2, f"{place} takes parameters without their names"
            names = {kwonlyarg.arg for kwonlyarg in given.kwonlyargs}
            if {"actor", "at"} & names and "actor" in names:
                assert "at" in names, f"{place} takes the time from a clock"


def test_an_operation_that_the_server_undoes_is_begun_anew() -> None:
    for path, tree in in_rooms(*ROOMS).items():
        for function in functions(tree):
            worn = [ast.unparse(item) for item in function.decorator_list]
            assert not any(item == "atomic" or "transaction.atomic" in item for item in worn), (
                f"{where(path, function)}: lib.transactions.atomic_with_retry does more"
            )


def test_no_row_is_locked_with_its_citizen_beside() -> None:
    """Who waits for a merge of two files finds its row with another citizen: a join would lose it."""
    for path, tree in in_rooms(*ROOMS).items():
        for call in calls(tree):
            said = ast.unparse(call)
            joined = re.findall(r"select_related\(([^)]*)\)", said) if "locked()" in said else []
            assert not re.search(r"payer|citizen", " ".join(joined)), f"{where(path, call)}: {said}"


def test_there_is_no_clock_below_the_doors() -> None:
    clocks = {
        ("timezone", "now"),
        ("datetime", "now"),
        ("date", "today"),
        ("dates", "now"),
        ("datetime", "utcnow"),
        ("time", "time"),
    }
    for path, tree in in_rooms(*ROOMS, "lib", "gateways").items():
        if path.name in {"tasks.py", "middleware.py"} or path.as_posix() == "obole/lib/dates.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) not in clocks, where(path, node)


ENGINE = {path: tree for path, tree in modules().items() if path.as_posix().startswith("obole/pricing/")}


def test_the_pricing_engine_is_pure() -> None:
    """It reads no database and no settings, uses no float, and knows nothing of the rest of its room."""
    assert len(ENGINE) > 10
    for path, tree in ENGINE.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert _is_pure(node.module or ""), where(path, node)
            if isinstance(node, ast.Import):
                assert all(_is_pure(name.name) for name in node.names), where(path, node)
            if isinstance(node, ast.Constant):
                assert not isinstance(node.value, float), where(path, node)
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"float", "eval", "exec", "compile", "round"}, where(path, node)


def _is_pure(module: str) -> bool:
    allowed = {
        "django.utils.translation",
        "django.utils.functional",
        "obole.lib",
        "obole.lib.money",
        "obole.lib.dates",
        "obole.lib.texts",
    }
    return (
        module.startswith("obole.pricing")
        or module in allowed
        or module.split(".")[0] not in {"django", "obole", "psycopg"}
    )


@pytest.mark.parametrize("door", [door for door in DOORS if door != "cli"])
def test_a_door_writes_nothing_itself(door: str) -> None:
    for path, tree in in_rooms(door).items():
        for call in calls(tree):
            if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES:
                assert _is_no_row(path, call.func.value), where(path, call)


def _is_no_row(path: Path, owner: ast.expr) -> bool:
    """
    Tell what is allowed: pictures, sets, dictionaries, a form's own data; never ``objects`` nor a model's instance.
    """
    text = ast.unparse(owner)
    dictionaries = {"context", "values", "params", "query", "attrs", "image", "picture", "widget", "known", "super()"}
    return text.split(".")[-1] in dictionaries or ".attrs" in text or text in {"page", "self.fields", "form.fields"}


@pytest.mark.parametrize("path", sorted(modules()), ids=str)
def test_files_and_functions_keep_a_human_size(path: Path) -> None:
    lines = (SOURCES / path).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_FILE
    for function in functions(modules()[path]):
        place, longest = where(path, function), LONGEST_VIEW if _is_view(path, function) else LONGEST_FUNCTION
        assert _length(function) <= longest, f"{place} is too long"
        if "PLR0913" not in lines[function.lineno - 1]:
            assert _parameters(function) <= MOST_PARAMETERS, f"{place} takes too much"


def _is_view(path: Path, function: Function) -> bool:
    first = [arg.arg for arg in function.args.args[:1]]
    return first == ["request"] and room_of(path) in {"portal", "crm", "api"}


def _length(function: Function) -> int:
    """Count the lines of code: neither the decorators nor the docstring."""
    first = function.body[0]
    words = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    spoken = (first.end_lineno or 0) - first.lineno + 1 if words else 0
    return (function.end_lineno or 0) - function.lineno + 1 - spoken


def _parameters(function: Function) -> int:
    given = function.args
    named = [
        posonlyarg
        for posonlyarg in (*given.posonlyargs, *given.args, *given.kwonlyargs)
        if posonlyarg.arg not in {"self", "cls"}
    ]
    return len(named)


def test_nothing_is_done_in_silence() -> None:
    for path, tree in modules().items():
        for node in ast.walk(tree):
            assert not isinstance(node, ast.Assert), where(path, node)
            if isinstance(node, ast.ExceptHandler):
                # One silence has its reason: a file that a first process made is the file that we wanted.
                made = ast.unparse(node.type) == "FileExistsError" if node.type else False
                assert made or not isinstance(node.body[0], ast.Pass), where(path, node)
                assert node.type is not None, where(path, node)


def test_the_tasks_that_are_asked_for_exist() -> None:
    wanted = set()
    for path, tree in modules().items():
        for call in calls(tree):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name in {"defer", "defer_once"} and call.args and isinstance(call.args[0], ast.Constant):
                wanted.add(str(call.args[0].value))
        for constant in re.findall(r'task(?:: str)? ?= ?"([a-z]+\.[a-z_]+)"', (SOURCES / path).read_text("utf-8")):
            wanted.add(constant)
    # A queryset has a ``defer`` too, that names columns.
    wanted = {name for name in wanted if "." in name}
    assert len(wanted) >= 5
    assert wanted <= set(app.tasks)


def test_a_task_lives_in_the_room_that_its_name_says() -> None:
    ours = {name: task for name, task in app.tasks.items() if task.func.__module__.startswith("obole.")}
    assert ours
    for name, task in ours.items():
        assert task.func.__module__ == f"obole.{name.split('.')[0]}.tasks"
