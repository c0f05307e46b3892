"""Since when an answer that makes an amount is so, said among the reasons of its lines."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from obole.catalogue.forms import answer_names
from obole.lib import dates, money
from obole.pricing.model.names import names_in
from obole.pricing.model.parts import BillingLine, Pricing, Question, QuestionKind
from obole.pricing.model.results import PricedLine, Reason, Result, Stage


def with_days(result: Result, pricing: Pricing, answers: Mapping[str, Any], days: Mapping[str, date]) -> Result:
    """
    Return a result whose lines say since when the answers that make them are so.

    :param days: by question, of those that changed at a date.
    """
    asked = [question for question in pricing.questions if question.key in days and not question.group]
    if not asked:
        return result
    needs = {line.key: names_in(_parts(line, pricing), pricing) for line in pricing.lines}

    def said(line: PricedLine) -> PricedLine:
        found = [one for one in asked if one.key in needs.get(line.key, ())]
        why = [_reason(one, answers.get(one.key), days[one.key]) for one in found]
        return replace(line, reasons=(*why, *line.reasons))

    return replace(result, lines=tuple(said(line) for line in result.lines))


def shown(question: Question, value: Any) -> str:
    """Return an answer to a pricing as people read it."""
    if value in (None, ""):
        return _("sans réponse")
    if question.kind == QuestionKind.YES_NO:
        return {"yes": _("oui"), "no": _("non")}.get(str(value), str(value))
    number = answer_names.number(str(value)) if question.kind == QuestionKind.NUMBER else None
    return str(value) if number is None else money.quantity(number)


def _reason(question: Question, value: Any, since: date) -> Reason:
    told = {"label": question.label, "result": shown(question, value), "known": dates.format_short(since)}
    return Reason(Stage.PRICE, "dated", {**told})


def _parts(line: BillingLine, pricing: Pricing) -> tuple[Any, ...]:
    """Return what makes a line: itself, and the tariff of its product."""
    tariffs = {product.key: product.tariff for product in pricing.products}
    return (line, *(tariff for tariff in pricing.tariffs if tariff.key == tariffs.get(line.product)))
