"""
The engine: a configuration compiled once, then answers in and a bill out. It knows no database, no clock, no float.

    compiled = engine.compile_pricing(pricing)
    result = compiled.price(compiled.read(answers), on=day)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.pricing.checking.check_pricing import check
from obole.pricing.engine import answers, splitting
from obole.pricing.engine.compiler import Compiler, Scope
from obole.pricing.engine.line_rules import LARGEST_CENTS, Draft, LineRule
from obole.pricing.engine.tariff_rules import FinishedPrice
from obole.pricing.model.parts import Degression, Order, Pricing
from obole.pricing.model.problems import CannotCompute, Problem, Refused
from obole.pricing.model.results import CautionAsked, Preview, PricedLine, Result
from obole.pricing.model.tariffs import Regime, Typed


def compile_pricing(pricing: Pricing) -> "Compiled":
    """
    Make a configuration ready to price.

    :raises Refused: with everything that is wrong with it.
    """
    problems = check(pricing)
    if problems:
        raise Refused(problems)
    return Compiled(pricing)


@dataclass
class _Run:
    """One bill being made."""

    on: date
    scope: Scope
    drafts: list[Draft] = field(default_factory=list)
    finished: list[FinishedPrice] = field(default_factory=list)
    lines: list[PricedLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Compiled:
    """A configuration ready to price; ``compile_pricing`` makes them."""

    def __init__(self, pricing: Pricing) -> None:
        self.pricing = pricing
        compiler = Compiler(pricing)
        self._rules = [LineRule(n, line, pricing, compiler) for n, line in enumerate(pricing.lines)]
        self._cautions = [(caution, compiler.condition(caution.when)) for caution in pricing.cautions]
        self._degressions = [
            degression
            for degression in pricing.degressions
            if any(line.degression == degression.key for line in pricing.lines)
        ]

    def read(self, raw: Mapping[str, Any]) -> answers.EngineAnswers:
        """
        Read answers as a form gives them.

        :raises Refused: with everything that is wrong with them.
        """
        read, problems = answers.read_answers(self.pricing, raw)
        if problems:
            raise Refused(problems)
        return read

    def price(self, given: answers.EngineAnswers, *, on: date) -> Result:
        """
        Price answers with the tariffs in force on a day.

        :raises Refused: with everything that keeps a line from being priced.
        """
        run = self._run(given, on)
        if run.problems:
            raise Refused(run.problems)
        return self._result(run)

    def preview(self, raw: Mapping[str, Any], *, on: date) -> Preview:
        """Price a form that is being filled: what can be, with what is wrong or lacking."""
        read, wrong = answers.read_answers(self.pricing, raw)
        run = self._run(read, on)
        return Preview(result=self._result(run), problems=(*wrong, *run.problems))

    def _run(self, given: answers.EngineAnswers, on: date) -> _Run:
        scope = Scope(given.answers)
        for key, rows in given.rows.items():
            scopes = [Scope(given.answers, row=row, rank=rank) for rank, row in enumerate(rows, start=1)]
            scope.rows[key] = scopes
            for item in scopes:
                item.rows = scope.rows
        run = _Run(on, scope)
        for rule in self._rules:
            for item in rule.scopes(scope):
                self._start(run, rule, item)
        for degression in self._degressions:
            _rank(degression, run.drafts)
        for draft in run.drafts:
            self._finish(run, draft)
        _check_sums(run, negative=self.pricing.negative)
        return run

    def _start(self, run: _Run, rule: LineRule, scope: Scope) -> None:
        try:
            draft = rule.start(scope, run.on)
        except CannotCompute as refusal:
            run.problems.append(rule.problem(scope, refusal))
        else:
            if draft is not None:
                run.drafts.append(draft)

    def _finish(self, run: _Run, draft: Draft) -> None:
        try:
            line = draft.rule.finish(draft, run.finished)
        except CannotCompute as refusal:
            run.problems.append(draft.rule.problem(draft.scope, refusal))
            return
        if line is not None:
            run.lines.append(line)
            run.finished.append(FinishedPrice(line.key, line.rank, line.amount_cents, draft.vat))

    def _result(self, run: _Run) -> Result:
        taxes, terms = splitting.tax_rows(run.lines), self.pricing.terms
        total = sum(row.total_cents for row in taxes)
        first = sum(line.amount_cents for line in run.lines if line.key in terms.first)
        return Result(
            on=run.on,
            lines=tuple(run.lines),
            taxes=taxes,
            net_cents=sum(row.net_cents for row in taxes),
            vat_cents=sum(row.vat_cents for row in taxes),
            total_cents=total,
            cautions=tuple(
                CautionAsked(key=item.key, label=item.label, cents=item.cents)
                for item, when in self._cautions
                if when is None or when(run.scope)
            ),
            acompte_percent=terms.acompte or Decimal(0),
            acompte_cents=splitting.acompte(total, terms.acompte) if terms.acompte and total > 0 else 0,
            instalments=splitting.instalments(total, times=terms.instalments, first_cents=first),
        )


def _rank(degression: Degression, drafts: Iterable[Draft]) -> None:
    """Give each line of a degression its rank: as they come, or the dearest first (the first come, when equal)."""
    ranked: Sequence[Draft] = [
        draft for draft in drafts if draft.rule.line.degression == degression.key and draft.quantity
    ]
    if degression.order == Order.DEAREST:
        ranked = sorted(ranked, key=lambda draft: -draft.unit_cents)
    for rank, draft in enumerate(ranked, start=1):
        draft.degress(degression, rank)


def _check_sums(run: _Run, *, negative: bool) -> None:
    """Refuse what no invoice can say: rates that mix prices with and without tax, sums below zero, enormous sums."""
    typed: dict[object, Typed] = {}
    for line in run.lines:
        if line.vat.regime == Regime.TAXED and typed.setdefault(line.vat.rate, line.typed) != line.typed:
            text = _("un même taux de TVA porte sur des prix HT et des prix TTC : votez-les de la même façon.")
            run.problems.append(Problem(path="lines", text=text))
            return
    total = sum(line.amount_cents for line in run.lines)
    if total < 0 and not negative:
        text = _("le total est négatif : les déductions dépassent ce qui est dû. Vérifiez les réponses.")
        run.problems.append(Problem(path="total", text=text))
    if abs(total) > LARGEST_CENTS:
        run.problems.append(Problem(path="total", text=_("le total est beaucoup trop grand : vérifiez les réponses.")))
