"""A price that was voted: its délibération, its VAT, and what it is, for each kind of price."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from obole.crm.pricing_editor.forms.base import FormulaField, LabelledForm, PercentField, answers, choice
from obole.crm.pricing_editor.forms.lines import rounded_to
from obole.lib import texts
from obole.pricing import editing
from obole.pricing.checking.check_pricing import ROUND_TO
from obole.pricing.model import tariffs as t
from obole.pricing.model.parts import Pricing, QuestionKind
from obole.ui.fields import DayField
from obole.ui.forms import EurosField

KINDS: Mapping[str, tuple[Any, Any]] = {
    t.Fixed.KIND: (gettext_lazy("Prix unique"), gettext_lazy("Le même pour tous : une carte perdue, une plaque.")),
    t.Grid.KIND: (
        gettext_lazy("Grille"),
        gettext_lazy(
            "Selon une, deux ou trois réponses : tranches de quotient familial, résident ou extérieur, durée."
        ),
    ),
    t.Rate.KIND: (
        gettext_lazy("Taux d’effort"),
        gettext_lazy("Un pourcentage d’un revenu ou d’un quotient, entre un plancher et un plafond."),
    ),
    t.Given.KIND: (gettext_lazy("Montant saisi"), gettext_lazy("La valeur d’un livre perdu, les frais d’envoi.")),
    t.Share.KIND: (
        gettext_lazy("Part d’autres lignes"),
        gettext_lazy("Une majoration ou une remise sur ce que d’autres coûtent."),
    ),
    t.Limit.KIND: (
        gettext_lazy("Minimum ou plafond"),
        gettext_lazy("Ce qui amène d’autres lignes à un minimum, ou les arrête à un plafond."),
    ),
}
REGIMES = {
    t.Regime.OUTSIDE: gettext_lazy("hors champ de la TVA"),
    t.Regime.EXEMPT: gettext_lazy("exonéré"),
    t.Regime.FRANCHISE: gettext_lazy("franchise en base"),
    t.Regime.TAXED: gettext_lazy("soumis à la TVA"),
}
LARGEST = 100_000_00
VOTE = ("deliberation", "voted_on", "effect", "regime", "rate", "article", "typed")


class VersionForm(LabelledForm):
    """A version of a tariff: of a new one (with its name), or one more, or one that is changed."""

    section, title = "tariffs", gettext_lazy("Tarif")
    kind = ""
    above: tuple[str, ...] = ()
    """The controls that come before the table, where there is one."""
    apart: tuple[str, ...] = ()
    """The controls that stand with a condition."""

    def __init__(
        self, data: Any = None, *, pricing: Pricing, tariff: t.Tariff | None = None, version: t.Version | None = None
    ) -> None:
        self.tariff, self.version = tariff, version
        self.price: Any = version.price if version else None
        super().__init__(data, pricing=pricing, part=tariff)

    def label_of_label(self) -> str:
        """The first control names the tariff."""
        return _("Nom du tarif")

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of the price, then those of its vote."""
        return {**self.price_controls(), **self._vote(), **self._vat()}

    @property
    def above_fields(self) -> list[Any]:
        """The controls that are drawn before the table."""
        return [self[name] for name in self.own_names if name in self.above]

    @property
    def price_fields(self) -> list[Any]:
        """The controls of the price that are drawn after it."""
        return [self[name] for name in self.own_names if name not in (*self.above, *self.apart, *VOTE)]

    @property
    def vote_fields(self) -> list[Any]:
        """The controls of the vote."""
        return [self[name] for name in VOTE]

    @abstractmethod
    def price_controls(self) -> dict[str, forms.Field]:
        """Return the controls of this kind of price."""

    def _vote(self) -> dict[str, forms.Field]:
        known = self.version
        return {
            "deliberation": forms.CharField(
                label=_("Délibération n°"), max_length=40, initial=known.deliberation if known else ""
            ),
            "voted_on": DayField(label=_("Votée le"), initial=known.voted_on if known else None),
            "effect": DayField(label=_("Applicable à partir du"), initial=known.effect if known else None),
        }

    def _vat(self) -> dict[str, forms.Field]:
        vat = self.version.vat if self.version else t.Vat()
        sides = [(t.Typed.GROSS, _("TTC")), (t.Typed.NET, _("HT"))]
        return {
            "regime": choice(_("TVA"), vat.regime, REGIMES.items()),
            "rate": PercentField(label=_("Taux de TVA"), required=False, initial=vat.rate or None),
            "article": forms.CharField(
                label=_("Article qui exonère"),
                required=False,
                max_length=40,
                initial=vat.article,
                help_text=_("Par exemple 261, 4, 4°."),
            ),
            "typed": choice(_("Prix voté"), self.version.typed if self.version else t.Typed.GROSS, sides),
        }

    def clean(self) -> dict[str, Any]:
        """See that what a regime asks is there, and that no other version has its day."""
        given = super().clean()
        if given.get("regime") == t.Regime.TAXED and not given.get("rate") and "rate" not in self.errors:
            self.add_error("rate", _("Donnez le taux : 20, 10, 5,5 ou 2,1."))
        if given.get("regime") == t.Regime.EXEMPT and not texts.clean_line(given.get("article", "")):
            self.add_error("article", _("Donnez l’article qui fonde l’exonération, par exemple 261, 4, 4°."))
        others = [version for version in (self.tariff.versions if self.tariff else ()) if version is not self.version]
        if given.get("effect") in {other.effect for other in others}:
            self.add_error(
                "effect", _("Une autre version prend effet ce jour-là : changez la date, ou corrigez l’autre.")
            )
        return given

    @abstractmethod
    def priced(self, key: str) -> tuple[Pricing, t.Price]:
        """Return the price, and the pricing with the products that it needed; ``key`` is the tariff's."""

    def applied(self) -> tuple[Pricing, t.Tariff, t.Version]:
        """Return the pricing with this version, its tariff, and the version."""
        given = self.cleaned_data
        pricing, price = self.priced(self.new_key)
        taxed = given["regime"] == t.Regime.TAXED
        vat = t.Vat(
            regime=t.Regime(given["regime"]),
            rate=given["rate"] if taxed else t.Vat().rate,
            article=texts.clean_line(given["article"]) if given["regime"] == t.Regime.EXEMPT else "",
        )
        version = t.Version(
            effect=given["effect"],
            deliberation=texts.clean_line(given["deliberation"]),
            voted_on=given["voted_on"],
            price=price,
            vat=vat,
            typed=t.Typed(given["typed"]) if taxed else t.Typed.GROSS,
        )
        known = tuple(
            version for version in (self.tariff.versions if self.tariff else ()) if version is not self.version
        )
        tariff = t.Tariff(
            key=self.new_key,
            label=given["label"],
            versions=tuple(sorted((*known, version), key=lambda item: item.effect)),
        )
        return editing.put(pricing, "tariffs", tariff), tariff, version


