"""
Whether a configuration makes sense: a list of what is wrong, where, and how to mend it. An empty list can be priced.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.lib import dates
from obole.pricing.checking.check_tariffs import check_cents, check_percent, check_tariff
from obole.pricing.checking.formula_types import At, FormulaChecker
from obole.pricing.model import names, parts, tariffs as t
from obole.pricing.model.functions import Type
from obole.pricing.model.numbers import QUANTITY_DECIMALS
from obole.pricing.model.problems import CannotCompute, Place, Problem

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
        for n, item in enumerate(getattr(pricing, kind)):
            one_check(checker, pricing, item, At(Place(f"{kind}[{n}]", f"{_KINDS[kind]} «\u00a0{item.label}\u00a0»")))
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
        keys = [item.key for item in ones]
        for n, item in enumerate(ones):
            if keys.index(item.key) != n:
                at = At(Place(f"{kind}[{n}]" if kind != "questions" else item.key, f"«\u00a0{item.label}\u00a0»"))
                checker.tell(at, _("la clé « %(key)s » sert deux fois : changez l’une des deux."), key=item.key)


def _check_typed(checker: FormulaChecker, pricing: parts.Pricing) -> None:
    """Check that no rate has, on one day, prices that were voted with the tax and others without."""
    for day in sorted({version.effect for tariff in pricing.tariffs for version in tariff.versions}):
        seen: dict[Decimal, t.Typed] = {}
        for n, tariff in enumerate(pricing.tariffs):
            version = max(
                (version for version in tariff.versions if version.effect <= day),
                key=lambda item: item.effect,
                default=None,
            )
            if version is None or version.vat.regime != t.Regime.TAXED:
                continue
            if seen.setdefault(version.vat.rate, version.typed) != version.typed:
                at = At(Place(f"tariffs[{n}]", f"{_KINDS['tariffs']} «\u00a0{tariff.label}\u00a0»"))
                text = _(
                    "au %(day)s, un même taux de TVA porte sur des prix HT et des prix TTC : votez-les de la même"
                    " façon."
                )
                checker.tell(at, text, day=dates.format_short(day))


def _question(checker: FormulaChecker, _pricing: parts.Pricing, question: parts.Question, at: At) -> None:
    if question.group:
        checker.group(question.group, at)
    if not 0 <= question.decimals <= QUANTITY_DECIMALS:
        checker.tell(at, _("un nombre a de 0 à 3 décimales : corrigez."))
    if question.minimum is not None and question.maximum is not None and question.minimum > question.maximum:
        checker.tell(at, _("le minimum est au-dessus du maximum : corrigez l’un des deux."))
    if question.kind == parts.QuestionKind.CHOICE and (
        not question.choices or len(set(question.choices)) != len(question.choices)
    ):
        checker.tell(at, _("une liste a au moins un choix, et chacun une fois : corrigez-la."))


def _group(checker: FormulaChecker, pricing: parts.Pricing, group: parts.Group, at: At) -> None:
    if not 1 <= group.most <= MOST_ROWS:
        checker.tell(at, _("un groupe a de 1 à %(most)s lignes : corrigez."), most=MOST_ROWS)
    inside = {question.key for question in pricing.questions if question.group == group.key}
    if group.name and group.name not in inside:
        checker.tell(at, _("la question qui nomme chaque ligne n’est pas dans le groupe : choisissez-en une autre."))


def _value(checker: FormulaChecker, pricing: parts.Pricing, value: parts.Value, at: At) -> None:
    if value.group and not checker.group(value.group, at):
        return
    if value.key in names.circular_names(pricing):
        checker.tell(at, _("cette valeur dépend d’elle-même : changez sa formule."))
        return
    before = len(checker.problems)
    checker.formula(value.of, At(at.place.into("of"), group=value.group))
    if len(checker.problems) == before:
        _constant(checker, value, at)


def _constant(checker: FormulaChecker, value: parts.Value, at: At) -> None:
    """Refuse what no answer will ever make computable."""
    try:
        checker.constants.of(value.of)
    except CannotCompute as refusal:
        checker.tell(at, refusal.text, **refusal.values)


def _product(checker: FormulaChecker, pricing: parts.Pricing, product: parts.Product, at: At) -> None:
    if product.tariff not in {tariff.key for tariff in pricing.tariffs}:
        checker.tell(
            at, _("le tarif « %(key)s » n’existe pas : créez-le, ou choisissez-en un autre."), key=product.tariff
        )
    if not 0 <= product.decimals <= QUANTITY_DECIMALS:
        checker.tell(at, _("une quantité a de 0 à 3 décimales : corrigez."))
        return
    _quantity(checker, product, at)
    if len(product.unit) > LONGEST_UNIT or len(product.nature) > LONGEST_NATURE:
        text = _("l’unité a au plus %(unit)s caractères et l’imputation %(nature)s : raccourcissez.")
        checker.tell(at, text, unit=LONGEST_UNIT, nature=LONGEST_NATURE)
    if product.round_to not in ROUND_TO:
        checker.tell(at, _("un prix s’arrondit à 1, 5, 10, 50 ou 100 centimes : choisissez."))


def _quantity(checker: FormulaChecker, product: parts.Product, at: At) -> None:
    if product.step is not None and product.step <= 0:
        checker.tell(at, _("le pas de la quantité doit être au-dessus de zéro : corrigez-le."))
    for number in (product.step, product.billed_minimum, product.minimum, product.maximum):
        if number is not None and (number < 0 or number != number.quantize(Decimal(1).scaleb(-product.decimals))):
            checker.tell(at, _("une borne ou le pas de la quantité est négatif ou a trop de décimales : corrigez."))
    if product.minimum is not None and product.maximum is not None and product.minimum > product.maximum:
        checker.tell(at, _("le minimum est au-dessus du maximum : corrigez l’un des deux."))


def _tariff(checker: FormulaChecker, pricing: parts.Pricing, tariff: t.Tariff, at: At) -> None:
    products = {product.key for product in pricing.products if product.tariff == tariff.key}
    groups = {line.per for line in pricing.lines if line.product in products} or {""}
    for group in sorted(groups):
        check_tariff(checker, tariff, At(at.place, group=group, product=True))


def _degression(checker: FormulaChecker, _pricing: parts.Pricing, degression: parts.Degression, at: At) -> None:
    if not degression.percents:
        checker.tell(at, _("aucun pourcentage n’est donné : ajoutez celui du premier rang (0), puis des suivants."))
    for percent in degression.percents:
        check_percent(checker, percent, at, least=Decimal(-100))


def _line(checker: FormulaChecker, pricing: parts.Pricing, line: parts.BillingLine, at: At) -> None:
    if line.per and not checker.group(line.per, at):
        return
    inside = At(at.place, group=line.per)
    product = next((product for product in pricing.products if product.key == line.product), None)
    if product is None:
        checker.tell(
            at, _("le produit « %(key)s » n’existe pas : créez-le, ou choisissez-en un autre."), key=line.product
        )
    checker.expect(line.quantity, inside.into("quantity", _("quantité")), Type.NUMBER)
    checker.condition(line.when, inside.into("when", _("condition")))
    if line.on is not None:
        checker.expect(line.on, inside.into("on", _("date du tarif")), Type.DAY)
    if line.degression and line.degression not in {degression.key for degression in pricing.degressions}:
        checker.tell(at, _("la dégression « %(key)s » n’existe pas : créez-la, ou retirez-la."), key=line.degression)
    if line.allowance is not None:
        checker.expect(line.allowance.free, inside.into("allowance", _("gratuités")), Type.NUMBER)
        checker.expect(line.allowance.used, inside.into("allowance", _("gratuités")), Type.NUMBER)
    _steps(checker, line, inside)
    if product is not None:
        _across(checker, pricing, line, product, at)


def _steps(checker: FormulaChecker, line: parts.BillingLine, at: At) -> None:
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


def _across(
    checker: FormulaChecker, pricing: parts.Pricing, line: parts.BillingLine, product: parts.Product, at: At
) -> None:
    """Check what a share or a limit looks at: lines above it, of the same rows."""
    versions = [version for tariff in pricing.tariffs if tariff.key == product.tariff for version in tariff.versions]
    above: dict[str, parts.BillingLine] = {}
    for item in pricing.lines:
        if item.key == line.key:
            break
        above[item.key] = item
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


def _caution(checker: FormulaChecker, _pricing: parts.Pricing, rule: parts.DepositRule, at: At) -> None:
    check_cents(checker, rule.cents, at)
    checker.condition(rule.when, at.into("when"))


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
        version.typed == t.Typed.NET and version.vat.regime == t.Regime.TAXED
        for tariff in pricing.tariffs
        for version in tariff.versions
    )
    if terms.first and net:
        checker.tell(at, _("des prix HT ne se mettent pas à part dans la première échéance : votez-les TTC."))


_OTHERS = ("tariffs", "products", "degressions", "lines", "cautions")
_CHECKS: dict[str, Callable[[FormulaChecker, parts.Pricing, Any, At], None]] = {
    "questions": _question,
    "groups": _group,
    "values": _value,
    "tariffs": _tariff,
    "products": _product,
    "degressions": _degression,
    "lines": _line,
    "cautions": _caution,
}
_KINDS = {
    "questions": _("question"),
    "groups": _("groupe"),
    "values": _("valeur"),
    "tariffs": _("tarif"),
    "products": _("produit"),
    "degressions": _("dégression"),
    "lines": _("ligne"),
    "cautions": _("caution"),
}
