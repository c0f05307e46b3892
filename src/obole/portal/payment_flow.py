"""Leaving for the bank and coming back: what the pages of payment share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import OperationalError

from obole.billing.models import Invoice
from obole.gateways import registry
from obole.lib.actors import Actor
from obole.lib.bulkhead import Bulkhead, NoPlace
from obole.lib.transactions import is_lock_refused
from obole.payments import operations as payments, queries, rules
from obole.payments.models import Attempt
from obole.payments.operations.gateway_status import FINAL
from obole.payments.operations.polling import RETURN_SECONDS
from obole.payments.states import AttemptState

AT_THE_BANK = Bulkhead(settings.THREADS_AT_THE_BANK)
"""A bank that takes seconds to answer would hold every thread of this process, and every other page with them."""
START_PATIENCE = 2.0
"""Seconds that a payer waits for a place before « try again »."""
JUST_ASKED = timedelta(seconds=4)
"""A page that is reloaded at once learns nothing more: the bank is left in peace."""


@dataclass(frozen=True)
class PaymentReturn:
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


def start(
    bills: Sequence[Invoice], *, email: str, request_key: str, actor: Actor, at: datetime, cents: int | None = None
) -> Attempt:
    """
    Open an attempt for these invoices, or for so many cents of the only one; where another one holds one of them for
    longer than its régie allows, ask the bank about it first.

    :raises obole.payments.operations.NotPayableOnline: if the bank must not be asked.
    :raises obole.payments.operations.AlreadyInProgress: if the other one may still succeed.
    :raises obole.lib.bulkhead.NoPlace: if too many wait for the bank already; nothing was begun.
    """
    leave = partial(
        payments.start_payment,
        invoice_id=bills[0].pk,
        also=[bill.pk for bill in bills[1:]],
        cents=cents,
        email=email,
        request_key=request_key,
        actor=actor,
        at=at,
    )
    with AT_THE_BANK.place(seconds=START_PATIENCE):
        try:
            return leave()
        except payments.AlreadyInProgress as busy:
            if at - busy.attempt.opened_at < timedelta(minutes=bills[0].regie.release_delay):
                raise
            payments.resolve_attempt(attempt_id=busy.attempt.pk, actor=actor, at=at, seconds=RETURN_SECONDS)
        return leave()


def come_back(attempt: Attempt, *, actor: Actor, at: datetime) -> PaymentReturn:
    """Ask the bank what became of an attempt, unless it is known or was asked just now."""
    if attempt.asked_at is not None and at - attempt.asked_at < JUST_ASKED:
        return PaymentReturn(attempt, silent=False)
    try:
        with AT_THE_BANK.place(seconds=0):
            resolved = payments.resolve_attempt(attempt_id=attempt.pk, actor=actor, at=at, seconds=RETURN_SECONDS)
    except NoPlace:
        # The sweep asks, and this page looks again by itself.
        return PaymentReturn(attempt, silent=True)
    except OperationalError as error:
        if not is_lock_refused(error):
            raise
        # The régie is held by somebody else: the answer is heard by the next sweep, and the page looks again.
        return PaymentReturn(attempt, silent=True)
    asked = resolved.state not in FINAL and bool(resolved.gateway_reference)
    return PaymentReturn(resolved, silent=asked and resolved.asked_at != at)
