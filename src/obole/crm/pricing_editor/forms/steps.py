"""What is done to the price of a line: per cent, an amount, a proration; and how the total is paid."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from obole.crm.pricing_editor.forms.base import FormulaField, PartForm, PercentField, choice
from obole.pricing.checking.check_pricing import MOST_INSTALMENTS
from obole.pricing.model.parts import AmountStep, DepositRule, FactorStep, PercentStep, Pricing, Step, Terms
from obole.ui.forms import EurosField, QuantityField

PRICE, AMOUNT = "price_steps", "amount_steps"
ON = {PRICE: gettext_lazy("sur le prix unitaire"), AMOUNT: gettext_lazy("sur le montant de la ligne")}
KINDS = {
    PercentStep.KIND: gettext_lazy("un pourcentage"),
    AmountStep.KIND: gettext_lazy("un montant"),
    FactorStep.KIND: gettext_lazy("une proratisation"),
}
PLUS, MINUS = "plus", "minus"


class StepForm(PartForm):
    """One rule on a price: a percentage, an amount or a proration, when a condition holds."""

    title = gettext_lazy("Règle de prix")
    condition_titles = {"when": gettext_lazy("Appliquer seulement si…")}

    def __init__(self, data: Any = None, *, pricing: Pricing, part: Step | None = None, kind: str, on: str) -> None:
        self.kind, self.on = kind, on
        super().__init__(data, pricing=pricing, part=part)

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of this kind of rule."""
        part: Any = self.part
        made: dict[str, forms.Field] = {"on": choice(_("S’applique"), self.on, ON.items())}
        if self.kind == PercentStep.KIND:
            made["percent"] = PercentField(
                label=_("Pourcentage"),
                signed=True,
                initial=part and part.percent,
                help_text=_("Par exemple −10 pour un dixième de moins."),
            )
        elif self.kind == AmountStep.KIND:
            signs = [(PLUS, _("ajouter")), (MINUS, _("retirer"))]
            made["sign"] = choice(_("Il faut"), MINUS if part and part.cents < 0 else PLUS, signs)
            made["cents"] = EurosField(
                label=_("Montant"), initial=abs(part.cents) if part else None, maximum=100_000_00
            )
        else:
            made["top"] = FormulaField(label=_("Part due"), pricing=self.pricing, initial=part and part.top)
            made["bottom"] = FormulaField(label=_("Sur"), pricing=self.pricing, initial=part and part.bottom)
            made["prorata"] = forms.BooleanField(
                label=_("Jamais plus que le tout"), required=False, initial=part.prorata if part else True
            )
        return made

    @property
    def key(self) -> str:
        """A rule has no key: it is known by its place."""
        return ""

    def described(self) -> Step:
        """Return the rule."""
        given, when = self.cleaned_data, self.conditions["when"]
        if self.kind == PercentStep.KIND:
            return PercentStep(label=given["label"], percent=given["percent"], when=when)
        if self.kind == AmountStep.KIND:
            cents = -given["cents"] if given["sign"] == MINUS else given["cents"]
            return AmountStep(label=given["label"], cents=cents, when=when)
        return FactorStep(
            label=given["label"], top=given["top"], bottom=given["bottom"], prorata=given["prorata"], when=when
        )


class CautionForm(PartForm):
    """A deposit against damage: never in a total."""

    section, title = "cautions", gettext_lazy("Caution")
    condition_titles = {"when": gettext_lazy("Demander seulement si…")}

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of a caution."""
        return {"cents": EurosField(label=_("Montant"), initial=self.part and self.part.cents, maximum=100_000_00)}

    def described(self) -> DepositRule:
        """Return the caution."""
        given = self.cleaned_data
        return DepositRule(key=self.new_key, label=given["label"], cents=given["cents"], when=self.conditions["when"])


class TermsForm(forms.Form):
    """How the total is paid."""

    mark_optional = False
    acompte = PercentField(
        label=gettext_lazy("Acompte"),
        required=False,
        help_text=gettext_lazy("En pour cent du total ; le reste est le solde."),
    )
    instalments = QuantityField(
        label=gettext_lazy("Nombre d’échéances"),
        minimum=Decimal(1),
        maximum=Decimal(MOST_INSTALMENTS),
        help_text=gettext_lazy("Des parts égales ; les centimes qui restent vont à la dernière."),
    )
    first = forms.MultipleChoiceField(
        label=gettext_lazy("Lignes payées en entier à la première échéance"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    carry_below = EurosField(
        label=gettext_lazy("Reporter une facture de moins de"),
        required=False,
        help_text=gettext_lazy("Elle s’ajoute à la suivante. Vide : on facture toujours."),
    )
    negative = forms.BooleanField(
        label=gettext_lazy("Le total peut être négatif : de l’argent à rendre"), required=False
    )

    def __init__(self, data: Any = None, *, pricing: Pricing) -> None:
        terms = pricing.terms
        initial = {
            "acompte": terms.acompte,
            "instalments": terms.instalments,
            "first": list(terms.first),
            "negative": pricing.negative,
            "carry_below": terms.carry_below or None,
        }
        super().__init__(data, initial=initial)
        lines: Any = self.fields["first"]
        lines.choices = [(line.key, line.label) for line in pricing.lines]
        if not pricing.lines:
            del self.fields["first"]

    def described(self) -> tuple[Terms, bool]:
        """Return the terms, and whether the total may be below zero."""
        given = self.cleaned_data
        terms = Terms(
            acompte=given["acompte"] or None,
            instalments=int(given["instalments"]),
            first=tuple(given.get("first", ())),
            carry_below=given["carry_below"] or 0,
        )
        return terms, given["negative"]
