"""A dispositif's form as the citizen sees it, to try only."""

from collections.abc import Sequence
from typing import Any

from django.forms.boundfield import BoundField

from obole.catalogue.fields import FormField
from obole.catalogue.forms import quantities
from obole.catalogue.forms.questionnaire import Questionnaire
from obole.catalogue.models import Product


class PreviewForm(Questionnaire):
    """The questions and the quantities; nothing of it is kept."""

    def __init__(self, fields: Sequence[FormField], products: Sequence[Product], data: Any = None) -> None:
        super().__init__(data, fields=fields)
        self.quantities = [f"produit-{one.pk}" for one in products if one.entered_by == Product.EnteredBy.CITIZEN]
        for product in products:
            if product.entered_by == Product.EnteredBy.CITIZEN:
                self.fields[f"produit-{product.pk}"] = quantities.control(
                    product, cents=product.unit_price_cents, initial=product.minimum
                )

    @property
    def quantity_fields(self) -> list[BoundField]:
        """The quantities that the citizen gives."""
        return [self[name] for name in self.quantities]
