"""Forms that ask what the pricings of the tests want to know, and the answers of a family and of a hall."""

from typing import Any

from obole.catalogue.fields import FieldKind, FormField

CANTEEN_FORM = (
    FormField(key="qf", label="Quotient familial", kind=FieldKind.DECIMAL, decimals=2, required=False),
    FormField(key="resident", label="Vous habitez la commune", kind=FieldKind.YES_NO),
    FormField(key="enfants", label="Enfants", kind=FieldKind.GROUP, row_name="enfant"),
    FormField(key="prenom", label="Prénom", group="enfants", required=False),
    FormField(key="repas", label="Repas", group="enfants", kind=FieldKind.NUMBER, required=False),
    FormField(key="soirs", label="Soirs", group="enfants", kind=FieldKind.NUMBER, required=False),
    FormField(key="hors_delai", label="Hors délai", group="enfants", kind=FieldKind.NUMBER, required=False),
    FormField(key="remarque", label="Remarque", kind=FieldKind.PARAGRAPH, required=False),
)
"""For the canteen of ``tests.pricing.dispositifs.SCHOOL``."""
HALL_FORM = (
    FormField(key="objet", label="Objet"),
    FormField(
        key="demandeur",
        label="Demandeur",
        kind=FieldKind.CHOICE,
        choices=("résident", "extérieur", "association locale"),
    ),
    FormField(key="duree", label="Durée", kind=FieldKind.CHOICE, choices=("week-end", "journée", "demi-journée")),
    FormField(key="du", label="Premier jour", kind=FieldKind.DATE),
    FormField(key="cuisine", label="Avec la cuisine", kind=FieldKind.YES_NO),
    FormField(key="couverts", label="Couverts", kind=FieldKind.NUMBER, required=False),
)
HALL_ANSWERS: dict[str, Any] = {
    "objet": "mariage",
    "demandeur": "résident",
    "duree": "week-end",
    "du": "2026-12-12",
    "cuisine": "yes",
    "couverts": 80,
}
"""Comes to 526,00 €: 320 + 60 + 80 × 1,20 + 50 of heating."""
FAMILY_TYPED = {
    "answer_qf": "842",
    "answer_resident": "yes",
    "answer_enfants-rows": "3",
    "answer_enfants-0-prenom": "Léa",
    "answer_enfants-0-repas": "16",
    "answer_enfants-0-soirs": "24",
    "answer_enfants-0-hors_delai": "1",
    "answer_enfants-1-repas": "16",
    "answer_enfants-2-repas": "14",
}
"""The family of the handbook, as a browser sends it: comes to 158,88 €."""
HALL_TYPED = {f"answer_{key}": str(value) for key, value in HALL_ANSWERS.items()}
