"""What publishing a pricing would change, as a table reads it."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from obole.lib import dates, money
from obole.pricing.diff.pricing_diff import ChangeKind, Difference, TariffChange, VersionChange
from obole.pricing.diff.version_diff import Change, compare
from obole.pricing.model.numbers import as_fraction, format_number
from obole.pricing.model.tariffs import Version

TONES = {ChangeKind.ADDED: "done", ChangeKind.REMOVED: "refused", ChangeKind.CHANGED: "in_progress"}


@dataclass(frozen=True)
class Figure:
    """A figure before and after, and how much it changes."""

    label: str
    old: str
    new: str
    percent: str

    @property
    def changes(self) -> bool:
        """Tell whether it does."""
        return self.old != self.new


@dataclass(frozen=True)
class Vote:
    """A version of a tariff: what becomes of it, and its figures."""

    kind: str
    tone: str
    title: str
    figures: list[Figure]
    other: bool


@dataclass(frozen=True)
class FigureRow:
    """A tariff: what becomes of it, and its versions."""

    kind: str
    tone: str
    label: str
    votes: list[Vote]


@dataclass(frozen=True)
class PricingChanges:
    """All that changes, and how much of it."""

    tariffs: list[FigureRow]
    parts: list[tuple[str, str, str]]
    """Of each other part: what becomes of it, its tone, its name."""
    is_empty: bool


def version_rows(difference: Difference) -> PricingChanges:
    """Return what changes, in words."""
    parts = [
        (
            kind_words(part.kind),
            TONES[part.kind],
            f"{part.sort} «\u00a0{part.label}\u00a0»" if part.label else str(part.sort),
        )
        for part in difference.parts
    ]
    return PricingChanges([_tariff(tariff) for tariff in difference.tariffs], parts, difference.is_empty)


def kind_words(kind: ChangeKind) -> str:
    """Return what becomes of a part, in one word."""
    return {ChangeKind.ADDED: _("Ajouté"), ChangeKind.REMOVED: _("Retiré"), ChangeKind.CHANGED: _("Modifié")}[kind]


def side_by_side(before: Version, after: Version) -> Vote:
    """Return a version beside the one before: each figure, old and new."""
    changes = tuple(compare(before, after))
    return _vote(
        VersionChange(
            kind=ChangeKind.CHANGED, effect=after.effect, deliberation=after.deliberation, figures=changes, other=False
        )
    )


def _tariff(change: TariffChange) -> FigureRow:
    return FigureRow(
        kind_words(change.kind), TONES[change.kind], change.label, [_vote(version) for version in change.versions]
    )


def _vote(item: VersionChange) -> Vote:
    said = _("Applicable depuis le %(day)s, délibération n° %(number)s")
    title = (said if item.deliberation else _("Sans délibération connue")) % {
        "day": dates.format_short(item.effect),
        "number": item.deliberation,
    }
    return Vote(
        kind_words(item.kind), TONES[item.kind], title, [_figure(change) for change in item.figures], item.other
    )


def _figure(change: Change) -> Figure:
    percent = "" if change.percent is None or change.old == change.new else _signed(change.percent)
    return Figure(change.label, _written(change.old, rate=change.rate), _written(change.new, rate=change.rate), percent)


def _written(value: Decimal | None, *, rate: bool) -> str:
    if value is None:
        return "\u2014"
    if rate:
        return f"{format_number(as_fraction(value))}{money.NO_BREAK_SPACE}%"
    return money.euros(int(value.scaleb(2)))


def _signed(percent: Decimal) -> str:
    return f"{'+' if percent > 0 else ''}{format_number(as_fraction(percent))}{money.NO_BREAK_SPACE}%"
