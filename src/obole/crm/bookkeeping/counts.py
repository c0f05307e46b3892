"""A count by coin and note, as it is typed and shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _, gettext_lazy

from obole.cash_desk import rules
from obole.lib import money
from obole.ui.forms import UnitInput

TOO_MANY = gettext_lazy("Écrivez combien il y en a, pas le montant : %(limit_value)s au plus.")
NOT_A_NUMBER = gettext_lazy("Écrivez un nombre entier, par exemple 3 ; vide s’il n’y en a pas.")


def name_of(value: int) -> str:
    """Name a coin or a note: « 20 € », « 50 c »."""
    return _("%(n)d c") % {"n": value} if value < 100 else f"{value // 100}{money.NO_BREAK_SPACE}€"


class CountForm(forms.Form):
    """How many of each coin and note; what is left empty is none."""

    mark_optional = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        counted: dict[str, forms.Field] = {f"n{value}": _how_many(value) for value in rules.VALUES}
        self.fields = {**counted, **self.fields}

    @property
    def notes(self) -> list[BoundField]:
        """The fields of the notes."""
        return [self[f"n{value}"] for value in rules.NOTES]

    @property
    def coins(self) -> list[BoundField]:
        """The fields of the coins."""
        return [self[f"n{value}"] for value in rules.COINS]

    @property
    def counted(self) -> list[BoundField]:
        """All of them, to be sent again with a confirmation."""
        return [*self.notes, *self.coins]

    @property
    def others(self) -> list[BoundField]:
        """What is asked beside the count."""
        return [self[name] for name in self.fields if name not in {f"n{value}" for value in rules.VALUES}]

    @property
    def count(self) -> dict[int, int]:
        """How many of each value, once the form is valid."""
        return {value: self.cleaned_data[f"n{value}"] or 0 for value in rules.VALUES}

    @property
    def cents(self) -> int:
        """What was counted comes to."""
        return rules.total(rules.as_count(self.count))


def _how_many(value: int) -> forms.IntegerField:
    field = forms.IntegerField(
        label=name_of(value),
        required=False,
        min_value=0,
        max_value=rules.MOST,
        widget=UnitInput(whole=True),
        error_messages={"invalid": NOT_A_NUMBER, "min_value": NOT_A_NUMBER, "max_value": TOO_MANY},
    )
    return field


@dataclass(frozen=True)
class CountRow:
    """A line of a count: the coin or note, how many, what they come to."""

    name: str
    number: int
    cents: int


def count_rows(count: Mapping[str, int] | None) -> list[CountRow]:
    """Return a count ready for a table, the largest first."""
    return [CountRow(name_of(item.value), item.number, item.cents) for item in rules.counted_values(count or {})]
