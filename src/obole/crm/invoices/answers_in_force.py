"""What a dossier answers on the day whose prices count, beside what a form of its price says."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from obole.billing.rules import periods
from obole.billing.rules.dated_answers import shown
from obole.catalogue.forms import answer_names, pricing_match
from obole.catalogue.forms.pricing_questions import initial_answers
from obole.catalogue.models import PricingVersion
from obole.catalogue.queries import compiled_pricing_of
from obole.consumption.queries import sharing
from obole.crm.invoices.priced_forms import PricedForm
from obole.dossiers import queries
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.pricing.model.parts import Pricing, Question

BUTTON = "en_vigueur"
"""What the button sends that takes them."""


def engine_answers(pricing: Pricing, dossier: Dossier, on: date) -> dict[str, Any]:
    """Return what a dossier answers to a pricing on a day."""
    said = queries.in_force([dossier], on)[dossier.pk]
    return pricing_match.engine_answers(pricing, dossier.form.form_fields, said.answers)


def days_of(form: PricedForm, dossier: Dossier | None) -> dict[str, date]:
    """Return since when the answers of a form are so, of those that are what the dossier says of its day."""
    if dossier is None:
        return {}
    said = queries.in_force([dossier], form.day)[dossier.pk]
    given = form.answers
    return {key: day for key, day in said.days.items() if _is_same(given.get(key), said.answers.get(key))}


def weeks_of(form: PricedForm, dossier: Dossier | None) -> dict[int | None, str]:
    """Return which weeks the period of a form bills of children whom two payers share."""
    days = periods.days_of(str(form["period"].value() or ""))
    if dossier is None or days is None:
        return {}
    return sharing.weeks_told([dossier], days.first, days.last).get(dossier.pk, {})


def others_than(form: PricedForm, dossier: Dossier | None, version: PricingVersion) -> list[str]:
    """Return, in sentences, what the dossier answers otherwise on the day of a form, of what changes at a date."""
    if dossier is None:
        return []
    said, given = queries.in_force([dossier], form.day)[dossier.pk], form.answers
    return [
        _sentence(question, said)
        for question in compiled_pricing_of(version).pricing.questions
        if question.key in said.moving and not question.group
        if not _is_same(given.get(question.key), said.answers.get(question.key))
    ]


def taken(sent: Any, form: PricedForm, dossier: Dossier, version: PricingVersion) -> Any:
    """Return what was sent with what the dossier says of its day, of what changes at a date, and nothing else."""
    pricing = compiled_pricing_of(version).pricing
    said, data = queries.in_force([dossier], form.day)[dossier.pk], sent.copy()
    known = initial_answers(pricing, said.answers)
    for key in said.moving:
        if (name := f"r-{key}") in form.fields:
            data[name] = known.get(name, "")
    return data


def _sentence(question: Question, said: queries.InForce) -> str:
    values = {"question": question.label, "value": shown(question, said.answers.get(question.key))}
    if question.key not in said.dated:
        return _("%(question)s : %(value)s ce jour-là, d’après le dossier.") % values
    day = dates.format_short(said.dated[question.key].since)
    return _("%(question)s : %(value)s depuis le %(day)s, d’après le dossier.") % {**values, "day": day}


def _is_same(one: Any, other: Any) -> bool:
    texts = ["" if value is None else str(value) for value in (one, other)]
    numbers = [answer_names.number(text) for text in texts]
    return texts[0] == texts[1] or (None not in numbers and numbers[0] == numbers[1])
