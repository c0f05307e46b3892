"""Graves: a grid by kind and by length, and what is given back of a grave that its family gives back."""

from obole.catalogue.fields import FieldKind as K
from obole.pricing.model import parts as p, tariffs as t
from obole_demo.dispositifs.kit import (
    YEAR_2025,
    YEAR_2026,
    Plan,
    ServicePlan,
    TypePlan,
    a,
    ask,
    ask_agent,
    by_choice,
    call,
    equals,
    fixed,
    grid,
    line,
    number,
    product,
    questions,
    section,
    tariff,
)

SERVICE = ServicePlan(name="Cimetière", about="Concessions, columbarium et jardin du souvenir.", pictogram="grave")
TYPE = TypePlan(
    name="Concession funéraire",
    regie="DOM",
    payment_term=15,
    nature="70311",
    vat_mention="Hors champ de la TVA",
    introduction="Ce que la commune vous concède, au tarif du jour de la demande.",
    colour="#4a4a55",
)
EARTH, WALL = KINDS = ("pleine terre ou caveau, 2 m²", "columbarium, une case")
FIFTEEN, THIRTY, FIFTY = LENGTHS = ("15 ans", "30 ans", "50 ans")

FORM = (
    section("personnes", "Les personnes"),
    ask("concessionnaire", "Nom du concessionnaire", prefill="name"),
    ask("defunt", "Nom du défunt", required=False),
    ask("acte", "Acte de décès", K.FILE, required=False),
    section("concession", "La concession"),
    ask("cimetiere", "Cimetière", K.CHOICE, choices=("Saint-Roch", "Les Cyprès")),
    ask("emplacement", "Emplacement", K.CHOICE, choices=KINDS),
    ask("duree", "Durée", K.CHOICE, choices=LENGTHS, help="50 ans en pleine terre ou caveau seulement."),
    ask("renouvellement", "C’est le renouvellement d’une concession", K.YES_NO),
    ask("plaque", "Avec une plaque", K.YES_NO),
    ask_agent("carre", "Carré et numéro", mask="A-999", help="Comme B-014."),
)


def _grid(*cells: int | None) -> t.Grid:
    return grid(by_choice("Emplacement", "emplacement", *KINDS), by_choice("Durée", "duree", *LENGTHS), cells=cells)


PRICING = p.Pricing(
    questions=tuple(questions(FORM, "emplacement", "duree", "plaque")),
    tariffs=(
        tariff(
            "concession",
            "Concessions",
            (YEAR_2025, _grid(240_00, 500_00, 1_000_00, 430_00, 780_00, None)),
            (YEAR_2026, _grid(250_00, 520_00, 1_050_00, 450_00, 800_00, None)),
        ),
        fixed("plaque", "Plaque", (YEAR_2025, 45_00)),
    ),
    products=(product("concession", "Concession", "70311"), product("plaque", "Plaque", "70311")),
    lines=(line("concession", "Concession funéraire"), line("plaque", "Plaque", when=equals("plaque", True))),
)

BACK_FORM = (
    ask("concession", "Carré et numéro de la concession"),
    ask("motif", "Motif", K.PARAGRAPH, required=False),
    ask_agent("prix", "Prix payé", K.AMOUNT, required=True),
    ask_agent("duree", "Durée de la concession, en années", K.NUMBER, required=True, minimum="1", maximum="100"),
    ask_agent("ecoulees", "Années commencées depuis l’achat", K.NUMBER, required=True, maximum="100"),
    ask_agent("deux_tiers", "Seule la part communale (deux tiers) est rendue", K.YES_NO),
)
BACK_PRICING = p.Pricing(
    questions=tuple(questions(BACK_FORM, "prix", "duree", "ecoulees", "deux_tiers")),
    tariffs=(tariff("concession", "Concession rendue", (YEAR_2025, t.Given(of=a("prix")))),),
    products=(product("concession", "Concession", "70311"),),
    lines=(
        line(
            "retrocession",
            "Rétrocession",
            product="concession",
            deduct=True,
            amount_steps=(
                p.FactorStep(label="années restantes", top=call("difference", "duree", "ecoulees"), bottom=a("duree")),
                p.FactorStep(label="part communale", top=number(2), bottom=number(3), when=equals("deux_tiers", True)),
            ),
        ),
    ),
    negative=True,
)

PLANS = (
    Plan(
        key="concession",
        service=SERVICE,
        name="Concession funéraire",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about="Acheter ou renouveler une concession, en terre ou au columbarium.",
    ),
    Plan(
        key="retrocession",
        service=SERVICE,
        name="Rétrocession d’une concession",
        form=BACK_FORM,
        pricing=BACK_PRICING,
        type=TYPE,
        about="Rendre une concession vide à la commune : les années qui restent vous sont remboursées.",
    ),
)
