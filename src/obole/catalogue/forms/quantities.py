"""How many of a product: the same control for who applies, and for who tries the form."""

from decimal import Decimal

from django.utils.html import conditional_escape
from django.utils.translation import gettext as _

from obole.catalogue.models import Product
from obole.lib import money
from obole.ui.forms import QuantityField


def control(product: Product, *, cents: int, initial: Decimal) -> QuantityField:
    """Return the control that asks for a quantity, and says the unit price, in cents, and the bounds."""
    sentence = _("%(price)s par %(unit)s, de %(minimum)s à %(maximum)s.") % {
        "price": money.euros(cents),
        "unit": product.unit,
        "minimum": money.quantity(product.minimum),
        "maximum": money.quantity(product.maximum),
    }
    return QuantityField(
        label=product.name, decimals=product.decimals, minimum=product.minimum, maximum=product.maximum, unit=product.unit,
        initial=initial, help_text=conditional_escape(sentence),
    )  # fmt: skip
