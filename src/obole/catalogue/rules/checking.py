"""Whether a configuration makes sense: a list of what is wrong, where, and how to mend it. An empty list can be priced."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.catalogue.rules import names, parts
from obole.catalogue.rules import tariffs as t
from obole.catalogue.rules.checking_tariffs import check_cents, check_percent, check_tariff
from obole.catalogue.rules.figures import QUANTITY_DECIMALS
from obole.catalogue.rules.functions import Type
from obole.catalogue.rules.problems import Place, Problem
from obole.catalogue.rules.typing_formulas import At, FormulaChecker
from obole.lib import days

ROUND_TO = (1, 5, 10, 50, 100)
MOST, MOST_INSTALMENTS, MOST_ROWS = 200, 12, 200
LONGEST_UNIT, LONGEST_NATURE = 30, 20
"""What a line of an invoice holds."""


def check(pricing: parts.Pricing) -> list[Problem]:
    """Return everything that is wrong with a configuration, in its order."""
    problems: list[Problem] = []
    checker = FormulaChecker(pricing, problems)
    if _check_sizes(checker, pricing):
        _check_keys(checker, pricing)
    if problems:
        # Two parts of one name: nothing that names them can be told right from wrong.
        return problems
    for kind, one_check in _CHECKS.items():
        for n, one in enumerate(getattr(pricing, kind)):
            one_check(checker, pricing, one, At(Place(f"{kind}[{n}]", f"{_KINDS[kind]} «\u00a0{one.label}\u00a0»")))
    _check_typed(checker, pricing)
    _check_terms(checker, pricing, At(Place("terms", str(_("paiement")))))
    # A tariff is looked at for each group that is priced by it: the same problem is told once.
    seen: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.path, problem.message), problem)
    return list(seen.values())


def _check_sizes(checker: FormulaChecker, pricing: parts.Pricing) -> bool:
    """Refuse what nobody would read, before it costs anything."""
    for kind, words in _KINDS.items():
        if len(getattr(pricing, kind)) > MOST:
            text = _("il y a trop d’éléments (%(kind)s) : %(most)s au plus.")
            checker.tell(At(Place(kind)), text, kind=words, most=MOST)
    return not checker.problems


def _check_keys(checker: FormulaChecker, pricing: parts.Pricing) -> None:
    asked: Iterable[Any] = (*pricing.questions, *pricing.groups, *pricing.values)
    for kind, ones in {"questions": asked, **{kind: getattr(pricing, kind) for kind in _OTHERS}}.items():
        keys = [one.key for one in ones]
        for n, one in enumerate(ones):
            if keys.index(one.key) != n:
                at = At(Place(f"{kind}[{n}]" if kind != "questions" else one.key, f"«\u00a0{one.label}\u00a0»"))
                checker.tell(at, _("la clé « %(key)s » sert deux fois : changez l’une des deux."), key=one.key)


def _check_typed(checker: FormulaChecker, pricing: parts.Pricing) -> None:
    """Check that no rate has, on one day, prices that were voted with the tax and others without."""
    for day in sorted({version.effect for tariff in pricing.tariffs for version in tariff.versions}):
        seen: dict[Decimal, t.Typed] = {}
        for n, tariff in enumerate(pricing.tariffs):
            version = max(
                (one for one in tariff.versions if one.effect <= day), key=lambda one: one.effect, default=None
            )
            if version is None or version.vat.regime != t.Regime.TAXED:
                continue
            if seen.setdefault(version.vat.rate, version.typed) != version.typed:
                at = At(Place(f"tariffs[{n}]", f"{_KINDS['tariffs']} «\u00a0{tariff.label}\u00a0»"))
                text = _(
                    "au %(day)s, un même taux de TVA porte sur des prix HT et des prix TTC : votez-les de la même façon."
                )
                checker.tell(at, text, day=days.short(day))


def _question(checker: FormulaChecker, _pricing: parts.Pricing, one: parts.Question, at: At) -> None:
    if one.group:
        checker.group(one.group, at)
    if not 0 <= one.decimals <= QUANTITY_DECIMALS:
        checker.tell(at, _("un nombre a de 0 à 3 décimales : corrigez."))
    if one.minimum is not None and one.maximum is not None and one.minimum > one.maximum:
        checker.tell(at, _("le minimum est au-dessus du maximum : corrigez l’un des deux."))
    if one.kind == parts.QuestionKind.CHOICE and (not one.choices or len(set(one.choices)) != len(one.choices)):
        checker.tell(at, _("une liste a au moins un choix, et chacun une fois : corrigez-la."))


def _group(checker: FormulaChecker, pricing: parts.Pricing, one: parts.Group, at: At) -> None:
    if not 1 <= one.most <= MOST_ROWS:
        checker.tell(at, _("un groupe a de 1 à %(most)s lignes : corrigez."), most=MOST_ROWS)
    inside = {question.key for question in pricing.questions if question.group == one.key}
    if one.name and one.name not in inside:
        checker.tell(at, _("la question qui nomme chaque ligne n’est pas dans le groupe : choisissez-en une autre."))


def _value(checker: FormulaChecker, pricing: parts.Pricing, one: parts.Value, at: At) -> None:
    if one.group and not checker.group(one.group, at):
        return
    if one.key in names.loops(pricing):
        checker.tell(at, _("cette valeur dépend d’elle-même : changez sa formule."))
        return
    checker.formula(one.of, At(at.place.into("of"), group=one.group))


def _product(checker: FormulaChecker, pricing: parts.Pricing, one: parts.Product, at: At) -> None:
    if one.tariff not in {tariff.key for tariff in pricing.tariffs}:
        checker.tell(at, _("le tarif « %(key)s » n’existe pas : créez-le, ou choisissez-en un autre."), key=one.tariff)
    if not 0 <= one.decimals <= QUANTITY_DECIMALS:
        checker.tell(at, _("une quantité a de 0 à 3 décimales : corrigez."))
        return
    _quantity(checker, one, at)
    if len(one.unit) > LONGEST_UNIT or len(one.nature) > LONGEST_NATURE:
        text = _("l’unité a au plus %(unit)s caractères et l’imputation %(nature)s : raccourcissez.")
        checker.tell(at, text, unit=LONGEST_UNIT, nature=LONGEST_NATURE)
    if one.round_to not in ROUND_TO:
        checker.tell(at, _("un prix s’arrondit à 1, 5, 10, 50 ou 100 centimes : choisissez."))


def _quantity(checker: FormulaChecker, one: parts.Product, at: At) -> None:
    if one.step is not None and one.step <= 0:
        checker.tell(at, _("le pas de la quantité doit être au-dessus de zéro : corrigez-le."))
    for number in (one.step, one.billed_minimum, one.minimum, one.maximum):
        if number is not None and (number < 0 or number != number.quantize(Decimal(1).scaleb(-one.decimals))):
            checker.tell(at, _("une borne ou le pas de la quantité est négatif ou a trop de décimales : corrigez."))
    if one.minimum is not None and one.maximum is not None and one.minimum > one.maximum:
        checker.tell(at, _("le minimum est au-dessus du maximum : corrigez l’un des deux."))


def _tariff(checker: FormulaChecker, pricing: parts.Pricing, one: t.Tariff, at: At) -> None:
    products = {product.key for product in pricing.products if product.tariff == one.key}
    groups = {line.per for line in pricing.lines if line.product in products} or {""}
    for group in sorted(groups):
        check_tariff(checker, one, At(at.place, group=group, product=True))


def _degression(checker: FormulaChecker, _pricing: parts.Pricing, one: parts.Degression, at: At) -> None:
    if not one.percents:
        checker.tell(at, _("aucun pourcentage n’est donné : ajoutez celui du premier rang (0), puis des suivants."))
    for percent in one.percents:
        check_percent(checker, percent, at, least=Decimal(-100))


def _line(checker: FormulaChecker, pricing: parts.Pricing, one: parts.Line, at: At) -> None:
    if one.per and not checker.group(one.per, at):
        return
    inside = At(at.place, group=one.per)
    product = next((product for product in pricing.products if product.key == one.product), None)
    if product is None:
        checker.tell(
            at, _("le produit « %(key)s » n’existe pas : créez-le, ou choisissez-en un autre."), key=one.product
        )
    checker.expect(one.quantity, inside.into("quantity", _("quantité")), Type.NUMBER)
    checker.condition(one.when, inside.into("when", _("condition")))
    if one.on is not None:
        checker.expect(one.on, inside.into("on", _("date du tarif")), Type.DAY)
    if one.degression and one.degression not in {degression.key for degression in pricing.degressions}:
        checker.tell(at, _("la dégression « %(key)s » n’existe pas : créez-la, ou retirez-la."), key=one.degression)
    if one.allowance is not None:
        checker.expect(one.allowance.free, inside.into("allowance", _("gratuités")), Type.NUMBER)
        checker.expect(one.allowance.used, inside.into("allowance", _("gratuités")), Type.NUMBER)
    _steps(checker, one, inside)
    if product is not None:
        _across(checker, pricing, one, product, at)


def _steps(checker: FormulaChecker, line: parts.Line, at: At) -> None:
    for kind in ("price_steps", "amount_steps"):
        for n, step in enumerate(getattr(line, kind)):
            _step(checker, step, at.into(kind).into(f"[{n}]", f"«\u00a0{step.label}\u00a0»"))


def _step(checker: FormulaChecker, step: parts.Step, at: At) -> None:
    checker.condition(step.when, at.into("when"))
    if isinstance(step, parts.PercentStep):
        check_percent(checker, step.percent, at, least=Decimal(-100))
    if isinstance(step, parts.AmountStep):
        check_cents(checker, abs(step.cents), at)
    if isinstance(step, parts.FactorStep):
        checker.expect(step.top, at.into("top"), Type.NUMBER)
        checker.expect(step.bottom, at.into("bottom"), Type.NUMBER)


def _across(checker: FormulaChecker, pricing: parts.Pricing, line: parts.Line, product: parts.Product, at: At) -> None:
    """Check what a share or a limit looks at: lines above it, of the same rows."""
    versions = [version for tariff in pricing.tariffs if tariff.key == product.tariff for version in tariff.versions]
    above: dict[str, parts.Line] = {}
    for one in pricing.lines:
        if one.key == line.key:
            break
        above[one.key] = one
    for price in [version.price for version in versions if isinstance(version.price, t.Share | t.Limit)]:
        if line.deduct or line.degression or not price.of:
            checker.tell(
                at, _("une ligne qui porte sur d’autres en nomme au moins une, et n’est ni déduite ni dégressive.")
            )
        for key in price.of:
            if key not in above:
                checker.tell(
                    at, _("« %(key)s » n’est pas une ligne au-dessus de celle-ci : changez l’ordre ou le nom."), key=key
                )
            elif line.per and above[key].per != line.per:
                checker.tell(
                    at, _("« %(key)s » ne se facture pas par ligne du même groupe : facturez-les de même."), key=key
                )


def _caution(checker: FormulaChecker, _pricing: parts.Pricing, one: parts.Caution, at: At) -> None:
    check_cents(checker, one.cents, at)
    checker.condition(one.when, at.into("when"))


def _check_terms(checker: FormulaChecker, pricing: parts.Pricing, at: At) -> None:
    terms = pricing.terms
    if terms.acompte is not None and not 0 < terms.acompte < 100:
        checker.tell(at, _("l’acompte est un pourcentage entre 0 et 100 : corrigez-le."))
    if not 1 <= terms.instalments <= MOST_INSTALMENTS:
        checker.tell(at, _("un montant se paie en 1 à 12 fois : corrigez."))
    if terms.acompte is not None and terms.instalments > 1:
        checker.tell(at, _("un acompte et des échéances ne vont pas ensemble : gardez l’un des deux."))
    if terms.carry_below < 0:
        checker.tell(at, _("le seuil de report est négatif : corrigez-le."))
    keys = {line.key for line in pricing.lines}
    for key in terms.first:
        if key not in keys:
            checker.tell(at, _("« %(key)s » n’est pas une ligne : choisissez celles de la première échéance."), key=key)
    net = any(
        one.typed == t.Typed.NET and one.vat.regime == t.Regime.TAXED
        for tariff in pricing.tariffs
        for one in tariff.versions
    )
    if terms.first and net:
        checker.tell(at, _("des prix HT ne se mettent pas à part dans la première échéance : votez-les TTC."))


_OTHERS = ("tariffs", "products", "degressions", "lines", "cautions")
_CHECKS: dict[str, Callable[[FormulaChecker, parts.Pricing, Any, At], None]] = {
    "questions": _question, "groups": _group, "values": _value, "tariffs": _tariff, "products": _product,
    "degressions": _degression, "lines": _line, "cautions": _caution,
}  # fmt: skip
_KINDS = {
    "questions": _("question"), "groups": _("groupe"), "values": _("valeur"), "tariffs": _("tarif"), "products": _("produit"),
    "degressions": _("dégression"), "lines": _("ligne"), "cautions": _("caution"),
}  # fmt: skip
