"""The tip for businesses: what was left there in a quarter, by nature and by volume, with VAT."""

from decimal import Decimal

from obole.catalogue.fields import FieldKind as K
from obole.pricing.model import parts as p, tariffs as t
from obole.pricing.model.numbers import Rounding
from obole_demo.dispositifs.kit import (
    YEAR_2025,
    YEAR_2026,
    Plan,
    ServicePlan,
    TypePlan,
    a,
    ask,
    by_choice,
    counted,
    fixed,
    grid,
    line,
    product,
    questions,
    section,
    tariff,
)

SERVICE = ServicePlan(name="Déchèterie", about="Les dépôts des artisans et des entreprises.", pictogram="tree")
TYPE = TypePlan(
    name="Déchèterie professionnelle",
    regie="DOM",
    payment_term=30,
    nature="70688",
    colour="#2f5d34",
    introduction="Dépôts du trimestre, relevés à l’entrée de la déchèterie.",
)
HERE, ELSEWHERE = PLACES = ("territoire", "hors territoire")
WASTE = ("inertes", "végétaux", "non recyclables", "bois traité", "bois brut")
_TEN = t.Vat(regime=t.Regime.TAXED, rate=Decimal(10))

FORM = (
    section("entreprise", "L’entreprise"),
    ask("raison", "Raison sociale", prefill="organisation"),
    ask("siret", "SIRET", K.SIRET),
    ask("tva", "Numéro de TVA intracommunautaire", required=False, mask="AA99999999999", help="Comme FR40303265045."),
    ask("territoire", "Siège de l’entreprise", K.CHOICE, choices=PLACES),
    section("acces", "L’accès"),
    ask("plaque", "Immatriculation du véhicule", mask="AA-999-AA"),
    ask("cartes", "Cartes d’accès en plus de la première", K.NUMBER, required=False, maximum="20"),
)


def _grid(*cells: int) -> t.Grid:
    return grid(by_choice("Provenance", "territoire", *PLACES), by_choice("Nature", "nature", *WASTE), cells=cells)


PRICING = p.Pricing(
    questions=(
        *questions(FORM, "territoire", "cartes"),
        p.Question(
            key="bon",
            label="Date et numéro du bon",
            kind=p.QuestionKind.TEXT,
            asked_of=p.AskedOf.AGENT,
            group="depots",
            required=False,
        ),
        p.Question(
            key="nature",
            label="Nature",
            kind=p.QuestionKind.CHOICE,
            asked_of=p.AskedOf.AGENT,
            group="depots",
            choices=WASTE,
        ),
        counted("volume", "Volume, en m³", group="depots", decimals=3),
    ),
    groups=(p.Group(key="depots", label="Dépôt", name="bon", most=200),),
    tariffs=(
        tariff(
            "depot",
            "Dépôts",
            (YEAR_2025, _grid(2250, 730, 1550, 1850, 880, 3200, 1150, 2250, 2900, 1250)),
            (YEAR_2026, _grid(2300, 750, 1600, 1900, 900, 3300, 1200, 2300, 3000, 1300)),
            vat=_TEN,
            net=True,
        ),
        fixed("carte", "Carte d’accès", (YEAR_2025, 1500), vat=_TEN, net=True),
    ),
    products=(
        product(
            "depot",
            "Dépôt",
            "70688",
            unit="m³",
            decimals=2,
            rounding=Rounding.UP,
            billed_minimum=Decimal("0.25"),
            maximum=Decimal(12),
        ),
        product("carte", "Carte d’accès", "70688", unit="carte"),
    ),
    lines=(
        line("depot", "Apport", quantity=a("volume"), per="depots"),
        line("carte", "Carte d’accès supplémentaire", quantity=a("cartes")),
    ),
)

PLANS = (
    Plan(
        key="decheterie",
        service=SERVICE,
        name="Déchèterie professionnelle",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about="Ouvrir un compte pour votre entreprise. Les dépôts sont facturés au trimestre, au mètre cube.",
    ),
)
