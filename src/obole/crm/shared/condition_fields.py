"""« Si École est Jules-Ferry »: the conditions that an administrator builds without writing any code."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import answer_names, condition_texts
from obole.lib import dates, money, texts
from obole.pricing.model.formulas import Comparison
from obole.pricing.model.numbers import NotANumber, as_decimal, read
from obole.pricing.model.parts import QuestionKind
from obole.ui.fields import DayField

MOST = 3
OFFERED = (
    Comparison.EQUALS,
    Comparison.DIFFERS,
    Comparison.ABOVE,
    Comparison.AT_LEAST,
    Comparison.BELOW,
    Comparison.AT_MOST,
    Comparison.FILLED,
    Comparison.EMPTY,
)
ALONE = frozenset({Comparison.FILLED, Comparison.EMPTY})
ROWS = "rows:"
Condition = Mapping[str, Any]


@dataclass(frozen=True)
class Named:
    """An answer that a condition may look at."""

    name: str
    label: str
    kind: QuestionKind
    choices: tuple[str, ...] = ()


class Clauses:
    """The controls of one condition in a form: at most three comparisons, all of them or one of them."""

    def __init__(
        self, role: str, condition: Condition | None, *, named: Iterable[Named], told: Callable[[Condition], str]
    ) -> None:
        self.role, self.condition = role, condition
        self.named = {item.name: item for item in named}
        self.simple = _simple(condition)
        self.whole = told(condition) if condition is not None and self.simple is None else ""
        """The condition in words, where it is more than these controls can show: it stays, unless it is taken off."""

    @property
    def names(self) -> list[tuple[str, str, str]]:
        """The names of the controls of each comparison."""
        parts = ("name", "is", "value")
        return [tuple(f"{self.role}_{n}_{part}" for part in parts) for n in range(MOST)]  # type: ignore[misc]

    @property
    def joint(self) -> str:
        """The name of the control that says whether all must hold."""
        return f"{self.role}_joint"

    @property
    def keep(self) -> str:
        """The name of the control that keeps a condition which these controls cannot show."""
        return f"{self.role}_keep"

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls, filled with the present condition."""
        known = self.simple[1] if self.simple else []
        asked = [("", _("(aucune)")), *((item.name, item.label) for item in self.named.values())]
        made: dict[str, forms.Field] = {}
        for n, (name, is_, value) in enumerate(self.names):
            one = known[n] if n < len(known) else {}
            made[name] = _optional(forms.ChoiceField, _("Réponse"), one.get("name"), choices=asked)
            made[is_] = _optional(
                forms.ChoiceField,
                _("Comparaison"),
                one.get("is"),
                choices=[(c, condition_texts.COMPARISONS[c]) for c in OFFERED],
            )
            made[value] = _optional(forms.CharField, _("Valeur"), one.get("value"), max_length=120)
        joints = [("all", _("toutes ces conditions")), ("any", _("l’une de ces conditions"))]
        made[self.joint] = _optional(forms.ChoiceField, _("Il faut"), self.simple and self.simple[0], choices=joints)
        if self.whole:
            made[self.keep] = forms.BooleanField(
                label=_("Garder : %(told)s") % {"told": self.whole}, required=False, initial=True
            )
        return made

    def read(self, form: forms.Form) -> Condition | None:
        """Return the condition that was built; what is wrong is said at its control."""
        if form.cleaned_data.get(self.keep):
            return self.condition
        parts = []
        for name, is_, value in self.names:
            named = self.named.get(form.cleaned_data.get(name) or "")
            if named is None:
                continue
            try:
                parts.append(
                    _compare(
                        named, Comparison(form.cleaned_data.get(is_) or "equals"), form.cleaned_data.get(value, "")
                    )
                )
            except ValidationError as error:
                form.add_error(value, error)
        if len(parts) < 2:
            return parts[0] if parts else None
        return {"kind": form.cleaned_data.get(self.joint) or "all", "of": parts}


def _optional(kind: type[forms.Field], label: str, initial: Any, **options: Any) -> forms.Field:
    return kind(label=label, required=False, initial=initial, **options)


def of_field(role: str, form: Sequence[FormField], field: FormField) -> Clauses:
    """Return the controls of a condition of a question."""
    return Clauses(
        role,
        getattr(field, role),
        named=_named(form, field),
        told=lambda condition: condition_texts.describe_condition(condition, condition_texts.labels_of(form)),
    )


