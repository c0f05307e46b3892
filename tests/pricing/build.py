"""Short ways to write a pricing in a test."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from obole.pricing import wording
from obole.pricing.engine.compiled_pricing import compile_pricing
from obole.pricing.model import formulas as f, parts as p, tariffs as t
from obole.pricing.model.results import Result

SCHOOL_YEAR = date(2026, 9, 1)
CHECKED = f.Comparison


def d(text: str | int) -> Decimal:
    return Decimal(text)


def n(value: str | int) -> f.Constant:
    return f.Constant(d(value))


def a(name: str) -> f.Answer:
    return f.Answer(name)


def call(op: str, *args: f.Formula | str | int) -> f.Call:
    return f.Call(
        op, tuple(n(arg) if isinstance(arg, int) else a(arg) if isinstance(arg, str) else arg for arg in args)
    )


def when(name: str, is_: str, *to: Any) -> f.Compare:
    return f.Compare(of=a(name), is_=f.Comparison(is_), to=tuple(constant(item) for item in to))


def constant(value: Any) -> f.Formula:
    if isinstance(value, bool):
        return f.Flag(value)
    if isinstance(value, date):
        return f.Day(value)
    return n(value) if isinstance(value, int | Decimal) else f.Text(value)


def number(
    key: str, *, decimals: int = 0, required: bool = True, group: str = "", most: int | None = None
) -> p.Question:
    return p.Question(
        key=key,
        label=key.replace("_", " ").capitalize(),
        kind=p.QuestionKind.NUMBER,
        decimals=decimals,
        required=required,
        group=group,
        maximum=None if most is None else Decimal(most),
    )


def yes_no(key: str, *, group: str = "") -> p.Question:
    return p.Question(key=key, label=key.capitalize(), kind=p.QuestionKind.YES_NO, group=group)


def day(key: str, *, group: str = "", required: bool = True) -> p.Question:
    return p.Question(key=key, label=key.capitalize(), kind=p.QuestionKind.DAY, group=group, required=required)


def choice(key: str, *choices: str, group: str = "", required: bool = True) -> p.Question:
    return p.Question(
        key=key, label=key.capitalize(), kind=p.QuestionKind.CHOICE, choices=choices, group=group, required=required
    )


def tariff(key: str, price: t.Price, **more: Any) -> t.Tariff:
    return t.Tariff(key=key, label=key.replace("_", " ").capitalize(), versions=(version(price, **more),))


def version(price: t.Price, *, effect: date = SCHOOL_YEAR, **more: Any) -> t.Version:
    return t.Version(effect=effect, deliberation="2026-41", voted_on=date(2026, 6, 12), price=price, **more)


def fixed(key: str, cents: int, **more: Any) -> t.Tariff:
    return tariff(key, t.Fixed(cents=cents), **more)


def product(key: str, *, tariff: str = "", unit: str = "", **more: Any) -> p.Product:
    return p.Product(key=key, label=key.replace("_", " ").capitalize(), tariff=tariff or key, unit=unit, **more)


def line(
    key: str, *, product: str = "", quantity: f.Formula | None = None, label: str = "", **more: Any
) -> p.BillingLine:
    return p.BillingLine(
        key=key,
        label=label or key.replace("_", " ").capitalize(),
        product=product or key,
        quantity=quantity or n(1),
        **more,
    )


def brackets(*highs: int | str, names: Iterable[str] = ()) -> tuple[t.Position, ...]:
    """Return brackets that end at these bounds, and a last one without end, printed as votes do."""
    bounds = [None, *map(d, highs), None]
    said = list(names) or [
        f"{0 if low is None else low + 1}–{high}" if high is not None else f"> {low}"
        for low, high in zip(bounds, bounds[1:], strict=False)
    ]
    return tuple(
        t.Position(key=f"t{n}", label=label, low=low, high=high)
        for n, (label, low, high) in enumerate(zip(said, bounds, bounds[1:], strict=False), start=1)
    )


def choices(*values: str) -> tuple[t.Position, ...]:
    return tuple(t.Position(key=f"c{n}", label=value, value=value) for n, value in enumerate(values, start=1))


_compiled = lru_cache(maxsize=64)(compile_pricing)


def price(pricing: p.Pricing, on: date = date(2026, 11, 30), **answers: Any) -> Result:
    compiled = _compiled(pricing)
    return compiled.price(compiled.read(answers), on=on)


def amounts(result: Result) -> list[int]:
    """Return what each line comes to; whatever can be priced can be told."""
    for item in result.lines:
        assert all(sentence.endswith(".") for sentence in wording.long(item))
        assert len(wording.short(item)) <= wording.LONGEST_DETAIL
    return [line.amount_cents for line in result.lines]


def shop(*prices: int, vats: list[t.Vat] | None = None, typed: t.Typed = t.Typed.GROSS, **more: Any) -> p.Pricing:
    """Return a pricing of so many products, each with its own quantity (q0, q1…)."""
    keys = [f"p{number}" for number in range(len(prices))]
    return p.Pricing(
        questions=tuple(number(f"q{item}", decimals=3, required=False) for item in range(len(prices))),
        tariffs=tuple(
            fixed(key, cents, typed=typed, vat=vat)
            for key, cents, vat in zip(keys, prices, vats or [t.Vat()] * len(prices), strict=True)
        ),
        products=tuple(product(key, decimals=3) for key in keys),
        lines=tuple(line(key, quantity=a(f"q{index}")) for index, key in enumerate(keys)),
        **more,
    )
