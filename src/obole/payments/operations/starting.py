"""
From « Payer maintenant » to the bank: the attempt is a row before the bank is called, and is marked started after.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from django.conf import settings

from obole.audit_log import operations as audit_log
from obole.billing.models import Invoice
from obole.gateways import registry
from obole.gateways.base import Gateway, GatewayError, Order, Redirect, Rejected
from obole.lib import actors, dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry, outside_transaction
from obole.payments import queries, rules, states
from obole.payments.models import Anomaly, Attempt, AttemptLine, BankExchange
from obole.payments.operations import circuit_breaker
from obole.payments.operations.anomalies import AnomalySubject, open_anomaly
from obole.payments.operations.exchanges import keep_exchange
from obole.payments.states import AttemptState
from obole.regies import queries as regies
from obole.regies.models import Means

START_SECONDS = 10.0
"""A payer waits for this answer: later is worse than « try again »."""


class OnlineObstacle(StrEnum):
    """Why an invoice cannot be paid online now."""

    NOT_DUE = "not_due"
    REGIE_CLOSED = "regie_closed"
    MEANS = "means"
    """The acte constitutif of the régie allows no card online."""
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    EMAIL = "email"
    BANK_DOWN = "bank_down"
    MONEY_WAITS = "money_waits"
    """Money that was sent for one of the invoices waits for a person."""
    APART = "apart"
    """Invoices of several régies, or of several payers, are paid apart."""


class NotPayableOnline(Exception):
    """The bank is not asked: an invoice, its régie or the e-mail does not allow it."""

    def __init__(self, obstacle: OnlineObstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


class AlreadyInProgress(Exception):
    """Somebody is at the bank for one of these invoices, since ``attempt.opened_at``."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.reference)
        self.attempt = attempt


def start_payment(  # noqa: PLR0913 - a payer chooses all of this
    *,
    invoice_id: int,
    also: Sequence[int] = (),
    cents: int | None = None,
    email: str,
    request_key: str,
    actor: Actor,
    at: datetime,
) -> Attempt:
    """
    Open an attempt and ask the bank for its payment page. The same ``request_key`` again returns the attempt that it
    made.

    The answer is the attempt: waiting, with ``gateway_url``, or failed; or still opening, when a twin request is at the
    bank.

    :param also: the ids of the other invoices that the same payment is for.
    :param cents: what is paid of an invoice that is paid alone, where it is not all that is left.
    :raises NotPayableOnline: if the bank must not be asked.
    :raises AlreadyInProgress: if another attempt holds one of the invoices.
    """
    attempt, is_new = open_attempt(
        invoice_id=invoice_id, also=also, cents=cents, email=email, request_key=request_key, actor=actor, at=at
    )
    if not is_new:
        return attempt
    try:
        with outside_transaction("asking the bank"):
            redirect = _gateway_of(attempt).start(_order(attempt, 1 + len(set(also) - {invoice_id})))
    except GatewayError as error:
        circuit_breaker.record_failure(regie_id=attempt.regie_id, error=error, at=at)
        return _mark_failed(attempt_id=attempt.pk, error=error, actor=actor, at=at)
    circuit_breaker.record_answer(regie_id=attempt.regie_id, at=at)
    return _mark_started(attempt_id=attempt.pk, redirect=redirect, actor=actor, at=at)


