"""Every read of the environment, in one place: a type, a default and a sentence of help for each setting."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

from obole.gateways.sms import registry as sms_registry
from obole.lib import clamd, imap

T = TypeVar("T")
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5}|:\*)?/?")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


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


def networks(name: str, default: str, help: str) -> list[str]:
    """Read addresses and networks, separated by spaces."""
    return _read(name, "addresses", default, help, _to_networks)


def scanner(name: str, default: str, help: str) -> str:
    """Read where a virus scanner listens."""
    return _read(name, "text", default, help, clamd.check_address)


def mailbox(name: str, default: str, help: str) -> str:
    """Read where a mailbox is, and who may read it."""
    return _read(name, "text", default, help, imap.check_address, secret=True)


def sms_service(name: str, default: str, help: str) -> str:
    """Read which service carries SMS."""
    return _read(name, "text", default, help, _to_sms_service)


def paces(name: str, default: str, help: str) -> dict[str, int]:
    """Read how many mails a minute some domains take: ``orange.fr=120 free.fr=60``."""
    return _read(name, "text", default, help, _to_paces)


def origins(name: str, default: str, help: str) -> list[str]:
    """Read addresses of sites, by https but for this machine itself, separated by spaces."""
    return _read(name, "text", default, help, _to_origins)


def _read(name: str, kind: str, default: str, help: str, convert: Callable[[str], T], *, secret: bool = False) -> T:
    KNOWN[name] = Setting(name=name, kind=kind, default=default, help=help)
    value = given(name)
    try:
        return convert(default if value is None else value)
    except ValueError as error:
        raise BadSetting(f"{name}={'…' if secret else repr(value)}: {error}") from None


def given(name: str) -> str | None:
    """
    Return what the environment says of a setting, by itself or by the file that ``NAME_FILE`` points to.

    :raises BadSetting: if that file cannot be read.
    """
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


def _to_networks(value: str) -> list[str]:
    try:
        return [str(ip_network(item, strict=False)) for item in value.split()]
    except ValueError as error:
        raise ValueError(f"{error}: give addresses or networks, such as 10.0.0.5 or 10.0.0.0/24") from None


def _to_origins(value: str) -> list[str]:
    found = [
        re.fullmatch(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5}|:\*)?/?", item) for item in value.split()
    ]
    if not found or any(item is None or (item[1] == "http" and item[2] not in _THIS_MACHINE) for item in found):
        raise ValueError("give https://host, with :port if it is another; http only for localhost")
    return [item[0].rstrip("/") for item in found if item]


def _to_sms_service(value: str) -> str:
    sms_registry.service(value)
    return value


def _to_paces(value: str) -> dict[str, int]:
    known = {}
    for said in value.split():
        domain, _equal, most = said.partition("=")
        if not domain or not most.isdecimal() or not int(most):
            raise ValueError("des domaines et leur nombre de courriels par minute s’écrivent orange.fr=120 free.fr=60")
        known[domain.lower()] = int(most)
    return known
