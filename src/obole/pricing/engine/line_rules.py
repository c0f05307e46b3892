"""
One line of a configuration made into a function: first its quantity and its price, then, once all are ranked, its
amount.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext_lazy as _

from obole.lib.texts import in_french
from obole.pricing.engine.compiler import Compiler, Scope
from obole.pricing.engine.describer import Describer
from obole.pricing.engine.step_rules import AllowanceRule, QuantityRule, run_steps, step_rule
from obole.pricing.engine.tariff_rules import FinishedPrice, TariffRule, VersionRule, across
from obole.pricing.model import names, parts
from obole.pricing.model.formulas import PRODUCT
from obole.pricing.model.numbers import QUANTITY_DECIMALS, Number, half_up, round_price
from obole.pricing.model.problems import CannotCompute, Problem
from obole.pricing.model.results import FoundPlace, PricedLine, Reason, Stage
from obole.pricing.model.tariffs import Regime, Typed, Vat

LARGEST_CENTS = 10**9
"""Ten million euros: above, a mistake was typed."""
_THOUSAND: int = 10**QUANTITY_DECIMALS


@dataclass(slots=True)
class Draft:
    """A line between its price and its amount."""

    rule: "LineRule"
    scope: Scope
    version: VersionRule
    quantity: Number
    unit_cents: int
    found: tuple[FoundPlace, ...]
    prices: list[Reason]
    quantities: list[Reason]

    @property
    def vat(self) -> tuple[Vat, Typed]:
        """The VAT of the line; without a tax, how the price was typed is the same."""
        taxed = self.version.vat.regime == Regime.TAXED
        return self.version.vat, self.version.typed if taxed else Typed.GROSS

    def degress(self, degression: parts.Degression, rank: int) -> None:
        """Change the unit price as the rank says, rounded."""
        percent = Fraction(degression.percents[min(rank, len(degression.percents)) - 1])
        if not percent:
            return
        before, exact = self.unit_cents, self.unit_cents * Fraction(100 + percent, 100)
        self.unit_cents = round_price(exact, self.rule.product.round_to)
        values: dict[str, int | str] = {
            "label": degression.label,
            "rank": str(rank),
            "percent": str(percent),
            "before_cents": before,
            "exact": str(exact / 100),
            "cents": self.unit_cents,
        }
        self.prices.append(Reason(Stage.PRICE, "degression", values))


class LineRule:
    """A line ready to price."""

    def __init__(self, number: int, line: parts.BillingLine, pricing: parts.Pricing, compiler: Compiler) -> None:
        describer = Describer(pricing, compiler)
        self.line, self._number = line, number
        self.product = next(product for product in pricing.products if product.key == line.product)
        tariff = next(tariff for tariff in pricing.tariffs if tariff.key == self.product.tariff)
        self._tariff = TariffRule(tariff, compiler, describer)
        # A price depends on its product by its rounding, and by name if the tariff is one grid for several.
        by_name = self.product.key if PRODUCT in names.names_used(tariff) else ""
        self._price_key = (tariff.key, by_name, self.product.round_to)
        self._group = next((group for group in pricing.groups if group.key == line.per), None)
        self._when = compiler.condition(line.when)
        self._quantity, self._rule = compiler.formula(line.quantity), QuantityRule(self.product)
        self._describe = describer.describe(line.quantity, in_french(_("Quantité")), Stage.QUANTITY)
        self._on = None if line.on is None else compiler.formula(line.on)
        self._allowance = None if line.allowance is None else AllowanceRule(compiler, line.allowance)
        self._price_steps = [step_rule(compiler, step) for step in line.price_steps]
        self._amount_steps = [step_rule(compiler, step) for step in line.amount_steps]
        needed = names.names_in(line.quantity, pricing)
        self._needs = [
            (question.label, compiler.name(question.key))
            for question in pricing.questions
            if question.key in needed and question.required
        ]

    def scopes(self, scope: Scope) -> Sequence[Scope]:
        """Return what the line is priced for: the form, or each row of its group."""
        return scope.rows[self.line.per] if self.line.per else (scope,)

    def start(self, scope: Scope, on: date) -> Draft | None:
        """
        Find the quantity and the unit price; None if there is no such line for these answers.

        :raises CannotCompute: saying what lacks or does not fit.
        """
        if self._when is not None and not self._when(scope):
            return None
        scope.product = self.product.key
        quantities: list[Reason] = []
        quantity = self._billed(scope, quantities)
        if quantity is None:
            return None
        day = on if self._on is None else self._on(scope)
        if day is None:
            raise CannotCompute(_("il manque la date qui choisit le tarif : complétez la réponse."))
        version = self._tariff.on(day)
        if version.price is None:
            return Draft(self, scope, version, quantity, 0, (), [], quantities)
        key = (version.effect, self._price_key)
        priced = scope.priced.get(key)
        if priced is None:
            priced = scope.priced[key] = version.price(scope, self.product.round_to)
        return Draft(self, scope, version, quantity, priced.cents, priced.found, list(priced.reasons), quantities)

    def _billed(self, scope: Scope, why: list[Reason]) -> Number | None:
        quantity = self._quantity(scope)
        if quantity is None:
            lacking = [label for label, read in self._needs if read(scope) is None]
            if lacking:
                raise CannotCompute(
                    _("il manque « %(names)s » : complétez la réponse."), names="\u00a0», «\u00a0".join(lacking)
                )
            return None
        if self._describe is not None and quantity:
            self._describe(scope, why)
        billed = self._rule.run(quantity, why)
        if not billed:
            return None
        return billed if self._allowance is None else self._allowance.run(scope, billed, why)

    def finish(self, draft: Draft, finished: Iterable[FinishedPrice]) -> PricedLine | None:
        """
        Compute the amount; None when a limit on other lines changes nothing.

        :raises CannotCompute: if a step cannot be computed, or the amount is enormous.
        """
        if draft.version.across is not None and not self._look_across(draft, finished):
            return None
        # A price is never below zero: what takes away is a negative quantity at a positive price.
        sign = -1 if (draft.unit_cents < 0) != self.line.deduct else 1
        unit = run_steps(
            self._price_steps,
            abs(draft.unit_cents),
            draft.scope,
            round_to=self.product.round_to,
            stage=Stage.PRICE,
            why=draft.prices,
        )
        thousandths = half_up(draft.quantity * _THOUSAND)
        amount, amounts = _to_cents(thousandths * unit), list[Reason]()
        if thousandths != _THOUSAND:
            exact = Fraction(thousandths * unit, 100 * _THOUSAND)
            values: dict[str, int | str] = {"quantity": str(Fraction(thousandths, _THOUSAND)), "unit_cents": unit}
            values |= {"exact": str(exact), "cents": amount}
            amounts.append(Reason(Stage.AMOUNT, "times", values))
        amount = run_steps(self._amount_steps, amount, draft.scope, round_to=1, stage=Stage.AMOUNT, why=amounts)
        if self.line.deduct:
            amounts.append(Reason(Stage.AMOUNT, "deducted", {"cents": amount}))
        if max(amount, unit) > LARGEST_CENTS:
            raise CannotCompute(_("le montant est beaucoup trop grand : vérifiez les réponses."))
        reasons = (*draft.prices, *draft.quantities, *amounts)
        return self._line(draft, Decimal(sign * thousandths).scaleb(-QUANTITY_DECIMALS), unit, sign * amount, reasons)

    def _look_across(self, draft: Draft, finished: Iterable[FinishedPrice]) -> bool:
        """
        Price a line that looks at those above, of its own row if it has one; False if it has nothing to look at or to
        say.
        """
        price, rank = draft.version.across, draft.scope.rank
        if price is None:
            return True
        seen = [item for item in finished if item.key in price.of and (not rank or item.rank == rank)]
        priced = across(price, seen, vat=draft.vat, round_to=self.product.round_to)
        draft.unit_cents, draft.prices = priced.cents, [*priced.reasons, *draft.prices]
        return bool(seen and priced.reasons)

    def _line(
        self, draft: Draft, quantity: Decimal, unit_cents: int, amount_cents: int, reasons: tuple[Reason, ...]
    ) -> PricedLine:
        return PricedLine(
            key=self.line.key,
            rank=draft.scope.rank,
            row=self._named(draft.scope),
            label=self.line.label,
            product=self.product.key,
            unit=self.product.unit,
            nature=self.product.nature,
            quantity=quantity,
            unit_cents=unit_cents,
            amount_cents=amount_cents,
            vat=draft.version.vat,
            typed=draft.version.typed,
            vote=draft.version.vote,
            found=draft.found,
            reasons=reasons,
        )

    def _named(self, scope: Scope) -> str:
        if self._group is None:
            return ""
        name = (scope.row or {}).get(self._group.name)
        return str(name) if name else f"{self._group.label} {scope.rank}"

    def problem(self, scope: Scope, refusal: CannotCompute) -> Problem:
        """Return a refusal with where it happened."""
        row = f"{self._named(scope)}, " if self._group else ""
        path = f"lines[{self._number}]" + (f"@{scope.rank}" if self._group else "")
        return Problem(
            path=path, place=f"{row}«\u00a0{self.line.label}\u00a0»", text=refusal.text, values=refusal.values
        )


def _to_cents(thousandths: int) -> int:
    """Bring thousandths of a cent to the cent, half up; they are never below zero here."""
    return (2 * thousandths + _THOUSAND) // (2 * _THOUSAND)
