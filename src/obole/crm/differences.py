"""What publishing a pricing would change, as a table reads it."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from obole.catalogue.rules.comparing import Change, compare
from obole.catalogue.rules.differing import Difference, Kind, TariffChange, VersionChange
from obole.catalogue.rules.figures import exact, written
from obole.catalogue.rules.tariffs import Version
from obole.lib import days, money

TONES = {Kind.ADDED: "done", Kind.REMOVED: "refused", Kind.CHANGED: "in_progress"}


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
class Shown:
    """A tariff: what becomes of it, and its versions."""

    kind: str
    tone: str
    label: str
    votes: list[Vote]


@dataclass(frozen=True)
class Differences:
    """All that changes, and how much of it."""

    tariffs: list[Shown]
    parts: list[tuple[str, str, str]]
    """Of each other part: what becomes of it, its tone, its name."""
    is_empty: bool


def shown(difference: Difference) -> Differences:
    """Return what changes, in words."""
    parts = [
        (kind_words(one.kind), TONES[one.kind], f"{one.sort} «\u00a0{one.label}\u00a0»" if one.label else str(one.sort))
        for one in difference.parts
    ]
    return Differences([_tariff(one) for one in difference.tariffs], parts, difference.is_empty)


def kind_words(kind: Kind) -> str:
    """Return what becomes of a part, in one word."""
    return {Kind.ADDED: _("Ajouté"), Kind.REMOVED: _("Retiré"), Kind.CHANGED: _("Modifié")}[kind]


def side_by_side(before: Version, after: Version) -> Vote:
    """Return a version beside the one before: each figure, old and new."""
    changes = tuple(compare(before, after))
    return _vote(
        VersionChange(
            kind=Kind.CHANGED, effect=after.effect, deliberation=after.deliberation, figures=changes, other=False
        )
    )


def _tariff(one: TariffChange) -> Shown:
    return Shown(kind_words(one.kind), TONES[one.kind], one.label, [_vote(version) for version in one.versions])


def _vote(one: VersionChange) -> Vote:
    title = _("Applicable depuis le %(day)s, délibération n° %(number)s") % {
        "day": days.short(one.effect), "number": one.deliberation,
    }  # fmt: skip
    return Vote(kind_words(one.kind), TONES[one.kind], title, [_figure(change) for change in one.figures], one.other)


def _figure(change: Change) -> Figure:
    percent = "" if change.percent is None or change.old == change.new else _signed(change.percent)
    return Figure(change.label, _written(change.old, rate=change.rate), _written(change.new, rate=change.rate), percent)


def _written(value: Decimal | None, *, rate: bool) -> str:
    if value is None:
        return "\u2014"
    if rate:
        return f"{written(exact(value))}{money.NO_BREAK_SPACE}%"
    return money.euros(int(value.scaleb(2)))


def _signed(percent: Decimal) -> str:
    return f"{'+' if percent > 0 else ''}{written(exact(percent))}{money.NO_BREAK_SPACE}%"
