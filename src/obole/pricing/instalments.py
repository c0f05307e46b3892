"""
A bill in several invoices: what each of them holds, so that together they are the bill, to the cent.

The amounts are the result's own (``splitting``). Each part is then spread over the VAT regimes and the imputations of
the bill, in proportion to what the parts before it left of them: the last part takes what is left, so sums by rate and
by imputation are those of the bill.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from obole.pricing import wording
from obole.pricing.model.formulas import Key, Label
from obole.pricing.model.numbers import half_up
from obole.pricing.model.results import PricedLine, Result, TaxRow
from obole.pricing.model.tariffs import Cents, Percent, Regime, Typed, Vat


class InstalmentKind(StrEnum):
    """What a part is of its bill."""

    ACOMPTE = "acompte"
    BALANCE = "balance"
    INSTALMENT = "instalment"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentLine:
    """What a part bills of the lines of one imputation and one VAT, without the tax if they were voted without."""

    of: tuple[Label, ...]
    nature: Label
    vat: Vat
    typed: Typed
    cents: Cents
    entire: bool = False
    """A line of the bill that this part bills whole (« frais de dossier », with the first instalment)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """
    One invoice of several: ``total`` is what they come to together, ``cents`` what this one comes to.

    Its amount is that of its lines and ``added_tax_cents``, the VAT that no line holds. A solde bills the lines of the
    bill and takes the acompte away: ``lines`` are then what it takes away, below zero.
    """

    kind: InstalmentKind
    rank: int
    count: int
    cents: Cents
    total_cents: Cents
    added_tax_cents: Cents
    lines: tuple[InstalmentLine, ...]
    taxes: tuple[TaxRow, ...]
    percent: Percent = Decimal(0)


@dataclass
class _Left:
    """
    What the parts so far left of the bill: totals and taxes by VAT, the cents of lines by VAT and imputation, and what
    they are of.
    """

    totals: dict[Vat, int]
    taxes: dict[Vat, int]
    lines: dict[tuple[Vat, str], int]
    of: dict[tuple[Vat, str], tuple[str, ...]]


def amounts(result: Result) -> tuple[int, ...]:
    """Return what each part of a bill comes to, in cents; nothing where it is one invoice."""
    if result.acompte_cents and result.balance_cents:
        return (result.acompte_cents, result.balance_cents)
    return result.instalments if len(result.instalments) > 1 else ()


def share(result: Result, *, first: Sequence[Key] = ()) -> tuple[Instalment, ...]:
    """
    Return the parts of a bill; none where it is one invoice.

    :param first: the lines that the first instalment bills whole, as ``Terms.first`` names them; they hold their tax.
    """
    cents = amounts(result)
    has_acompte = bool(result.acompte_cents)
    entire = [] if has_acompte else [line for line in result.lines if line.key in first]
    left = _whole(result, entire)
    parts: list[Instalment] = []
    for rank, amount in enumerate(cents, start=1):
        lines, taxes = _take(left, result, amount, entire=entire if rank == 1 else (), last=rank == len(cents))
        if has_acompte and rank == 2:
            # Together they are the bill: what the solde takes away of it is what the acompte billed.
            lines = tuple(_negative(line) for line in parts[0].lines)
        kind = (InstalmentKind.ACOMPTE, InstalmentKind.BALANCE)[rank - 1] if has_acompte else InstalmentKind.INSTALMENT
        held = sum(line.cents for line in lines)
        if kind == InstalmentKind.BALANCE:
            held += sum(line.amount_cents for line in result.lines)
        parts.append(
            Instalment(
                kind=kind,
                rank=rank,
                count=len(cents),
                cents=amount,
                total_cents=result.total_cents,
                added_tax_cents=amount - held,
                lines=lines,
                taxes=taxes,
                percent=result.acompte_percent,
            )
        )
    return tuple(parts)


