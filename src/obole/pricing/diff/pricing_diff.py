"""What publishing a pricing would change: its tariffs figure by figure, the rest part by part."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from obole.pricing.diff.version_diff import Change, compare
from obole.pricing.model.parts import Pricing
from obole.pricing.model.tariffs import Tariff, Version


class ChangeKind(StrEnum):
    """What becomes of a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class VersionChange:
    """A version of a tariff that comes, goes, or changes, and its figures beside those that it takes the place of."""

    kind: ChangeKind
    effect: date
    deliberation: str
    figures: tuple[Change, ...]
    """All of them, changed or not: a vote is read whole. Empty when it goes."""
    other: bool
    """Whether more than figures changes: its délibération, its VAT, how its places are found."""


@dataclass(frozen=True, kw_only=True)
class TariffChange:
    """A tariff that comes, goes, or changes."""

    kind: ChangeKind
    label: str
    versions: tuple[VersionChange, ...]


@dataclass(frozen=True, kw_only=True)
class PartChange:
    """Another part of the pricing that comes, goes, or changes."""

    kind: ChangeKind
    sort: Promise | str
    """What it is, in words: « question »."""
    label: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What one pricing changes to another."""

    tariffs: tuple[TariffChange, ...]
    parts: tuple[PartChange, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether they are the same, but for the order of their parts."""
        return not self.tariffs and not self.parts


_SORTS: Mapping[str, Promise] = {
    "questions": _("question"),
    "groups": _("groupe répété"),
    "values": _("valeur calculée"),
    "products": _("produit"),
    "degressions": _("dégression"),
    "lines": _("ligne"),
    "cautions": _("caution"),
}


def diff_pricings(old: Pricing, new: Pricing) -> Difference:
    """Return what the new pricing changes to the old one, in the order of the new one; then what is gone."""
    tariffs = (_tariff(*pair) for pair in _pairs(old.tariffs, new.tariffs))
    parts = [part for name in _SORTS for part in _parts(name, old, new)]
    if (old.terms, old.negative) != (new.terms, new.negative):
        parts.append(PartChange(kind=ChangeKind.CHANGED, sort=_("paiement"), label=""))
    return Difference(tariffs=tuple(tariff for tariff in tariffs if tariff is not None), parts=tuple(parts))


def _pairs(old: tuple[Any, ...], new: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    """Return each part before and after, by its key; None where there was, or is, none."""
    before, after = {item.key: item for item in old}, {item.key: item for item in new}
    gone = [(item, None) for item in old if item.key not in after]
    return [*((before.get(item.key), item) for item in new), *gone]


def _parts(name: str, old: Pricing, new: Pricing) -> list[PartChange]:
    pairs = _pairs(getattr(old, name), getattr(new, name))
    return [
        PartChange(kind=_kind(before, after), sort=_SORTS[name], label=(after or before).label)
        for before, after in pairs
        if before != after
    ]


def _kind(before: object | None, after: object | None) -> ChangeKind:
    return ChangeKind.ADDED if before is None else ChangeKind.REMOVED if after is None else ChangeKind.CHANGED


def _tariff(before: Tariff | None, after: Tariff | None) -> TariffChange | None:
    if before == after:
        return None
    old = {version.effect: version for version in (before.versions if before else ())}
    new = {version.effect: version for version in (after.versions if after else ())}
    changes = [_version(old, effect, version) for effect, version in sorted(new.items()) if old.get(effect) != version]
    gone = [
        VersionChange(
            kind=ChangeKind.REMOVED, effect=effect, deliberation=version.deliberation, figures=(), other=False
        )
        for effect, version in sorted(old.items())
        if effect not in new
    ]
    named = after or before
    return TariffChange(kind=_kind(before, after), label=named.label if named else "", versions=(*changes, *gone))


def _version(old: Mapping[date, Version], effect: date, version: Version) -> VersionChange:
    """Compare a version with the one of the same day, else with the one that it comes after."""
    same = old.get(effect)
    before = same or next((old[day] for day in sorted(old, reverse=True) if day < effect), None)
    figures = (
        compare(before, version)
        if before
        else [Change(label=item.label, rate=item.rate, old=None, new=item.new) for item in compare(version, version)]
    )
    return VersionChange(
        kind=_kind(same, version),
        effect=effect,
        deliberation=version.deliberation,
        figures=tuple(figures),
        other=same is not None and all(figure.old == figure.new for figure in figures),
    )
