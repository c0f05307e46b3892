"""
The canteens and what is around school: a grid by quotient familial, a flat rate a month, a taux d’effort.

Who applies says who eats; how many meals were eaten is the agent's to say, each month.
"""

from collections.abc import Iterator
from decimal import Decimal

from obole.catalogue.fields import FieldKind as K
from obole.catalogue.models import BilledOn
from obole.pricing.model import formulas as f, parts as p, tariffs as t
from obole_demo.dispositifs.kit import (
    SCHOOL_2025,
    SCHOOL_2026,
    Plan,
    ServicePlan,
    TypePlan,
    a,
    ask,
    ask_agent,
    by_bracket,
    by_choice,
    counted,
    equals,
    filled,
    fixed,
    grid,
    line,
    number,
    product,
    questions,
    rows,
    section,
    tariff,
    when,
)

SERVICE = ServicePlan(
    name="Restauration scolaire et périscolaire",
    pictogram="fork",
    about="Les repas du midi, l’accueil du matin et du soir et le mercredi, dans les écoles publiques.",
)
TYPE = TypePlan(
    name="Vie scolaire",
    regie="ENF",
    payment_term=20,
    nature="7067",
    introduction="Voici le détail des services dont votre famille a bénéficié.",
)
SCHOOLS = ("Jules-Ferry", "Les Tilleuls", "La Fontaine")
PACKED = "Panier fourni par la famille (PAI)"
EXEMPT = t.Vat(regime=t.Regime.EXEMPT, article="261, 4, 4°")
BOUNDS = (400, 700, 1000, 1400, 1800)
_QF = ask(
    "qf",
    "Quotient familial",
    K.DECIMAL,
    decimals=2,
    required=False,
    maximum="20000",
    help="Sur votre attestation CAF ou MSA. Sans quotient, le tarif le plus élevé s’applique.",
)
_PROOF = ask(
    "attestation",
    "Attestation de quotient familial",
    K.FILE,
    required=False,
    shown_if=filled("qf"),
    help="De moins de trois mois.",
    file_types=("pdf", "png", "jpg"),
    megabytes=5,
)

FORM = (
    section("foyer", "Votre foyer"),
    _QF,
    _PROOF,
    ask("resident", "Votre famille habite la commune", K.YES_NO),
    section(
        "inscrits", "Vos enfants", help="Un bloc par enfant, de l’aîné au plus jeune : le rang compte pour le prix."
    ),
    *rows(
        "enfants",
        "Enfants à inscrire",
        ask("prenom", "Prénom de l’enfant"),
        ask("naissance", "Date de naissance de l’enfant", K.DATE),
        ask("ecole", "École", K.CHOICE, choices=SCHOOLS),
        ask("classe", "Classe", K.CHOICE, choices=("PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2"), required=False),
        ask("regime", "Régime alimentaire", K.CHOICE, choices=("Repas ordinaire", "Repas végétarien", PACKED)),
        ask(
            "pai",
            "Projet d’accueil individualisé (PAI)",
            K.FILE,
            required=False,
            sensitive=True,
            shown_if=equals("regime", PACKED),
        ),
        ask("jours", "Jours de repas", K.SEVERAL, choices=("Lundi", "Mardi", "Jeudi", "Vendredi")),
        row_name="enfant",
    ),
    section("reglement", "Règlement"),
    ask("prelevement", "Vous souhaitez payer par prélèvement automatique", K.YES_NO, required=False),
    ask("iban", "IBAN du compte à prélever", K.IBAN, shown_if=equals("prelevement", True)),
    ask("remarque", "Remarque", K.PARAGRAPH, required=False),
)

_COLUMNS = ("repas", "soir", "mercredi")
_CELLS_2025 = (95, 45, 440, 205, 70, 790, 315, 85, 1195, 420, 100, 1550, 505, 115, 1860, 580, 130, 2120, 815, 185, 2990)
_CELLS_2026 = (
    100,
    45,
    460,
    210,
    70,
    820,
    325,
    90,
    1240,
    430,
    105,
    1610,
    520,
    120,
    1930,
    595,
    135,
    2200,
    840,
    190,
    3100,
)
"""A row a bracket, the last one for elsewhere."""


def _grid(cells: tuple[int, ...]) -> t.Grid:
    """Whoever lives elsewhere, or gives no quotient, pays the last row."""
    by_income = by_bracket(
        "Quotient familial",
        "qf",
        BOUNDS,
        missing="exterieur",
        special=(t.Position(key="exterieur", label="extérieur", when=equals("resident", False)),),
    )
    return grid(by_income, by_choice("Prestation", f.PRODUCT, *_COLUMNS), cells=cells)


_BY_RANK = (
    p.PercentStep(label="2ᵉ enfant", percent=Decimal(-10), when=equals(f.ROW, 2)),
    p.PercentStep(label="3ᵉ enfant et suivants", percent=Decimal(-20), when=when(f.ROW, f.Comparison.AT_LEAST, 3)),
)


def _lines() -> Iterator[p.BillingLine]:
    for key, label, sold, asked in (
        ("repas", "Repas", "repas", "repas"),
        ("pai", "Repas PAI", "pai", "repas_pai"),
        ("hors_delai", "Majoration réservation hors délai", "hors_delai", "hors_delai"),
        ("soir", "Accueil du soir", "soir", "soirs"),
        ("mercredi", "Mercredi, journée", "mercredi", "mercredis"),
        ("absence", "Absence justifiée", "repas", "absences"),
    ):
        steps = _BY_RANK if sold == "repas" else ()
        yield line(
            key, label, product=sold, quantity=a(asked), per="enfants", price_steps=steps, deduct=key == "absence"
        )


