"""
What an application comes to before an agent has seen it: the lines that are sure, and what is still to be answered, by
whom.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext as _, ngettext

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import conditions, pricing_match
from obole.catalogue.forms.conditions import OUTSIDE, FormDecision
from obole.catalogue.forms.pricing_match import MatchedQuestion
from obole.pricing.engine.compiled_pricing import Compiled
from obole.pricing.model import names
from obole.pricing.model.parts import AskedOf, BillingLine, Pricing, Question
from obole.pricing.model.problems import Problem
from obole.pricing.model.results import Result
from obole.pricing.model.tariffs import Limit, Share

MOST_NAMES = 5
_LINE = re.compile(r"lines\[([0-9]+)\](?:@[0-9]+)?", re.ASCII)
_EMPTY: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True, kw_only=True)
class AmountEstimate:
    """What can be told of an amount. Where it is not known, its lines are those that other answers will not change."""

    result: Result
    waiting: tuple[str, ...] = ()
    """What the citizen has still to answer, by its name."""
    pending: tuple[str, ...] = ()
    """What the agent will answer, by its name."""
    wrong: tuple[str, ...] = ()
    """What keeps a line from being computed, in sentences."""
    partial: bool = False
    """Some lines could not be computed."""
    doubtful: bool = False
    """Lines were left out that those would change."""

    @property
    def is_known(self) -> bool:
        """Tell whether the total may be shown."""
        nothing_yet = not self.result.lines and (self.partial or self.pending)
        return not (self.waiting or self.wrong or self.doubtful or nothing_yet)

    @property
    def is_complete(self) -> bool:
        """Tell whether the invoice would be of this amount, were nothing voted nor answered otherwise until then."""
        return self.is_known and not self.pending

    @property
    def total_cents(self) -> int | None:
        """What it comes to; None while it is not known."""
        return self.result.total_cents if self.is_known else None

    @property
    def told(self) -> dict[str, Any]:
        """What is kept beside the result, as JSON."""
        lists = {"waiting": list(self.waiting), "pending": list(self.pending), "wrong": list(self.wrong)}
        return {**lists, "partial": self.partial, "doubtful": self.doubtful}

    @property
    def title(self) -> str:
        """What the total is called."""
        if not self.is_known:
            return _("Montant pas encore connu")
        return _("Montant estimé") if self.is_complete else _("Montant provisoire")

    @property
    def said(self) -> list[str]:
        """Return what is still to be answered, in sentences."""
        found = list(self.wrong)
        if self.waiting:
            found.append(_("Répondez à %(names)s pour connaître le montant.") % {"names": _listed(self.waiting)})
        if self.pending:
            found.append(self._pending_said % {"names": _listed(self.pending)})
        if self.is_known and not self.result.lines:
            found.append(_("D’après ces réponses, rien n’est à payer."))
        return found

    @property
    def _pending_said(self) -> str:
        if not self.is_known:
            return _("L’agent complétera %(names)s.")
        if self.partial:
            return _("L’agent complétera %(names)s : des lignes manquent encore, le montant changera.")
        return _("L’agent complétera %(names)s : le montant peut changer.")


def estimate_form(
    compiled: Compiled, form: Sequence[FormField], given: Mapping[str, Any], *, on: date, mistaken: Iterable[str] = ()
) -> AmountEstimate:
    """
    Estimate the answers of a form as they are stored.

    :param on: the day whose tariffs apply.
    :param mistaken: the keys of fields whose answer could not be read: it is not the same as none.
    """
    pricing = compiled.pricing
    raw = pricing_match.engine_answers(pricing, form, given)
    reading = _Reading(pricing, form, given, frozenset(mistaken))
    pending = [question for question in pricing.questions if reading.is_for_agent(question, raw)]
    wrong = [_("Corrigez « %(name)s » pour connaître le montant.") % {"name": item.label} for item in reading.unread]
    return _estimate(compiled, raw, on=on, waiting=reading.waiting, pending=pending, wrong=wrong)


def estimate_answers(compiled: Compiled, raw: Mapping[str, Any], *, on: date) -> AmountEstimate:
    """Estimate the answers to the citizen's questions of a pricing, where there is no form (a simulation)."""
    pricing = compiled.pricing
    used, making = _used(pricing), _making(pricing)
    asked = [
        question for question in pricing.questions if question.asked_of == AskedOf.CITIZEN and question.key in used
    ]
    required = list(_unanswered(pricing, [item for item in asked if item.required], raw))
    others = list(_unanswered(pricing, [item for item in asked if making & {item.key, item.group}], raw))
    pending = [
        question for question in pricing.questions if question.asked_of == AskedOf.AGENT and question.key in used
    ]
    return _estimate(compiled, raw, on=on, waiting=_Waiting(required, others), pending=pending)


