from collections.abc import Iterator

import pytest

from tests.gateways.payfip.bank import Bank, start_bank


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with start_bank() as bank:
        yield bank
