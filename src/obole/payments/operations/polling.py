"""Asking the bank: after a notification, at the payer's return, and by the sweep. All three end in one function."""

from datetime import datetime

from django.db.models import Q

from obole.gateways import registry
from obole.gateways.base import BadSettings, Exchange, GatewayError, Unreachable
from obole.lib import actors
from obole.lib.actors import Actor
from obole.lib.queue import defer_once, each
from obole.lib.transactions import atomic_with_retry, outside_transaction
from obole.limits import operations as limits
from obole.limits.rules import BANK_QUESTIONS, TooMany
from obole.payments import queries, rules
from obole.payments.models import Attempt, BankExchange, Circuit, Sweep
from obole.payments.operations import circuit_breaker
from obole.payments.operations.exchanges import keep_exchange
from obole.payments.operations.gateway_status import FINAL, apply_gateway_status, give_up_after_horizon
from obole.payments.operations.starting import fail_opening
from obole.payments.states import AttemptState

WORKER_SECONDS = 15.0
RETURN_SECONDS = 5.0
"""The payer is waiting for the page."""
RUNG_FIRST = 20
"""The priority of a question that a notification asked for; the sweep's have 10."""
MOST_DOORBELLS = 20
"""Notifications kept for one attempt: more of them say nothing more."""


def resolve_attempt(*, attempt_id: int, actor: Actor, at: datetime, seconds: float = WORKER_SECONDS) -> Attempt:
    """
    Ask the bank what became of an attempt and take its answer. Silence or nonsense changes nothing: it is asked again
    later.

    While the bank is down, it is asked once a minute in all, whoever would ask.

    :param seconds: how long to wait for the bank.
    """
    attempt = Attempt.objects.select_related("regie").get(pk=attempt_id)
    if attempt.state in FINAL or not attempt.gateway_reference:
        return attempt
    # The circuit is that of the régie's bank: the silence of one that it left says nothing of it.
    counts = attempt.gateway == attempt.regie.gateway
    if counts and not circuit_breaker.may_ask(regie_id=attempt.regie_id, at=at):
        return _postpone(attempt, at=at)
    try:
        gateway = registry.build(attempt.gateway, attempt.regie.settings_of(attempt.gateway), timeout=seconds)
        with outside_transaction("asking the bank"):
            outcome = gateway.ask(attempt.gateway_reference)
    except GatewayError as error:
        if counts:
            circuit_breaker.record_failure(regie_id=attempt.regie_id, error=error, at=at)
        return _note_silence(attempt_id=attempt_id, error=error, actor=actor, at=at)
    except BadSettings as error:
        # Somebody spoilt the régie's settings meanwhile: to us, the bank is silent until they are mended.
        silence = Unreachable(str(error), exchange=Exchange(request="", response=""), code="settings")
        return _note_silence(attempt_id=attempt_id, error=silence, actor=actor, at=at)
    if counts:
        circuit_breaker.record_answer(regie_id=attempt.regie_id, at=at)
    return apply_gateway_status(attempt_id=attempt_id, outcome=outcome, actor=actor, at=at)


def _postpone(attempt: Attempt, *, at: datetime) -> Attempt:
    """Leave a question for the sweep that follows the bank's recovery; an attempt that is watched no more stays so."""
    Attempt.objects.filter(pk=attempt.pk, next_ask_at__gt=at).update(next_ask_at=at)
    return attempt


def record_notification(*, gateway_reference: str, kind: BankExchange.Kind, said: str, at: datetime) -> bool:
    """
    Take a notification for what it is: keep it and queue a question to the bank. Say whether we know the payment.

    An unknown reference costs one look in the database and no call to the bank.
    """
    attempt = Attempt.objects.filter(gateway_reference=gateway_reference).first()
    if attempt is None:
        return False
    if attempt.state not in FINAL:
        _ring(attempt, kind=kind, said=said, at=at)
    return True


