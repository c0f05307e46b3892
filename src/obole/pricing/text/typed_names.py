"""The names that formulas use, as people read them: « [Repas pris] » is the question of that label."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.lib import texts
from obole.lib.texts import in_french
from obole.pricing.model.formulas import PRODUCT, ROW
from obole.pricing.model.parts import Pricing

RESERVED = {ROW: _("Rang dans le groupe"), PRODUCT: _("Produit")}


@dataclass(frozen=True)
class Names:
    """The labels of what can be named, both ways. Of two parts with one label, each is written by its key."""

    written: Mapping[str, str]
    """By key: what is written between brackets."""
    read: Mapping[str, str]
    """By what may be written, folded: the key."""

    def key_of(self, said: str) -> str | None:
        """Return the key that was meant; None if there is no such name."""
        return self.read.get(texts.fold(said))

    def label_of(self, key: str) -> str:
        """Return how a key is written: its own text where nobody knows it."""
        return self.written.get(key, key)


def answers_of(pricing: Pricing) -> Names:
    """Return the names of questions, computed values, and of what the engine knows by itself."""
    reserved = {key: in_french(label) for key, label in RESERVED.items()}
    return _names([*pricing.questions, *pricing.values], reserved)


def groups_of(pricing: Pricing) -> Names:
    """Return the names of repeated groups."""
    return _names(list(pricing.groups), {})


def _names(parts: list[Any], reserved: Mapping[str, str]) -> Names:
    labels = {**reserved, **{part.key: part.label for part in parts}}
    folded = [texts.fold(label) for label in labels.values()]
    written = {
        key: label if folded.count(texts.fold(label)) == 1 and texts.fold(label) and not set(label) & set("[]") else key
        for key, label in labels.items()
    }
    # A key is always understood; a label, where it is one part's only.
    return Names(
        written, {texts.fold(key): key for key in labels} | {texts.fold(item): key for key, item in written.items()}
    )
