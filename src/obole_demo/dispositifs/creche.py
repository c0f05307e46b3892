"""
The crèche: an hour at a rate of the family's income, as the CNAF has it, and a contract made the same every month.
"""

from datetime import date
from decimal import Decimal

from obole.catalogue.fields import FieldKind as K
from obole.pricing.model import parts as p, tariffs as t
from obole.pricing.model.numbers import Rounding
from obole_demo.dispositifs.kit import (
    Plan,
    ServicePlan,
    TypePlan,
    Vote,
    a,
    ask,
    ask_agent,
    by_bracket,
    call,
    equals,
    line,
    product,
    questions,
    section,
    tariff,
)

SERVICE = ServicePlan(
    name="Petite enfance", about="Les crèches municipales Les Lutins et Pomme d’Api.", pictogram="child"
)
TYPE = TypePlan(
    name="Crèche",
    regie="ENF",
    payment_term=20,
    nature="7066",
    is_childcare=True,
    colour="#8a2f5b",
    introduction="Votre participation est calculée selon vos ressources, par le barème national des familles.",
)
_2024 = Vote("2024-52", date(2024, 6, 27), date(2024, 9, 1))
_2025 = Vote("2025-40", date(2025, 6, 19), date(2025, 9, 1))

FORM = (
    section("enfant", "L’enfant"),
    ask("prenom", "Prénom et nom de l’enfant"),
    ask("naissance", "Date de naissance, prévue ou réelle", K.DATE),
    ask("vaccins", "Carnet de vaccination", K.FILE, required=False),
    section("foyer", "Le foyer"),
    ask(
        "ressources",
        "Ressources annuelles (N-2)",
        K.AMOUNT,
        maximum="1000000",
        help="La somme de ce que les deux parents ont déclaré, avant tout abattement.",
    ),
    ask("avis", "Avis d’imposition", K.FILE, required=False),
    ask("enfants", "Enfants à charge", K.NUMBER, minimum="1", maximum="15", help="Avec l’enfant à accueillir."),
    ask(
        "aeeh",
        "Un enfant du foyer reçoit l’AEEH",
        K.YES_NO,
        sensitive=True,
        help="Allocation d’éducation de l’enfant handicapé.",
    ),
    section("accueil", "Le contrat d’accueil"),
    ask("contrat", "Durée du contrat", K.PERIOD),
    ask("jours", "Jours par semaine", K.NUMBER, minimum="1", maximum="5"),
    ask("heures", "Heures par jour", K.DECIMAL, decimals=2, minimum="1", maximum="11", step="0.25"),
    ask(
        "semaines",
        "Semaines par an",
        K.NUMBER,
        minimum="1",
        maximum="47",
        help="Sans vos congés ni les semaines de fermeture.",
    ),
    ask_agent("supplement", "Heures en plus du contrat, dans le mois", K.DECIMAL, decimals=2, maximum="200"),
    ask_agent(
        "maladie", "Heures à déduire (maladie, hospitalisation, fermeture)", K.DECIMAL, decimals=2, maximum="250"
    ),
)

_PERCENTS = tuple(Decimal(item) for item in ("0.0619", "0.0516", "0.0413", "0.0310", "0.0206"))


def _rate(*, floor: int, cap: int) -> t.Rate:
    """
    A percentage of the month's income, kept between a floor and a cap in cents; a disabled child counts as one more.
    """
    by_children = by_bracket(
        "Enfants à charge",
        "enfants",
        (1, 2, 3, 7),
        ("1", "2", "3", "4–7", "8 et plus"),
        shifts=(t.Shift(when=equals("aeeh", True), label="enfant en situation de handicap"),),
    )
    return t.Rate(
        base_label="Ressources mensuelles",
        base=a("mensuel"),
        base_floor=floor,
        base_cap=cap,
        table=t.RateTable(axis=by_children, percents=_PERCENTS),
    )


PRICING = p.Pricing(
    questions=tuple(
        questions(FORM, "ressources", "enfants", "aeeh", "jours", "heures", "semaines", "supplement", "maladie")
    ),
    values=(
        p.Value(key="mensuel", label="Ressources mensuelles", of=call("quotient", "ressources", 12)),
        p.Value(
            key="forfait",
            label="Heures mensuelles",
            of=call("quotient", call("product", "jours", "heures", "semaines"), 12),
        ),
    ),
    tariffs=(
        tariff(
            "heure",
            "Heure d’accueil",
            (_2024, _rate(floor=765_77, cap=7_000_00)),
            (_2025, _rate(floor=801_00, cap=8_500_00)),
            vat=t.Vat(regime=t.Regime.EXEMPT, article="261, 4, 8° bis"),
        ),
    ),
    products=(
        product("heure", "Heure d’accueil", "7066", unit="h", decimals=2, rounding=Rounding.NEAREST),
        product(
            "extra",
            "Heure supplémentaire",
            "7066",
            tariff="heure",
            unit="h",
            decimals=2,
            step=Decimal("0.5"),
            rounding=Rounding.UP,
        ),
    ),
    lines=(
        line("mensualite", "Accueil mensualisé", product="heure", quantity=a("forfait")),
        line("supplement", "Heures supplémentaires", product="extra", quantity=a("supplement")),
        line("maladie", "Absence pour maladie", product="heure", quantity=a("maladie"), deduct=True),
    ),
)

PLANS = (
    Plan(
        key="creche",
        service=SERVICE,
        name="Contrat d’accueil en crèche",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about="Un tarif horaire selon vos ressources et vos enfants à charge, et la même somme chaque mois.",
    ),
)
