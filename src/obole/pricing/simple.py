"""
The simplest pricings, made whole: so much for each of something, and an amount that is always the same.

They are pricings like any other: published, edited, billed and explained in the same way.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from obole.pricing.editing import find, keys_of, new_key, put
from obole.pricing.model.formulas import Answer, Condition, Constant
from obole.pricing.model.parts import AskedOf, BillingLine, Pricing, Product, Question, QuestionKind
from obole.pricing.model.tariffs import ALWAYS, Fixed, Price, Tariff, Version


@dataclass(frozen=True, kw_only=True)
class Vote:
    """
    The délibération of a price, and the day from which it applies. A price whose délibération is not known holds for
    ever.
    """

    deliberation: str = ""
    voted_on: date = ALWAYS
    effect: date = ALWAYS


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many of a product: who says it, and within which bounds."""

    asked_of: AskedOf = AskedOf.CITIZEN
    minimum: Decimal = Decimal(0)
    maximum: Decimal | None = None
    decimals: int = 0


@dataclass(frozen=True, kw_only=True)
class Sold:
    """What is billed: its label, its price in cents, its unit and its imputation."""

    label: str
    cents: int
    unit: str = ""
    nature: str = ""
    vote: Vote = Vote()


@dataclass(frozen=True)
class FlatPrice:
    """A price that is the same for all, in cents, and the question that says how many, if one does."""

    label: str
    unit: str
    cents: int
    counted: Question | None = None


def with_quantity(
    pricing: Pricing, sold: Sold, counted: Counted, *, key: str = "", when: Condition | None = None
) -> Pricing:
    """
    Add a line of so much for each, and the question that asks how many. None is an answer where none is allowed.

    :param key: of the question, and of all that goes with it; made of the label if none is given.
    """
    key = key or new_key(sold.label, keys_of(pricing))
    question = Question(
        key=key,
        label=sold.label,
        kind=QuestionKind.NUMBER,
        asked_of=counted.asked_of,
        required=counted.minimum > 0,
        decimals=counted.decimals,
        minimum=counted.minimum,
        maximum=counted.maximum,
    )
    line = BillingLine(key=key, label=sold.label, product=key, quantity=Answer(key), when=when)
    return with_line(put(pricing, "questions", question), sold, line, Fixed(cents=sold.cents), counted.decimals)


def with_amount(pricing: Pricing, sold: Sold, *, key: str = "", when: Condition | None = None) -> Pricing:
    """Add a line of one, at an amount that is always the same."""
    key = key or new_key(sold.label, keys_of(pricing))
    line = BillingLine(key=key, label=sold.label, product=key, quantity=Constant(Decimal(1)), when=when)
    return with_line(pricing, sold, line, Fixed(cents=sold.cents))


def with_line(pricing: Pricing, sold: Sold, line: BillingLine, price: Price, decimals: int = 0) -> Pricing:
    """Add a line, its product and its tariff: all three go by one key."""
    version = Version(
        effect=sold.vote.effect, deliberation=sold.vote.deliberation, voted_on=sold.vote.voted_on, price=price
    )
    product = Product(
        key=line.key, label=sold.label, tariff=line.key, unit=sold.unit, nature=sold.nature, decimals=decimals
    )
    pricing = put(pricing, "tariffs", Tariff(key=line.key, label=sold.label, versions=(version,)))
    return put(put(pricing, "products", product), "lines", line)


def flat_prices(pricing: Pricing, *, on: date) -> list[FlatPrice]:
    """Return the price of each line on a day, if no answer changes any of them; else nothing."""
    found = [_flat_price(pricing, line, on) for line in pricing.lines]
    return [item for item in found if item is not None] if None not in found else []


def _flat_price(pricing: Pricing, line: BillingLine, on: date) -> FlatPrice | None:
    changes = (line.when, line.on, line.allowance, line.degression, line.price_steps, line.amount_steps, line.deduct)
    product = next(product for product in pricing.products if product.key == line.product)
    tariff = next(tariff for tariff in pricing.tariffs if tariff.key == product.tariff)
    in_force = [version for version in tariff.versions if version.effect <= on]
    price = max(in_force, key=lambda item: item.effect).price if in_force else None
    if any(changes) or not isinstance(price, Fixed):
        return None
    named = line.quantity.name if isinstance(line.quantity, Answer) else ""
    return FlatPrice(line.label, product.unit, price.cents, find(pricing, "questions", named))
