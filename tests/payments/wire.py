"""The wire between us and the sandbox: it can be cut, and it counts what goes through."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from obole.gateways.base import Exchange, Unreachable
from obole.gateways.sandbox.gateway import Sandbox


@dataclass
class Wire:
    """Whether the bank can be reached, and how many times each question was put."""

    up: bool = True
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.calls.total()


def tap(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()

    def through(name: str) -> Callable[..., Any]:
        real = getattr(Sandbox, name)

        def call(*args: Any) -> Any:
            wire.calls[name] += 1
            if not wire.up:
                raise Unreachable("the wire is cut", exchange=Exchange(request=name, response=""))
            return real(*args)

        return call

    for name in ("start", "ask", "identify"):
        monkeypatch.setattr(Sandbox, name, through(name))
    return wire
