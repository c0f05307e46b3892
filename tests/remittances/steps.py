"""What the tests of versements do: let money come, let the bank credit it, sign it over."""

from datetime import date, timedelta
from typing import Any

from obole.billing.models import Invoice
from obole.lib import dates, texts
from obole.lib.actors import Actor
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies import operations as regies
from obole.regies.ledger import Cause
from obole.regies.models import FoundingAct, Means, Regie
from obole.remittances import operations, queries
from obole.remittances.models import Remittance
from tests.payments.steps import pay
from tests.payments.test_counter import take
from tests.payments.test_suspense import come_paid
from tests.world import NOON, WHO, Town, later, make_invoice

TODAY = dates.day_of(NOON)
ACT = {
    "reference": "Arrêté n° 2026-014",
    "signed_on": date(2026, 1, 5),
    "allowed_means": list(Means),
    "max_held_cents": 2_000_00,
    "float_cents": 50_00,
    "guarantee_cents": 0,
    "iban": "FR76 3000 6000 0112 3456 7890 189",
    "pays_refunds": False,
}


def write_act(regie: Regie, **values: Any) -> FoundingAct:
    return regies.configure_act(regie_id=regie.pk, values={**ACT, **values}, actor=WHO, at=NOON)


def paid(town: Town, means: Receipt.Means = Receipt.Means.TRANSFER, *, meals: int = 16, cents: int = 0) -> Receipt:
    """Take an invoice's money, whole unless ``cents`` says how much."""
    invoice = make_invoice(town, meals=meals)
    if means == Receipt.Means.CARD:
        return come_paid(pay(invoice), 5)
    return take(invoice.pk, cents or invoice.total_cents, means)


def clear(town: Town, *receipts: Receipt) -> None:
    payments.clear_receipts(
        regie_id=town.regie.pk,
        receipt_ids=[receipt.pk for receipt in receipts],
        cause=Cause(kind="clearing", key=texts.token()),
        label="Virement PayFiP",
        actor=town.regisseur.actor,
        at=later(60),
    )


def total(town: Town, *, until: date = TODAY) -> int:
    """Return what the preview says."""
    entries = queries.ready(queries.entries_to_remit(town.regie, until=until), until=until)
    return sum(share.cents for share in queries.shares(queries.vouchers(entries)))


def sign(
    town: Town, *, until: date = TODAY, cents: int | None = None, key: str = "", actor: Actor | None = None
) -> Remittance:
    return operations.sign_remittance(
        regie_id=town.regie.pk,
        until=until,
        expected_cents=total(town, until=until) if cents is None else cents,
        request_key=key or texts.token(),
        actor=actor or town.regisseur.actor,
        at=later(120),
    )


def transfer(remittance: Remittance, *, reference: str = "VIR 1", actor: Actor = WHO) -> Remittance:
    return operations.record_transfer(remittance_id=remittance.pk, reference=reference, actor=actor, at=later(180))


def cancel(invoice: Invoice) -> None:
    payments.cancel_invoice(
        invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=NOON + timedelta(minutes=200)
    )
