"""A dispositif's form as the citizen sees it, to look at only."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import Product
from obole.lib import money
from obole.ui.forms import DayInput, QuantityField

FEW_CHOICES = 5


class PreviewForm(forms.Form):
    """The questions and the quantities; nobody sends it."""

    def __init__(self, fields: Iterable[FormField], products: Iterable[Product]) -> None:
        super().__init__(prefix="apercu")
        for one in fields:
            options = {"label": one.label, "required": one.required, "help_text": conditional_escape(one.help)}
            self.fields[one.key] = _FIELDS[FieldKind(one.kind)](one, options)
        for product in products:
            if product.entered_by == Product.EnteredBy.CITIZEN:
                self.fields[f"produit-{product.pk}"] = _quantity(product)


def _choice(one: FormField, options: dict[str, Any]) -> forms.Field:
    choices = [(choice, choice) for choice in one.choices]
    if one.required and len(choices) <= FEW_CHOICES:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **options)
    return forms.ChoiceField(choices=[("", _("Choisissez")), *choices], **options)


def _yes_no(one: FormField, options: dict[str, Any]) -> forms.Field:
    return forms.ChoiceField(choices=[("yes", _("Oui")), ("no", _("Non"))], widget=forms.RadioSelect, **options)


_FIELDS: dict[FieldKind, Callable[[FormField, dict[str, Any]], forms.Field]] = {
    FieldKind.TEXT: lambda one, options: forms.CharField(**options),
    FieldKind.PARAGRAPH: lambda one, options: forms.CharField(widget=forms.Textarea({"rows": 3}), **options),
    FieldKind.NUMBER: lambda one, options: QuantityField(**options),
    FieldKind.DATE: lambda one, options: forms.DateField(widget=DayInput, **options),
    FieldKind.CHOICE: _choice,
    FieldKind.YES_NO: _yes_no,
    FieldKind.FILE: lambda one, options: forms.FileField(**options),
}


def _quantity(product: Product) -> forms.Field:
    sentence = _("%(price)s par %(unit)s, de %(minimum)s à %(maximum)s.") % {
        "price": money.euros(product.unit_price_cents), "unit": product.unit,
        "minimum": money.quantity(product.minimum), "maximum": money.quantity(product.maximum),
    }  # fmt: skip
    return QuantityField(
        label=product.name, decimals=product.decimals, unit=product.unit, initial=product.minimum,
        help_text=conditional_escape(sentence),
    )  # fmt: skip
