"""The bank of the request in progress."""

from typing import cast

from flask import current_app

from payfip_simulator.bank import Bank


def bank() -> Bank:
    """Return the bank that this server stands for."""
    return cast(Bank, current_app.extensions["bank"])