def grouped(result: Result) -> tuple[InstalmentLine, ...]:
    """Return a bill in as few lines as can be: one for each VAT and imputation."""
    left = _whole(result, ())
    return tuple(
        InstalmentLine(of=left.of[key], nature=key[1], vat=key[0], typed=_typed(result, key[0]), cents=cents)
        for key, cents in left.lines.items()
        if cents
    )


def apportion(amount: int, weights: Sequence[int]) -> list[int]:
    """
    Split cents in proportion to weights, to the cent: what is left over goes to those that lost most by rounding down.

    Weights whose sum is zero have no proportion: nothing is split.
    """
    total = sum(weights)
    if total < 0:
        return [-item for item in apportion(-amount, [-weight for weight in weights])]
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    by_loss = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % total))
    for place in by_loss[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def _whole(result: Result, entire: Sequence[PricedLine]) -> _Left:
    rows = result.taxes
    left = _Left({row.vat: row.total_cents for row in rows}, {row.vat: row.vat_cents for row in rows}, {}, {})
    for line in result.lines:
        key = line.vat, line.nature
        left.lines[key] = left.lines.get(key, 0) + line.amount_cents
        if line not in entire:
            left.of[key] = tuple(dict.fromkeys([*left.of.get(key, ()), wording.label(line)]))
    return left


def _take(
    left: _Left, result: Result, amount: int, *, entire: Sequence[PricedLine], last: bool
) -> tuple[tuple[InstalmentLine, ...], tuple[TaxRow, ...]]:
    """Take a part of what is left, and return its lines and its taxes."""
    vats = list(left.totals)
    own = [sum(item.amount_cents for item in entire if item.vat == vat) for vat in vats]
    open_to_all = [left.totals[vat] - mine for vat, mine in zip(vats, own, strict=True)]
    others = apportion(amount - sum(own), open_to_all)
    lines, taxes = [_entirely(item) for item in entire], []
    for vat, mine, other in zip(vats, own, others, strict=True):
        total = left.totals[vat] if last else mine + other
        tax = _tax(total, left.taxes[vat], left.totals[vat])
        held = total - (tax if _is_net(result, vat) else 0)
        lines += _lines(left, result, vat, held - mine, [item for item in entire if item.vat == vat], last=last)
        left.totals[vat] -= total
        left.taxes[vat] -= tax
        if total or tax:
            taxes.append(TaxRow(vat=vat, net_cents=total - tax, vat_cents=tax, total_cents=total))
    return tuple(lines), tuple(taxes)


def _lines(
    left: _Left, result: Result, vat: Vat, cents: int, entire: Sequence[PricedLine], *, last: bool
) -> list[InstalmentLine]:
    for item in entire:
        left.lines[vat, item.nature] -= item.amount_cents
    keys = [key for key in left.lines if key[0] == vat]
    held = [left.lines[key] for key in keys]
    lines = []
    for key, mine in zip(keys, held if last else apportion(cents, held), strict=True):
        left.lines[key] -= mine
        if mine:
            of = left.of.get(key, ())
            lines.append(InstalmentLine(of=of, nature=key[1], vat=vat, typed=_typed(result, vat), cents=mine))
    return lines


def _entirely(line: PricedLine) -> InstalmentLine:
    return InstalmentLine(
        of=(wording.label(line),),
        nature=line.nature,
        vat=line.vat,
        typed=line.typed,
        cents=line.amount_cents,
        entire=True,
    )


def _negative(line: InstalmentLine) -> InstalmentLine:
    return InstalmentLine(of=line.of, nature=line.nature, vat=line.vat, typed=line.typed, cents=-line.cents)


def _tax(total: int, tax_left: int, total_left: int) -> int:
    return half_up(Fraction(total * tax_left, total_left)) if total_left else 0


def _typed(result: Result, vat: Vat) -> Typed:
    """Tell how the prices of a VAT were voted: one rate never mixes both."""
    return next((line.typed for line in result.lines if line.vat == vat), Typed.GROSS)


def _is_net(result: Result, vat: Vat) -> bool:
    return vat.regime == Regime.TAXED and _typed(result, vat) == Typed.NET
