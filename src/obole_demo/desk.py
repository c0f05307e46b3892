"""
What happens at the counter: money handed over, in parts sometimes; invoices made again.
"""

from datetime import datetime, timedelta

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.cash_desk import operations as cash_desk
from obole.lib import texts
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole_demo import accounts, office
from obole_demo.timeline import Story

M = Receipt.Means
BANKS = ("Banque postale", "Crédit agricole", "Crédit mutuel", "BNP Paribas")
MEANS = (M.CHEQUE, M.CHEQUE, M.CASH, M.CASH, M.TERMINAL, M.TRANSFER)


def come_to_the_counter(story: Story, invoice: Invoice, at: datetime) -> None:
    """The payer comes to the town hall; one in six pays half of it now, and the rest three weeks later."""
    means = story.dice.choice(MEANS)
    halves = story.dice.random() < 1 / 6 and invoice.total_cents > 20_00
    first = invoice.total_cents // 2 if halves else invoice.total_cents
    at = office.when_open(at)
    story.plan(at, lambda then: _take(invoice, first, means, then))
    if halves:
        rest = invoice.total_cents - first
        later = office.when_open(at + timedelta(days=21))
        story.plan(later, lambda then: _take(invoice, rest, means, then))


def do_again(invoice: Invoice, at: datetime) -> None:
    """An agent cancels an invoice with an avoir and issues it again; one that was paid meanwhile is left alone."""
    try:
        payments.cancel_invoice(invoice_id=invoice.pk, code="quantity", comment="", actor=accounts.regisseur(), at=at)
    except ForbiddenTransition:
        return
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=accounts.agent(), at=at + timedelta(minutes=1))
    billing.issue_invoice(invoice_id=draft.pk, actor=accounts.agent(), at=at + timedelta(minutes=3))


def _take(invoice: Invoice, cents: int, means: Receipt.Means, at: datetime) -> None:
    reference = f"{invoice.pk + 1_200_000:07d}" if means in (M.CHEQUE, M.TRANSFER) else ""
    if means == M.CASH and cents > 300_00:
        means = M.TERMINAL
    bank = BANKS[invoice.pk % len(BANKS)] if means == M.CHEQUE else ""
    name = invoice.payer.display_name
    money = payments.Money(cents=cents, means=means, payer_name=name, reference=reference, bank=bank)
    try:
        cash_desk.take_money(
            invoice_id=invoice.pk, money=money, request_key=texts.token(), actor=accounts.regisseur(), at=at
        )
    except payments.MoneyNotTaken:
        # Paid otherwise meanwhile: the agent says so, and takes nothing.
        return