@atomic_with_retry
def open_attempt(  # noqa: PLR0913 - as above
    *,
    invoice_id: int,
    also: Sequence[int] = (),
    cents: int | None = None,
    email: str,
    request_key: str,
    actor: Actor,
    at: datetime,
) -> tuple[Attempt, bool]:
    """
    Write that a payer is about to leave for the bank, and what of each invoice the payment is for; say whether this
    call wrote it.

    :raises NotPayableOnline: if the bank must not be asked.
    :raises AlreadyInProgress: if another attempt holds one of the invoices.
    """
    wanted = {invoice_id, *also}
    invoices = list(Invoice.objects.locked().select_related("regie").filter(pk__in=wanted).order_by("pk"))
    first = next(invoice for invoice in invoices if invoice.pk == invoice_id)
    twin = Attempt.objects.filter(request_key=request_key, invoice=first).first()
    if twin is not None:
        return twin, False
    shares = _shares(invoices, cents)
    _guard(invoices, cents=sum(shares), email=email, at=at)
    rank = Attempt.objects.filter(invoice=first).count() + 1
    attempt = Attempt(
        request_key=request_key,
        invoice=first,
        regie=first.regie,
        reference=f"{(first.number or '').replace('-', '')}T{rank}",
        amount_cents=sum(shares),
        email=email,
        fiscal_year=dates.day_of(at).year,
        gateway=first.regie.gateway,
        opened_at=at,
    )
    attempt.sent = dict(_gateway_of(attempt).sent_facts(_order(attempt, len(invoices))))
    attempt.mode = attempt.sent.get("mode", "")
    attempt.save(force_insert=True)
    AttemptLine.objects.bulk_create(
        AttemptLine(attempt=attempt, invoice=invoice, cents=share)
        for invoice, share in zip(invoices, shares, strict=True)
    )
    audit_log.log_event(
        "attempt.open",
        subject=attempt,
        actor=actor,
        at=at,
        reference=attempt.reference,
        cents=attempt.amount_cents,
        invoices=" ".join(invoice.number or "" for invoice in invoices),
    )
    return attempt, True


def _shares(invoices: Sequence[Invoice], cents: int | None) -> list[int]:
    """
    Return what is paid of each invoice: all that is left, or a part of the only one. Less may be left than the part
    that somebody saw a moment ago.
    """
    if cents is None:
        return [invoice.remaining_cents for invoice in invoices]
    (alone,) = invoices
    return [min(cents, alone.remaining_cents)]


def obstacle_of(*invoices: Invoice, cents: int | None = None) -> OnlineObstacle | None:
    """
    Return why these invoices cannot be paid online, in one payment, whoever pays; None if they can.

    :param cents: what is paid, where it is not all that is left.
    """
    regie, limits = invoices[0].regie, registry.GATEWAYS[invoices[0].regie.gateway].limits
    if cents is None:
        cents = sum(invoice.remaining_cents for invoice in invoices)
    if not all(invoice.remaining_cents for invoice in invoices):
        return OnlineObstacle.NOT_DUE
    if len({(invoice.regie_id, invoice.payer_id) for invoice in invoices}) > 1:
        return OnlineObstacle.APART
    if not regie.enabled or registry.check_settings(regie.gateway, regie.gateway_settings):
        return OnlineObstacle.REGIE_CLOSED
    if Means.CARD not in regies.allowed_means(regie):
        return OnlineObstacle.MEANS
    if cents < limits.min_cents:
        return OnlineObstacle.TOO_SMALL
    return None if rules.is_payable(cents, limits) else OnlineObstacle.TOO_LARGE


def _guard(invoices: Sequence[Invoice], *, cents: int, email: str, at: datetime) -> None:
    regie = invoices[0].regie
    obstacle = obstacle_of(*invoices, cents=cents)
    if obstacle is None and not rules.is_usable_email(email, registry.GATEWAYS[regie.gateway].limits):
        obstacle = OnlineObstacle.EMAIL
    if obstacle is not None:
        raise NotPayableOnline(obstacle)
    other = (
        Attempt.objects.open().filter(shares__invoice__in=[invoice.pk for invoice in invoices]).order_by("id").first()
    )
    if other is not None:
        raise AlreadyInProgress(other)
    if Invoice.objects.filter(queries.money_waits(), pk__in=[invoice.pk for invoice in invoices]).exists():
        raise NotPayableOnline(OnlineObstacle.MONEY_WAITS)
    if not circuit_breaker.may_ask(regie_id=regie.pk, at=at, spacing=rules.WORKER_LOST):
        raise NotPayableOnline(OnlineObstacle.BANK_DOWN)