class _Lacking(NamedTuple):
    """What the citizen has not answered: its name, and the key of the question or of the group."""

    name: str
    key: str


class _Waiting(NamedTuple):
    """
    What the citizen has not answered: what must be, and, asked for only where there is nothing to show, what may make a
    line.
    """

    required: Sequence[_Lacking]
    others: Sequence[_Lacking]


class _Reading:
    """What a form asked of a pricing's questions, and what was not answered."""

    def __init__(
        self, pricing: Pricing, form: Sequence[FormField], given: Mapping[str, Any], mistaken: frozenset[str]
    ) -> None:
        self.pricing, self.form, self.given = pricing, form, given
        self.decided: FormDecision = conditions.decide(form, given)
        self.used = _used(pricing)
        self.met = [
            question
            for question in pricing_match.matched_questions(pricing, form)
            if question.question.key in self.used
        ]
        self.asked = {(item.question.group, item.question.key) for item in self.met}
        keys = {item.field.key for item in self.met} & mistaken
        self.unread = [item for item in form if item.key in keys]
        mine = [item for item in self.met if item.question.asked_of == AskedOf.CITIZEN and item.field.key not in keys]
        making = _making(pricing)
        empty = [(_Lacking(name, item.question.key), must) for item in mine for name, must in self._empty(item)]
        empty += [(_Lacking(group.label, group.key), self.decided.requires(group.key)) for group in self._groups()]
        self.waiting = _Waiting(
            [item for item, must in empty if must], [item for item, _must in empty if item.key in making]
        )

    def is_for_agent(self, question: Question, raw: Mapping[str, Any]) -> bool:
        """
        Tell whether an answer is still to come from the agent, or to be confirmed: the citizen gave what is the agent's
        to say.
        """
        if question.key not in self.used:
            return False
        if (question.group, question.key) in self.asked:
            return question.asked_of == AskedOf.AGENT
        rows = raw.get(question.group) or [] if question.group else [raw]
        return not rows or any(row.get(question.key) in _EMPTY for row in rows)

    def _empty(self, question: MatchedQuestion) -> Iterator[tuple[str, bool]]:
        """Yield the name of a question each time that it is asked and not answered, and whether it has to be."""
        field = question.field
        if not field.group:
            if self.decided.shows(field.key) and self.given.get(field.key) in _EMPTY:
                yield field.label, self._must(question, OUTSIDE)
            return
        if not self.decided.shows(field.group):
            return
        known = {other.field.key for other in self.met if other.field.group == field.group}
        for n, row in enumerate(self.given.get(field.group) or ()):
            if self.decided.shows(field.key, n) and row.get(field.key) in _EMPTY:
                is_row = any(row.get(key) not in _EMPTY for key in known)
                yield f"{self._row_name(field.group, n)}\u00a0: {field.label}", self._must(question, n, is_row=is_row)

    def _must(self, question: MatchedQuestion, row: int, *, is_row: bool = True) -> bool:
        # A list without a tick is an answer, unless the form wants one; a row without an answer is none.
        by_price = is_row and question.question.required and question.field.kind != FieldKind.SEVERAL
        return by_price or self.decided.requires(question.field.key, row)

    def _row_name(self, group: str, row: int) -> str:
        field = next(item for item in self.form if item.key == group)
        word = field.row_name or field.label
        return f"{word[:1].upper()}{word[1:]} {row + 1}"

    def _groups(self) -> Iterator[FormField]:
        for item in self.form:
            is_known = any(other.field.group == item.key for other in self.met)
            if is_known and self.decided.shows(item.key) and not self.given.get(item.key):
                yield item


