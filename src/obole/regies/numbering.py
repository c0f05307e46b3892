"""Continuous numbers: taken under a lock, in the transaction of what they number, so that a rollback leaves no gap."""

from obole.lib.transactions import require_transaction
from obole.regies.models import Regie, Series

LETTERS = {Series.Kind.INVOICE: "", Series.Kind.CREDIT_NOTE: "AV-", Series.Kind.QUITTANCE: "Q-"}


def take(*, regie: Regie, kind: Series.Kind, year: int) -> int:
    """
    Return the next number of a series, and hold the series until the transaction ends.

    :raises RuntimeError: outside a transaction.
    """
    return take_many(regie=regie, kind=kind, year=year, count=1)[0]


def take_many(*, regie: Regie, kind: Series.Kind, year: int, count: int) -> range:
    """
    Return the next ``count`` numbers of a series, and hold the series until the transaction ends.

    :raises RuntimeError: outside a transaction.
    """
    require_transaction("a continuous number")
    # Two firsts of a year both find no row: the one that loses the race to make it waits for the other's.
    series, _created = Series.objects.select_for_update().get_or_create(regie=regie, kind=kind, year=year)
    first = series.last + 1
    series.last += count
    series.save(update_fields=["last"])
    return range(first, first + count)


def written(*, regie: Regie, kind: Series.Kind, year: int, sequence: int) -> str:
    """Return a number as people read it: ENF-2026-000123, ENF-AV-2026-000001, ENF-Q-2026-000001."""
    return f"{regie.code}-{LETTERS[kind]}{year}-{sequence:06d}"