def _named(form: Sequence[FormField], field: FormField) -> list[Named]:
    """Return what can be looked at from a field: answers out of groups, and those of its own row."""
    near = [item for item in form if item.key != field.key and item.group in ("", field.group)]
    found = [
        Named(question.key, question.label, question.kind, question.choices)
        for item in near
        for question in answer_names.questions_of(item)
    ]
    groups = [item for item in near if item.kind == FieldKind.GROUP and item.key != field.group]
    return found + [
        Named(f"{ROWS}{group.key}", _("nombre de lignes : %(label)s") % {"label": group.label}, QuestionKind.NUMBER)
        for group in groups
    ]


def _compare(named: Named, is_: Comparison, typed: str) -> dict[str, Any]:
    rows = named.name.removeprefix(ROWS) if named.name.startswith(ROWS) else ""
    of = {"kind": "rows", "group": rows} if rows else {"kind": "answer", "name": named.name}
    said = {"kind": "compare", "of": of, "is": is_.value}
    return said if is_ in ALONE else {**said, "to": [_value(named, texts.clean_line(typed))]}


def _value(named: Named, typed: str) -> dict[str, Any]:
    """
    Read what an answer is compared with.

    :raises ValidationError: if it is not of the answer's kind.
    """
    if not typed:
        raise ValidationError(_("Écrivez la valeur à laquelle comparer « %(label)s ».") % {"label": named.label})
    reader = _READERS.get(named.kind)
    if reader is not None:
        return reader(typed)
    chosen = next((choice for choice in named.choices if texts.fold(choice) == texts.fold(typed)), None)
    if named.choices and chosen is None:
        raise ValidationError(_("Recopiez un des choix : %(choices)s.") % {"choices": ", ".join(named.choices)})
    return {"kind": "text", "value": chosen or typed}


def _number(typed: str) -> dict[str, Any]:
    try:
        return {"kind": "number", "value": f"{as_decimal(read(typed, decimals=3)).normalize():f}"}
    except NotANumber as error:
        raise ValidationError(_("Écrivez un nombre, par exemple 12 ou 12,5.")) from error


def _day(typed: str) -> dict[str, Any]:
    return {"kind": "day", "value": DayField().clean(typed).isoformat()}


def _flag(typed: str) -> dict[str, Any]:
    flag = {"oui": True, "non": False}.get(texts.fold(typed))
    if flag is None:
        raise ValidationError(_("Écrivez oui ou non."))
    return {"kind": "flag", "value": flag}


def _time(_typed: str) -> dict[str, Any]:
    raise ValidationError(_("Une heure ne se compare pas : demandez seulement si elle a une réponse."))


_READERS = {QuestionKind.NUMBER: _number, QuestionKind.DAY: _day, QuestionKind.YES_NO: _flag, QuestionKind.TIME: _time}


def _simple(condition: Condition | None) -> tuple[str, list[dict[str, str]]] | None:
    """Return a condition as these controls show it; None for one that they cannot."""
    if condition is None:
        return "all", []
    joint = condition.get("kind")
    parts = condition.get("of") if joint in {"all", "any"} else [condition]
    if not isinstance(parts, list) or len(parts) > MOST:
        return None
    shown = [_shown(part) for part in parts]
    return (
        None if None in shown else (str(joint) if joint in {"all", "any"} else "all", [item for item in shown if item])
    )


def _shown(part: Any) -> dict[str, str] | None:
    if not isinstance(part, Mapping) or part.get("kind") != "compare" or part.get("is") not in OFFERED:
        return None
    of, to = part.get("of", {}), part.get("to", [])
    name = {"answer": of.get("name"), "rows": f"{ROWS}{of.get('group')}"}.get(of.get("kind"))
    plain = set(of) <= {"kind", "name", "group"} and len(to) < 2
    if name is None or not plain:
        return None
    value = _told(to[0]) if to else ""
    return None if value is None else {"name": name, "is": part["is"], "value": value}


def _told(value: Mapping[str, Any]) -> str | None:
    kind, said = value.get("kind"), value.get("value")
    if kind == "flag":
        return _("oui") if said else _("non")
    if kind == "number":
        number = answer_names.number(str(said))
        return None if number is None else money.quantity(number)
    if kind == "day":
        return dates.format_short(DayField().clean(said))
    return str(said) if kind == "text" else None