def _estimate(
    compiled: Compiled,
    raw: Mapping[str, Any],
    *,
    on: date,
    waiting: _Waiting,
    pending: Sequence[Question],
    wrong: Iterable[str] = (),
) -> AmountEstimate:
    pricing, preview = compiled.pricing, compiled.preview(raw, on=on)
    failing = {int(found[1]) for problem in preview.problems if (found := _LINE.fullmatch(problem.path))}
    # Nothing answered is no bill of nothing.
    asks = waiting.required or ([] if preview.result.lines or failing else waiting.others)
    needs = [_needs(pricing, line) for line in pricing.lines] if asks or failing else []
    changing = {n for n, named in enumerate(needs) if named & {ask.key for ask in asks}}
    excused = failing if asks else {n for n in failing if needs[n] & {item.key for item in pending}}
    told = [*wrong, *(problem.message for problem in preview.problems if _line_of(problem) not in excused)]
    if not (asks or pending or failing or preview.result.lines or _answers(pricing, raw)):
        told.append(_("Le montant dépend de réponses qui n’ont pas été données."))
    doubted = _touched(pricing, failing | changing) | {pricing.lines[n].key for n in changing}
    lines = tuple(line for line in preview.result.lines if line.key not in doubted)
    return AmountEstimate(
        result=replace(preview.result, lines=lines),
        waiting=tuple(dict.fromkeys(ask.name for ask in asks)),
        pending=tuple(pricing_match.name_of(item, pricing) for item in pending),
        wrong=tuple(dict.fromkeys(told)),
        partial=bool(failing),
        doubtful=len(lines) < len(preview.result.lines),
    )


def _used(pricing: Pricing) -> set[str]:
    """Return the names of the answers that make a price: a child's first name makes none."""
    return set(names.names_used((pricing.values, pricing.tariffs, pricing.lines, pricing.cautions)))


def _answers(pricing: Pricing, raw: Mapping[str, Any]) -> bool:
    """Tell whether anything that makes a price was answered: what a form hides until something else is said was not."""
    used = _used(pricing)
    rows = [raw, *(row for group in pricing.groups for row in raw.get(group.key) or ())]
    given = [row.get(key) for row in rows for key in used]
    # A box that is not ticked is False, and was not answered; a zero was.
    return any(item is not False and item not in _EMPTY for item in given)


def _making(pricing: Pricing) -> set[str]:
    """
    Return what decides whether there is a line at all: the names in quantities and conditions, and the groups of lines.
    """
    found = {line.per for line in pricing.lines if line.per}
    for line in pricing.lines:
        found |= names.names_in((line.quantity, line.when), pricing)
    return found


def _line_of(problem: Problem) -> int | None:
    found = _LINE.fullmatch(problem.path)
    return int(found[1]) if found else None


def _needs(pricing: Pricing, line: BillingLine) -> set[str]:
    """
    Return the names of the answers that a line may need, its tariff's too, and those of the groups that it counts.
    """
    product = next(product for product in pricing.products if product.key == line.product)
    parts = (line, next(tariff for tariff in pricing.tariffs if tariff.key == product.tariff))
    return names.names_in(parts, pricing) | set(conditions.names_of(parts))


def _touched(pricing: Pricing, failing: Iterable[int]) -> set[str]:
    """
    Return the lines that those which could not be computed would change: what looks at them, what shares their
    degression.
    """
    missing = [pricing.lines[number] for number in failing]
    touched = {item.key for item in missing}
    degressions = {item.degression for item in missing if item.degression}
    tariffs = {tariff.key: tariff for tariff in pricing.tariffs}
    tariff_of = {product.key: tariffs[product.tariff] for product in pricing.products}
    found = set[str]()
    for line in pricing.lines:
        prices = (version.price for version in tariff_of[line.product].versions)
        looks = {key for price in prices if isinstance(price, Share | Limit) for key in price.of}
        if line.degression in degressions or looks & (touched | found):
            found.add(line.key)
    return found


def _unanswered(pricing: Pricing, asked: Iterable[Question], raw: Mapping[str, Any]) -> Iterator[_Lacking]:
    groups = {group.key: group for group in pricing.groups}
    for item in asked:
        if not item.group:
            if raw.get(item.key) in _EMPTY:
                yield _Lacking(item.label, item.key)
            continue
        rows = raw.get(item.group) or ()
        if not rows:
            yield _Lacking(groups[item.group].label, item.group)
        yield from (
            _Lacking(f"{groups[item.group].label} {n}\u00a0: {item.label}", item.key)
            for n, row in enumerate(rows, 1)
            if row.get(item.key) in _EMPTY
        )


def _listed(told: Sequence[str]) -> str:
    """Name a few things: « A », « B » et 3 autres questions."""
    shown = pricing_match.quote_names(told[:MOST_NAMES])
    more = len(told) - MOST_NAMES
    if more < 1:
        return shown
    text = ngettext("%(names)s et %(count)d autre question", "%(names)s et %(count)d autres questions", more)
    return text % {"names": shown, "count": more}
