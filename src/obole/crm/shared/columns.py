"""The columns that the lists share."""

from datetime import date, datetime
from typing import Any

import django_tables2 as tables

from obole.lib import dates, money
from obole.lib.tables import Kind

MAIN = {"td": {"class": "main nowrap"}}
TITLE = {"td": {"class": "main"}}
SHORT = {"td": {"class": "nowrap"}}
STATUS = {"td": {"class": "status"}}
AMOUNT = {"th": {"class": "num"}, "td": {"class": "num"}, "tf": {"class": "num"}}


class DayColumn(tables.Column):  # type: ignore[misc]  # untyped library
    """A date, or the day in Paris of an instant."""

    kind = Kind.DAY

    def render(self, value: date) -> str:
        """Write ``25/11/2026``."""
        return dates.format_short(dates.day_of(value) if isinstance(value, datetime) else value)


class MomentColumn(tables.Column):  # type: ignore[misc]  # untyped library
    """A day and a time."""

    kind = Kind.MOMENT

    def render(self, value: datetime) -> str:
        """Write ``25/11/2026 14 h 05``."""
        return f"{dates.format_short(dates.day_of(value))} {dates.format_time(value)}"


class AmountColumn(tables.Column):  # type: ignore[misc]  # untyped library
    """An amount in cents, under a title that says €."""

    kind = Kind.AMOUNT

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, attrs=AMOUNT, **options)

    def render(self, value: int) -> str:
        """Write ``1 234,56``."""
        return money.plain(value)
