"""The questions of a dispositif's form, a row each; a row that is left empty is not a question."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.operations import new_key
from obole.crm.forms_settings.base import typed
from obole.lib import words

STEP = 10
"""Between two positions: room to move a question between two others."""
MOST_FIELDS = 100


class FieldForm(forms.Form):
    """One question."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    label = forms.CharField(label=gettext_lazy("Libellé"), max_length=150)
    kind = forms.ChoiceField(label=gettext_lazy("Type"), choices=FieldKind.choices)
    position = forms.IntegerField(
        label=gettext_lazy("Ordre"), required=False, min_value=0, max_value=9999,
        widget=forms.TextInput({"inputmode": "numeric", "class": "num"})
    )  # fmt: skip
    required = forms.BooleanField(label=gettext_lazy("Réponse obligatoire"), required=False)
    help = forms.CharField(label=gettext_lazy("Aide"), required=False, max_length=300)
    choices = forms.CharField(
        label=gettext_lazy("Choix"),
        required=False,
        max_length=5000,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("Un par ligne, seulement pour un choix dans une liste."),
    )

    def has_changed(self) -> bool:
        """Tell whether the row holds a question: one that exists, or one that was typed."""
        sent = typed(self)
        return any(str(sent[name] or "").strip() for name in ("key", "label", "help", "choices"))

    def clean_label(self) -> str:
        """Keep one clean line."""
        return words.clean_line(self.cleaned_data["label"])

    def clean_choices(self) -> tuple[str, ...]:
        """Read one choice a line."""
        lines = (words.clean_line(line) for line in self.cleaned_data["choices"].splitlines())
        return tuple(line for line in lines if line)

    def clean(self) -> None:
        """Check that a list has choices, each once."""
        super().clean()
        if self.cleaned_data.get("kind") != FieldKind.CHOICE or "choices" not in self.cleaned_data:
            return
        choices = self.cleaned_data["choices"]
        if not choices:
            self.add_error("choices", _("C’est une liste : donnez au moins un choix, un par ligne."))
        elif len(set(choices)) < len(choices):
            self.add_error("choices", _("Deux choix sont identiques."))


class FieldFormSet(forms.BaseFormSet):  # type: ignore[type-arg]  # not generic when it runs
    """All the questions of a form."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Let any row be empty: which ones hold a question is theirs to say."""
        return {"empty_permitted": True, "use_required_attribute": False}

    def add_fields(self, form: FieldForm, index: int | None) -> None:
        """Name the box that takes a question away."""
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Supprimer ce champ")

    def clean(self) -> None:
        """Refuse two questions with the same name: nobody could tell their answers apart."""
        seen: set[str] = set()
        for row in self.rows:
            label = row.cleaned_data.get("label", "")
            if label and words.fold(label) in seen:
                row.add_error("label", _("Un autre champ porte déjà ce nom."))
            seen.add(words.fold(label))

    @property
    def rows(self) -> list[FieldForm]:
        """The rows that hold a question and stay, in the order asked for."""
        kept = [row for row in self.forms if row.has_changed() and not row.cleaned_data.get("DELETE", False)]
        last = max((self._position(row, 0) for row in kept), default=0)
        return sorted(kept, key=lambda row: self._position(row, last + 1))

    def described(self, current: Iterable[str], retired: Iterable[str]) -> list[FormField]:
        """Return the questions: those that exist keep their key, new ones get one that no answer ever had."""
        known = set(current)
        taken = known | set(retired)
        fields = []
        for row in self.rows:
            given = row.cleaned_data
            key = given["key"] if given["key"] in known else new_key(given["label"], taken)
            known.discard(key)
            taken.add(key)
            fields.append(_described(key, given))
        return fields

    def _position(self, row: FieldForm, default: int) -> int:
        position = row.cleaned_data.get("position")
        return default if position is None else position


def _described(key: str, given: dict[str, Any]) -> FormField:
    choices = given["choices"] if given["kind"] == FieldKind.CHOICE else ()
    return FormField(
        key=key,
        label=given["label"],
        kind=given["kind"],
        required=given["required"],
        help=given["help"],
        choices=choices,
    )


_FieldFormSet: Any = forms.formset_factory(
    FieldForm, formset=FieldFormSet, extra=0, can_delete=True, max_num=MOST_FIELDS, validate_max=True
)


def rows_of(fields: Sequence[FormField]) -> FieldFormSet:
    """Return the rows that show these questions; an empty one if there is none yet."""
    described = [
        {**field.as_dict(), "choices": "\n".join(field.choices), "position": n * STEP}
        for n, field in enumerate(fields, 1)
    ]
    rows: FieldFormSet = _FieldFormSet(initial=described or [{"position": STEP, "required": True}], prefix="champ")
    return rows


def sent_rows(data: Any) -> FieldFormSet:
    """Return the rows that were sent."""
    rows: FieldFormSet = _FieldFormSet(data, prefix="champ")
    return rows


def with_one_more(sent: FieldFormSet) -> FieldFormSet:
    """Return all that was typed, unread, and an empty row after it."""
    typed_rows = [typed(row) for row in sent.forms]
    highest = max(
        (int(str(row["position"])) for row in typed_rows if str(row["position"] or "").isdecimal()), default=0
    )
    rows: FieldFormSet = _FieldFormSet(
        initial=[*typed_rows, {"position": highest + STEP, "required": True}], prefix="champ"
    )
    return rows
