"""Which weeks of a child a line bills, where two payers share them."""

from collections.abc import Mapping
from dataclasses import replace

from obole.pricing.model.results import PricedLine, Reason, Result, Stage


def with_weeks(result: Result, weeks: Mapping[int | None, str]) -> Result:
    """
    Return a result whose lines say which weeks they bill.

    :param weeks: by row; none stands for all that is of no row.
    """
    if not weeks:
        return result
    return replace(result, lines=tuple(_told(line, weeks) for line in result.lines))


def _told(line: PricedLine, weeks: Mapping[int | None, str]) -> PricedLine:
    said = weeks.get(line.rank - 1 if line.rank else None)
    if said is None:
        return line
    return replace(line, reasons=(*line.reasons, Reason(Stage.QUANTITY, "weeks", {"words": said})))
