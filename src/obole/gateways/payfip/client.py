"""Ask PayFiP one question: an answer, an error that it declares, or ``Unreachable``."""

from obole.gateways.base import Exchange, Unreachable
from obole.gateways.payfip.answers import Answer, Fault, Unreadable, read

EVIDENCE_MAX_LENGTH = 20_000
"""A real exchange has about two thousand characters: this keeps any of them whole, and not a flood."""


def call(operation: str, fields: dict[str, str], *, address: str, timeout: float) -> tuple[Answer | Fault, Exchange]:
    """
    Ask, and read the answer.

    :raises Unreachable: if what came back, if anything did, is not PayFiP's answer.
    """
    # requests takes 100 ms to import: not paid by commands and tests that never call the bank.
    from obole.gateways.payfip import soap  # noqa: PLC0415

    posted = soap.post(operation, fields, address=address, timeout=timeout)
    exchange = Exchange(request=_evidence(posted.sent), response=_evidence(posted.received))
    if posted.failure:
        raise Unreachable(f"PayFiP, {operation}: {posted.failure}", exchange=exchange)
    try:
        return read(posted.received, operation=operation), exchange
    except Unreadable as error:
        raise Unreachable(f"PayFiP, {operation}: {error}", exchange=exchange) from error


def _evidence(raw: bytes) -> str:
    """Return text that a database takes: valid, without NUL, and bounded."""
    text = raw.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    if len(text) <= EVIDENCE_MAX_LENGTH:
        return text
    return f"{text[:EVIDENCE_MAX_LENGTH]}… ({len(text)} characters)"
