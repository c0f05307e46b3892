"""
Formulas as they are typed, read into the trees of ``rules.formulas``.

The grammar is ``grammar.lark``. Nothing that is typed runs: what comes out is data, that ``checking`` looks at.
"""

import re
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import lark
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError
from lark.visitors import Transformer_NonRecursive

from obole.lib import texts
from obole.pricing.model import formulas as f
from obole.pricing.model.parts import Pricing
from obole.pricing.text import formatter, typed_names

LONGEST, LONGEST_TEXT, MOST_TERMS = 1000, 120, 60
_TERM = re.compile(r"\[|\(|\d+(?:[.,/]\d+)*")
_OPERATIONS = {text: op for op, text in formatter.FUNCTIONS.items()}
_COMPARISONS = {text: item for item, text in formatter.COMPARISONS.items()} | {
    "<>": f.Comparison.DIFFERS,
    ">=": f.Comparison.AT_LEAST,
    "<=": f.Comparison.AT_MOST,
}
_A_LEAP_YEAR = 2024
_LEADING_EQUALS = re.compile(r"\A\s*=(?!=)")
"""What a spreadsheet wants before a formula."""
_ACCENTED = re.compile(r"\[[^\]]*\]?|\"[^\"]*\"?|«[^»]*»?|[ÉÈéè]")
_BARE = {"É": "E", "È": "E", "é": "e", "è": "e"}


class UnreadableFormula(ValueError):
    """What was typed is no formula; ``text`` says why and how to mend it, with ``values``."""

    def __init__(self, text: Promise | str, **values: object) -> None:
        super().__init__(str(text))
        self.text, self.values = text, values

    @property
    def message(self) -> str:
        """The whole sentence, in the language of the moment."""
        return str(self.text) % self.values if self.values else str(self.text)


def read_formula(text: str, pricing: Pricing) -> f.Formula:
    """
    Read a formula.

    :raises Unread: with the place where it stops making sense, or the name that nobody knows.
    """
    return _read(text, pricing, "formula")  # type: ignore[no-any-return]


def read_condition(text: str, pricing: Pricing) -> f.Condition:
    """
    Read a condition.

    :raises Unread: with the place where it stops making sense, or the name that nobody knows.
    """
    return _read(text, pricing, "condition")  # type: ignore[no-any-return]


def _read(text: str, pricing: Pricing, start: str) -> Any:
    if len(text) > LONGEST:
        raise UnreadableFormula(_("Cette formule est trop longue : %(most)s caractères au plus."), most=LONGEST)
    if len(_TERM.findall(text)) > MOST_TERMS:
        raise UnreadableFormula(
            _("Cette formule a trop de termes : %(most)s au plus. Faites-en plusieurs valeurs calculées."),
            most=MOST_TERMS,
        )
    # As many blanks: an error still says the place where it was typed.
    text = _LEADING_EQUALS.sub(lambda found: " " * len(found[0]), text)
    try:
        tree = _parser(start).parse(_plain(text))
        return _Trees(pricing).transform(_Runs().visit(tree))
    except UnexpectedInput as error:
        raise _stopped(error, text) from error
    except VisitError as error:
        if isinstance(error.orig_exc, UnreadableFormula):
            raise error.orig_exc from error
        raise


@cache
def _parser(start: str) -> lark.Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return lark.Lark(grammar, start=start, parser="lalr")


def _plain(text: str) -> str:
    """Write letters without their accents outside names and texts, so that « ANNÉES » is ANNEES."""
    return _ACCENTED.sub(lambda found: _BARE.get(found[0], found[0]), text)


def _stopped(error: UnexpectedInput, text: str) -> UnreadableFormula:
    at = error.pos_in_stream
    ended = isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END")
    if not text.strip():
        return UnreadableFormula(_("Écrivez une formule."))
    if ended or at is None or not isinstance(error, UnexpectedCharacters | UnexpectedToken):
        return UnreadableFormula(_("La formule n’est pas finie : il manque la suite, ou une parenthèse fermante."))
    return UnreadableFormula(
        _("La formule ne se lit plus à partir de « %(rest)s » (caractère %(at)s) : vérifiez ce qui est juste avant."),
        rest=text[at : at + 20],
        at=at + 1,
    )


class _Runs(lark.Visitor[Any]):
    """Makes one sum of « a + b + c », and one product likewise; brackets keep what they hold apart."""

    def add(self, tree: lark.Tree[Any]) -> None:
        _merge(tree)

    def multiply(self, tree: lark.Tree[Any]) -> None:
        _merge(tree)


def _merge(tree: lark.Tree[Any]) -> None:
    first, *rest = tree.children
    if isinstance(first, lark.Tree) and first.data == tree.data:
        tree.children = [*first.children, *rest]


