"""Tariffs made into functions: from the answers to a unit price in cents, with the reasons."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from obole.lib import dates
from obole.lib.texts import in_french
from obole.pricing.engine.compiler import Compiler, Scope
from obole.pricing.engine.describer import Describer
from obole.pricing.model import tariffs as t
from obole.pricing.model.formulas import PRODUCT, Answer
from obole.pricing.model.numbers import Number, as_fraction, round_price
from obole.pricing.model.problems import CannotCompute
from obole.pricing.model.results import ComputationStep, FoundPlace, Reason, Stage, Vote


class TariffPrice(NamedTuple):
    """A unit price, where it was found, and why it is so."""

    cents: int
    found: tuple[FoundPlace, ...]
    reasons: list[Reason]


class FinishedPrice(NamedTuple):
    """What a line above came to, and of which row and VAT it is."""

    key: str
    rank: int
    cents: int
    vat: tuple[t.Vat, t.Typed]


Pricer = Callable[[Scope, int], TariffPrice]
"""Takes the scope, and what a computed price is rounded to in cents."""
Located = tuple[int, FoundPlace]


class VersionRule(NamedTuple):
    """A version ready to price; ``price`` is None for the kinds that look at other lines (``across``)."""

    effect: date
    vote: Vote
    vat: t.Vat
    typed: t.Typed
    price: Pricer | None
    across: t.Share | t.Limit | None


class TariffRule:
    """A tariff ready to price."""

    def __init__(self, tariff: t.Tariff, compiler: Compiler, describer: Describer) -> None:
        self._label = tariff.label
        versions = sorted(tariff.versions, key=lambda version: version.effect)
        self._rules = [_version(tariff, version, compiler, describer) for version in versions]
        self._effects = [version.effect for version in versions]

    def on(self, day: date) -> VersionRule:
        """
        Return the version in force on a day.

        :raises CannotCompute: if the first one takes effect later.
        """
        rank = bisect_right(self._effects, day)
        if not rank:
            first = self._rules[0].vote
            raise CannotCompute(
                _(
                    "aucun tarif « %(tariff)s » n’est en vigueur au %(day)s : le premier prend effet le %(effect)s"
                    " (délibération %(vote)s). Ajoutez une version qui couvre cette date, ou changez la date."
                ),
                tariff=self._label,
                day=dates.format_short(day),
                effect=dates.format_short(first.effect),
                vote=first.deliberation,
            )
        return self._rules[rank - 1]


def _version(tariff: t.Tariff, version: t.Version, compiler: Compiler, describer: Describer) -> VersionRule:
    vote = Vote(tariff.label, version.effect, version.deliberation, version.voted_on)
    price = version.price
    if isinstance(price, t.Share | t.Limit):
        return VersionRule(version.effect, vote, version.vat, version.typed, None, price)
    return VersionRule(
        version.effect, vote, version.vat, version.typed, _PRICES[type(price)](compiler, price, describer), None
    )


def _fixed(_compiler: Compiler, price: t.Fixed, _describer: Describer) -> Pricer:
    reason = Reason(Stage.PRICE, "fixed", {"cents": price.cents})
    return lambda _scope, _round_to: TariffPrice(price.cents, (), [reason])


def _grid(compiler: Compiler, price: t.Grid, _describer: Describer) -> Pricer:
    axes = [_shown_locator(compiler, axis) for axis in price.axes]
    sizes = [len(axis.places) for axis in price.axes]

    def run(scope: Scope, _round_to: int) -> TariffPrice:
        cell, found = 0, []
        for locate, size in zip(axes, sizes, strict=True):
            index, one = locate(scope)
            cell = cell * size + index
            if one is not None:
                found.append(one)
        cents = price.cells[cell]
        if cents is None:
            raise CannotCompute(
                _("aucun prix n’est voté pour %(cell)s : ce tarif n’y est pas proposé."),
                cell=", ".join(f.place for f in found),
            )
        return TariffPrice(cents, tuple(found), [Reason(Stage.PRICE, "cell", {"cents": cents})])

    return run


def _shown_locator(compiler: Compiler, axis: t.Axis) -> Callable[[Scope], tuple[int, FoundPlace | None]]:
    """Return the function that finds a place; that of the product itself, which is no answer, is not told."""
    locate = locator(compiler, axis)
    if axis.of != Answer(PRODUCT):
        return locate
    return lambda scope: (locate(scope)[0], None)


def locator(compiler: Compiler, axis: t.Axis) -> Callable[[Scope], Located]:
    """Return the function that finds the place of an axis."""
    of, find = compiler.formula(axis.of), _finder(axis)
    special = [(n, compiler.condition(item.when)) for n, item in enumerate(axis.special, start=len(axis.positions))]
    missing = next((n for n, place in enumerate(axis.places) if axis.missing and place.key == axis.missing), None)
    shifts = [(compiler.condition(shift.when), shift) for shift in axis.shifts]
    last, places = len(axis.positions) - 1, axis.places

    def locate(scope: Scope) -> Located:
        value = of(scope)
        said = _said(value)
        for index, holds in special:
            if holds is not None and holds(scope):
                return index, FoundPlace(axis.label, axis.kind, said, places[index].label, ComputationStep.SPECIAL)
        if value is None:
            if missing is None:
                raise CannotCompute(_("il manque « %(name)s » : complétez la réponse."), name=axis.label)
            return missing, FoundPlace(axis.label, axis.kind, "", places[missing].label, ComputationStep.MISSING)
        index = find(value)
        for shifted, shift in shifts:
            if shifted is not None and shifted(scope):
                index = max(0, min(last, index + shift.by))
                return index, FoundPlace(
                    axis.label, axis.kind, said, places[index].label, ComputationStep.SHIFTED, shift.label
                )
        return index, FoundPlace(axis.label, axis.kind, said, places[index].label, ComputationStep.VALUE)

    return locate


def _said(value: Any) -> str:
    """Write what an axis was asked, as results keep it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _finder(axis: t.Axis) -> Callable[[Any], int]:
    if axis.kind == t.AxisKind.BRACKETS:
        # Above the low bound and up to the high one: the first bracket whose high bound is not under the value.
        highs = [as_fraction(position.high) for position in axis.positions if position.high is not None]
        return lambda value: bisect_left(highs, value)
    by_value = {position.value: n for n, position in enumerate(axis.positions)}

    def find(value: Any) -> int:
        index = by_value.get(_said(value))
        if index is None:
            text = _("aucun prix n’est voté pour « %(value)s » (%(name)s).")
            raise CannotCompute(text, value=_said(value), name=axis.label)
        return index

    return find


