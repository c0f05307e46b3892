"""Continuous numbers: taken under a lock, in the transaction of what they number, so that a rollback leaves no gap."""

from obole.lib import sql
from obole.lib.transactions import require_transaction
from obole.regies.models import Regie, Series

_ADVANCE = """
    INSERT INTO regies_series AS kept (regie_id, kind, year, last) VALUES (%(regie)s, %(kind)s, %(year)s, %(count)s)
    ON CONFLICT (regie_id, kind, year) DO UPDATE SET last = kept.last + EXCLUDED.last
    RETURNING last
"""
"""
Holds the row, as a lock would. Two firsts of a year: the one that loses the race to make the row waits for the other's.
"""
LETTERS = {
    Series.Kind.INVOICE: "",
    Series.Kind.CREDIT_NOTE: "AV-",
    Series.Kind.QUITTANCE: "Q-",
    Series.Kind.DEPOSIT: "R-",
    Series.Kind.TRANSMISSION: "T-",
    Series.Kind.REMITTANCE: "V-",
}


def take_number(*, regie: Regie, kind: Series.Kind, year: int) -> int:
    """
    Return the next number of a series, and hold the series until the transaction ends.

    :raises RuntimeError: outside a transaction.
    """
    return take_numbers(regie=regie, kind=kind, year=year, count=1)[0]


def hold(*, regie: Regie, kind: Series.Kind, year: int) -> None:
    """
    Hold a series until the transaction ends, and take nothing: for who must look, or lock the régie, before it numbers.

    :raises RuntimeError: outside a transaction.
    """
    take_numbers(regie=regie, kind=kind, year=year, count=0)


def take_numbers(*, regie: Regie, kind: Series.Kind, year: int, count: int) -> range:
    """
    Return the next ``count`` numbers of a series, and hold the series until the transaction ends.

    :raises RuntimeError: outside a transaction.
    """
    require_transaction("a continuous number")
    [(last,)] = sql.execute(_ADVANCE, regie=regie.pk, kind=kind, year=year, count=count)
    return range(last - count + 1, last + 1)


def format_number(*, regie: Regie, kind: Series.Kind, year: int, sequence: int) -> str:
    """Return a number as people read it: ENF-2026-000123, ENF-AV-2026-000001, ENF-Q-2026-000001."""
    return f"{regie.code}-{LETTERS[kind]}{year}-{sequence:06d}"
