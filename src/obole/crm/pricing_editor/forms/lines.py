"""What is billed: products, the lines that bill them, and what is done to the price of a line."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from obole.crm.pricing_editor.forms.base import NOTHING, FormulaField, PartForm, PercentField, answers, choice
from obole.lib import texts
from obole.pricing.checking.check_pricing import LONGEST_NATURE, LONGEST_UNIT, ROUND_TO
from obole.pricing.model import formulas as f
from obole.pricing.model.numbers import Rounding
from obole.pricing.model.parts import Allowance, BillingLine, Degression, Order, Product, QuestionKind
from obole.ui.forms import QuantityField

NEW = "+"
ONCE, FORMULA = "", "="
ROUNDINGS = {
    Rounding.EXACT: gettext_lazy("exacte : entre deux pas, elle est refusée"),
    Rounding.UP: gettext_lazy("toute unité commencée est due"),
    Rounding.DOWN: gettext_lazy("seules les unités entières sont dues"),
    Rounding.NEAREST: gettext_lazy("au plus près"),
}


class ProductForm(PartForm):
    """What is billed: its unit, its tariff, what is done to a quantity."""

    section, title = "products", gettext_lazy("Produit")

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of a product."""
        part: Product | None = self.part
        tariffs = [
            (NEW, _("un nouveau tarif, du même nom")),
            *((tariff.key, tariff.label) for tariff in self.pricing.tariffs),
        ]
        return {
            "tariff": choice(_("Tarif"), part.tariff if part else NEW, tariffs),
            "unit": forms.CharField(
                label=_("Unité"),
                required=False,
                max_length=LONGEST_UNIT,
                initial=part.unit if part else "",
                help_text=_("Par exemple repas, heure, m². Vide pour un forfait."),
            ),
            "nature": forms.CharField(
                label=_("Imputation"),
                required=False,
                max_length=LONGEST_NATURE,
                initial=part.nature if part else "",
                help_text=_("Compte de nature, par exemple 7067. Vide : celui du type de facture."),
            ),
            "decimals": QuantityField(
                label=_("Décimales de la quantité"),
                required=False,
                maximum=Decimal(3),
                initial=part.decimals if part else 0,
            ),
            "rounding": choice(_("Quantité"), part.rounding if part else Rounding.EXACT, ROUNDINGS.items()),
            "step": _quantity(
                _("Par pas de"), part.step if part else None, _("Vide : l’unité, ou sa plus petite décimale.")
            ),
            "billed_minimum": _quantity(_("Quantité facturée au moins"), part.billed_minimum if part else None),
            "minimum": _quantity(_("Refuser une quantité sous"), part.minimum if part else None),
            "maximum": _quantity(_("Refuser une quantité au-dessus de"), part.maximum if part else None),
            "round_to": choice(
                _("Prix unitaire arrondi"),
                str(part.round_to) if part else "1",
                ((str(item), rounded_to(item)) for item in ROUND_TO),
                help_text=_("Au centime, sauf si la délibération dit autre chose."),
            ),
        }

    def described(self) -> Product:
        """Return the product; its tariff may be one to come, of the same key."""
        given, key = self.cleaned_data, self.new_key
        return Product(
            key=key,
            label=given["label"],
            tariff=key if given["tariff"] == NEW else given["tariff"],
            unit=texts.clean_line(given["unit"]),
            nature=texts.clean_line(given["nature"]),
            decimals=int(given["decimals"] or 0),
            step=given["step"],
            rounding=Rounding(given["rounding"]),
            billed_minimum=given["billed_minimum"],
            minimum=given["minimum"],
            maximum=given["maximum"],
            round_to=int(given["round_to"]),
        )