def _rate(compiler: Compiler, price: t.Rate, describer: Describer) -> Pricer:
    base_of = compiler.formula(price.base)
    percent_of = _percents(compiler, price)
    describe = describer.describe(price.base, price.base_label, Stage.PRICE)

    def run(scope: Scope, round_to: int) -> TariffPrice:
        base = base_of(scope)
        if base is None:
            if price.missing is None:
                raise CannotCompute(_("il manque « %(name)s » : complétez la réponse."), name=price.base_label)
            return TariffPrice(
                price.missing, (), [_because("rate_missing", label=price.base_label, cents=price.missing)]
            )
        if base < 0:
            raise CannotCompute(_("« %(name)s » est sous zéro : vérifiez les réponses."), name=price.base_label)
        percent, found = percent_of(scope)
        reasons: list[Reason] = []
        if describe is not None:
            describe(scope, reasons)
        reasons.append(_because("rate_base", label=price.base_label, base=str(base)))
        kept, held = _kept(base * 100, price.base_floor, price.base_cap)
        if held:
            reasons.append(_because(f"base_{held}", label=price.base_label, cents=int(kept)))
        fee = kept * percent / 100
        reasons.append(
            _because("rate", base=str(Fraction(kept) / 100), percent=str(percent), exact=str(Fraction(fee) / 100))
        )
        return TariffPrice(_between(fee, round_to, price.floor, price.cap, reasons), found, reasons)

    return run


