"""
How many lines the pricing engine gives in a second, on one core: bills priced again and again by one compiled
configuration.
"""

import time
from datetime import date
from typing import Any

from obole.pricing.engine.compiled_pricing import compile_pricing
from tests.pricing import dispositifs

LEAST = 20_000
"""Lines in each run."""
ON = date(2026, 11, 30)
BILLS: dict[str, tuple[str, dict[str, Any]]] = {
    "canteen, 3 children": (
        "cantine",
        {
            "qf": 842,
            "resident": True,
            "enfants": [
                {"repas": 16, "hors_delai": 1, "soirs": 24},
                {"repas": 16, "soirs": 3},
                {"repas": 14, "absences": 1},
            ],
        },
    ),
    "crèche, taux d’effort": (
        "creche",
        {
            "ressources": 43_200,
            "enfants": 2,
            "aeeh": False,
            "jours": 4,
            "heures": 9,
            "semaines": 45,
            "supplement": "1,5",
            "maladie": 18,
        },
    ),
}


def lines_per_second(name: str) -> tuple[float, int]:
    """Return lines priced in a second of one core, answers read included, and how many lines the bill has."""
    key, answers = BILLS[name]
    compiled = compile_pricing(dispositifs.TOWN[key])
    priced, start = 0, time.process_time()
    while priced < LEAST:
        priced += len(compiled.price(compiled.read(answers), on=ON).lines)
    return priced / (time.process_time() - start), len(compiled.price(compiled.read(answers), on=ON).lines)
