"""A field made a control, and its answer made what JSON can keep and what people read."""

from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _

from obole.catalogue.fields import DAYS, NUMBERS, FieldKind, FormField, Prefill
from obole.catalogue.forms import naming
from obole.directory.models import Citizen
from obole.lib import days, money
from obole.ui import fields as controls
from obole.ui.forms import EurosField

FEW_CHOICES = 5
Value = str | int | bool | list[str] | dict[str, str]
"""An answer as JSON keeps it. Numbers with decimals and amounts in euros are texts (``"12.50"``): a float never."""


def control(one: FormField, *, initial: Any = None, required: bool | None = None) -> forms.Field:
    """
    Return the control of a field that is neither a file nor a holder.

    :param required: whether an empty answer is refused at once; the field's own word where it is not given.
    """
    options: dict[str, Any] = {
        "label": one.label,
        "required": one.required if required is None else required,
        "help_text": conditional_escape(one.help),
        "initial": _shown_in_control(one, initial),
    }
    return _CONTROLS[FieldKind(one.kind)](one, options)


def kept(one: FormField, value: Any) -> Value | None:
    """Return a cleaned answer as JSON keeps it; None for an empty one."""
    if value in (None, "", [], {}):
        return None
    if one.kind == FieldKind.AMOUNT:
        return f"{value // 100}.{value % 100:02d}"
    if isinstance(value, Decimal):
        return int(value) if one.kind == FieldKind.NUMBER else f"{value.normalize():f}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {end: day.isoformat() for end, day in value.items()}
    return [str(part) for part in value] if isinstance(value, list | tuple) else str(value)


def told(one: FormField, value: Any) -> str:
    """Return a kept answer as people read it; whatever an older version kept is shown as it is."""
    if value in (None, "", [], {}):
        return ""
    reader = _TOLD.get(FieldKind(one.kind)) if one.kind in FieldKind.values else None
    try:
        return reader(value) if reader else str(value)
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return str(value)


def from_account(one: FormField, citizen: Citizen) -> str:
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
    return known[Prefill(one.prefill)] if one.prefill in Prefill.values else ""


def _shown_in_control(one: FormField, value: Any) -> Any:
    """Return a kept answer as its control takes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if one.kind in NUMBERS and value not in (None, ""):
        found = naming.number(str(value))
        if found is None:
            return value
        return int(found * 100) if one.kind == FieldKind.AMOUNT else found
    return value


def _bounds(one: FormField) -> dict[str, Any]:
    if one.kind in DAYS:
        return {
            end: date.fromisoformat(text) for end, text in (("minimum", one.minimum), ("maximum", one.maximum)) if text
        }
    return {"minimum": naming.number(one.minimum), "maximum": naming.number(one.maximum)}


def _lengths(one: FormField) -> dict[str, Any]:
    given = {"min_length": one.shortest, "max_length": one.longest}
    return {name: value for name, value in given.items() if value}


def _line(one: FormField, options: dict[str, Any]) -> forms.Field:
    return controls.LineField(mask=one.mask, **_lengths(one), **options)


def _paragraph(one: FormField, options: dict[str, Any]) -> forms.Field:
    return controls.ParagraphField(**_lengths(one), **options)


def _number(one: FormField, options: dict[str, Any]) -> forms.Field:
    decimals = one.decimals if one.kind == FieldKind.DECIMAL else 0
    return controls.NumberField(decimals=decimals, step=naming.number(one.step), **_bounds(one), **options)


def _amount(one: FormField, options: dict[str, Any]) -> forms.Field:
    cents = {end: None if bound is None else int(bound * 100) for end, bound in _bounds(one).items()}
    return EurosField(**cents, **options)


def _choice(one: FormField, options: dict[str, Any]) -> forms.Field:
    choices = [(choice, choice) for choice in one.choices]
    if one.required and len(choices) <= FEW_CHOICES:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **options)
    return forms.ChoiceField(choices=[("", _("Choisissez")), *choices], **options)


def _several(one: FormField, options: dict[str, Any]) -> forms.Field:
    return controls.SeveralField(choices=[(choice, choice) for choice in one.choices], **options)


def _yes_no(one: FormField, options: dict[str, Any]) -> forms.Field:
    return forms.ChoiceField(choices=[("yes", _("Oui")), ("no", _("Non"))], widget=forms.RadioSelect, **options)


_CONTROLS: dict[FieldKind, Callable[[FormField, dict[str, Any]], forms.Field]] = {
    FieldKind.TEXT: _line,
    FieldKind.PARAGRAPH: _paragraph,
    FieldKind.NUMBER: _number,
    FieldKind.DECIMAL: _number,
    FieldKind.AMOUNT: _amount,
    FieldKind.DATE: lambda one, options: controls.DayField(**_bounds(one), **options),
    FieldKind.PERIOD: lambda one, options: controls.PeriodField(**_bounds(one), **options),
    FieldKind.TIME: lambda one, options: controls.HourField(**options),
    FieldKind.CHOICE: _choice,
    FieldKind.SEVERAL: _several,
    FieldKind.YES_NO: _yes_no,
    FieldKind.EMAIL: lambda one, options: controls.MailField(**options),
    FieldKind.PHONE: lambda one, options: controls.PhoneField(**options),
    FieldKind.ADDRESS: lambda one, options: controls.AddressField(**options),
    FieldKind.IBAN: lambda one, options: controls.IbanField(**options),
    FieldKind.SIRET: lambda one, options: controls.SiretField(**options),
}


def _day(value: Any) -> str:
    return days.short(date.fromisoformat(str(value)))


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
