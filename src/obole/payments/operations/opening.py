"""From « Payer maintenant » to the bank: the attempt is a row before the bank is called, and is marked started after."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from django.conf import settings

from obole.billing.models import Invoice
from obole.gateways import registry
from obole.gateways.base import Gateway, GatewayError, Order, Redirect
from obole.lib import days
from obole.lib.transactions import waiting_outside, whole
from obole.payments import rules, states
from obole.payments.models import Attempt, BankExchange, Share
from obole.payments.operations import circuit
from obole.payments.operations.evidence import keep_exchange
from obole.payments.states import AttemptState
from obole.trail import operations as trail

START_SECONDS = 10.0
"""A payer waits for this answer: later is worse than « try again »."""


class Obstacle(StrEnum):
    """Why an invoice cannot be paid online now."""

    NOT_DUE = "not_due"
    REGIE_CLOSED = "regie_closed"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    EMAIL = "email"
    BANK_DOWN = "bank_down"
    APART = "apart"
    """Invoices of several régies, or of several payers, are paid apart."""


class NotPayableOnline(Exception):
    """The bank is not asked: an invoice, its régie or the e-mail does not allow it."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


class AlreadyInProgress(Exception):
    """Somebody is at the bank for one of these invoices, since ``attempt.opened_at``."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.reference)
        self.attempt = attempt


def start_payment(
    *, invoice_id: int, also: Sequence[int] = (), email: str, request_key: str, actor: str, at: datetime
) -> Attempt:  # fmt: skip
    """
    Open an attempt and ask the bank for its payment page. The same ``request_key`` again returns the attempt that it made.

    The answer is the attempt: waiting, with ``gateway_url``, or failed; or still opening, when a twin request is at the bank.

    :param also: the ids of the other invoices that the same payment is for.
    :raises NotPayableOnline: if the bank must not be asked.
    :raises AlreadyInProgress: if another attempt holds one of the invoices.
    """
    attempt, is_new = open_attempt(
        invoice_id=invoice_id, also=also, email=email, request_key=request_key, actor=actor, at=at
    )
    if not is_new:
        return attempt
    try:
        with waiting_outside("asking the bank"):
            redirect = _gateway_of(attempt).start(_order(attempt, 1 + len(set(also) - {invoice_id})))
    except GatewayError as error:
        circuit.missed(regie_id=attempt.regie_id, error=error, at=at)
        return _mark_failed(attempt_id=attempt.pk, error=error, actor=actor, at=at)
    circuit.heard(regie_id=attempt.regie_id, at=at)
    return _mark_started(attempt_id=attempt.pk, redirect=redirect, actor=actor, at=at)


@whole
def open_attempt(
    *, invoice_id: int, also: Sequence[int] = (), email: str, request_key: str, actor: str, at: datetime
) -> tuple[Attempt, bool]:  # fmt: skip
    """
    Write that a payer is about to leave for the bank, and what of each invoice the payment is for; say whether this call wrote it.

    :raises NotPayableOnline: if the bank must not be asked.
    :raises AlreadyInProgress: if another attempt holds one of the invoices.
    """
    wanted = {invoice_id, *also}
    invoices = list(Invoice.objects.locked().select_related("regie").filter(pk__in=wanted).order_by("pk"))
    first = next(one for one in invoices if one.pk == invoice_id)
    twin = Attempt.objects.filter(request_key=request_key, invoice=first).first()
    if twin is not None:
        return twin, False
    _guard(invoices, email=email, at=at)
    rank = Attempt.objects.filter(invoice=first).count() + 1
    attempt = Attempt(
        request_key=request_key, invoice=first, regie=first.regie, reference=f"{(first.number or '').replace('-', '')}T{rank}",
        amount_cents=sum(one.remaining_cents for one in invoices), email=email, fiscal_year=days.day_of(at).year,
        gateway=first.regie.gateway, opened_at=at,
    )  # fmt: skip
    attempt.sent = dict(_gateway_of(attempt).sent_facts(_order(attempt, len(invoices))))
    attempt.mode = attempt.sent.get("mode", "")
    attempt.save(force_insert=True)
    Share.objects.bulk_create(Share(attempt=attempt, invoice=one, cents=one.remaining_cents) for one in invoices)
    trail.note(
        "attempt.open", subject=attempt, actor=actor, at=at, reference=attempt.reference, cents=attempt.amount_cents,
        invoices=" ".join(one.number or "" for one in invoices),
    )  # fmt: skip
    return attempt, True


def obstacle_of(*invoices: Invoice) -> Obstacle | None:
    """Return why these invoices cannot be paid online, in one payment, whoever pays; None if they can."""
    regie, limits = invoices[0].regie, registry.GATEWAYS[invoices[0].regie.gateway].limits
    cents = sum(one.remaining_cents for one in invoices)
    if not all(one.remaining_cents for one in invoices):
        return Obstacle.NOT_DUE
    if len({(one.regie_id, one.payer_id) for one in invoices}) > 1:
        return Obstacle.APART
    if not regie.enabled or registry.check_settings(regie.gateway, regie.gateway_settings):
        return Obstacle.REGIE_CLOSED
    if cents < limits.min_cents:
        return Obstacle.TOO_SMALL
    return None if rules.is_payable(cents, limits) else Obstacle.TOO_LARGE


def _guard(invoices: Sequence[Invoice], *, email: str, at: datetime) -> None:
    regie = invoices[0].regie
    obstacle = obstacle_of(*invoices)
    if obstacle is None and not rules.is_usable_email(email, registry.GATEWAYS[regie.gateway].limits):
        obstacle = Obstacle.EMAIL
    if obstacle is not None:
        raise NotPayableOnline(obstacle)
    standing = Attempt.objects.open().filter(shares__invoice__in=[one.pk for one in invoices]).order_by("id").first()
    if standing is not None:
        raise AlreadyInProgress(standing)
    if not circuit.may_ask(regie_id=regie.pk, at=at, spacing=rules.WORKER_LOST):
        raise NotPayableOnline(Obstacle.BANK_DOWN)


def _gateway_of(attempt: Attempt) -> Gateway:
    return registry.build(attempt.gateway, attempt.regie.gateway_settings, timeout=START_SECONDS)


def _order(attempt: Attempt, how_many: int) -> Order:
    others = how_many - 1
    told = f"et {others} autre{'s' if others > 1 else ''}" if others else attempt.invoice.label
    return Order(
        reference=attempt.reference, amount_cents=attempt.amount_cents, label=f"Facture {attempt.invoice.number} {told}",
        email=attempt.email, fiscal_year=attempt.fiscal_year, notification_url=f"{settings.BASE_URL}/paiements/payfip/notification",
        return_url=f"{settings.BASE_URL}/paiements/retour/{attempt.public_id}/",
    )  # fmt: skip


@whole
def _mark_started(*, attempt_id: int, redirect: Redirect, actor: str, at: datetime) -> Attempt:
    attempt = Attempt.objects.locked().get(pk=attempt_id)
    keep_exchange(attempt, kind=BankExchange.Kind.START, exchange=redirect.exchange, outcome="created", at=at)
    if attempt.state != AttemptState.OPENING:
        # The sweep took us for dead meanwhile: the payer goes nowhere, and nothing can be charged.
        return attempt
    step = states.START.apply(attempt)
    attempt.gateway_reference, attempt.gateway_url = redirect.gateway_reference, redirect.url
    attempt.sent = {**attempt.sent, "gateway_reference": redirect.gateway_reference}
    attempt.next_ask_at = rules.next_ask(opened_at=attempt.opened_at, at=at)
    attempt.save()
    trail.record(step, subject=attempt, actor=actor, at=at, gateway_reference=redirect.gateway_reference)
    return attempt


@whole
def _mark_failed(*, attempt_id: int, error: GatewayError, actor: str, at: datetime) -> Attempt:
    attempt = Attempt.objects.locked().get(pk=attempt_id)
    outcome = f"{type(error).__name__} {error.code}".strip()
    keep_exchange(attempt, kind=BankExchange.Kind.START, exchange=error.exchange, outcome=outcome, at=at)
    if attempt.state == AttemptState.OPENING:
        fail_opening(attempt, reason=str(error), code=error.code, actor=actor, at=at)
    return attempt


def fail_opening(attempt: Attempt, *, reason: str, actor: str, at: datetime, code: str = "") -> None:
    """Close an attempt whose payer was sent nowhere. The caller holds its lock."""
    step = states.FAIL.apply(attempt)
    attempt.ended_at, attempt.failure = at, reason[:300]
    attempt.save()
    trail.record(step, subject=attempt, actor=actor, at=at, error=reason[:200], code=code)
