"""A bank that does not answer is left in peace: its régie's circuit opens, and one question a minute goes through."""

from datetime import datetime, timedelta

from obole.audit_log import operations as audit_log
from obole.gateways import registry
from obole.gateways.base import BadSettings, GatewayError, Rejected
from obole.lib import actors
from obole.lib.transactions import atomic_with_retry, outside_transaction
from obole.payments import rules
from obole.payments.models import Circuit
from obole.regies.models import Regie

PROBE_SECONDS = 15.0


def record_answer(*, regie_id: int, at: datetime) -> None:
    """
    Take any answer of the bank for a proof that it lives. Where nothing had failed, this costs one look and no write.
    """
    if Circuit.objects.filter(regie=regie_id, failures__gt=0).exists():
        _recover(regie_id=regie_id, left=0, at=at)


def record_failure(*, regie_id: int, error: GatewayError, at: datetime) -> None:
    """
    Count a call in vain. A refusal is an answer; a call that never left, for our own reasons, says nothing of the bank.
    """
    if not error.exchange.request:
        return
    if isinstance(error, Rejected):
        record_answer(regie_id=regie_id, at=at)
    else:
        _count(regie_id=regie_id, at=at)


def may_ask(*, regie_id: int, at: datetime, spacing: timedelta = rules.PROBE_EVERY) -> bool:
    """
    Tell whether the bank may be called now. While its circuit is open, whoever is told so holds the one call of the
    minute.

    :param spacing: how long ago the last call must be, while the circuit is open.
    """
    if not Circuit.objects.filter(regie=regie_id, down_since__isnull=False).exists():
        return True
    # The condition and the claim are one statement: of two processes, the second finds the row claimed.
    rested = Circuit.objects.filter(regie=regie_id, down_since__isnull=False, probed_at__lte=at - spacing)
    return rested.update(probed_at=at) == 1


def probe_bank(*, regie_id: int, at: datetime) -> bool:
    """Ask the bank who we are, which needs no payment that waits for its word; say whether it was asked."""
    regie = Regie.objects.get(pk=regie_id)
    if not may_ask(regie_id=regie_id, at=at):
        return False
    try:
        gateway = registry.build(regie.gateway, regie.gateway_settings, timeout=PROBE_SECONDS)
        with outside_transaction("asking the bank"):
            gateway.identify()
    except BadSettings:
        return False
    except Rejected:
        # It lives, and does not know us: whoever pays will read its words.
        _recover(regie_id=regie_id, left=rules.FAILURES - 1, at=at)
    except GatewayError as error:
        record_failure(regie_id=regie_id, error=error, at=at)
    else:
        # To say who we are is not yet to take a payment: the next call in vain opens the circuit again.
        _recover(regie_id=regie_id, left=rules.FAILURES - 1, at=at)
    return True


@atomic_with_retry
def _count(*, regie_id: int, at: datetime) -> None:
    Circuit.objects.get_or_create(regie_id=regie_id)
    circuit = Circuit.objects.select_for_update(of=("self",)).select_related("regie").get(regie=regie_id)
    circuit.failures += 1
    circuit.failing_since = circuit.failing_since or at
    if circuit.failures >= rules.FAILURES and circuit.down_since is None:
        circuit.down_since, circuit.probed_at = circuit.failing_since, at
        audit_log.log_event(
            "circuit.open",
            subject=circuit.regie,
            actor=actors.gateway(circuit.regie.gateway),
            at=at,
            failures=circuit.failures,
            since=circuit.failing_since.isoformat(),
        )
    circuit.save()


@atomic_with_retry
def _recover(*, regie_id: int, left: int, at: datetime) -> None:
    """Close the circuit; ``left``: the calls in vain that still count, where the answer was not about a payment."""
    circuit = Circuit.objects.select_for_update(of=("self",)).select_related("regie").get(regie=regie_id)
    if circuit.down_since is not None:
        audit_log.log_event(
            "circuit.close",
            subject=circuit.regie,
            actor=actors.gateway(circuit.regie.gateway),
            at=at,
            failures=circuit.failures,
            since=circuit.down_since.isoformat(),
        )
        if at - circuit.down_since >= rules.LONG_OUTAGE:
            circuit.recovered_at = at
    circuit.failures, circuit.failing_since, circuit.down_since = left, None, None
    circuit.save()
