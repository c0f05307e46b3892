"""Leaving for the bank and coming back: what the pages of payment share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.gateways import registry
from obole.payments import operations as payments
from obole.payments import queries, rules
from obole.payments.models import Attempt, Receipt
from obole.payments.operations.asking import RETURN_SECONDS
from obole.payments.operations.hearing import FINAL
from obole.payments.states import AttemptState

JUST_ASKED = timedelta(seconds=4)
"""A page that is reloaded at once learns nothing more: the bank is left in peace."""


@dataclass(frozen=True)
class Return:
    """Where an attempt stands when its payer comes back; ``silent``: the bank was asked and said nothing."""

    attempt: Attempt
    silent: bool

    @property
    def may_change(self) -> bool:
        """Whether the page should look again by itself."""
        return self.attempt.state in {AttemptState.OPENING, AttemptState.WAITING}


def gateway_name(invoice: Invoice) -> str:
    """Return the name of the bank's site that takes the payment."""
    return registry.GATEWAYS[invoice.regie.gateway].name


def takes_email(invoice: Invoice, email: str) -> bool:
    """Tell whether the bank takes this address."""
    return rules.is_usable_email(email, registry.GATEWAYS[invoice.regie.gateway].limits)


def waiting_attempt(invoice: Invoice) -> Attempt | None:
    """Return the attempt that keeps the invoice « En cours de paiement » and that the bank can be asked about."""
    attempt = queries.open_attempt_of(invoice)
    return attempt if attempt is not None and attempt.state == AttemptState.WAITING else None


def may_reopen(attempt: Attempt | None, *, at: datetime) -> bool:
    """Tell whether the bank still opens the payment page of this attempt."""
    if attempt is None:
        return False
    return at - attempt.opened_at < timedelta(minutes=registry.GATEWAYS[attempt.gateway].limits.window_minutes)


def misplaced_cents(invoice: Invoice) -> int:
    """Return what was paid for an invoice without fitting it, and waits for a person while the invoice is due."""
    if invoice.state != InvoiceState.DUE:
        return 0
    waiting = Receipt.objects.filter(attempt__shares__invoice=invoice, invoice=None, reversal=None).order_by("id")
    return sum(queries.free_cents(one) for one in waiting)


def start(bills: Sequence[Invoice], *, email: str, request_key: str, actor: str, at: datetime) -> Attempt:
    """
    Open an attempt for these invoices; where another one holds one of them for longer than its régie allows, ask the bank
    about it first.

    :raises obole.payments.operations.NotPayableOnline: if the bank must not be asked.
    :raises obole.payments.operations.AlreadyInProgress: if the other one may still succeed.
    """
    leave = partial(
        payments.start_payment,
        invoice_id=bills[0].pk,
        also=[one.pk for one in bills[1:]],
        email=email,
        request_key=request_key,
        actor=actor,
        at=at,
    )
    try:
        return leave()
    except payments.AlreadyInProgress as busy:
        if at - busy.attempt.opened_at < timedelta(minutes=bills[0].regie.release_delay):
            raise
        payments.resolve_attempt(attempt_id=busy.attempt.pk, actor=actor, at=at, seconds=RETURN_SECONDS)
    return leave()


def come_back(attempt: Attempt, *, actor: str, at: datetime) -> Return:
    """Ask the bank what became of an attempt, unless it is known or was asked just now."""
    if attempt.asked_at is not None and at - attempt.asked_at < JUST_ASKED:
        return Return(attempt, silent=False)
    resolved = payments.resolve_attempt(attempt_id=attempt.pk, actor=actor, at=at, seconds=RETURN_SECONDS)
    asked = resolved.state not in FINAL and bool(resolved.gateway_reference)
    return Return(resolved, silent=asked and resolved.asked_at != at)
