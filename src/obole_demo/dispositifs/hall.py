"""Rooms to let: a grid by who asks and for how long, options, heating in winter; an auditorium with VAT."""

from decimal import Decimal

from obole.catalogue.fields import FieldKind as K
from obole.pricing.model import formulas as f, parts as p, tariffs as t
from obole_demo.dispositifs.kit import (
    FRANCHISE,
    YEAR_2025,
    YEAR_2026,
    Plan,
    ServicePlan,
    TypePlan,
    a,
    ask,
    ask_agent,
    by_choice,
    equals,
    fixed,
    grid,
    line,
    number,
    product,
    questions,
    section,
    tariff,
    when,
)

SERVICE = ServicePlan(
    name="Location de salles", about="Salle des fêtes, auditorium et maison des associations.", pictogram="home"
)
TYPE = TypePlan(
    name="Location de salle",
    regie="DOM",
    payment_term=15,
    nature="752",
    colour="#8a4b00",
    introduction="La caution n’est pas comprise dans cette facture : elle vous sera rendue après l’état des lieux.",
)
RESIDENT, ELSEWHERE, CLUB = WHO = ("résident", "extérieur", "association locale")
WEEKEND, DAY, HALF = LENGTHS = ("week-end", "journée", "demi-journée")
TWENTY = t.Vat(regime=t.Regime.TAXED, rate=Decimal(20))

FORM = (
    section("qui", "Qui loue"),
    ask("demandeur", "Vous êtes", K.CHOICE, choices=WHO),
    ask("association", "Nom de l’association", shown_if=equals("demandeur", CLUB)),
    section("location", "La location"),
    ask("objet", "Objet de la location"),
    ask(
        "personnes",
        "Nombre de personnes",
        K.NUMBER,
        minimum="1",
        maximum="250",
        help="250 au plus, pour votre sécurité.",
    ),
    ask("duree", "Durée", K.CHOICE, choices=LENGTHS),
    ask("du", "Premier jour", K.DATE),
    ask("arrivee", "Heure de remise des clés souhaitée", K.TIME, required=False),
    section("choix", "Options"),
    ask("cuisine", "Avec la cuisine", K.YES_NO),
    ask("couverts", "Couverts de vaisselle", K.NUMBER, required=False, maximum="250"),
    ask(
        "options",
        "Matériel",
        K.SEVERAL,
        choices=("Vidéoprojecteur", "Estrade"),
        required=False,
        help="L’estrade est prêtée gratuitement.",
    ),
    ask("assurance", "Attestation d’assurance", K.FILE, required=False, help="Au plus tard à la remise des clés."),
    ask_agent("deja", "Gratuités déjà utilisées cette année (association)", K.NUMBER, maximum="50"),
    ask_agent("casse", "Pièces de vaisselle cassées", K.NUMBER, maximum="1000"),
    ask_agent("menage", "Ménage à faire après l’état des lieux", K.YES_NO),
)

_IS_CLUB = equals("demandeur", CLUB)
_CELLS_2025 = (31000, 17500, 9500, 62000, 35000, 19500, 8000, 8000, 8000)
_CELLS_2026 = (32000, 18000, 10000, 64000, 36000, 20000, 8000, 8000, 8000)


def _grid(cells: tuple[int, ...]) -> t.Grid:
    return grid(by_choice("Demandeur", "demandeur", *WHO), by_choice("Durée", "duree", *LENGTHS), cells=cells)


PRICING = p.Pricing(
    questions=tuple(
        questions(
            FORM,
            "demandeur",
            "duree",
            "du",
            "cuisine",
            "couverts",
            "options__videoprojecteur",
            "deja",
            "casse",
            "menage",
        )
    ),
    tariffs=(
        tariff(
            "location",
            "Salle des fêtes",
            (YEAR_2025, _grid(_CELLS_2025)),
            (YEAR_2026, _grid(_CELLS_2026)),
            vat=FRANCHISE,
        ),
        fixed("cuisine", "Cuisine", (YEAR_2025, 5500), (YEAR_2026, 6000), vat=FRANCHISE),
        fixed("vaisselle", "Vaisselle", (YEAR_2025, 120), vat=FRANCHISE),
        fixed("videoprojecteur", "Vidéoprojecteur", (YEAR_2025, 3000), vat=FRANCHISE),
        fixed("chauffage", "Chauffage", (YEAR_2025, 5000), vat=FRANCHISE),
        fixed("casse", "Vaisselle cassée", (YEAR_2025, 300), vat=FRANCHISE),
        fixed("menage", "Forfait ménage", (YEAR_2025, 10000), vat=FRANCHISE),
    ),
    products=(
        product("location", "Salle des fêtes", "752"),
        product("cuisine", "Cuisine", "752"),
        product("vaisselle", "Vaisselle", "752", unit="couvert"),
        product("videoprojecteur", "Vidéoprojecteur", "752"),
        product("chauffage", "Chauffage", "752"),
        product("casse", "Vaisselle cassée", "7588", unit="pièce"),
        product("menage", "Forfait ménage", "7588"),
    ),
    lines=(
        line("location", "Location de la salle des fêtes", when=f.Not(_IS_CLUB)),
        line(
            "association",
            "Location de la salle des fêtes",
            product="location",
            when=_IS_CLUB,
            allowance=p.Allowance(
                label="2 gratuites par an",
                free=number(2),
                used=f.Either(when=when("deja", f.Comparison.EMPTY), then=number(0), otherwise=a("deja")),
            ),
        ),
        line("cuisine", "Cuisine", when=equals("cuisine", True)),
        line("vaisselle", "Vaisselle", quantity=a("couverts")),
        line("videoprojecteur", "Vidéoprojecteur", when=equals("options__videoprojecteur", True)),
        line("chauffage", "Chauffage", when=f.Season(of=a("du"), first="10-01", last="04-30")),
        line("casse", "Vaisselle cassée", quantity=a("casse")),
        line("menage", "Forfait ménage", when=equals("menage", True)),
    ),
    cautions=(
        p.DepositRule(key="degats", label="Dégâts", cents=80000),
        p.DepositRule(key="menage", label="Ménage", cents=15000),
    ),
    terms=p.Terms(acompte=Decimal(30)),
)

TAXED_FORM = (
    ask("organisme", "Nom de l’organisme", prefill="organisation"),
    ask("siret", "SIRET", K.SIRET, required=False),
    ask("objet", "Objet de la location"),
    ask("du", "Jour souhaité", K.DATE),
)
TAXED_PRICING = p.Pricing(
    tariffs=(fixed("salle", "Auditorium", (YEAR_2025, 45000), vat=TWENTY, net=True),),
    products=(product("salle", "Auditorium", "752", unit="journée"),),
    lines=(line("salle", "Location de l’auditorium"),),
)

PLANS = (
    Plan(
        key="salle",
        service=SERVICE,
        name="Location de la salle des fêtes",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about=(
            "Pour un week-end, une journée ou une demi-journée. Un acompte de 30 % est demandé à la réservation, et une"
            " caution à la remise des clés."
        ),
    ),
    Plan(
        key="auditorium",
        service=SERVICE,
        name="Location de l’auditorium équipé",
        form=TAXED_FORM,
        pricing=TAXED_PRICING,
        type=TYPE,
        about="Avec régie son et lumière, pour les entreprises et les associations. Prix soumis à la TVA.",
    ),
)
