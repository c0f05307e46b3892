"""How an amount is paid: acompte and solde, instalments, what is carried over. All in cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from obole.pricing.model.numbers import half_up
from obole.pricing.model.results import PricedLine, TaxRow
from obole.pricing.model.tariffs import Regime, Typed, Vat


@dataclass(frozen=True)
class Carry:
    """What is billed now, and what waits for the next bill."""

    due_cents: int
    carried_cents: int


def acompte(total_cents: int, percent: Decimal) -> int:
    """Return the acompte, rounded half up to the cent; the solde is the rest."""
    return half_up(Fraction(percent) * total_cents / 100)


def instalments(total_cents: int, *, times: int, first_cents: int = 0) -> tuple[int, ...]:
    """
    Split an amount in equal parts; the remainder goes to the last, and ``first_cents`` of it are paid whole with the
    first.

    What cannot be split (less than a cent each, or less than what comes first) is paid at once; nothing is paid in no
    part.
    """
    if total_cents <= 0:
        return ()
    part, rest = divmod(total_cents - first_cents, times)
    if part < 1:
        return (total_cents,)
    parts = [part] * times
    parts[0] += first_cents
    parts[-1] += rest
    return tuple(parts)


def carry_over(total_cents: int, *, before_cents: int, below_cents: int, flush: bool) -> Carry:
    """
    Carry an amount over while, with what was carried before, it is under the threshold; ``flush`` bills it all the
    same.
    """
    sum_cents = total_cents + before_cents
    if sum_cents <= 0 or (sum_cents < below_cents and not flush):
        return Carry(0, sum_cents)
    return Carry(sum_cents, 0)


def tax_rows(lines: Iterable[PricedLine]) -> tuple[TaxRow, ...]:
    """Return what each regime and rate comes to: the tax is on the sum of the bases of a rate, rounded half up."""
    sums: dict[tuple[Vat, Typed], int] = {}
    for line in lines:
        # Without a tax there is nothing to tell apart.
        typed = line.typed if line.vat.regime == Regime.TAXED else Typed.GROSS
        sums[line.vat, typed] = sums.get((line.vat, typed), 0) + line.amount_cents
    rows = [_tax_row(vat, typed, cents) for (vat, typed), cents in sums.items()]
    return tuple(sorted(rows, key=lambda row: (row.vat.regime, row.vat.rate, row.vat.article)))


def _tax_row(vat: Vat, typed: Typed, cents: int) -> TaxRow:
    rate = Fraction(vat.rate) if vat.regime == Regime.TAXED else Fraction(0)
    if typed == Typed.NET:
        net, tax = cents, half_up(cents * rate / 100)
    else:
        net = half_up(cents / (1 + rate / 100))
        tax = cents - net
    return TaxRow(vat=vat, net_cents=net, vat_cents=tax, total_cents=net + tax)
