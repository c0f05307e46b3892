"""Answers as a form gives them (text, or what JSON has), read into exact numbers, days, times, choices, and rows."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.pricing.model import numbers
from obole.pricing.model.numbers import NotANumber, format_number
from obole.pricing.model.parts import Group, Pricing, Question, QuestionKind
from obole.pricing.model.problems import Place, Problem

LONGEST_TEXT = 120
FIRST_YEAR, LAST_YEAR = 1900, 2200
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d)/(\d\d)/(\d{4})", re.ASCII)
_TIME = re.compile(r"(\d\d?)\s*[:h]\s*(\d\d)", re.ASCII)
_YES, _NO = {"yes", "oui", "true", "1", "on"}, {"no", "non", "false", "0", "off"}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EngineAnswers:
    """What was answered, typed; what was not is None."""

    answers: Row
    rows: Mapping[str, tuple[Row, ...]]
    """The rows of each repeated group."""


class _Unread(ValueError):
    """An answer is not of its kind."""


def read_answers(pricing: Pricing, raw: Mapping[str, Any]) -> tuple[EngineAnswers, list[Problem]]:
    """
    Read answers: by question, and for each repeated group a list of rows. An empty answer is None.

    What is unknown is left alone: a form asks more than what makes its price. That a required answer is missing is told
    by the line that needs it, for a question may be beside the point.
    """
    problems: list[Problem] = []
    alone = [question for question in pricing.questions if not question.group]
    answers = _row(alone, raw, Place(), problems)
    rows = {
        group.key: _rows(
            group,
            [question for question in pricing.questions if question.group == group.key],
            raw.get(group.key),
            problems,
        )
        for group in pricing.groups
    }
    return EngineAnswers(answers, rows), problems


def _rows(group: Group, questions: list[Question], raw: Any, problems: list[Problem]) -> tuple[Row, ...]:
    place = Place(group.key, group.label)
    if raw is None:
        return ()
    if not isinstance(raw, list | tuple) or not all(isinstance(item, Mapping) for item in raw):
        problems.append(place.problem(_("une liste de lignes est attendue.")))
        return ()
    if len(raw) > group.most:
        problems.append(place.problem(_("il y a trop de lignes : %(most)s au plus."), most=group.most))
        return ()
    return tuple(_row(questions, item, place.into(f"[{n}]", str(n + 1)), problems) for n, item in enumerate(raw))


def _row(questions: list[Question], raw: Mapping[str, Any], place: Place, problems: list[Problem]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for question in questions:
        given = raw.get(question.key)
        row[question.key] = None
        if given is None or (isinstance(given, str) and not given.strip()):
            continue
        try:
            row[question.key] = _READERS[question.kind](question, given)
        except NotANumber as refusal:
            problems.append(place.into(question.key, question.label).problem(refusal.text, **refusal.values))
        except _Unread as refusal:
            problems.append(place.into(question.key, question.label).problem(refusal.args[0]))
    return row


def _number(question: Question, given: Any) -> Any:
    number = numbers.read(given, decimals=question.decimals, signed=True)
    least = numbers.as_fraction(question.minimum or Decimal(0))
    most = None if question.maximum is None else numbers.as_fraction(question.maximum)
    if number < least:
        raise NotANumber(_("ce nombre est trop petit : %(least)s au moins."), least=format_number(least))
    if most is not None and number > most:
        raise NotANumber(_("ce nombre est trop grand : %(most)s au plus."), most=format_number(most))
    return number


def _day(_question: Question, given: Any) -> date:
    if type(given) is date:
        return given
    match = _DAY.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        raise _Unread(_("une date est attendue, comme 25/11/2026."))
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        read = date(int(year), int(month), int(day))
    except ValueError as wrong:
        raise _Unread(_("cette date n’existe pas : vérifiez le jour et le mois.")) from wrong
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise _Unread(_("cette date est trop lointaine : vérifiez l’année."))
    return read


def _time(_question: Question, given: Any) -> time:
    if isinstance(given, time):
        return given.replace(tzinfo=None)
    match = _TIME.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise _Unread(_("une heure est attendue, comme 14:30."))
    return time(int(match[1]), int(match[2]))


def _choice(question: Question, given: Any) -> str:
    chosen = unicodedata.normalize("NFC", given) if isinstance(given, str) else given
    if chosen not in question.choices:
        raise _Unread(_("ce choix n’est pas dans la liste."))
    return str(chosen)


def _yes_no(_question: Question, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    said = given.strip().lower() if isinstance(given, str) else ""
    if said not in _YES | _NO:
        raise _Unread(_("oui ou non est attendu."))
    return said in _YES


def _text(_question: Question, given: Any) -> str:
    if not isinstance(given, str):
        raise _Unread(_("un texte est attendu."))
    text = unicodedata.normalize("NFC", given.strip())
    if len(text) > LONGEST_TEXT:
        raise _Unread(_("ce texte est trop long."))
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"} for letter in text):
        raise _Unread(_("ce texte contient un caractère invisible : retapez-le au clavier."))
    return text


_READERS: dict[QuestionKind, Callable[[Question, Any], Any]] = {
    QuestionKind.NUMBER: _number,
    QuestionKind.DAY: _day,
    QuestionKind.TIME: _time,
    QuestionKind.CHOICE: _choice,
    QuestionKind.YES_NO: _yes_no,
    QuestionKind.TEXT: _text,
}