class LineForm(PartForm):
    """A line of the bill: a product, how many, for whom, when."""

    section, title = "lines", gettext_lazy("Ligne de facture")
    condition_titles = {"when": gettext_lazy("Facturer seulement si…")}

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of a line."""
        part: BillingLine | None = self.part
        products = [(product.key, product.label) for product in self.pricing.products]
        groups = [
            ("", _("une ligne en tout")),
            *((group.key, _("une ligne par : %(label)s") % {"label": group.label}) for group in self.pricing.groups),
        ]
        numbers = [
            (ONCE, _("une fois")),
            (FORMULA, _("une formule…")),
            *answers(self.pricing, kinds=[QuestionKind.NUMBER]),
        ]
        counted, written = _split(part.quantity if part else f.Constant(Decimal(1)), dict(numbers))
        return {
            "product": choice(_("Produit"), part.product if part else "", products),
            "quantity": choice(_("Quantité"), counted, numbers, required=False),
            "quantity_formula": FormulaField(
                label=_("Formule de la quantité"), pricing=self.pricing, required=False, initial=written
            ),
            "per": choice(_("Répétition"), part.per if part else "", groups, required=False),
            "deduct": forms.BooleanField(
                label=_("À déduire : la ligne diminue la facture"), required=False, initial=bool(part and part.deduct)
            ),
            **self._more(part),
        }

    def _more(self, part: BillingLine | None) -> dict[str, forms.Field]:
        days = [("", _("le jour de la facture")), *answers(self.pricing, kinds=[QuestionKind.DAY])]
        degressions = [("", NOTHING), *((degression.key, degression.label) for degression in self.pricing.degressions)]
        known = part.allowance if part else None
        on = part.on.name if part and isinstance(part.on, f.Answer) else ""
        return {
            "on": choice(_("Tarif en vigueur"), on, days, required=False),
            "degression": choice(_("Dégression"), part.degression if part else "", degressions, required=False),
            "free_label": forms.CharField(
                label=_("Unités gratuites : ce qu’en dit la facture"),
                required=False,
                max_length=120,
                initial=known.label if known else "",
                help_text=_("Par exemple « 2 gratuites par an »."),
            ),
            "free": FormulaField(
                label=_("Combien sont gratuites"), pricing=self.pricing, required=False, initial=known and known.free
            ),
            "used": FormulaField(
                label=_("Combien ont déjà servi"), pricing=self.pricing, required=False, initial=known and known.used
            ),
        }

    def tells_apart(self, _other: Any) -> bool:
        """Two lines may read the same: one condition or the other decides."""
        return False

    def clean(self) -> dict[str, Any]:
        """See that what depends on another control is there."""
        given = super().clean()
        self._heed_formula(given)
        if (
            given.get("quantity") == FORMULA
            and given.get("quantity_formula") is None
            and "quantity_formula" not in self.errors
        ):
            self.add_error("quantity_formula", _("Écrivez la formule, ou choisissez une autre quantité."))
        if given.get("free") is not None and not given.get("free_label"):
            self.add_error("free_label", _("Dites ce qui est gratuit : la facture l’écrit."))
        if given.get("free_label") and given.get("free") is None and "free" not in self.errors:
            self.add_error("free", _("Dites combien d’unités sont gratuites."))
        return given

    def _heed_formula(self, given: dict[str, Any]) -> None:
        """
        Let a formula that was typed beside « une fois » be the quantity, and refuse it beside a datum: it is never
        dropped, unless another quantity was chosen in place of the one that the line had.
        """
        typed, known = given.get("quantity_formula"), self.fields["quantity_formula"].initial
        if typed is None or typed == known or given.get("quantity") in (None, FORMULA):
            return
        if given["quantity"] == ONCE and known is None:
            given["quantity"] = FORMULA
            return
        said = _("Cette formule ne servirait pas : choisissez « une formule… » dans « Quantité », ou effacez-la.")
        self.add_error("quantity_formula", said)

    def described(self) -> BillingLine:
        """Return the line, with the rules on its price that it has."""
        given, part = self.cleaned_data, self.part
        allowance = None
        if given["free"] is not None:
            used = {} if given["used"] is None else {"used": given["used"]}
            allowance = Allowance(label=texts.clean_line(given["free_label"]), free=given["free"], **used)
        return BillingLine(
            key=self.new_key,
            label=given["label"],
            product=given["product"],
            quantity=self._quantity(),
            per=given["per"],
            when=self.conditions["when"],
            deduct=given["deduct"],
            on=self._on(),
            allowance=allowance,
            degression=given["degression"],
            price_steps=part.price_steps if part else (),
            amount_steps=part.amount_steps if part else (),
        )

    def _quantity(self) -> f.Formula:
        said = self.cleaned_data["quantity"]
        if said == FORMULA:
            return self.cleaned_data["quantity_formula"]  # type: ignore[no-any-return]
        return f.Answer(said) if said else f.Constant(Decimal(1))

    def _on(self) -> f.Formula | None:
        said = self.cleaned_data["on"]
        return f.Answer(said) if said else None


class DegressionForm(PartForm):
    """Per cent by rank among the lines that name it."""

    section, title = "degressions", gettext_lazy("Dégression")

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of a degression."""
        part: Degression | None = self.part
        orders = [(Order.DEAREST, _("de la plus chère à la moins chère")), (Order.GIVEN, _("dans leur ordre"))]
        made: dict[str, forms.Field] = {
            "order": choice(_("Les lignes se rangent"), part.order if part else Order.DEAREST, orders)
        }
        for n in range(MOST_RANKS):
            known = part.percents[n] if part and n < len(part.percents) else None
            made[f"percent_{n}"] = PercentField(
                label=_("%(rank)dᵉ ligne") % {"rank": n + 1} if n else _("1ʳᵉ ligne"),
                signed=True,
                required=n == 0,
                initial=known if known is not None or n else Decimal(0),
                help_text=_("Par exemple −20. Vide : comme la précédente.") if n == 1 else "",
            )
        return made

    def described(self) -> Degression:
        """Return the degression: what is after the last rank is as the last."""
        given = self.cleaned_data
        typed = [given[f"percent_{n}"] for n in range(MOST_RANKS)]
        while typed and typed[-1] is None:
            typed.pop()
        percents: list[Decimal] = []
        for item in typed:
            percents.append(item if item is not None else percents[-1] if percents else Decimal(0))
        return Degression(key=self.new_key, label=given["label"], order=Order(given["order"]), percents=tuple(percents))


MOST_RANKS = 5


def _split(quantity: f.Formula, known: dict[str, Any]) -> tuple[str, f.Formula | None]:
    """Return a quantity as the list shows it, or as the formula that it is."""
    if quantity == f.Constant(Decimal(1)):
        return ONCE, None
    if isinstance(quantity, f.Answer) and quantity.name in known:
        return quantity.name, None
    return FORMULA, quantity


def _quantity(label: str, known: Decimal | None, help_text: str = "") -> forms.Field:
    return QuantityField(label=label, required=False, decimals=3, initial=known, help_text=help_text)


def rounded_to(cents: int) -> str:
    return (
        _("au centime")
        if cents == 1
        else _("à %(cents)d centimes") % {"cents": cents}
        if cents < 100
        else _("à l’euro")
    )


def bill(pricing: Any, product: Product) -> BillingLine:
    """
    Return a line that bills a product: by the answer of the same name if there is one, row by row if it is in a group.
    """
    numbers = [question for question in pricing.questions if question.kind == QuestionKind.NUMBER]
    twin = next((number for number in numbers if texts.fold(number.label) == texts.fold(product.label)), None)
    quantity: f.Formula = f.Answer(twin.key) if twin else f.Constant(Decimal(1))
    return BillingLine(
        key="", label=product.label, product=product.key, quantity=quantity, per=twin.group if twin else ""
    )