PRICING = p.Pricing(
    questions=(
        *questions(FORM, "qf", "resident", "prenom"),
        counted("repas", "Repas", group="enfants"),
        counted("repas_pai", "Repas PAI (panier)", group="enfants"),
        counted("soirs", "Accueils du matin ou du soir (½ h)", group="enfants"),
        counted("mercredis", "Mercredis", group="enfants"),
        counted("hors_delai", "Réservations hors délai", group="enfants"),
        counted("absences", "Repas à déduire (absence justifiée)", group="enfants"),
    ),
    groups=(p.Group(key="enfants", label="Enfant", name="prenom", most=8),),
    tariffs=(
        tariff(
            "enfance",
            "Restauration et accueil",
            (SCHOOL_2025, _grid(_CELLS_2025)),
            (SCHOOL_2026, _grid(_CELLS_2026)),
            vat=EXEMPT,
        ),
        fixed("pai", "Panier PAI", (SCHOOL_2025, 115), (SCHOOL_2026, 120), vat=EXEMPT),
        fixed("hors_delai", "Réservation hors délai", (SCHOOL_2025, 200), vat=EXEMPT),
    ),
    products=(
        product("repas", "Repas", "7067", tariff="enfance", unit="repas"),
        product("soir", "Accueil du soir", "7067", tariff="enfance", unit="½ h"),
        product("mercredi", "Mercredi", "7067", tariff="enfance", unit="journée"),
        product("pai", "Panier PAI", "7067", unit="panier"),
        product("hors_delai", "Majoration", "7067"),
    ),
    lines=tuple(_lines()),
)

FLAT_FORM = (
    _QF,
    _PROOF,
    ask("prenom", "Prénom de l’enfant"),
    ask("ecole", "École", K.CHOICE, choices=SCHOOLS),
    ask("arrivee", "Date d’arrivée, si l’année est commencée", K.DATE, required=False),
    ask_agent("jours_presents", "Jours d’école ouverts depuis l’arrivée, le premier mois", K.NUMBER, maximum="23"),
    ask_agent("jours_ouverts", "Jours d’école ouverts dans ce mois", K.NUMBER, minimum="1", maximum="23"),
)
_MEALS = grid(by_bracket("Quotient familial", "qf", BOUNDS, missing="t6"), cells=(100, 210, 325, 430, 520, 595))
FLAT_PRICING = p.Pricing(
    questions=tuple(questions(FLAT_FORM, "qf", "jours_presents", "jours_ouverts")),
    tariffs=(tariff("repas", "Repas au forfait", (SCHOOL_2025, _MEALS), vat=EXEMPT),),
    products=(product("repas", "Forfait repas", "7067", unit="mois"),),
    lines=(
        line(
            "forfait",
            "Forfait 4 jours par semaine",
            product="repas",
            price_steps=(
                p.FactorStep(label="140 jours sur 10 mois", top=number(140), bottom=number(10), prorata=False),
                p.FactorStep(
                    label="jours ouverts depuis l’arrivée",
                    top=a("jours_presents"),
                    bottom=a("jours_ouverts"),
                    when=filled("jours_presents"),
                ),
            ),
        ),
    ),
)

EFFORT_FORM = (
    _QF,
    _PROOF,
    ask("prenom", "Prénom de l’enfant"),
    ask_agent("repas", "Repas pris dans le mois", K.NUMBER, required=True, maximum="31"),
)
EFFORT_PRICING = p.Pricing(
    questions=tuple(questions(EFFORT_FORM, "qf", "repas")),
    tariffs=(
        tariff(
            "repas",
            "Repas au taux d’effort",
            (
                SCHOOL_2025,
                t.Rate(
                    base_label="Quotient familial",
                    base=a("qf"),
                    percent=Decimal("0.36"),
                    floor=260,
                    cap=450,
                    missing=450,
                ),
            ),
            vat=EXEMPT,
        ),
    ),
    products=(product("repas", "Repas", "7067", unit="repas"),),
    lines=(line("repas", "Repas", quantity=a("repas")),),
)

PLANS = (
    Plan(
        key="cantine",
        service=SERVICE,
        name="Inscription cantine 2026-2027",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about=(
            "Inscrivez vos enfants à la cantine et à l’accueil du soir. Ce qui a été pris est facturé chaque mois,"
            " selon votre quotient familial."
        ),
    ),
    Plan(
        key="forfait",
        service=SERVICE,
        name="Cantine au forfait, quatre jours par semaine",
        form=FLAT_FORM,
        pricing=FLAT_PRICING,
        type=TYPE,
        about="Le même montant de septembre à juin, pour un enfant qui déjeune tous les jours d’école.",
    ),
    Plan(
        key="effort",
        service=SERVICE,
        name="Cantine du regroupement des Fontenelles",
        form=EFFORT_FORM,
        pricing=EFFORT_PRICING,
        type=TYPE,
        about="Le repas réservé coûte 0,36 % de votre quotient familial, de 2,60 € à 4,50 €.",
        billed_on=BilledOn.BOOKED,
    ),
)