def _percents(compiler: Compiler, price: t.Rate) -> Callable[[Scope], tuple[Fraction, tuple[FoundPlace, ...]]]:
    if price.table is None:
        percent = Fraction(price.percent or 0)
        return lambda _scope: (percent, ())
    locate, percents = locator(compiler, price.table.axis), [Fraction(percent) for percent in price.table.percents]

    def read(scope: Scope) -> tuple[Fraction, tuple[FoundPlace, ...]]:
        index, found = locate(scope)
        return percents[index], (found,)

    return read


def _given(compiler: Compiler, price: t.Given, describer: Describer) -> Pricer:
    of, describe = compiler.formula(price.of), describer.describe(price.of, in_french(_("Prix")), Stage.PRICE)

    def run(scope: Scope, round_to: int) -> TariffPrice:
        euros = of(scope)
        if euros is None:
            raise CannotCompute(_("il manque le montant : complétez la réponse."))
        if euros < 0:
            raise CannotCompute(_("le prix calculé est sous zéro : vérifiez les réponses."))
        reasons: list[Reason] = []
        if describe is not None:
            describe(scope, reasons)
        reasons.append(_because("given", exact=str(euros)))
        return TariffPrice(_between(euros * 100, round_to, price.floor, price.cap, reasons), (), reasons)

    return run


def _between(exact_cents: Number, round_to: int, floor: int | None, cap: int | None, reasons: list[Reason]) -> int:
    """Round a price, then keep it between its bounds."""
    rounded = round_price(exact_cents, round_to)
    if rounded != exact_cents:
        reasons.append(_because("rounded", exact=str(Fraction(exact_cents) / 100), cents=rounded, step_cents=round_to))
    kept, held = _kept(rounded, floor, cap)
    if held:
        reasons.append(_because(held, before_cents=rounded, cents=int(kept)))
    return int(kept)


def _kept(value: Number, floor: int | None, cap: int | None) -> tuple[Number, str]:
    if floor is not None and value < floor:
        return floor, "raised"
    return (cap, "capped") if cap is not None and value > cap else (value, "")


def _because(code: str, **values: int | str) -> Reason:
    return Reason(Stage.PRICE, code, values)


def across(
    price: t.Share | t.Limit, finished: Iterable[FinishedPrice], *, vat: tuple[t.Vat, t.Typed], round_to: int
) -> TariffPrice:
    """
    Price what looks at lines above: a share of their sum, or what is missing up to a floor or above a cap.

    :raises CannotCompute: if they are not of the same VAT.
    """
    lines = list(finished)
    if any(line.vat != vat for line in lines):
        raise CannotCompute(_("cette ligne porte sur des lignes d’un autre régime de TVA : donnez-leur le même."))
    sum_cents = sum(line.cents for line in lines)
    if isinstance(price, t.Share):
        reasons = [_because("share", percent=str(Fraction(price.percent)), sum_cents=sum_cents)]
        return TariffPrice(
            _between(sum_cents * Fraction(price.percent) / 100, round_to, None, None, reasons), (), reasons
        )
    kept, held = _kept(sum_cents, price.floor, price.cap)
    if not held:
        return TariffPrice(0, (), [])
    return TariffPrice(
        int(kept) - sum_cents, (), [_because(f"limit_{held}", sum_cents=sum_cents, limit_cents=int(kept))]
    )


_PRICES: Mapping[type, Callable[[Compiler, Any, Describer], Pricer]] = {
    t.Fixed: _fixed,
    t.Grid: _grid,
    t.Rate: _rate,
    t.Given: _given,
}
