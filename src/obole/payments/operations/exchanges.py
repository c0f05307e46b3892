"""Every word exchanged with a bank, kept as it was said."""

from datetime import datetime

from obole.gateways.base import Exchange
from obole.payments.models import Attempt, BankExchange


def keep_exchange(attempt: Attempt, *, kind: BankExchange.Kind, exchange: Exchange, outcome: str, at: datetime) -> None:
    """Keep a question and its answer. Runs in the caller's transaction."""
    BankExchange.objects.create(
        attempt=attempt,
        kind=kind,
        at=at,
        outcome=outcome[:60],
        request=_storable(exchange.request),
        response=_storable(exchange.response),
    )


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL; a bank's nonsense may hold one."""
    return text.replace("\x00", "\ufffd")
