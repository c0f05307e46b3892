"""One field of a dispositif's form, as an administrator describes it: only what its kind can have is asked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from obole.catalogue.fields import (
    DAYS,
    FILE_TYPES,
    LISTS,
    MOST_DECIMALS,
    MOST_MEGABYTES,
    MOST_ROWS,
    NUMBERS,
    FieldKind,
    FilledBy,
    FormField,
    Prefill,
)
from obole.catalogue.forms import answer_names
from obole.catalogue.forms.checking import LONGEST_LABEL
from obole.crm.shared import condition_fields
from obole.crm.shared.condition_fields import Clauses
from obole.lib import texts
from obole.ui.fields import LONGEST_LINE, LONGEST_TEXT, DayField
from obole.ui.forms import QuantityField

PREFILLED = frozenset({FieldKind.TEXT, FieldKind.EMAIL, FieldKind.PHONE, FieldKind.ADDRESS})
TEXTS = frozenset({FieldKind.TEXT, FieldKind.PARAGRAPH})
AGENTS = frozenset(FieldKind.values) - {FieldKind.FILE, FieldKind.GROUP, FieldKind.SECTION}
LONGEST_HELP, LONGEST_CHOICES = 300, 5000
ALWAYS, NEVER, IF = "always", "never", "if"


class FieldForm(forms.Form):
    """What a field of one kind is."""

    mark_optional = False

    def __init__(self, data: Any = None, *, field: FormField, form: Sequence[FormField]) -> None:
        super().__init__(data)
        self.field, self.form, self.kind = field, form, FieldKind(field.kind)
        self.shown = condition_fields.of_field("shown_if", form, field)
        self.required = condition_fields.of_field("required_if", form, field)
        self.fields.update(self._words())
        self.fields.update(self._limits())
        self.fields.update(self._people())
        self.own_names = list(self.fields)
        self.fields.update(self.shown.controls())
        if self.may_be_required:
            self.fields.update(self.required.controls())

    @property
    def may_be_required(self) -> bool:
        """Tell whether the answer may be required: what a section holds, each says for itself."""
        return self.kind != FieldKind.SECTION

    @property
    def own_fields(self) -> list[Any]:
        """The controls that are not those of conditions."""
        return [self[name] for name in self.own_names]

    @property
    def groups_of_controls(self) -> list[dict[str, Any]]:
        """The controls of conditions, as they are drawn."""
        titles = {"shown_if": _("N’afficher que si…"), "required_if": _("Obligatoire seulement si…")}
        drawn = [self.shown, self.required] if self.may_be_required else [self.shown]
        return [
            {
                "title": titles[item.role],
                "keep": self[item.keep] if item.whole else None,
                "joint": self[item.joint],
                "rows": [[self[name] for name in names] for names in item.names],
                "open": getattr(self.field, item.role) is not None
                or any(name in self.errors for name in self._names(item)),
            }
            for item in drawn
        ]

    def clean(self) -> dict[str, Any]:
        """Read the conditions, and what one control alone cannot tell."""
        given = self.cleaned_data
        self.conditions = {"shown_if": self.shown.read(self)}
        if self.may_be_required:
            self.conditions["required_if"] = self.required.read(self)
        if given.get("required") == IF and self.conditions.get("required_if") is None and not self.errors:
            self.add_error("required", _("Dites dans quel cas : remplissez la condition, plus bas."))
        return given

    def clean_label(self) -> str:
        """Keep one clean line that no other field has: nobody could tell their answers apart."""
        label = texts.clean_line(self.cleaned_data["label"])
        if not label:
            raise forms.ValidationError(_("Écrivez la question."))
        twins = [item for item in self.form if item.key != self.field.key and item.group == self.field.group]
        if texts.fold(label) in {texts.fold(twin.label) for twin in twins}:
            raise forms.ValidationError(_("Un autre champ porte déjà ce nom."))
        return label

    def clean_choices(self) -> tuple[str, ...]:
        """Read one choice a line, each once."""
        lines = [texts.clean_line(line) for line in self.cleaned_data["choices"].splitlines()]
        choices = tuple(line for line in lines if line)
        if not choices:
            raise forms.ValidationError(self.fields["choices"].error_messages["required"])
        if len(set(choices)) < len(choices):
            raise forms.ValidationError(_("Deux choix sont identiques."))
        return choices

    def clean_mask(self) -> str:
        """Keep one clean line."""
        return texts.clean_line(self.cleaned_data["mask"])

    def described(self) -> FormField:
        """Return the field as it was described; what its kind cannot have is gone."""
        given = self.cleaned_data
        plain = {name: given[name] for name in self.own_names if name in given and given[name] not in (None, "")}
        required = plain.pop("required", ALWAYS)
        values = {name: _written(name, value) for name, value in plain.items()}
        bare = FormField(key=self.field.key, label=given["label"], kind=self.kind)
        asked_if = self.conditions.get("required_if") if required == IF else None
        return replace(
            bare,
            **{**values, "help": given["help"]},
            required=required == ALWAYS,
            shown_if=self.conditions["shown_if"],
            required_if=asked_if,
        )

    def _names(self, clauses: Clauses) -> list[str]:
        return [name for names in clauses.names for name in names]

    def _words(self) -> dict[str, forms.Field]:
        label = _("Titre") if self.kind == FieldKind.SECTION else _("Question")
        made: dict[str, forms.Field] = {
            "label": forms.CharField(label=label, max_length=LONGEST_LABEL, initial=self.field.label),
            "help": forms.CharField(
                label=_("Aide"),
                required=False,
                max_length=LONGEST_HELP,
                initial=self.field.help,
                help_text=_("Une phrase, sous la question."),
            ),
        }
        if self.kind in LISTS:
            made["choices"] = forms.CharField(
                label=_("Choix"),
                max_length=LONGEST_CHOICES,
                initial="\n".join(self.field.choices),
                help_text=_("Un par ligne."),
                widget=forms.Textarea({"rows": 5}),
                error_messages={"required": _("C’est une liste : donnez au moins un choix, un par ligne.")},
            )
        if self.kind == FieldKind.GROUP:
            made["row_name"] = forms.CharField(
                label=_("Comment s’appelle une ligne"),
                required=False,
                max_length=40,
                initial=self.field.row_name,
                help_text=_("Par exemple « enfant » : les lignes s’appellent Enfant 1, Enfant 2."),
            )
        return made

    def _limits(self) -> dict[str, forms.Field]:
        if self.kind in NUMBERS:
            return self._number_limits()
        if self.kind in DAYS:
            ends = {"minimum": _("Pas avant le"), "maximum": _("Pas après le")}
            return {
                name: DayField(label=label, required=False, initial=getattr(self.field, name))
                for name, label in ends.items()
            }
        if self.kind in TEXTS:
            return self._text_limits()
        if self.kind == FieldKind.GROUP:
            return {
                "least_rows": self._whole("least_rows", _("Au moins"), MOST_ROWS),
                "most_rows": self._whole("most_rows", _("Au plus"), MOST_ROWS),
            }
        if self.kind == FieldKind.FILE:
            return {
                "file_types": forms.MultipleChoiceField(
                    label=_("Types acceptés"),
                    required=False,
                    initial=self.field.file_types or FILE_TYPES,
                    choices=[(item, item.upper()) for item in FILE_TYPES],
                    widget=forms.CheckboxSelectMultiple,
                ),
                "megabytes": self._whole("megabytes", _("Poids maximal, en Mo"), MOST_MEGABYTES),
            }
        return {}

    def _number_limits(self) -> dict[str, forms.Field]:
        decimals = {FieldKind.NUMBER: 0, FieldKind.AMOUNT: 2}.get(self.kind, MOST_DECIMALS)
        labels = {"minimum": _("Au moins"), "maximum": _("Au plus")}
        labels |= {} if self.kind == FieldKind.AMOUNT else {"step": _("Par pas de")}
        made: dict[str, forms.Field] = {
            name: QuantityField(
                label=label, required=False, decimals=decimals, initial=answer_names.number(getattr(self.field, name))
            )
            for name, label in labels.items()
        }
        if self.kind == FieldKind.DECIMAL:
            made["decimals"] = self._whole("decimals", _("Chiffres après la virgule"), MOST_DECIMALS)
        return made

    def _text_limits(self) -> dict[str, forms.Field]:
        longest = LONGEST_LINE if self.kind == FieldKind.TEXT else LONGEST_TEXT
        made: dict[str, forms.Field] = {
            "shortest": self._whole("shortest", _("Au moins (caractères)"), longest),
            "longest": self._whole("longest", _("Au plus (caractères)"), longest),
        }
        if self.kind == FieldKind.TEXT:
            made["mask"] = forms.CharField(
                label=_("Forme"),
                required=False,
                max_length=60,
                initial=self.field.mask,
                help_text=_("Par exemple AA-999-AA : A est une lettre, 9 un chiffre, ? n’importe quoi."),
            )
        return made

    def _people(self) -> dict[str, forms.Field]:
        made: dict[str, forms.Field] = {}
        if self.may_be_required:
            state = IF if self.field.required_if else ALWAYS if self.field.required else NEVER
            said = [(ALWAYS, _("oui")), (NEVER, _("non")), (IF, _("selon d’autres réponses"))]
            made["required"] = forms.ChoiceField(label=_("Réponse obligatoire"), choices=said, initial=state)
            made["sensitive"] = forms.BooleanField(
                label=_("Réponse sensible"),
                required=False,
                initial=self.field.is_sensitive,
                help_text=_(
                    "Santé, coordonnées bancaires… : seuls la lisent les agents de la prestation qui en ont le droit."
                ),
            )
        if self.kind in PREFILLED:
            known = [("", _("rien")), *Prefill.choices]
            made["prefill"] = forms.ChoiceField(
                label=_("Prérempli avec"),
                required=False,
                choices=known,
                initial=self.field.prefill,
                help_text=_("Ce que dit le compte de l’usager ; il peut le corriger."),
            )
        groups = [(item.key, item.label) for item in self.form if item.kind == FieldKind.GROUP]
        if groups and self.kind not in {FieldKind.GROUP, FieldKind.SECTION}:
            made["group"] = forms.ChoiceField(
                label=_("Bloc répété"), required=False, choices=[("", _("aucun")), *groups], initial=self.field.group
            )
        if self.kind in AGENTS:
            made["by"] = forms.ChoiceField(label=_("Rempli par"), choices=FilledBy.choices, initial=self.field.by)
        return made

    def _whole(self, name: str, label: str, most: int) -> forms.Field:
        return QuantityField(
            label=label, required=False, maximum=Decimal(most), initial=getattr(self.field, name) or None
        )


def _written(name: str, value: Any) -> Any:
    """Return a value as a field holds it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if name in {"minimum", "maximum", "step"} else int(value)
    if name == "file_types":
        # All of them is what is taken where nobody says anything.
        return () if set(value) == set(FILE_TYPES) else tuple(value)
    return value
