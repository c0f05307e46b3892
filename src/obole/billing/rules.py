"""What an invoice is made of: pure calculations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from obole.billing.models import InvoiceType
from obole.dossiers.rules import Priced
from obole.lib import money


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """A line before it is written. Amounts in cents."""

    label: str
    quantity: Decimal
    unit: str
    unit_price_cents: int
    nature: str
    detail: str = ""

    @property
    def amount_cents(self) -> int:
        """Quantity × unit price, rounded half up to the cent."""
        return money.times(self.quantity, self.unit_price_cents)


def lines_for(invoice_type: InvoiceType, priced: Iterable[Priced]) -> list[DraftLine]:
    """Return the lines that this type makes of a dossier: its fixed amount, or every product whose quantity is not zero."""
    if invoice_type.amount_mode == InvoiceType.AmountMode.FIXED:
        return [
            DraftLine(
                label=invoice_type.fixed_label or invoice_type.name, quantity=Decimal(1), unit="",
                unit_price_cents=invoice_type.fixed_cents, nature=invoice_type.nature,
            )
        ]  # fmt: skip
    return [
        DraftLine(
            label=one.product.name, quantity=one.quantity, unit=one.product.unit, unit_price_cents=one.unit_price_cents,
            nature=one.product.nature or invoice_type.nature,
        )
        for one in priced
        if one.quantity
    ]  # fmt: skip


def total(lines: Sequence[DraftLine]) -> int:
    """Return the sum of the rounded lines, in cents."""
    return sum(line.amount_cents for line in lines)
