"""What the forms of a pricing's parts share: percentages, formulas, conditions, and names."""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.forms import DeclarativeFieldsMetaclass
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue.forms import conditions
from obole.crm.shared.condition_fields import ROWS, Clauses, Named
from obole.lib import texts
from obole.pricing import editing
from obole.pricing.model import formulas as f, numbers
from obole.pricing.model.numbers import NotANumber
from obole.pricing.model.parts import Pricing, QuestionKind
from obole.pricing.text import codec, formatter, parser
from obole.ui.forms import UnitInput

LONGEST_LABEL = 120


class PercentField(forms.Field):
    """A percentage, « −10 » for people: at most six decimals, and below zero where it takes away."""

    def __init__(self, *, signed: bool = False, unit: str = "%", **options: Any) -> None:
        options.setdefault("widget", UnitInput(unit))
        super().__init__(**options)
        self.signed = signed

    def to_python(self, value: Any) -> Decimal | None:
        """
        Read a percentage.

        :raises ValidationError: with what is wrong with it.
        """
        if value in self.empty_values:
            return None
        try:
            number = numbers.read(
                str(value).strip().removesuffix("%"), decimals=numbers.RATE_DECIMALS, signed=self.signed
            )
        except NotANumber as error:
            raise ValidationError(sentence(error.text, error.values)) from error
        return Decimal(number.numerator) / number.denominator

    def prepare_value(self, value: Any) -> Any:
        """Write it as people do; leave what a person typed."""
        return formatter.number(value) if isinstance(value, Decimal) else value


class FormulaField(forms.CharField):
    """A formula as a spreadsheet's user types it: « [Surface] × [Mois] »."""

    def __init__(self, *, pricing: Pricing, **options: Any) -> None:
        options.setdefault("help_text", _("Les noms entre crochets : voyez « Écrire une formule »."))
        options.setdefault("widget", forms.TextInput({"autocomplete": "off", "spellcheck": "false"}))
        super().__init__(max_length=parser.LONGEST, **options)
        self.pricing = pricing

    def clean(self, value: Any) -> Any:
        """
        Read a formula; nothing, where nothing was typed.

        :raises ValidationError: with where it stops making sense.
        """
        text = super().clean(value)
        if not text:
            return None
        try:
            return parser.read_formula(text, self.pricing)
        except parser.UnreadableFormula as error:
            raise ValidationError(error.message) from error

    def prepare_value(self, value: Any) -> Any:
        """Write a formula; leave what a person typed."""
        return value if value is None or isinstance(value, str) else formatter.writer(self.pricing).formula(value)


class AbstractForm(DeclarativeFieldsMetaclass, ABCMeta):
    """Makes classes of forms that say what those below them must do."""


