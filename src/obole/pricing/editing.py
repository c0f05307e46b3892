"""A pricing changed part by part: pure, a new pricing each time. Whether it makes sense is for ``rules.check``."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from obole.lib import texts as lib_texts
from obole.pricing.model.parts import Group, Pricing, Product, Question
from obole.pricing.model.tariffs import Tariff

SECTIONS = ("questions", "groups", "values", "tariffs", "products", "degressions", "lines", "cautions")
LONGEST_KEY = 36


def find(pricing: Pricing, section: str, key: str) -> Any | None:
    """Return a part by its key; None if there is none."""
    return next((item for item in getattr(pricing, section) if item.key == key), None)


def keys_of(pricing: Pricing) -> set[str]:
    """Return every key that is taken: one key is one thing, whatever the section."""
    return {item.key for section in SECTIONS for item in getattr(pricing, section)}


def new_key(label: str, taken: Iterable[str]) -> str:
    """Return a key for a new part, made of its label and unlike the others."""
    return lib_texts.new_key(label, taken, longest=LONGEST_KEY, without="element")


def put(pricing: Pricing, section: str, part: Any) -> Pricing:
    """Change the part of that key, or add it last."""
    parts: list[Any] = list(getattr(pricing, section))
    at = next((n for n, item in enumerate(parts) if item.key == part.key), len(parts))
    parts[at : at + 1] = [part]
    return _with(pricing, section, parts)


def remove(pricing: Pricing, section: str, key: str) -> Pricing:
    """Take a part away; what names it is then wrong, and is told before anything is published."""
    return _with(pricing, section, (item for item in getattr(pricing, section) if item.key != key))


def move(pricing: Pricing, section: str, key: str, *, down: bool) -> Pricing:
    """Move a part by one place. At the end it stays."""
    return _with(pricing, section, shift(getattr(pricing, section), _at(pricing, section, key), down=down))


def duplicate(pricing: Pricing, section: str, key: str, *, label: str) -> Pricing:
    """Copy a part right after itself; ``label`` says how a copy is called, with ``%(label)s``."""
    at = _at(pricing, section, key)
    parts: list[Any] = list(getattr(pricing, section))
    if at < 0:
        return pricing
    called = (label % {"label": parts[at].label})[:120]
    copy = replace(parts[at], key=new_key(called, keys_of(pricing)), label=called)
    return _with(pricing, section, (*parts[: at + 1], copy, *parts[at + 1 :]))


def shift(parts: tuple[Any, ...], at: int, *, down: bool) -> tuple[Any, ...]:
    """Return the parts with one of them moved by one place."""
    to = at + 1 if down else at - 1
    if not (0 <= at < len(parts) and 0 <= to < len(parts)):
        return parts
    mended = list(parts)
    mended[at], mended[to] = mended[to], mended[at]
    return tuple(mended)


def take_over(pricing: Pricing, form: Pricing, wanted: Iterable[str]) -> Pricing:
    """
    Ask what a form asks: its questions of these keys, and the groups that they stand in.

    A question that is there already is asked from now on as the form asks it; a group keeps what names its rows.
    """
    chosen = set(wanted)
    taken = [question for question in form.questions if question.key in chosen]
    for group in form.groups:
        if any(item.group == group.key for item in taken):
            pricing = put(pricing, "groups", _named(group, find(pricing, "groups", group.key), taken))
    for item in taken:
        pricing = put(pricing, "questions", item)
    return pricing


def columns_made_products(
    pricing: Pricing, tariff: Tariff, titles: Iterable[str], *, before: Mapping[str, str]
) -> tuple[Pricing, dict[str, str]]:
    """
    Return the key of the product of each column of a voted grid, and the pricing with those that had to be made.

    A column is the product that it was (``before``, by its title), or the one of the same name, whatever its capitals
    and accents.
    """
    known = {lib_texts.fold(product.label): product.key for product in pricing.products}
    known |= {lib_texts.fold(title): key for title, key in before.items() if key in known.values()}
    keys: dict[str, str] = {}
    for title in titles:
        key = known.get(lib_texts.fold(title))
        if key is None:
            key = new_key(title, keys_of(pricing) | {tariff.key})
            pricing = put(pricing, "products", Product(key=key, label=title, tariff=tariff.key))
        keys[title] = key
    return pricing, keys


def _named(group: Group, known: Group | None, taken: Iterable[Question]) -> Group:
    texts = [item.key for item in taken if item.group == group.key and item.kind == "text"]
    return replace(group, name=(known.name if known else "") or (texts[0] if texts else ""))


def _with(pricing: Pricing, section: str, parts: Iterable[Any]) -> Pricing:
    held: dict[str, Any] = {section: tuple(parts)}
    return replace(pricing, **held)


def _at(pricing: Pricing, section: str, key: str) -> int:
    return next((n for n, item in enumerate(getattr(pricing, section)) if item.key == key), -1)
