"""
Exact numbers: how they are read, rounded and written. There is no float anywhere in the engine.

Inside a formula a number is an ``int`` or a ``Fraction``, so that a third of three is one and nothing is rounded but
where a rule says so; what comes out is whole cents, and quantities of three decimals.
"""

import re
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from django.utils.translation import gettext_lazy as _

from obole.lib import money
from obole.pricing.model.problems import Text

Number = int | Fraction

DIGITS = 9
"""How many digits a number may have before its comma."""
QUANTITY_DECIMALS, RATE_DECIMALS = 3, 6
MOST = 10**12
"""No formula goes above that: a mistake is told before it is a number that nobody can read."""

FINEST = 10**30
"""The largest denominator: squared a few times more, one price would take a processor for minutes."""

_SPACES = " \u00a0\u202f\u2009\u2007"
_NUMBER = re.compile(
    rf"(?P<sign>[-+\u2212]?)(?P<whole>\d{{1,3}}(?:[{_SPACES}]\d{{3}})+|\d+)(?:[.,](?P<rest>\d+))?", re.ASCII
)
_LONGEST = 40


class NotANumber(ValueError):
    """The text is not a number that may stand here; ``text`` says why."""

    def __init__(self, text: Text, **values: object) -> None:
        super().__init__(str(text))
        self.text, self.values = text, values


class Rounding(StrEnum):
    """How a number is brought to a step."""

    EXACT = "exact"
    """It is not: a number between two steps is refused."""
    UP = "up"
    """A started unit is due."""
    DOWN = "down"
    NEAREST = "nearest"


def half_up(value: Number) -> int:
    """Round to the nearest whole number; a half goes away from zero, as ``lib.money`` has it."""
    top, bottom = value.numerator, value.denominator
    if bottom == 1:
        return top
    rounded = (2 * abs(top) + bottom) // (2 * bottom)
    return rounded if top >= 0 else -rounded


def to_step(value: Number, step: Number, rounding: Rounding) -> Number:
    """
    Bring a number to a multiple of ``step``, a number above zero.

    « Exact » is a refusal, not a way to round: it is for whoever calls (``steps.QuantityRule``).
    """
    steps = Fraction(value) / step
    if rounding == Rounding.UP:
        return -(-steps.numerator // steps.denominator) * step
    if rounding == Rounding.DOWN:
        return steps.numerator // steps.denominator * step
    return half_up(steps) * step


def as_fraction(value: Decimal) -> Number:
    """Return a decimal as the exact number that it is."""
    number = Fraction(value)
    return number.numerator if number.denominator == 1 else number


def read(raw: object, *, decimals: int, signed: bool = False) -> Number:
    """
    Read a number as a French keyboard, a spreadsheet or a JSON document gives it: ``1 234,5``, ``1234.5``, ``1234``.

    :raises NotANumber: if it is anything else, is too long, or has more decimals than allowed.
    """
    if isinstance(raw, Decimal | int) and not isinstance(raw, bool):
        raw = _plain(raw)
    if not isinstance(raw, str):
        raise NotANumber(_("un nombre est attendu, par exemple 12 ou 12,5."))
    match = _NUMBER.fullmatch(raw.strip()) if len(raw) <= _LONGEST else None
    if match is None:
        raise _why_not(raw)
    whole, rest = re.sub(rf"[{_SPACES}]", "", match["whole"]).lstrip("0"), (match["rest"] or "").rstrip("0")
    if len(whole) > DIGITS:
        raise NotANumber(_("ce nombre est trop grand : %(digits)s chiffres au plus avant la virgule."), digits=DIGITS)
    if len(rest) > decimals:
        raise NotANumber(
            (
                _("ce nombre a trop de décimales : %(decimals)s au plus.")
                if decimals
                else _("un nombre entier est attendu.")
            ),
            decimals=decimals,
        )
    number = as_fraction(Decimal(f"{whole or 0}.{rest or 0}"))
    if match["sign"] in {"-", "\u2212"} and number:
        if not signed:
            raise NotANumber(_("ce nombre ne peut pas être négatif."))
        return -number
    return number


def read_cents(raw: object, *, signed: bool = False) -> int:
    """
    Read an amount in euros (``12``, ``12,50 €``, ``1 234,56``) and return cents.

    :raises NotANumber: if it is not an amount with at most two decimals.
    """
    if isinstance(raw, str):
        raw = raw.strip().removesuffix("€").rstrip()
    return int(read(raw, decimals=2, signed=signed) * 100)


def _plain(raw: Decimal | int) -> str:
    """Write a number without an exponent; what is no number, or is enormous, stays as it is and will not be read."""
    if isinstance(raw, int):
        return str(raw) if abs(raw) < 10**_LONGEST else "1e40"
    if not raw.is_finite() or abs(raw.adjusted()) > _LONGEST // 2:
        return str(raw)[:_LONGEST]
    return f"{raw:f}"


def _why_not(raw: str) -> NotANumber:
    if not raw.strip():
        return NotANumber(_("ce nombre est vide."))
    if any(letter.isnumeric() and not letter.isascii() for letter in raw):
        return NotANumber(_("ce nombre est écrit avec d’autres chiffres que 0 à 9 : retapez-le au clavier."))
    if "," in raw and "." in raw:
        return NotANumber(_("ce nombre a une virgule et un point : gardez seulement la virgule, par exemple 1 234,56."))
    return NotANumber(_("ce n’est pas un nombre : écrivez par exemple 12 ou 12,5."))


def format_number(value: Number, *, decimals: int = RATE_DECIMALS) -> str:
    """Write a number as French readers expect, without needless zeros; « ≈ » says that decimals are left out."""
    if isinstance(value, int):
        return f"{money.MINUS if value < 0 else ''}{abs(value):,}".replace(",", money.NARROW_SPACE)
    scaled = half_up(value * 10**decimals)
    whole, rest = divmod(abs(scaled), 10**decimals)
    text = f"{whole:,}".replace(",", money.NARROW_SPACE)
    fraction = str(rest).rjust(decimals, "0").rstrip("0") if decimals else ""
    about = "" if Fraction(scaled, 10**decimals) == value else "\u2248\u00a0"
    return f"{about}{money.MINUS if scaled < 0 else ''}{text}{',' + fraction if fraction else ''}"


def as_decimal(value: Number, *, decimals: int = QUANTITY_DECIMALS) -> Decimal:
    """Return a number as a decimal, rounded half up to so many decimals."""
    return Decimal(half_up(value * 10**decimals)).scaleb(-decimals)


def round_price(exact_cents: Number, round_to: int) -> int:
    """Round a price half up to the cent, or to so many cents."""
    return half_up(exact_cents) if round_to == 1 else half_up(Fraction(exact_cents) / round_to) * round_to
