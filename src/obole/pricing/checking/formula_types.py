"""Whether formulas and conditions make sense: the names exist and can be seen from there, the types agree."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.pricing.checking.constants import Constants
from obole.pricing.model import formulas as f, names
from obole.pricing.model.functions import OPERATIONS, Type
from obole.pricing.model.parts import Pricing, Question, QuestionKind
from obole.pricing.model.problems import Place, Problem, Text as Words

TYPES = {
    QuestionKind.NUMBER: Type.NUMBER,
    QuestionKind.DAY: Type.DAY,
    QuestionKind.TIME: Type.TIME,
    QuestionKind.CHOICE: Type.TEXT,
    QuestionKind.TEXT: Type.TEXT,
    QuestionKind.YES_NO: Type.FLAG,
}
WORDS: dict[Type, Words] = {
    Type.NUMBER: _("un nombre"),
    Type.DAY: _("une date"),
    Type.TIME: _("une heure"),
    Type.TEXT: _("un texte"),
    Type.FLAG: _("un oui ou non"),
}
_ORDERED = {f.Comparison.ABOVE, f.Comparison.AT_LEAST, f.Comparison.BELOW, f.Comparison.AT_MOST, f.Comparison.BETWEEN}
MOST_TERMS = 30
_ALONE = {f.Comparison.EMPTY, f.Comparison.FILLED}


@dataclass(frozen=True)
class At:
    """Where a formula stands: its place, the group whose row is looked at, whether a product is being priced."""

    place: Place
    group: str = ""
    product: bool = False

    def into(self, step: str, words: Words = "") -> "At":
        return replace(self, place=self.place.into(step, words))


class FormulaChecker:
    """Checks formulas of a pricing; what is wrong is added to ``problems``. A type that cannot be told is None."""

    def __init__(self, pricing: Pricing, problems: list[Problem]) -> None:
        self.problems = problems
        self.constants = Constants(pricing)
        self._questions = {question.key: question for question in pricing.questions}
        self._values = {value.key: value for value in pricing.values}
        self._groups = {group.key for group in pricing.groups}
        self._known: dict[str, Type | None] = dict.fromkeys(names.circular_names(pricing))

    def tell(self, at: At, text: Words, **values: object) -> None:
        """Add a problem."""
        self.problems.append(at.place.problem(text, **values))

    def formula(self, formula: f.Formula, at: At) -> Type | None:
        """Check a formula and return its type."""
        return _FORMULAS[type(formula)](self, formula, at)

    def expect(self, formula: f.Formula, at: At, *wanted: Type) -> None:
        """Check a formula that must be of one of these types."""
        found = self.formula(formula, at)
        if found is not None and found not in wanted:
            text = _("%(wanted)s est attendu ici, et c’est %(found)s : choisissez une autre réponse.")
            self.tell(at, text, wanted=" ou ".join(str(WORDS[item]) for item in wanted), found=WORDS[found])

    def condition(self, condition: f.Condition | None, at: At) -> None:
        """Check a condition."""
        if condition is not None:
            _CONDITIONS[type(condition)](self, condition, at)

    def name(self, name: str, at: At) -> Type | None:
        """Check a name and return its type."""
        if name in {f.ROW, f.PRODUCT}:
            return self._reserved(name, at)
        one = self._questions.get(name) or self._values.get(name)
        if one is None:
            self.tell(
                at,
                _("« %(name)s » n’existe pas : créez cette question ou cette valeur, ou choisissez-en une autre."),
                name=name,
            )
            return None
        if one.group and one.group != at.group:
            text = _(
                "« %(label)s » se répond à chaque ligne d’un groupe : facturez par ligne de ce groupe, ou faites-en la"
                " somme."
            )
            self.tell(at, text, label=one.label)
            return None
        return TYPES[self._questions[name].kind] if name in self._questions else self._value(name)

    def _value(self, name: str) -> Type | None:
        if name not in self._known:
            # What is wrong inside the value is told once, where the value is.
            quiet = self.problems
            self.problems = []
            value = self._values[name]
            self._known[name] = self.formula(value.of, At(Place(), group=value.group))
            self.problems = quiet
        return self._known[name]

    def _reserved(self, name: str, at: At) -> Type | None:
        if name == f.PRODUCT and at.product:
            return Type.TEXT
        if name == f.ROW and at.group:
            return Type.NUMBER
        self.tell(at, _("« %(name)s » n’a pas de sens ici : choisissez une question ou une valeur."), name=name)
        return None

    def question(self, formula: f.Formula) -> Question | None:
        """Return the question that a formula simply names."""
        return self._questions.get(formula.name) if isinstance(formula, f.Answer) else None

    def group(self, key: str, at: At) -> bool:
        """Check that a group exists."""
        if key not in self._groups:
            self.tell(at, _("le groupe « %(key)s » n’existe pas : créez-le, ou choisissez-en un autre."), key=key)
        return key in self._groups


def _answer(checker: FormulaChecker, formula: f.Answer, at: At) -> Type | None:
    return checker.name(formula.name, at)


def _call(checker: FormulaChecker, formula: f.Call, at: At) -> Type | None:
    operation = OPERATIONS.get(formula.op)
    if operation is None:
        checker.tell(
            at,
            _("l’opération « %(op)s » n’existe pas : choisissez parmi %(known)s."),
            op=formula.op,
            known=", ".join(OPERATIONS),
        )
        return None
    count = len(formula.args)
    if count < len(operation.takes) or count > (MOST_TERMS if operation.variadic else len(operation.takes)):
        least, most = len(operation.takes), MOST_TERMS
        text = _("« %(op)s » prend %(least)s terme(s) : complétez-la ou retirez ceux qui sont de trop.")
        if operation.variadic:
            text = _("« %(op)s » prend de %(least)s à %(most)s termes : complétez-la ou retirez ceux qui sont de trop.")
        checker.tell(at, text, op=operation.label, least=least, most=most)
        return operation.gives
    for n, arg in enumerate(formula.args):
        checker.expect(arg, at.into("args").into(f"[{n}]"), operation.takes[min(n, len(operation.takes) - 1)])
    divisor = formula.args[-1]
    if formula.op in {"quotient", "up", "down", "nearest"} and isinstance(divisor, f.Constant) and divisor.value <= 0:
        checker.tell(at, _("le diviseur ou le pas doit être au-dessus de zéro."))
    return operation.gives


def _rows(checker: FormulaChecker, formula: f.Rows, at: At) -> Type | None:
    if checker.group(formula.group, at):
        inside = replace(at, group=formula.group)
        checker.condition(formula.when, inside.into("when"))
        if formula.of is not None:
            checker.expect(formula.of, inside.into("of"), Type.NUMBER)
    return Type.NUMBER


def _yearly(checker: FormulaChecker, formula: f.Yearly, at: At) -> Type | None:
    checker.expect(formula.of, at.into("of"), Type.DAY)
    starts = [step.since for step in formula.steps]
    if not starts:
        checker.tell(at, _("aucun seuil n’est donné : ajoutez le premier jour de l’année et sa valeur."))
    elif sorted(set(starts), key=lambda day: (day < starts[0], day)) != starts:
        checker.tell(
            at, _("les seuils ne se suivent pas dans l’année qui commence au premier : remettez-les dans l’ordre.")
        )
    return Type.NUMBER


def _weekdays(checker: FormulaChecker, formula: f.Weekdays, at: At) -> Type | None:
    checker.expect(formula.first, at.into("first"), Type.DAY)
    checker.expect(formula.last, at.into("last"), Type.DAY)
    if (
        not formula.days
        or not all(1 <= day <= 7 for day in formula.days)
        or len(set(formula.days)) != len(formula.days)
    ):
        checker.tell(at, _("les jours de la semaine vont de 1 (lundi) à 7 (dimanche), chacun une fois."))
    return Type.NUMBER


def _either(checker: FormulaChecker, formula: f.Either, at: At) -> Type | None:
    checker.condition(formula.when, at.into("when"))
    then, otherwise = (
        checker.formula(formula.then, at.into("then")),
        checker.formula(formula.otherwise, at.into("otherwise")),
    )
    if then and otherwise and then != otherwise:
        checker.tell(at, _("les deux résultats doivent être de même nature : deux nombres, ou deux dates."))
    return then or otherwise


def _compare(checker: FormulaChecker, condition: f.Compare, at: At) -> None:
    found = checker.formula(condition.of, at.into("of"))
    count = len(condition.to)
    least, most = {f.Comparison.BETWEEN: (2, 2), f.Comparison.AMONG: (1, 500)}.get(
        condition.is_, (0, 0) if condition.is_ in _ALONE else (1, 1)
    )
    if not least <= count <= most:
        checker.tell(at, _("cette comparaison attend %(least)s valeur(s) : complétez-la."), least=least)
    if condition.is_ in _ORDERED and found in {Type.TEXT, Type.FLAG}:
        checker.tell(
            at, _("%(found)s ne se compare pas par ordre : demandez « égal » ou « parmi »."), found=WORDS[found]
        )
    for n, item in enumerate(condition.to):
        inside = at.into("to").into(f"[{n}]")
        checker.expect(item, inside, *([found] if found else list(Type)))
        _check_choice(checker, condition.of, item, inside)


def _check_choice(checker: FormulaChecker, of: f.Formula, to: f.Formula, at: At) -> None:
    """Tell a comparison with a choice that the question does not have: it would never hold."""
    question = checker.question(of)
    if question is not None and question.choices and isinstance(to, f.Text) and to.value not in question.choices:
        text = _("« %(value)s » n’est pas un choix de « %(label)s » : choisissez parmi %(choices)s.")
        checker.tell(at, text, value=to.value, label=question.label, choices=", ".join(question.choices))


def _season(checker: FormulaChecker, condition: f.Season, at: At) -> None:
    checker.expect(condition.of, at.into("of"), Type.DAY)


def _several(checker: FormulaChecker, condition: f.All | f.AnyOf, at: At) -> None:
    if not condition.of:
        checker.tell(at, _("aucune condition n’est donnée : ajoutez-en une, ou retirez celle-ci."))
    for n, item in enumerate(condition.of):
        checker.condition(item, at.into("of").into(f"[{n}]"))


def _not(checker: FormulaChecker, condition: f.Not, at: At) -> None:
    checker.condition(condition.of, at.into("of"))


_FORMULAS: dict[type, Callable[[FormulaChecker, Any, At], Type | None]] = {
    f.Constant: lambda *_: Type.NUMBER,
    f.Day: lambda *_: Type.DAY,
    f.Text: lambda *_: Type.TEXT,
    f.Flag: lambda *_: Type.FLAG,
    f.Answer: _answer,
    f.Call: _call,
    f.Rows: _rows,
    f.Yearly: _yearly,
    f.Weekdays: _weekdays,
    f.Either: _either,
}
_CONDITIONS: dict[type, Callable[[FormulaChecker, Any, At], None]] = {
    f.Compare: _compare,
    f.Season: _season,
    f.All: _several,
    f.AnyOf: _several,
    f.Not: _not,
}