class _Trees(Transformer_NonRecursive[Any, Any]):
    """Makes the trees, from the leaves up."""

    def __init__(self, pricing: Pricing) -> None:
        super().__init__()
        self._answers, self._groups = typed_names.answers_of(pricing), typed_names.groups_of(pricing)

    def _name(self, known: typed_names.Names, token: str) -> str:
        said = token[1:-1].strip()
        key = known.key_of(said)
        if key is None:
            raise UnreadableFormula(
                _("« %(name)s » n’existe pas : recopiez un nom de la liste, entre crochets."), name=said[:60]
            )
        return key

    def answer(self, parts: list[Any]) -> f.Answer:
        return f.Answer(self._name(self._answers, parts[0]))

    def number(self, parts: list[Any]) -> f.Constant:
        whole, _comma, rest = parts[0].replace(",", ".").partition(".")
        if len(whole) > 9 or len(rest) > 6:
            raise UnreadableFormula(_("« %(number)s » a trop de chiffres."), number=str(parts[0])[:30])
        return f.Constant(Decimal(parts[0].replace(",", ".")))

    def negative(self, parts: list[Any]) -> f.Constant:
        return f.Constant(-self.number(parts).value)

    def day(self, parts: list[Any]) -> f.Day:
        day, month, year = map(int, parts[0].split("/"))
        try:
            return f.Day(date(year, month, day))
        except ValueError as error:
            raise UnreadableFormula(_("La date %(day)s n’existe pas : corrigez-la."), day=str(parts[0])) from error

    def text(self, parts: list[Any]) -> f.Text:
        said = texts.clean_line(parts[0][1:-1])
        if len(said) > LONGEST_TEXT:
            raise UnreadableFormula(_("Un des textes est trop long : %(most)s caractères au plus."), most=LONGEST_TEXT)
        return f.Text(said)

    def yes(self, _parts: list[Any]) -> f.Flag:
        return f.Flag(True)

    def no(self, _parts: list[Any]) -> f.Flag:
        return f.Flag(False)

    def grouped(self, parts: list[Any]) -> Any:
        return parts[0]

    def add(self, parts: list[Any]) -> f.Call:
        return f.Call("sum", tuple(parts))

    def multiply(self, parts: list[Any]) -> f.Call:
        return f.Call("product", tuple(parts))

    def subtract(self, parts: list[Any]) -> f.Call:
        return f.Call("difference", tuple(parts))

    def divide(self, parts: list[Any]) -> f.Call:
        return f.Call("quotient", tuple(parts))

    def call(self, parts: list[Any]) -> f.Call:
        return f.Call(_OPERATIONS[parts[0].upper()], tuple(parts[1:]))

    def either(self, parts: list[Any]) -> f.Either:
        return f.Either(when=parts[0], then=parts[1], otherwise=parts[2])

    def count(self, parts: list[Any]) -> f.Rows:
        return f.Rows(group=self._name(self._groups, parts[0]))

    def count_if(self, parts: list[Any]) -> f.Rows:
        return f.Rows(group=self._name(self._groups, parts[0]), when=parts[1])

    def total(self, parts: list[Any]) -> f.Rows:
        return f.Rows(group=self._name(self._groups, parts[0]), of=parts[1])

    def total_if(self, parts: list[Any]) -> f.Rows:
        return f.Rows(group=self._name(self._groups, parts[0]), when=parts[1], of=parts[2])

    def threshold(self, parts: list[Any]) -> f.Since:
        return f.Since(_month_day(parts[0]), parts[1].value)

    def yearly(self, parts: list[Any]) -> f.Yearly:
        return f.Yearly(of=parts[0], steps=tuple(parts[1:]))

    def weekdays(self, parts: list[Any]) -> f.Weekdays:
        days = tuple(formatter.WEEKDAYS.index(part.lower()) + 1 for part in parts[2:])
        return f.Weekdays(first=parts[0], last=parts[1], days=days)

    def compare(self, parts: list[Any]) -> f.Compare:
        return f.Compare(of=parts[0], is_=_COMPARISONS[str(parts[1])], to=(parts[2],))

    def among(self, parts: list[Any]) -> f.Compare:
        return f.Compare(of=parts[0], is_=f.Comparison.AMONG, to=tuple(parts[1:]))

    def between(self, parts: list[Any]) -> f.Compare:
        return f.Compare(of=parts[0], is_=f.Comparison.BETWEEN, to=tuple(parts[1:]))

    def empty(self, parts: list[Any]) -> f.Compare:
        return f.Compare(of=parts[0], is_=f.Comparison.EMPTY)

    def filled(self, parts: list[Any]) -> f.Compare:
        return f.Compare(of=parts[0], is_=f.Comparison.FILLED)

    def season(self, parts: list[Any]) -> f.Season:
        return f.Season(of=parts[0], first=_month_day(parts[1]), last=_month_day(parts[2]))

    def all_of(self, parts: list[Any]) -> f.All:
        return f.All(tuple(parts))

    def any_of(self, parts: list[Any]) -> f.AnyOf:
        return f.AnyOf(tuple(parts))

    def negated(self, parts: list[Any]) -> f.Not:
        return f.Not(parts[0])


def _month_day(text: str) -> f.MonthDay:
    day, month = map(int, text.split("/"))
    try:
        date(_A_LEAP_YEAR, month, day)
    except ValueError as error:
        raise UnreadableFormula(
            _("Le jour %(day)s n’existe dans aucune année : corrigez-le."), day=str(text)
        ) from error
    return f"{month:02d}-{day:02d}"
