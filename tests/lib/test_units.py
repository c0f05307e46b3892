"""What is counted agrees with its number."""

from decimal import Decimal

import pytest

from obole.lib import units


@pytest.mark.parametrize(
    ("quantity", "unit", "written"),
    [
        ("40", "couvert", "40 couverts"),
        ("1", "couvert", "1 couvert"),
        ("0", "couvert", "0 couvert"),
        ("1.5", "heure", "1,5 heure"),
        ("2", "heure", "2 heures"),
        ("-3", "carte", "-3 cartes"),
        ("24", "½ h", "24 × ½ h"),
        ("1", "½ h", "1 × ½ h"),
        ("3", "100 g", "3 × 100 g"),
        ("16", "repas", "16 repas"),
        ("3", "mois", "3 mois"),
        ("2", "an", "2 ans"),
        ("12", "h", "12 h"),
        ("12", "kWh", "12 kWh"),
        ("18.5", "m³", "18,5 m³"),
        ("3", "bateau", "3 bateaux"),
        ("3", "lieu", "3 lieux"),
        ("3", "animal", "3 animaux"),
        ("3", "festival", "3 festivals"),
        ("3", "demi-journée", "3 demi-journées"),
        ("2", "aller-retour", "2 allers-retours"),
        ("2", "mètre linéaire", "2 mètres linéaires"),
        ("2", "place de stationnement", "2 places de stationnement"),
        ("2", "heure d’étude", "2 heures d’étude"),
        ("2", "nuit par personne", "2 nuits par personne"),
        ("2", "page A4", "2 pages A4"),
        ("2", "QF", "2 QF"),
        ("2", "heure(s)", "2 heure(s)"),
        ("2", "m³/jour", "2 m³/jour"),
        ("2", "couverts", "2 couverts"),
        ("2", "", "2"),
    ],
)
def test_a_unit_agrees_with_its_quantity(quantity: str, unit: str, written: str) -> None:
    assert units.count(Decimal(quantity), unit).replace("\u00a0", " ") == written


def test_no_line_breaks_between_a_number_and_what_it_counts() -> None:
    assert units.count(Decimal(40), "couvert") == "40\u00a0couverts"
