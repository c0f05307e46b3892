"""
Whether tariffs make sense: brackets that touch without overlapping, full grids, bounds in order, prices that may be
billed.
"""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.lib import dates
from obole.pricing.checking.formula_types import At, FormulaChecker
from obole.pricing.model import tariffs as t
from obole.pricing.model.functions import Type
from obole.pricing.model.numbers import as_fraction, format_number

MOST_AXES, LARGEST_PRICE, LARGEST_PERCENT = 3, 100_000_00, Decimal(10_000)


def check_tariff(checker: FormulaChecker, tariff: t.Tariff, at: At) -> None:
    """Check a tariff and its versions, for lines seen from ``at`` (which group's row they are priced for)."""
    if not tariff.versions:
        checker.tell(at, _("ce tarif n’a aucune version : ajoutez-en une avec sa délibération et sa date d’effet."))
    effects = [version.effect for version in tariff.versions]
    for n, version in enumerate(tariff.versions):
        inside = at.into("versions").into(
            f"[{n}]", _("version du %(day)s") % {"day": dates.format_short(version.effect)}
        )
        if effects.index(version.effect) != n:
            checker.tell(inside, _("deux versions prennent effet le même jour : changez l’une des deux dates."))
        if not version.deliberation.strip() and version.effect != t.ALWAYS:
            checker.tell(inside, _("le numéro de la délibération manque : ajoutez-le."))
        _check_vat(checker, version.vat, inside.into("vat", _("TVA")))
        _PRICES[type(version.price)](checker, version.price, inside.into("price"))


def _check_vat(checker: FormulaChecker, vat: t.Vat, at: At) -> None:
    if vat.regime == t.Regime.TAXED and not 0 < vat.rate <= 100:
        checker.tell(at, _("le taux doit être au-dessus de 0 et d’au plus 100 % : corrigez-le."))
    if vat.regime != t.Regime.TAXED and vat.rate:
        checker.tell(at, _("un taux est donné pour un régime sans TVA : retirez-le, ou changez le régime."))
    if vat.regime == t.Regime.EXEMPT and not vat.article.strip():
        checker.tell(at, _("l’article qui fonde l’exonération manque : ajoutez-le, par exemple 261, 4, 4°."))


def check_cents(checker: FormulaChecker, cents: int | None, at: At) -> None:
    """Check a price: never below zero (what is taken away is a line to deduct), never enormous."""
    if cents is not None and cents < 0:
        checker.tell(at, _("ce prix est négatif : votez un prix positif, et faites-en une ligne à déduire."))
    if cents is not None and cents > LARGEST_PRICE:
        checker.tell(at, _("ce prix dépasse 100 000 € : corrigez-le."))


def check_bounds(checker: FormulaChecker, floor: int | None, cap: int | None, at: At) -> None:
    """Check a floor and a cap."""
    check_cents(checker, floor, at)
    check_cents(checker, cap, at)
    if floor is not None and cap is not None and floor > cap:
        checker.tell(at, _("le plancher est au-dessus du plafond : corrigez l’un des deux."))


def _fixed(checker: FormulaChecker, price: t.Fixed, at: At) -> None:
    check_cents(checker, price.cents, at)


def _grid(checker: FormulaChecker, price: t.Grid, at: At) -> None:
    if not 1 <= len(price.axes) <= MOST_AXES:
        checker.tell(at, _("une grille a de un à trois axes : ajoutez-en ou retirez-en."))
        return
    size = 1
    for n, axis in enumerate(price.axes):
        check_axis(checker, axis, at.into("axes").into(f"[{n}]", _("axe « %(label)s »") % {"label": axis.label}))
        size *= len(axis.places)
    if len(price.cells) != size:
        text = _("la grille a %(count)s cases et ses axes en demandent %(size)s : complétez-la.")
        checker.tell(at.into("cells"), text, count=len(price.cells), size=size)
    for n, cents in enumerate(price.cells):
        check_cents(checker, cents, at.into("cells").into(f"[{n}]", _("case %(n)s") % {"n": n + 1}))


def check_axis(checker: FormulaChecker, axis: t.Axis, at: At) -> None:
    """Check an axis: every value falls in exactly one of its places."""
    if not axis.positions:
        checker.tell(at, _("cet axe est vide : ajoutez ses tranches ou ses choix."))
    keys = [place.key for place in axis.places]
    if len(set(keys)) != len(keys):
        checker.tell(at, _("deux places de l’axe ont la même clé : changez l’une des deux."))
    if axis.missing and axis.missing not in keys:
        checker.tell(at, _("la place prise sans réponse n’existe pas sur l’axe : choisissez-en une."))
    _check_special(checker, axis, at)
    if axis.kind == t.AxisKind.BRACKETS:
        checker.expect(axis.of, at.into("of"), Type.NUMBER)
        _check_brackets(checker, axis, at)
    else:
        checker.expect(axis.of, at.into("of"), Type.TEXT, Type.FLAG)
        _check_choices(checker, axis, at)
    for n, shift in enumerate(axis.shifts):
        checker.condition(shift.when, at.into("shifts").into(f"[{n}]").into("when"))
        if axis.kind != t.AxisKind.BRACKETS or not shift.by:
            checker.tell(at, _("un décalage demande un axe de tranches et un nombre de rangs : corrigez-le."))


