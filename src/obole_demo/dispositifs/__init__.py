"""What the town offers, one file for each prestation: forms, prices and types de factures, realistic for 2026."""

from obole_demo.dispositifs import bus, canteen, cemetery, creche, domain, hall, library, music, records, tip
from obole_demo.dispositifs.kit import Plan

PLANS: tuple[Plan, ...] = (
    *canteen.PLANS,
    *creche.PLANS,
    *bus.PLANS,
    *music.PLANS,
    *library.PLANS,
    *hall.PLANS,
    *domain.PLANS,
    *records.PLANS,
    *cemetery.PLANS,
    *tip.PLANS,
)
"""In the order of the catalogue."""
BY_KEY = {plan.key: plan for plan in PLANS}
