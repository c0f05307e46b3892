"""How the canteen of the town is priced: the grid of its vote, the rank of each child, and what a month comes to."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from obole.catalogue.rules import Pricing
from obole.catalogue.rules import formulas as f
from obole.catalogue.rules import parts as p
from obole.catalogue.rules import tariffs as t

_VOTES = (("2025-38", date(2025, 6, 19), date(2025, 9, 1)), ("2026-41", date(2026, 6, 18), date(2026, 9, 1)))
_BOUNDS = (400, 700, 1000, 1400, 1800)
_MEALS = (100, 210, 325, 430, 520, 595, 840)
_EVENINGS = (45, 70, 90, 105, 120, 135, 190)
_ROWS = (
    ("repas", "Repas"), ("pai", "Repas PAI (panier)"), ("soir", "Accueil du soir (½ h)"),
    ("hors_delai", "Réservations hors délai"), ("absences", "Repas à déduire (absence justifiée)"),
)  # fmt: skip
NAMES = ("Léo", "Nina", "Sacha", "Jade", "Tom")


def pricing() -> Pricing:
    """Return the pricing, as an administrator would have it."""
    return Pricing(
        questions=(
            p.Question(key="quotient", label="Quotient familial", kind=p.QuestionKind.NUMBER, decimals=2, required=False),
            p.Question(key="resident", label="La famille habite la commune", kind=p.QuestionKind.YES_NO),
            p.Question(key="prenom", label="Prénom", kind=p.QuestionKind.TEXT, group="enfants", required=False),
            *(
                p.Question(key=key, label=label, kind=p.QuestionKind.NUMBER, group="enfants", required=False, maximum=Decimal(60))
                for key, label in _ROWS
            ),
        ),
        groups=(p.Group(key="enfants", label="Enfant", name="prenom", most=10),),
        tariffs=(
            _tariff("enfance", "Restauration et accueil", _grid()),
            _tariff("pai", "Panier PAI", t.Fixed(cents=120)), _tariff("hors_delai", "Réservation hors délai", t.Fixed(cents=200)),
        ),
        products=(
            _product("repas", "Repas", "enfance", "repas"), _product("soir", "Accueil du soir", "enfance", "½ h"),
            _product("pai", "Panier PAI", "pai", "panier"), _product("hors_delai", "Majoration", "hors_delai", ""),
        ),
        lines=tuple(_lines()),
    )  # fmt: skip


def month_of(first_name: str, quantities: dict[str, str], late: str) -> dict[str, Any]:
    """Return the answers of a family's month: as many children as there are meals for."""
    others = [name for name in NAMES if name != first_name]
    meals = [quantities["repas"], *(quantities[key] for key in ("repas2", "repas3") if quantities[key] != "0")]
    rows: list[dict[str, str]] = [
        {"prenom": name, "repas": count} for name, count in zip((first_name, *others), meals, strict=False)
    ]
    rows[0] |= {"soir": quantities["soir"], "hors_delai": late}
    return {"quotient": "842", "resident": "yes", "enfants": rows}


def _tariff(key: str, label: str, price: t.Price) -> t.Tariff:
    versions = (
        t.Version(effect=effect, deliberation=number, voted_on=voted_on, price=price)
        for number, voted_on, effect in _VOTES
    )
    return t.Tariff(key=key, label=label, versions=tuple(versions))


def _grid() -> t.Grid:
    """Meals and evenings by quotient familial; whoever lives elsewhere, or says nothing, pays the last row."""
    bounds: list[int | None] = [None, *_BOUNDS, None]
    brackets = tuple(
        t.Position(
            key=f"t{rank}", label=f"> {low}" if high is None else f"{0 if low is None else low + 1}–{high}",
            low=None if low is None else Decimal(low), high=None if high is None else Decimal(high),
        )
        for rank, (low, high) in enumerate(zip(bounds, bounds[1:], strict=False), start=1)
    )  # fmt: skip
    elsewhere = f.Compare(of=f.Answer("resident"), is_=f.Comparison.EQUALS, to=(f.Flag(False),))
    by_income = t.Axis(
        label="Quotient familial", of=f.Answer("quotient"), kind=t.AxisKind.BRACKETS, positions=brackets,
        special=(t.Position(key="exterieur", label="extérieur", when=elsewhere),), missing="exterieur",
    )  # fmt: skip
    by_product = t.Axis(
        label="Prestation", of=f.Answer(f.PRODUCT), kind=t.AxisKind.CHOICES,
        positions=(t.Position(key="repas", label="repas", value="repas"), t.Position(key="soir", label="soir (½ h)", value="soir")),
    )  # fmt: skip
    cells = (cents for pair in zip(_MEALS, _EVENINGS, strict=True) for cents in pair)
    return t.Grid(axes=(by_income, by_product), cells=tuple(cells))


def _product(key: str, label: str, tariff: str, unit: str) -> p.Product:
    return p.Product(key=key, label=label, tariff=tariff, unit=unit, nature="7067")


def _lines() -> Iterator[p.Line]:
    steps = (
        p.PercentStep(label="2ᵉ enfant", percent=Decimal(-10), when=_rank(f.Comparison.EQUALS, 2)),
        p.PercentStep(label="3ᵉ enfant et suivants", percent=Decimal(-20), when=_rank(f.Comparison.AT_LEAST, 3)),
    )
    for key, label, product in (
        ("repas", "Repas", "repas"), ("pai", "Repas PAI", "pai"), ("hors_delai", "Majoration réservation hors délai", "hors_delai"),
        ("soir", "Accueil du soir", "soir"), ("absences", "Absence justifiée", "repas"),
    ):  # fmt: skip
        yield p.Line(
            key=key, label=label, product=product, quantity=f.Answer(key), per="enfants",
            price_steps=steps if product == "repas" else (), deduct=key == "absences",
        )  # fmt: skip


def _rank(comparison: f.Comparison, rank: int) -> f.Compare:
    return f.Compare(of=f.Answer(f.ROW), is_=comparison, to=(f.Constant(Decimal(rank)),))
