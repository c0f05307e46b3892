"""Prestations, dispositifs and products."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.catalogue.models import Product, Scheme, Service
from obole.crm.forms_settings.base import SettingsForm
from obole.ui import icons
from obole.ui.forms import EurosField, QuantityField

PICTOGRAMS = {
    "fork": gettext_lazy("Repas"),
    "child": gettext_lazy("Enfance"),
    "home": gettext_lazy("Salle"),
    "terrace": gettext_lazy("Terrasse"),
    "grave": gettext_lazy("Cimetière"),
    "book": gettext_lazy("Lecture"),
    "music": gettext_lazy("Musique"),
    "sport": gettext_lazy("Sport"),
    "pool": gettext_lazy("Piscine"),
    "market": gettext_lazy("Marché"),
    "parking": gettext_lazy("Stationnement"),
    "tree": gettext_lazy("Nature"),
    "document": gettext_lazy("Document"),
}
LARGEST_QUANTITY = Decimal("999999.999")
LARGEST_PRICE = 100_000_00


class ServiceForm(SettingsForm):
    """Describes a prestation."""

    pictogram = forms.ChoiceField(label=gettext_lazy("Pictogramme"), required=False)

    class Meta:
        model = Service
        fields = ("name", "description", "pictogram", "position", "enabled")
        widgets = {"description": forms.Textarea({"rows": 3})}
        help_texts = {
            "name": gettext_lazy("Tel que l’usager le lit, par exemple « Restauration scolaire »."),
            "position": gettext_lazy("Les prestations sont rangées par ce nombre, puis par nom."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(name, label) for name, label in PICTOGRAMS.items() if name in icons.SHAPES]
        other = [(name, name) for name in [self.instance.pictogram] if name and name not in PICTOGRAMS]
        self.fields["pictogram"].choices = [("", _("Aucun")), *known, *other]  # type: ignore[attr-defined]


class SchemeForm(SettingsForm):
    """Describes a dispositif."""

    class Meta:
        model = Scheme
        fields = ("service", "name", "description", "position", "enabled", "simulator")
        widgets = {"description": forms.Textarea({"rows": 3})}
        help_texts = {
            "name": gettext_lazy("Tel que l’usager le lit, par exemple « Inscription cantine 2026-2027 »."),
            "position": gettext_lazy("Les dispositifs d’une prestation sont rangés par ce nombre, puis par nom."),
            "enabled": gettext_lazy("Décochez pour ne plus recevoir de demande ; les dossiers en cours continuent."),
        }


class ProductForm(SettingsForm):
    """Describes what a dispositif bills."""

    unit_price_cents = EurosField(label=gettext_lazy("Prix unitaire"), maximum=LARGEST_PRICE)
    decimals = forms.TypedChoiceField(
        label=gettext_lazy("Décimales de la quantité"),
        coerce=int,
        choices=[
            (0, gettext_lazy("Aucune : des unités entières")),
            (1, "1"),
            (2, gettext_lazy("2 : des mètres carrés")),
            (3, "3"),
        ],
    )
    minimum = QuantityField(label=gettext_lazy("Quantité minimale"), decimals=3, maximum=LARGEST_QUANTITY)
    maximum = QuantityField(label=gettext_lazy("Quantité maximale"), decimals=3, maximum=LARGEST_QUANTITY)

    class Meta:
        model = Product
        fields = (
            "name", "unit", "unit_price_cents", "decimals", "minimum", "maximum", "entered_by", "nature", "position", "enabled",
        )  # fmt: skip
        widgets = {"entered_by": forms.RadioSelect}
        help_texts = {
            "unit": gettext_lazy("Ce que l’on compte : repas, jour, m²…"),
            "position": gettext_lazy("Les produits sont rangés par ce nombre."),
        }