def _check_special(checker: FormulaChecker, axis: t.Axis, at: At) -> None:
    for n, item in enumerate(axis.special):
        inside = at.into("special").into(f"[{n}]", f"«\u00a0{item.label}\u00a0»")
        checker.condition(item.when, inside.into("when"))
        if item.when is None and item.key != axis.missing:
            checker.tell(
                inside,
                _("cette ligne n’est jamais prise : donnez-lui une condition, ou faites-en la place sans réponse."),
            )


def _check_brackets(checker: FormulaChecker, axis: t.Axis, at: At) -> None:
    for n, position in enumerate(axis.positions):
        inside = at.into("positions").into(f"[{n}]", _("tranche « %(label)s »") % {"label": position.label})
        before = axis.positions[n - 1].high if n else None
        if position.low is not None and position.high is not None and position.low >= position.high:
            checker.tell(inside, _("le bas de la tranche doit être sous son haut : corrigez ses bornes."))
        if position.value is not None or position.when is not None:
            checker.tell(inside, _("une tranche n’a ni choix ni condition : retirez-les."))
        if n == 0 and position.low is not None:
            checker.tell(
                inside,
                _("rien n’est prévu jusqu’à %(low)s : retirez la borne basse de la première tranche."),
                low=_w(position.low),
            )
        if n and (position.low is None or before is None):
            checker.tell(
                inside, _("seules la première et la dernière tranches sont sans borne : complétez les autres.")
            )
        elif n and before is not None and position.low is not None and position.low != before:
            gap = _("rien n’est prévu de %(before)s à %(low)s : la tranche doit commencer où finit celle d’avant.")
            overlap = _(
                "la tranche recouvre celle d’avant, de %(low)s à %(before)s : elle doit commencer où l’autre finit."
            )
            checker.tell(inside, gap if position.low > before else overlap, before=_w(before), low=_w(position.low))
    if axis.positions and axis.positions[-1].high is not None:
        text = _("rien n’est prévu au-dessus de %(high)s : retirez la borne haute de la dernière tranche.")
        checker.tell(at, text, high=_w(axis.positions[-1].high))


def _w(number: Decimal) -> str:
    return format_number(as_fraction(number))


def _check_choices(checker: FormulaChecker, axis: t.Axis, at: At) -> None:
    values = [position.value for position in axis.positions]
    if None in values or len(set(values)) != len(values):
        checker.tell(at, _("chaque place d’un axe de choix a une valeur, et une seule fois : corrigez-les."))
    if any((position.low, position.high, position.when) != (None, None, None) for position in axis.positions):
        checker.tell(at, _("une place d’un axe de choix n’a ni bornes ni condition : retirez-les."))
    question = checker.question(axis.of)
    for value in values if question is not None and question.choices else ():
        if question is not None and value not in question.choices:
            text = _("« %(value)s » n’est pas un choix de « %(label)s » : il ne serait jamais pris.")
            checker.tell(at, text, value=value, label=question.label)
    for choice in question.choices if question is not None and not axis.special else ():
        if choice not in values:
            text = _(
                "le choix « %(choice)s » n’a pas de place : ajoutez-la, avec une case sans prix s’il n’est pas proposé."
            )
            checker.tell(at, text, choice=choice)


def _rate(checker: FormulaChecker, price: t.Rate, at: At) -> None:
    checker.expect(price.base, at.into("base"), Type.NUMBER)
    if (price.percent is None) == (price.table is None):
        checker.tell(at, _("donnez soit un taux, soit une table de taux."))
    if price.table is not None:
        check_axis(checker, price.table.axis, at.into("table").into("axis", price.table.axis.label))
        if len(price.table.percents) != len(price.table.axis.places):
            checker.tell(at, _("la table doit avoir un taux pour chaque place de son axe : complétez-la."))
    for percent in [price.percent or Decimal(0), *(price.table.percents if price.table else ())]:
        check_percent(checker, percent, at, least=Decimal(0))
    check_bounds(checker, price.base_floor, price.base_cap, at.into("base_floor", _("base")))
    check_bounds(checker, price.floor, price.cap, at.into("floor"))
    check_cents(checker, price.missing, at.into("missing"))


def check_percent(checker: FormulaChecker, percent: Decimal, at: At, *, least: Decimal) -> None:
    """Check a percentage."""
    if not least <= percent <= LARGEST_PERCENT:
        text = _("le pourcentage doit être entre %(least)s et %(most)s : corrigez-le.")
        checker.tell(at, text, least=_w(least), most=_w(LARGEST_PERCENT))


def _given(checker: FormulaChecker, price: t.Given, at: At) -> None:
    checker.expect(price.of, at.into("of"), Type.NUMBER)
    check_bounds(checker, price.floor, price.cap, at)


def _share(checker: FormulaChecker, price: t.Share, at: At) -> None:
    check_percent(checker, price.percent, at, least=Decimal(-100))


def _limit(checker: FormulaChecker, price: t.Limit, at: At) -> None:
    check_bounds(checker, price.floor, price.cap, at)
    if price.floor is None and price.cap is None:
        checker.tell(at, _("ni plancher ni plafond n’est donné : ajoutez l’un des deux."))


_PRICES: dict[type, Any] = {
    t.Fixed: _fixed,
    t.Grid: _grid,
    t.Rate: _rate,
    t.Given: _given,
    t.Share: _share,
    t.Limit: _limit,
}
