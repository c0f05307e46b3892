"""Conditions in words: « À remplir si « École » est « Jules-Ferry » »."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue.fields import FormField
from obole.catalogue.forms import answer_names, conditions
from obole.lib import dates
from obole.pricing.model import formulas as f
from obole.pricing.model.numbers import as_fraction, format_number
from obole.pricing.model.problems import Refused

COMPARISONS = {
    f.Comparison.EQUALS: gettext_lazy("est"),
    f.Comparison.DIFFERS: gettext_lazy("n’est pas"),
    f.Comparison.AMONG: gettext_lazy("est l’un de"),
    f.Comparison.ABOVE: gettext_lazy("est au-dessus de"),
    f.Comparison.AT_LEAST: gettext_lazy("est au moins"),
    f.Comparison.BELOW: gettext_lazy("est en dessous de"),
    f.Comparison.AT_MOST: gettext_lazy("est au plus"),
    f.Comparison.BETWEEN: gettext_lazy("est entre"),
    f.Comparison.EMPTY: gettext_lazy("est sans réponse"),
    f.Comparison.FILLED: gettext_lazy("a une réponse"),
}


def labels_of(form: Sequence[FormField]) -> dict[str, str]:
    """Return what people call each answer: once for a whole form, for it takes a while."""
    labels = {question.key: question.label for item in form for question in answer_names.questions_of(item)}
    return labels | {item.key: item.label for item in form}


def shown_if(field: FormField, labels: Mapping[str, str]) -> str:
    """Return when a field is to be filled, for who reads it without JavaScript; nothing if it always is."""
    if field.shown_if is None:
        return ""
    return _("À remplir si %(condition)s.") % {"condition": describe_condition(field.shown_if, labels)}


def required_if(field: FormField, labels: Mapping[str, str]) -> str:
    """Return when a field must be filled; nothing if it does not depend."""
    if field.required_if is None:
        return ""
    return _("Obligatoire si %(condition)s.") % {"condition": describe_condition(field.required_if, labels)}


def describe_condition(condition: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Return a condition in words."""
    try:
        return _condition(conditions.parse(condition), labels)
    except Refused:
        return _("une condition illisible")


def _condition(condition: f.Condition, labels: Mapping[str, str]) -> str:
    if isinstance(condition, f.All | f.AnyOf):
        joint = _(" et ") if isinstance(condition, f.All) else _(" ou ")
        return joint.join(_condition(item, labels) for item in condition.of)
    if isinstance(condition, f.Not):
        return _("il est faux que %(condition)s") % {"condition": _condition(condition.of, labels)}
    if isinstance(condition, f.Season):
        return _("« %(what)s » tombe du %(first)s au %(last)s") % {
            "what": _formula(condition.of, labels),
            "first": _month_day(condition.first),
            "last": _month_day(condition.last),
        }
    values = _(" et ").join(_formula(item, labels) for item in condition.to)
    return f"«\u00a0{_formula(condition.of, labels)}\u00a0» {COMPARISONS[condition.is_]} {values}".rstrip()


def _formula(formula: f.Formula, labels: Mapping[str, str]) -> str:
    if isinstance(formula, f.Answer):
        return labels.get(formula.name, formula.name)
    if isinstance(formula, f.Constant):
        return format_number(as_fraction(formula.value))
    if isinstance(formula, f.Day):
        return dates.format_short(formula.value)
    if isinstance(formula, f.Flag):
        return _("oui") if formula.value else _("non")
    if isinstance(formula, f.Text):
        return f"«\u00a0{formula.value}\u00a0»"
    if isinstance(formula, f.Rows):
        return _("nombre de lignes de %(group)s") % {"group": labels.get(formula.group, formula.group)}
    return _("un calcul sur les réponses")


def _month_day(text: str) -> str:
    month, day = text.split("-")
    return f"{int(day)} {dates.MONTHS[int(month) - 1]}"
