"""A dispositif's form as the citizen sees it, to try only."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _

from obole.catalogue.fields import FormField
from obole.catalogue.forms.questionnaire import Questionnaire
from obole.catalogue.models import Product
from obole.lib import money
from obole.ui.forms import QuantityField


class PreviewForm(Questionnaire):
    """The questions and the quantities; nothing of it is kept."""

    def __init__(self, fields: Sequence[FormField], products: Sequence[Product], data: Any = None) -> None:
        super().__init__(data, fields=fields)
        self.quantities = [f"produit-{one.pk}" for one in products if one.entered_by == Product.EnteredBy.CITIZEN]
        for product in products:
            if product.entered_by == Product.EnteredBy.CITIZEN:
                self.fields[f"produit-{product.pk}"] = _quantity(product)

    @property
    def quantity_fields(self) -> list[BoundField]:
        """The quantities that the citizen gives."""
        return [self[name] for name in self.quantities]


def _quantity(product: Product) -> forms.Field:
    sentence = _("%(price)s par %(unit)s, de %(minimum)s à %(maximum)s.") % {
        "price": money.euros(product.unit_price_cents), "unit": product.unit,
        "minimum": money.quantity(product.minimum), "maximum": money.quantity(product.maximum),
    }  # fmt: skip
    return QuantityField(
        label=product.name, decimals=product.decimals, unit=product.unit, initial=product.minimum, minimum=product.minimum,
        maximum=product.maximum, help_text=conditional_escape(sentence),
    )  # fmt: skip
