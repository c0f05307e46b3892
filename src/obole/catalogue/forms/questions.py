"""A field made a control, and its answer made what JSON can keep and what people read."""

from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from obole.catalogue.fields import DAYS, NUMBERS, FieldKind, FormField, Prefill
from obole.catalogue.forms import answer_names
from obole.directory.models import Citizen
from obole.lib import dates, money
from obole.ui import fields as controls
from obole.ui.forms import EurosField

FEW_CHOICES = 5
Value = str | int | bool | list[str] | dict[str, str]
"""An answer as JSON keeps it. Numbers with decimals and amounts in euros are texts (``"12.50"``): a float never."""


def control(field: FormField, *, initial: Any = None, required: bool | None = None) -> forms.Field:
    """
    Return the control of a field that is neither a file nor a holder.

    :param required: whether an empty answer is refused at once; the field's own word where it is not given.
    """
    options: dict[str, Any] = {
        "label": field.label,
        "required": field.required if required is None else required,
        "help_text": field.help,
        "initial": _shown_in_control(field, initial),
    }
    return _CONTROLS[FieldKind(field.kind)](field, options)


def to_json(field: FormField, value: Any) -> Value | None:
    """Return a cleaned answer as JSON keeps it; None for an empty one."""
    if value in (None, "", [], {}):
        return None
    if field.kind == FieldKind.AMOUNT:
        return f"{value // 100}.{value % 100:02d}"
    if isinstance(value, Decimal):
        return int(value) if field.kind == FieldKind.NUMBER else f"{value.normalize():f}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {end: day.isoformat() for end, day in value.items()}
    return [str(part) for part in value] if isinstance(value, list | tuple) else str(value)


def to_text(field: FormField, value: Any) -> str:
    """Return a kept answer as people read it; whatever an older version kept is shown as it is."""
    if value in (None, "", [], {}):
        return ""
    reader = _TOLD.get(FieldKind(field.kind)) if field.kind in FieldKind.values else None
    try:
        return reader(value) if reader else str(value)
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return str(value)


def prefill(field: FormField, citizen: Citizen) -> str:
    """Return what the citizen's account says, for a field that is prefilled from it."""
    known = {
        Prefill.NAME: " ".join(part for part in (citizen.first_name, citizen.last_name) if part),
        Prefill.FIRST_NAME: citizen.first_name,
        Prefill.LAST_NAME: citizen.last_name,
        Prefill.ORGANISATION: citizen.organisation,
        Prefill.EMAIL: citizen.email,
        Prefill.PHONE: citizen.phone,
        Prefill.ADDRESS: citizen.address,
    }
    return known[Prefill(field.prefill)] if field.prefill in Prefill.values else ""


def _shown_in_control(field: FormField, value: Any) -> Any:
    """Return a kept answer as its control takes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.kind in NUMBERS and value not in (None, ""):
        found = answer_names.number(str(value))
        if found is None:
            return value
        return int(found * 100) if field.kind == FieldKind.AMOUNT else found
    return value


def _bounds(field: FormField) -> dict[str, Any]:
    if field.kind in DAYS:
        return {
            end: date.fromisoformat(text)
            for end, text in (("minimum", field.minimum), ("maximum", field.maximum))
            if text
        }
    return {"minimum": answer_names.number(field.minimum), "maximum": answer_names.number(field.maximum)}


def _lengths(field: FormField) -> dict[str, Any]:
    given = {"min_length": field.shortest, "max_length": field.longest}
    return {name: value for name, value in given.items() if value}


def _line(field: FormField, options: dict[str, Any]) -> forms.Field:
    return controls.LineField(mask=field.mask, **_lengths(field), **options)


def _paragraph(field: FormField, options: dict[str, Any]) -> forms.Field:
    return controls.ParagraphField(**_lengths(field), **options)


def _number(field: FormField, options: dict[str, Any]) -> forms.Field:
    decimals = field.decimals if field.kind == FieldKind.DECIMAL else 0
    return controls.NumberField(decimals=decimals, step=answer_names.number(field.step), **_bounds(field), **options)


def _amount(field: FormField, options: dict[str, Any]) -> forms.Field:
    cents = {end: None if bound is None else int(bound * 100) for end, bound in _bounds(field).items()}
    return EurosField(**cents, **options)


def _choice(field: FormField, options: dict[str, Any]) -> forms.Field:
    choices = [(choice, choice) for choice in field.choices]
    if field.required and len(choices) <= FEW_CHOICES:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **options)
    return forms.ChoiceField(choices=[("", _("Choisissez")), *choices], **options)


def _several(field: FormField, options: dict[str, Any]) -> forms.Field:
    return controls.SeveralField(choices=[(choice, choice) for choice in field.choices], **options)


def _yes_no(field: FormField, options: dict[str, Any]) -> forms.Field:
    return forms.ChoiceField(choices=[("yes", _("Oui")), ("no", _("Non"))], widget=forms.RadioSelect, **options)


_CONTROLS: dict[FieldKind, Callable[[FormField, dict[str, Any]], forms.Field]] = {
    FieldKind.TEXT: _line,
    FieldKind.PARAGRAPH: _paragraph,
    FieldKind.NUMBER: _number,
    FieldKind.DECIMAL: _number,
    FieldKind.AMOUNT: _amount,
    FieldKind.DATE: lambda item, options: controls.DayField(**_bounds(item), **options),
    FieldKind.PERIOD: lambda item, options: controls.PeriodField(**_bounds(item), **options),
    FieldKind.TIME: lambda item, options: controls.HourField(**options),
    FieldKind.CHOICE: _choice,
    FieldKind.SEVERAL: _several,
    FieldKind.YES_NO: _yes_no,
    FieldKind.EMAIL: lambda item, options: controls.MailField(**options),
    FieldKind.PHONE: lambda item, options: controls.PhoneField(**options),
    FieldKind.ADDRESS: lambda item, options: controls.AddressField(**options),
    FieldKind.IBAN: lambda item, options: controls.IbanField(**options),
    FieldKind.SIRET: lambda item, options: controls.SiretField(**options),
}


def _day(value: Any) -> str:
    return dates.format_short(date.fromisoformat(str(value)))


_TOLD: dict[FieldKind, Callable[[Any], str]] = {
    FieldKind.YES_NO: lambda value: _("Oui") if value in (True, "yes") else _("Non"),
    FieldKind.DATE: _day,
    FieldKind.PERIOD: lambda value: (
        _("du %(first)s au %(last)s") % {"first": _day(value["from"]), "last": _day(value["to"])}
    ),
    FieldKind.TIME: lambda value: str(value).replace(":", "\u00a0h\u00a0"),
    FieldKind.SEVERAL: lambda value: ", ".join(value) if isinstance(value, list) else str(value),
    FieldKind.DECIMAL: lambda value: money.quantity(Decimal(str(value))),
    FieldKind.AMOUNT: lambda value: money.euros(int(Decimal(str(value)) * 100)),
    FieldKind.IBAN: lambda value: controls.grouped(str(value), controls.IbanField.group),
    FieldKind.SIRET: lambda value: controls.grouped(str(value), controls.SiretField.group),
}
