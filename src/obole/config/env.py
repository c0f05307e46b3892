"""Every read of the environment, in one place: a type, a default and a sentence of help for each setting."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class BadSetting(SystemExit):
    """A setting that is missing or odd: the program stops with a sentence that says how to mend it."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One documented setting, as `obole settings` prints it."""

    name: str
    kind: str
    default: str
    help: str


KNOWN: dict[str, Setting] = {}


def text(name: str, default: str, help: str) -> str:
    """Read a text, or the content of the file that ``NAME_FILE`` points to (for secrets)."""
    return _read(name, "text", default, help, str)


def integer(name: str, default: int, help: str) -> int:
    """Read a whole number."""
    return _read(name, "whole number", str(default), help, _to_integer)


def flag(name: str, default: bool, help: str) -> bool:
    """Read yes or no."""
    return _read(name, "yes or no", "yes" if default else "no", help, _to_flag)


def _read(name: str, kind: str, default: str, help: str, convert: Callable[[str], T]) -> T:
    KNOWN[name] = Setting(name=name, kind=kind, default=default, help=help)
    value = _raw(name)
    try:
        return convert(default if value is None else value)
    except ValueError as error:
        raise BadSetting(f"{name}={value!r}: {error}") from None


def _raw(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE={path!r}: this file cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadSetting(f"{name}_FILE={path!r}: this file is not a text in UTF-8") from None


def _to_integer(value: str) -> int:
    if not value.strip().isascii() or not value.strip().removeprefix("-").isdigit():
        raise ValueError("give a whole number, such as 8000")
    return int(value)


def _to_flag(value: str) -> bool:
    answers = {"yes": True, "no": False}
    if value not in answers:
        raise ValueError("say yes or no")
    return answers[value]
