"""
What becomes of an invoice, in the proportions of a real town: most are paid online before the due date, some after a
reminder, some never; a few are cancelled; a few payments are refused or abandoned first.
"""

from datetime import datetime, timedelta
from typing import Any

from obole.billing.models import Invoice
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.recovery import operations as recovery
from obole_demo import accounts, desk
from obole_demo.timeline import Story


def decide(story: Story, invoice: Invoice, issued_at: datetime) -> None:
    """Plan what the payer will do about an invoice."""
    draw, term = story.dice.random(), invoice.type.payment_term
    if draw < 0.03:
        story.plan(issued_at + timedelta(days=2, hours=3), lambda at: desk.do_again(invoice, at))
    elif draw < 0.74:
        _plan_payment(story, invoice, issued_at + timedelta(days=story.dice.uniform(0.2, term * 0.9)))
    elif draw < 0.84:
        _plan_payment(story, invoice, issued_at + timedelta(days=term + story.dice.uniform(7.5, 27)))
    else:
        story.plan(issued_at + timedelta(days=term + 62), lambda at: _transfer(invoice, at))


def _plan_payment(story: Story, invoice: Invoice, at: datetime) -> None:
    if not invoice.payer.email or story.dice.random() < 0.14:
        desk.come_to_the_counter(story, invoice, at)
        return
    draw = story.dice.random()
    if draw < 0.05:
        story.plan(at, lambda then: story.pay(invoice, then, "R"))
        at += timedelta(minutes=7)
    elif draw < 0.10:
        story.plan(at, lambda then: story.pay(invoice, then, "A"))
        at += timedelta(hours=5)
    result = "V" if story.dice.random() < 0.15 else "P"
    story.plan(at, lambda then: story.pay(invoice, then, result))
    if result == "V" and story.dice.random() < 0.3:
        story.may_come_back.add(invoice.pk)


def _cancel(invoice: Invoice, at: datetime) -> None:
    try:
        payments.cancel_invoice(
            invoice_id=invoice.pk,
            code="quantity",
            comment="une nouvelle facture suit",
            actor=accounts.regisseur(),
            at=at,
        )
    except ForbiddenTransition:
        # Paid meanwhile: the agent is told so, and leaves it.
        return


def _transfer(invoice: Invoice, at: datetime) -> None:
    """Have the comptable recover it, unless it was paid meanwhile."""
    who: dict[str, Any] = {"actor": accounts.regisseur(), "at": at}
    try:
        handed_over = recovery.request_transmission(
            regie_id=invoice.regie_id, invoice_ids=[invoice.pk], request_key=f"demo-{invoice.pk}", **who
        )
    except recovery.NothingToHandOver:
        return
    recovery.send_transmission(transmission_id=handed_over.pk, **who)


def pay_twice(story: Story, invoice: Invoice, at: datetime) -> None:
    """Somebody opens two payments, an hour apart, and ends both: the second goes to recettes à classer."""
    first = story.go_to_bank(invoice, at)
    if first is None:
        return
    later = at + timedelta(minutes=50)
    story.bank.set_clock(later)
    story.release(first, later)
    story.pay(invoice, later, "P")
    story.finish(first, "P", later + timedelta(minutes=10))


def pay_what_was_cancelled(story: Story, invoice: Invoice, at: datetime) -> None:
    """An agent cancels the invoice while its payer is typing the card's number."""
    attempt = story.go_to_bank(invoice, at)
    if attempt is not None:
        _cancel(invoice, at + timedelta(minutes=1))
        story.finish(attempt, "P", at + timedelta(minutes=3))