def _gateway_of(attempt: Attempt) -> Gateway:
    return registry.build(attempt.gateway, attempt.regie.settings_of(attempt.gateway), timeout=START_SECONDS)


def _order(attempt: Attempt, how_many: int) -> Order:
    others = how_many - 1
    told = f"et {others} autre{'s' if others > 1 else ''}" if others else attempt.invoice.label
    return Order(
        reference=attempt.reference,
        amount_cents=attempt.amount_cents,
        label=f"Facture {attempt.invoice.number} {told}",
        email=attempt.email,
        fiscal_year=attempt.fiscal_year,
        notification_url=f"{settings.BASE_URL}/paiements/payfip/notification",
        return_url=f"{settings.BASE_URL}/paiements/retour/{attempt.public_id}/",
    )


@atomic_with_retry
def _mark_started(*, attempt_id: int, redirect: Redirect, actor: Actor, at: datetime) -> Attempt:
    attempt = Attempt.objects.locked().select_related("regie", "invoice").get(pk=attempt_id)
    keep_exchange(attempt, kind=BankExchange.Kind.START, exchange=redirect.exchange, outcome="created", at=at)
    if attempt.state != AttemptState.OPENING:
        # The sweep took us for dead meanwhile: the payer goes nowhere, and nothing can be charged.
        return attempt
    if Attempt.objects.filter(gateway_reference=redirect.gateway_reference).exists():
        # Two payments that the bank calls the same: whatever it said of one would be taken for the other.
        said = f"{redirect.gateway_reference}: the bank gave this reference before"
        fail_opening(attempt, reason=said, actor=actor, at=at)
        _call_a_person(attempt, said, at=at)
        return attempt
    step = states.START.apply(attempt)
    attempt.gateway_reference, attempt.gateway_url = redirect.gateway_reference, redirect.url
    attempt.sent = {**attempt.sent, "gateway_reference": redirect.gateway_reference}
    attempt.next_ask_at = rules.next_poll_at(opened_at=attempt.opened_at, at=at)
    attempt.save()
    audit_log.log_transition(step, subject=attempt, actor=actor, at=at, gateway_reference=redirect.gateway_reference)
    return attempt


@atomic_with_retry
def _mark_failed(*, attempt_id: int, error: GatewayError, actor: Actor, at: datetime) -> Attempt:
    attempt = Attempt.objects.locked().select_related("regie", "invoice").get(pk=attempt_id)
    outcome = f"{type(error).__name__} {error.code}".strip()
    keep_exchange(attempt, kind=BankExchange.Kind.START, exchange=error.exchange, outcome=outcome, at=at)
    if attempt.state != AttemptState.OPENING:
        return attempt
    if isinstance(error, Rejected):
        attempt.bank_said = (error.code or type(error).__name__)[:40]
    fail_opening(attempt, reason=str(error), code=error.code, actor=actor, at=at)
    if isinstance(error, Rejected) and not registry.is_of_payer(attempt.gateway, error.code):
        _call_a_person(attempt, f"{error.code} {error}".strip(), at=at)
    return attempt


def _call_a_person(attempt: Attempt, said: str, *, at: datetime) -> None:
    """
    Say once for the régie that its bank opens no payment: it refuses whoever tries, and only a person can mend that.
    """
    about = AnomalySubject(attempt=attempt, of_regie=True)
    bank = actors.gateway(attempt.gateway)
    open_anomaly(Anomaly.Kind.NO_START, about, details=said, actor=bank, at=at)


def fail_opening(attempt: Attempt, *, reason: str, actor: Actor, at: datetime, code: str = "") -> None:
    """Close an attempt whose payer was sent nowhere. The caller holds its lock."""
    step = states.FAIL.apply(attempt)
    attempt.ended_at, attempt.failure = at, reason[:300]
    attempt.save()
    audit_log.log_transition(step, subject=attempt, actor=actor, at=at, error=reason[:200], code=code)