class FixedForm(VersionForm):
    """One price for all."""

    kind = t.Fixed.KIND

    def price_controls(self) -> dict[str, forms.Field]:
        """Return the price."""
        return {"cents": EurosField(label=_("Prix"), maximum=LARGEST, initial=self.price and self.price.cents)}

    def priced(self, key: str) -> tuple[Pricing, t.Price]:
        """Return the price."""
        return self.pricing, t.Fixed(cents=self.cleaned_data["cents"])


class GivenForm(VersionForm):
    """An amount that is typed or computed."""

    kind = t.Given.KIND

    def price_controls(self) -> dict[str, forms.Field]:
        """Return where it comes from, and its bounds."""
        made: dict[str, forms.Field] = {
            "of": FormulaField(
                label=_("Montant en euros : une donnée, ou une formule"),
                pricing=self.pricing,
                initial=self.price and self.price.of,
            )
        }
        return made | bounds(self.price)

    def priced(self, key: str) -> tuple[Pricing, t.Price]:
        """Return the price."""
        given = self.cleaned_data
        return self.pricing, t.Given(of=given["of"], floor=given["floor"], cap=given["cap"])


class ShareForm(VersionForm):
    """A percentage of other lines."""

    kind = t.Share.KIND

    def price_controls(self) -> dict[str, forms.Field]:
        """Return the percentage, and of what."""
        percent = PercentField(
            label=_("Pourcentage"),
            signed=True,
            initial=self.price and self.price.percent,
            help_text=_("−10 pour une remise de 10 %."),
        )
        return {"percent": percent, "of": _lines(self.pricing, self.price)}

    def priced(self, key: str) -> tuple[Pricing, t.Price]:
        """Return the price."""
        given = self.cleaned_data
        return self.pricing, t.Share(percent=given["percent"], of=tuple(given["of"]))


