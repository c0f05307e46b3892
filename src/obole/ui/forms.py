"""How every form of the product is drawn, and the fields for money, quantities and days."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _, ngettext

from obole.lib import money, texts


class AccessibleField(BoundField):
    """A field of a form, with what ``ui/field.html`` and the error summary need to know."""

    def __init__(self, form: forms.BaseForm, field: forms.Field, name: str) -> None:
        super().__init__(form, field, name)
        # A placeholder vanishes as one types and is too pale to read: hints belong to help texts.
        field.widget.attrs.pop("placeholder", None)

    @property
    def use_fieldset(self) -> bool:
        """Tell whether several controls make the field. A file is one control, whatever Django says."""
        return super().use_fieldset and not isinstance(self.field.widget, forms.FileInput)

    @property
    def is_checkbox(self) -> bool:
        """Tell whether the label goes after the control."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def says_optional(self) -> bool:
        """
        Tell whether to write « (facultatif) ».

        A box that may stay empty says so by itself, as do filters, and a question that depends on others.
        """
        marked = getattr(self.form, "mark_optional", True)
        boxes = isinstance(self.field.widget, forms.CheckboxInput | forms.CheckboxSelectMultiple)
        conditional = getattr(self.field, "conditional", False)
        return bool(marked) and not self.field.required and not boxes and not conditional

    @property
    def whole_label(self) -> str:
        """Return the label for a summary: with the row, where several controls have the same one."""
        place = getattr(self.field, "place", "")
        return f"{place}, {self.label}" if place else str(self.label)

    @property
    def focus_id(self) -> str:
        """Return the id of the first control: where the error summary leads."""
        return f"{self.auto_id}_0" if self.use_fieldset else self.id_for_label

    def build_widget_attrs(self, attrs: Mapping[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """Leave ``aria-invalid`` out of single radio buttons: the group carries the error."""
        built: dict[str, Any] = super().build_widget_attrs(dict(attrs), widget)
        if self.use_fieldset:
            built.pop("aria-invalid", None)
        return built


class Renderer(TemplatesSetting):
    """Draw every form, allauth's and the filters' too, with our templates."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"
    bound_field_class = AccessibleField


class FilterForm(forms.Form):
    """A form that narrows a list: nothing is required, so nothing is said to be optional."""

    mark_optional = False


class NameField(forms.CharField):
    """A name on one line, as it will be kept: what no line should hold is dropped before it is asked for."""

    def to_python(self, value: Any) -> str:
        """Read a line."""
        line = super().to_python(value) or ""
        # A NUL is left for its own validator to refuse.
        return line if "\x00" in line else texts.clean_line(line)


class UnitInput(forms.TextInput):
    """A number with its unit written after it."""

    template_name = "ui/unit_input.html"

    def __init__(self, unit: str = "", attrs: dict[str, Any] | None = None, *, whole: bool = False) -> None:
        mode = "numeric" if whole else "decimal"
        super().__init__({"inputmode": mode, "autocomplete": "off", "class": "num", **(attrs or {})})
        self.unit = unit

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Give the unit to the template."""
        return {**super().get_context(name, value, attrs), "unit": self.unit}


class DayInput(forms.DateInput):
    """The browser's own calendar; a typed ``25/11/2026`` is read too."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class EurosField(forms.Field):
    """An amount: « 12,50 » for people, an integer of cents for us."""

    default_error_messages = {
        "invalid": _("Saisissez un montant en euros, par exemple 12,50."),
        "minimum": _("Saisissez un montant d’au moins %(limit)s."),
        "maximum": _("Saisissez un montant d’au plus %(limit)s."),
    }

    def __init__(self, *, minimum: int | None = None, maximum: int | None = None, **options: Any) -> None:
        options.setdefault("widget", UnitInput("€"))
        super().__init__(**options)
        self.minimum = minimum
        self.maximum = maximum

    def to_python(self, value: Any) -> int | None:
        """
        Read an amount.

        :raises ValidationError: if it is not one.
        """
        if value in self.empty_values:
            return None
        try:
            return money.parse(str(value))
        except money.NotAnAmount:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def validate(self, value: int | None) -> None:
        """
        Check the limits.

        :raises ValidationError: if the amount is beyond one, or missing.
        """
        super().validate(value)
        if value is None:
            return
        if self.minimum is not None and value < self.minimum:
            raise ValidationError(self.error_messages["minimum"] % {"limit": money.euros(self.minimum)}, code="minimum")
        if self.maximum is not None and value > self.maximum:
            raise ValidationError(self.error_messages["maximum"] % {"limit": money.euros(self.maximum)}, code="maximum")

    def prepare_value(self, value: Any) -> Any:
        """Write cents as people do; leave what a person typed."""
        return money.plain(value) if isinstance(value, int) else value


class QuantityField(forms.Field):
    """A positive number: « 18,5 » for people, an exact ``Decimal`` for us."""

    default_error_messages = {
        "invalid": _("Saisissez un nombre en chiffres, par exemple %(example)s."),
        "negative": _("Saisissez un nombre positif, sans signe moins, par exemple %(example)s."),
        "whole": _("Saisissez un nombre entier, sans virgule, par exemple %(example)s."),
        "minimum": _("Saisissez un nombre supérieur ou égal à %(limit)s."),
        "maximum": _("Saisissez un nombre inférieur ou égal à %(limit)s."),
    }
    largest = Decimal("9999999")

    def __init__(
        self,
        *,
        decimals: int = 0,
        minimum: Decimal | None = None,
        maximum: Decimal | None = None,
        unit: str = "",
        **options: Any,
    ) -> None:
        options.setdefault("widget", UnitInput(unit, whole=not decimals))
        super().__init__(**options)
        self.decimals = decimals
        self.minimum = minimum
        self.maximum = self.largest if maximum is None else maximum

    def to_python(self, value: Any) -> Decimal | None:
        """
        Read a quantity.

        :raises ValidationError: with a sentence that says how to mend it.
        """
        if value in self.empty_values:
            return None
        try:
            number = money.parse_quantity(str(value), decimals=self.decimals)
        except money.NotAnAmount:
            raise self._refusal(str(value)) from None
        # Beyond 28 digits, normalising rounds: compare exactly.
        if number != round(number, self.decimals):
            raise self._refusal(str(value))
        return number

    def validate(self, value: Decimal | None) -> None:
        """
        Check the limits.

        :raises ValidationError: if the quantity is beyond one, or missing.
        """
        super().validate(value)
        if value is None:
            return
        if self.minimum is not None and value < self.minimum:
            raise self._error("minimum", limit=money.quantity(self.minimum))
        if value > self.maximum:
            raise self._error("maximum", limit=money.quantity(self.maximum))

    def prepare_value(self, value: Any) -> Any:
        """Write a number as people do; leave what a person typed."""
        return money.quantity(Decimal(value)) if isinstance(value, Decimal | int) else value

    def _refusal(self, text: str) -> ValidationError:
        """Find what is wrong, so that the sentence can say how to mend it."""
        cleaned = re.sub(r"\s", "", text).replace("\N{MINUS SIGN}", "-")
        if re.fullmatch(r"-[0-9]+([.,][0-9]+)?", cleaned):
            return self._error("negative")
        if re.fullmatch(r"[0-9]{8,}([.,][0-9]+)?", cleaned):
            return self._error("maximum", limit=money.quantity(self.maximum))
        if re.fullmatch(r"[0-9]+[.,][0-9]+", cleaned):
            return self._error("whole") if not self.decimals else self._too_fine()
        return self._error("invalid")

    def _too_fine(self) -> ValidationError:
        sentence = ngettext(
            "Saisissez un nombre avec au plus %(n)d chiffre après la virgule, par exemple %(example)s.",
            "Saisissez un nombre avec au plus %(n)d chiffres après la virgule, par exemple %(example)s.",
            self.decimals,
        )
        return ValidationError(sentence % {"n": self.decimals, "example": self._example()}, code="decimals")

    def _error(self, code: str, **words: str) -> ValidationError:
        return ValidationError(self.error_messages[code] % {"example": self._example(), **words}, code=code)

    def _example(self) -> str:
        return "18,5" if self.decimals else "3"


def typed(form: forms.BaseForm) -> dict[str, Any]:
    """Return what was sent, unread: what a form shows again when nobody asked to save it."""
    return {
        name: field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
        for name, field in form.fields.items()
        if not isinstance(field, forms.FileField)
    }
