"""The product's own text, as syntax trees and as templates."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src"
PRODUCT = SOURCES / "obole"
DOORS = ("portal", "crm", "api", "cli")
WHERE_THINGS_HAPPEN = (
    "configuration",
    "bulk_actions",
    "reminders",
    "personal_data",
    "bank_statements",
    "recovery",
    "remittances",
    "cash_desk",
    "payments",
    "campaigns",
    "billing",
    "consumption",
    "dossiers",
    "catalogue",
)
ROOMS = (*WHERE_THINGS_HAPPEN, "api_keys", "books", "accounts", "regies", "mailing", "directory", "audit_log", "limits")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache(maxsize=1)
def modules() -> dict[Path, ast.Module]:
    """Return every file of the product and of the simulator but the migrations, by its path under ``src``."""
    files = (path for path in SOURCES.rglob("*.py") if "migrations" not in path.parts and "egg-info" not in str(path))
    return {path.relative_to(SOURCES): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(files)}


def room_of(path: Path) -> str:
    return path.parts[1] if path.parts[0] == "obole" and len(path.parts) > 2 else ""


def in_rooms(*rooms: str) -> dict[Path, ast.Module]:
    return {path: tree for path, tree in modules().items() if room_of(path) in rooms}


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def public_functions(tree: ast.Module) -> Iterator[Function]:
    """Return the functions that a module offers: at its top, without an underscore."""
    return (node for node in tree.body if isinstance(node, Function) and not node.name.startswith("_"))


def where(path: Path, node: ast.AST) -> str:
    return f"src/{path}:{getattr(node, 'lineno', 0)}"


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def templates() -> dict[Path, str]:
    files = (path for room in ("ui", "portal", "crm") for path in (PRODUCT / room / "templates").rglob("*"))
    return {path.relative_to(PRODUCT): path.read_text(encoding="utf-8") for path in sorted(files) if path.is_file()}


def views(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Return the name and the view of every address of the product, the library's included."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern, f"{pattern.namespace}:" if pattern.namespace else prefix)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}", pattern.callback
