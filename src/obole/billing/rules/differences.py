"""What a price adds to another of the same thing, or takes from it: what is billed of a month counted late."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from obole.pricing.model.results import PricedLine, Result, TaxRow


def difference(now: Result, before: Result) -> Result | None:
    """Return the lines by which a price is no more what it was, with what each adds or takes; None where none moved."""
    lines = tuple(_lines(now, before))
    if not lines:
        return None
    return replace(
        now,
        lines=lines,
        taxes=tuple(_taxes(now, before)),
        net_cents=now.net_cents - before.net_cents,
        vat_cents=now.vat_cents - before.vat_cents,
        total_cents=now.total_cents - before.total_cents,
        cautions=(),
        acompte_cents=0,
        instalments=(),
    )


def _lines(now: Result, before: Result) -> Iterable[PricedLine]:
    new, old = ({(line.key, line.rank): line for line in result.lines} for result in (now, before))
    for place in dict.fromkeys([*new, *old]):
        one, was = new.get(place), old.get(place)
        line = one or was
        quantity = (one.quantity if one else Decimal(0)) - (was.quantity if was else Decimal(0))
        cents = (one.amount_cents if one else 0) - (was.amount_cents if was else 0)
        if line is not None and (quantity or cents):
            yield replace(line, quantity=quantity, amount_cents=cents)


def _taxes(now: Result, before: Result) -> Iterable[TaxRow]:
    new, old = ({row.vat: row for row in result.taxes} for result in (now, before))
    for vat in dict.fromkeys([*new, *old]):
        one, was = (known.get(vat, TaxRow(vat=vat, net_cents=0, vat_cents=0, total_cents=0)) for known in (new, old))
        row = TaxRow(
            vat=vat,
            net_cents=one.net_cents - was.net_cents,
            vat_cents=one.vat_cents - was.vat_cents,
            total_cents=one.total_cents - was.total_cents,
        )
        if row.net_cents or row.vat_cents:
            yield row