@atomic_with_retry
def _ring(attempt: Attempt, *, kind: BankExchange.Kind, said: str, at: datetime) -> None:
    if BankExchange.objects.filter(attempt=attempt, kind=kind).count() < MOST_DOORBELLS:
        keep_exchange(attempt, kind=kind, exchange=Exchange(request=said[:2000], response=""), outcome="", at=at)
    due = _next_question(attempt, at=at)
    # Due from then on: whatever becomes of the job, the next sweep asks. Where an answer is being heard, nobody waits.
    free = Attempt.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=attempt.pk)
    later = Q(next_ask_at=None) | Q(next_ask_at__gt=due)
    Attempt.objects.filter(later, pk__in=free.exclude(state__in=FINAL)).update(next_ask_at=due)
    if due == at:
        bank = actors.gateway(attempt.gateway).as_json()
        # Its payer is there: before what the sweep asks about payments that were left.
        key = f"resolve:{attempt.pk}"
        defer_once("payments.resolve", key=key, priority=RUNG_FIRST, attempt_id=attempt.pk, actor=bank)


def _next_question(attempt: Attempt, *, at: datetime) -> datetime:
    """Return when the bank may be asked for whoever rings: at once, then after 30 seconds, a minute, two…"""
    try:
        limits.try_once(BANK_QUESTIONS, attempt.pk, at=at)
    except TooMany as early:
        return at + early.wait
    return at


def sweep(*, at: datetime) -> Sweep:
    """
    Queue a question to the bank for every attempt whose time has come, and close those that died before the bank knew
    them.

    A bank that is down gets one question. The others wait, due, for the first sweep after its recovery.
    """
    due = Attempt.objects.filter(next_ask_at__lte=at).order_by("next_ask_at", "id").values_list("pk", flat=True)
    silent = list(queries.open_circuits())
    down = [item.regie_id for item in silent]
    queued = sum(_queue_question(pk) for pk in due.exclude(regie__in=down).iterator(chunk_size=500))
    queued += sum(_queue_probe(item, due.filter(regie=item.regie_id).first()) for item in silent)
    lost = Attempt.objects.filter(state=AttemptState.OPENING, opened_at__lt=at - rules.OPENING_LOST).order_by("id")
    done = Sweep.objects.create(at=at, queued=queued, failed_openings=len(lost))
    each(lost, lambda attempt: _close_lost_opening(attempt_id=attempt.pk, at=at))
    return done


def _queue_question(attempt_id: int) -> bool:
    return defer_once(
        "payments.resolve", key=f"resolve:{attempt_id}", attempt_id=attempt_id, actor=actors.WORKER.as_json()
    )


def _queue_probe(silent: Circuit, first_due: int | None) -> bool:
    """
    Ask about a payment one time, who we are the next: one payment that the bank never answers about keeps nobody out.
    """
    if first_due is not None and (silent.failures % 2 or not silent.regie.enabled) and _queue_question(first_due):
        return True
    key = f"probe:{silent.regie_id}"
    return silent.regie.enabled and defer_once("payments.probe", key=key, regie_id=silent.regie_id)


@atomic_with_retry
def _close_lost_opening(*, attempt_id: int, at: datetime) -> None:
    attempt = Attempt.objects.locked().get(pk=attempt_id)
    if attempt.state != AttemptState.OPENING:
        return
    reason = "interrupted before the bank answered; the payer was sent nowhere"
    fail_opening(attempt, reason=reason, actor=actors.WORKER, at=at)


@atomic_with_retry
def _note_silence(*, attempt_id: int, error: GatewayError, actor: Actor, at: datetime) -> Attempt:
    attempt = Attempt.objects.locked().get(pk=attempt_id)
    if attempt.state in FINAL:
        return attempt
    outcome = f"{type(error).__name__} {error.code}".strip()
    keep_exchange(attempt, kind=BankExchange.Kind.ASK, exchange=error.exchange, outcome=outcome, at=at)
    attempt.next_ask_at = rules.next_poll_at(opened_at=attempt.opened_at, at=at)
    if attempt.next_ask_at is not None and queries.outages([attempt.regie_id]):
        # It stays due, behind the others: the first sweep after the recovery asks again.
        attempt.next_ask_at = at
    give_up_after_horizon(attempt, actor=actor, at=at)
    attempt.save()
    return attempt