class LimitForm(VersionForm):
    """A minimum or a cap of other lines."""

    kind = t.Limit.KIND

    def price_controls(self) -> dict[str, forms.Field]:
        """Return the bounds, and of what."""
        return {**bounds(self.price), "of": _lines(self.pricing, self.price)}

    def clean(self) -> dict[str, Any]:
        """See that there is a bound."""
        given = super().clean()
        if not {"floor", "cap"} & set(self.errors) and given.get("floor") is None and given.get("cap") is None:
            self.add_error("floor", _("Donnez un minimum, un maximum, ou les deux."))
        return given

    def priced(self, key: str) -> tuple[Pricing, t.Price]:
        """Return the price."""
        given = self.cleaned_data
        return self.pricing, t.Limit(of=tuple(given["of"]), floor=given["floor"], cap=given["cap"])


class RaiseForm(forms.Form):
    """Next year's prices: those of a version, with a percentage."""

    mark_optional = False
    deliberation = forms.CharField(label=gettext_lazy("Délibération n°"), max_length=40)
    voted_on = DayField(label=gettext_lazy("Votée le"))
    effect = DayField(label=gettext_lazy("Applicable à partir du"))
    percent = PercentField(
        label=gettext_lazy("Évolution des prix"),
        signed=True,
        help_text=gettext_lazy("Par exemple 2,5, ou −1. 0 garde les mêmes prix."),
    )
    round_to = forms.ChoiceField(label=gettext_lazy("Arrondir"))

    def __init__(self, data: Any = None, *, tariff: t.Tariff) -> None:
        super().__init__(data, initial={"percent": "0"})
        self.tariff = tariff
        rounding: Any = self.fields["round_to"]
        rounding.choices = [(str(item), rounded_to(item)) for item in ROUND_TO]

    def clean_effect(self) -> Any:
        """Refuse a day that a version has already."""
        day = self.cleaned_data["effect"]
        if any(version.effect == day for version in self.tariff.versions):
            raise forms.ValidationError(_("Une version prend déjà effet ce jour-là : changez la date."))
        return day


def bounds(price: Any) -> dict[str, forms.Field]:
    """Return a minimum and a maximum."""
    return {
        "floor": EurosField(
            label=_("Jamais moins de"), required=False, maximum=LARGEST, initial=getattr(price, "floor", None)
        ),
        "cap": EurosField(
            label=_("Jamais plus de"), required=False, maximum=LARGEST, initial=getattr(price, "cap", None)
        ),
    }


def _lines(pricing: Pricing, price: Any) -> forms.Field:
    return forms.MultipleChoiceField(
        label=_("Lignes"),
        choices=[(line.key, line.label) for line in pricing.lines],
        initial=list(price.of) if price else [],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Cochez au moins une ligne.")},
        help_text="" if pricing.lines else _("Créez d’abord les lignes de facture."),
    )


def numbers(pricing: Pricing) -> list[tuple[str, str]]:
    """Return the answers that are numbers, as choices."""
    return answers(pricing, kinds=[QuestionKind.NUMBER])
