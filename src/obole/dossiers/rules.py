"""What a filled form is worth: pure checks and sums, no database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import Product
from obole.lib import money


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A product, how many, and what it comes to in cents."""

    product: Product
    quantity: Decimal
    unit_price_cents: int

    @property
    def cents(self) -> int:
        """Quantity × unit price, rounded half up to the cent."""
        return money.times(self.quantity, self.unit_price_cents)


class BadQuantity(ValueError):
    """A quantity is outside what its product allows."""

    def __init__(self, product: Product, quantity: Decimal) -> None:
        super().__init__(f"{product}: {quantity}")
        self.product = product


def price(
    products: Iterable[Product], quantities: Mapping[int, Decimal], prices: Mapping[int, int] | None = None
) -> list[Priced]:
    """
    Return each product with its quantity (by product id; the minimum where none is given) and its amount.

    :param prices: unit prices in cents that were promised (by product id); else today's.
    :raises BadQuantity: if a quantity is outside its product's bounds or has too many decimals.
    """
    promised = prices or {}
    priced = []
    for product in products:
        quantity = quantities.get(product.pk, product.minimum)
        if not product.minimum <= quantity <= product.maximum or round(quantity, product.decimals) != quantity:
            raise BadQuantity(product, quantity)
        priced.append(
            Priced(
                product=product, quantity=quantity, unit_price_cents=promised.get(product.pk, product.unit_price_cents)
            )
        )
    return priced


def total(priced: Iterable[Priced]) -> int:
    """Return the sum of the rounded lines, in cents."""
    return sum(one.cents for one in priced)


class MissingAnswer(ValueError):
    """A required question has no answer."""


def check_answers(fields: Iterable[FormField], answers: Mapping[str, object], attached: Iterable[str]) -> None:
    """
    Refuse a form with a required question left empty; ``attached`` are the keys of the fields that hold a file.

    :raises MissingAnswer: naming the first one.
    """
    files = set(attached)
    for field in fields:
        given = field.key in files if field.kind == FieldKind.FILE else answers.get(field.key) not in (None, "")
        if field.required and not given:
            raise MissingAnswer(field.key)