class LabelledForm(forms.Form, metaclass=AbstractForm):
    """What has a label that nothing else of its section has, its own controls, and conditions."""

    section = ""
    title: str | Promise = ""
    mark_optional = False
    condition_titles: Mapping[str, str | Promise] = {}
    """Of each condition, by its role, what it decides."""

    def __init__(self, data: Any = None, *, pricing: Pricing, part: Any = None) -> None:
        super().__init__(data)
        self.pricing, self.part = pricing, part
        self.fields["label"] = forms.CharField(
            label=self.label_of_label(), max_length=LONGEST_LABEL, initial=getattr(part, "label", "")
        )
        self.fields.update(self.controls())
        self.own_names = list(self.fields)
        self.clauses = [WrittenClauses(role, self.known(role), pricing) for role in self.condition_titles]
        for clause in self.clauses:
            self.fields.update(clause.controls())

    def label_of_label(self) -> str:
        """Return how the first control is called."""
        return _("Libellé")

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of this kind of part, filled with what it is now."""
        return {}

    def known(self, role: str) -> f.Condition | None:
        """Return the condition that the part has now."""
        return getattr(self.part, role, None)

    def clean_label(self) -> str:
        """Keep one clean line that no other part of the section has: nobody could tell them apart."""
        label = texts.clean_line(self.cleaned_data["label"])
        twins = getattr(self.pricing, self.section) if self.section else ()
        if not label:
            raise ValidationError(_("Donnez un nom : c’est lui que les autres écrans montrent."))
        if any(
            texts.fold(twin.label) == texts.fold(label) and twin.key != self.key
            for twin in twins
            if self.tells_apart(twin)
        ):
            raise ValidationError(_("Ce nom est déjà pris : choisissez-en un autre."))
        return label

    def tells_apart(self, _other: Any) -> bool:
        """Tell whether another part of the section may not have the same name."""
        return True

    def clean(self) -> dict[str, Any]:
        """Read the conditions."""
        self.conditions = {clause.role: clause.read_tree(self) for clause in self.clauses}
        return self.cleaned_data

    @property
    def key(self) -> str:
        """The key of the part; nothing for one to come."""
        return self.part.key if self.part is not None else ""

    @property
    def new_key(self) -> str:
        """The key of the part, or one made of its label."""
        return self.key or editing.new_key(self.cleaned_data["label"], editing.keys_of(self.pricing))

    @property
    def own_fields(self) -> list[Any]:
        """The controls that are not those of conditions."""
        return [self[name] for name in self.own_names]

    @property
    def groups_of_controls(self) -> list[dict[str, Any]]:
        """The controls of conditions, as they are drawn."""
        return [
            {
                "title": self.condition_titles[clause.role],
                "joint": self[clause.joint],
                "rows": [[self[name] for name in names] for names in clause.names],
                "text": self[clause.text],
                "open": clause.condition is not None or any(name in self.errors for name in clause.controls()),
            }
            for clause in self.clauses
        ]


class PartForm(LabelledForm):
    """A part of a pricing that one form describes whole."""

    @abstractmethod
    def described(self) -> Any:
        """Return the part as it was typed, with its key, or a new one made of its label."""


class WrittenClauses(Clauses):
    """A condition of a pricing: three comparisons to choose, or a condition written like a formula."""

    def __init__(self, role: str, condition: f.Condition | None, pricing: Pricing) -> None:
        self.pricing = pricing
        described = codec.as_dict(condition) if condition is not None else None
        writer = formatter.writer(pricing)
        super().__init__(
            role,
            described,
            named=names_in_scope(pricing),
            told=lambda _one: writer.condition(condition) if condition else "",
        )

    @property
    def text(self) -> str:
        """The name of the control that takes a written condition."""
        return f"{self.role}_text"

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls, filled with the present condition."""
        made = super().controls()
        made.pop(self.keep, None)
        made[self.text] = forms.CharField(
            label=_("Ou la condition, écrite"),
            required=False,
            max_length=parser.LONGEST,
            initial=self.whole,
            help_text=_("Pour ce que les listes ne disent pas, par exemple SAISON([Date]; 01/10; 30/04)."),
            widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        )
        return made

    def read_tree(self, form: forms.Form) -> f.Condition | None:
        """Return the condition; what is wrong is said at its control."""
        chosen, written = self.read(form), form.cleaned_data.get(self.text, "")
        if not written:
            return conditions.parse(chosen) if chosen is not None else None
        if chosen is not None:
            form.add_error(self.text, _("Choisissez dans les listes ou écrivez la condition : pas les deux."))
            return None
        try:
            return parser.read_condition(written, self.pricing)
        except parser.UnreadableFormula as error:
            form.add_error(self.text, error.message)
            return None


def names_in_scope(pricing: Pricing) -> list[Named]:
    """Return what a condition of a pricing may look at."""
    groups = {group.key: group.label for group in pricing.groups}
    found = [
        Named(
            question.key,
            f"{groups[question.group]}\u00a0: {question.label}" if question.group in groups else question.label,
            question.kind,
            question.choices,
        )
        for question in pricing.questions
    ]
    found += [Named(value.key, value.label, QuestionKind.NUMBER) for value in pricing.values]
    if groups:
        found.append(Named(f.ROW, _("Rang dans le groupe (1, 2, 3…)"), QuestionKind.NUMBER))
    counted = _("nombre de lignes : %(label)s")
    return found + [
        Named(f"{ROWS}{key}", counted % {"label": label}, QuestionKind.NUMBER) for key, label in groups.items()
    ]


def answers(pricing: Pricing, *, kinds: Iterable[QuestionKind]) -> list[tuple[str, str]]:
    """Return the answers of these kinds, and the computed values, as choices."""
    wanted = set(kinds)
    return [
        (name.name, name.label)
        for name in names_in_scope(pricing)
        if name.kind in wanted and not name.name.startswith(ROWS)
    ]


def choice(label: str, known: Any, choices: Iterable[tuple[str, Any]], **options: Any) -> forms.ChoiceField:
    """Return a list to choose from, on what is chosen now."""
    return forms.ChoiceField(label=label, initial=known, choices=list(choices), **options)


def sentence(text: str | Promise, values: Mapping[str, object]) -> str:
    """Return a sentence of the engine, as it begins a message."""
    said = str(text) % values if values else str(text)
    return f"{said[:1].upper()}{said[1:]}"


NOTHING = gettext_lazy("(aucun)")
