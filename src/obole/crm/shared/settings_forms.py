"""What the forms of « Paramétrage » share: nothing typed is lost, and what an operation refuses stands at its field."""

import re
from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext_lazy

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def place_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Show what an operation refused: at its field, or above the form where it has none."""
    refused = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for name, errors in refused.items():
        for item in errors:
            form.add_error(name if name in form.fields else None, item)


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """A form over one row of configuration. It never saves: an operation is given its ``values``."""

    def __init__(
        self, data: Any = None, files: Any = None, *, instance: models.Model | None = None, **options: Any
    ) -> None:
        # A copy: the page goes on naming the row as it is, whatever was typed. A new row shows the model's defaults.
        super().__init__(data, files, instance=copy(instance) or self._meta.model(), **options)
        for field in self.fields.values():
            field.error_messages["unique"] = gettext_lazy("C’est déjà pris : choisissez une autre valeur.")

    @property
    def values(self) -> dict[str, Any]:
        """The values for the operation, by the names of the model."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class ColourInput(forms.TextInput):
    """A colour as it is written in a graphic charter, with a sample beside it."""

    template_name = "crm/shared/colour_input.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Give the sample its colour, if it is one."""
        known = isinstance(value, str) and COLOUR.fullmatch(value)
        return {**super().get_context(name, value, attrs), "sample": value if known else ""}


class ColourField(forms.CharField):
    """A colour written ``#rrggbb``."""

    default_error_messages = {
        "invalid": gettext_lazy("Une couleur s’écrit avec # et six chiffres ou lettres, par exemple #1f4a8a.")
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", ColourInput({"autocomplete": "off", "spellcheck": "false"}))
        options.setdefault("help_text", gettext_lazy("Par exemple #1f4a8a."))
        super().__init__(**options)

    def clean(self, value: Any) -> str:
        """
        Read a colour.

        :raises ValidationError: if it is not one.
        """
        colour: str = super().clean(value)
        if not COLOUR.fullmatch(colour):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return colour.lower()


PICTOGRAMS = {
    "fork": gettext_lazy("Repas"),
    "child": gettext_lazy("Enfance"),
    "home": gettext_lazy("Salle"),
    "terrace": gettext_lazy("Terrasse"),
    "grave": gettext_lazy("Cimetière"),
    "book": gettext_lazy("Lecture"),
    "music": gettext_lazy("Musique"),
    "sport": gettext_lazy("Sport"),
    "pool": gettext_lazy("Piscine"),
    "market": gettext_lazy("Marché"),
    "parking": gettext_lazy("Stationnement"),
    "tree": gettext_lazy("Nature"),
    "document": gettext_lazy("Document"),
}
