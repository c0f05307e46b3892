"""The school bus: by quotient familial, less for who comes during the year, more for who comes late, in three times."""

from datetime import date
from decimal import Decimal

from obole.catalogue.fields import FieldKind as K
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
    equals,
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
    name="Transport scolaire", about="Le car du matin et du soir vers les écoles et le collège.", pictogram="parking"
)
TYPE = TypePlan(
    name="Transport scolaire",
    regie="ENF",
    payment_term=20,
    nature="7067",
    vat_mention="TVA non applicable – article 256 B du CGI",
    introduction="Participation des familles au transport scolaire.",
)
STOPS = ("Place du marché", "Les Fontenelles", "Gare")
EXCUSES = ("aucun", "déménagement", "affectation tardive")

FORM = (
    section("foyer", "Votre foyer"),
    ask(
        "qf",
        "Quotient familial",
        K.DECIMAL,
        decimals=2,
        required=False,
        maximum="20000",
        help="Sur votre attestation CAF ou MSA. Sans quotient, le tarif le plus élevé s’applique.",
    ),
    ask("ayant_droit", "Vos enfants vont à l’école ou au collège de leur secteur", K.YES_NO),
    section("inscrits", "Vos enfants"),
    *rows(
        "enfants",
        "Enfants à transporter",
        ask("prenom", "Prénom de l’enfant"),
        ask("arret", "Arrêt de montée", K.CHOICE, choices=STOPS),
        ask("debut", "Premier jour de transport", K.DATE),
        ask("excuse", "Motif d’une demande faite après le 15 juillet", K.CHOICE, choices=EXCUSES, required=False),
        row_name="enfant",
        most=6,
    ),
    ask_agent("duplicata", "Duplicatas de carte", K.NUMBER, maximum="5"),
)


def _grid(*cells: int) -> t.Grid:
    elsewhere = t.Position(key="autre", label="non ayant droit", when=equals("ayant_droit", False))
    by_income = by_bracket("Quotient familial", "qf", (450, 650, 870, 1250), missing="t5", special=(elsewhere,))
    return grid(by_income, cells=cells)


_ENTRY = f.Yearly(
    of=a("debut"), steps=(f.Since("09-01", Decimal(10)), f.Since("01-01", Decimal(6)), f.Since("04-01", Decimal(3)))
)
PRICING = p.Pricing(
    questions=(
        *questions(FORM, "qf", "ayant_droit", "prenom"),
        p.Question(
            key="inscription",
            label="Demande reçue le",
            kind=p.QuestionKind.DAY,
            asked_of=p.AskedOf.AGENT,
            group="enfants",
            required=False,
        ),
        *questions(FORM, "debut", "excuse", "duplicata"),
    ),
    groups=(p.Group(key="enfants", label="Enfant", name="prenom", most=6),),
    tariffs=(
        tariff(
            "transport",
            "Transport scolaire",
            (SCHOOL_2025, _grid(3000, 5000, 7900, 11200, 14700, 19200)),
            (SCHOOL_2026, _grid(3000, 5100, 8100, 11400, 15000, 19500)),
        ),
        fixed("retard", "Inscription tardive", (SCHOOL_2025, 5000)),
        fixed("duplicata", "Duplicata", (SCHOOL_2025, 1500)),
    ),
    products=(
        product("transport", "Transport scolaire", "7067", unit="an"),
        product("retard", "Inscription tardive", "7067"),
        product("duplicata", "Duplicata de carte", "7067", unit="carte"),
    ),
    lines=(
        line(
            "transport",
            "Transport scolaire",
            per="enfants",
            amount_steps=(p.FactorStep(label="entrée en cours d’année", top=_ENTRY, bottom=number(10)),),
        ),
        line(
            "retard",
            "Inscription tardive",
            per="enfants",
            when=f.All(
                (
                    when("inscription", f.Comparison.ABOVE, date(2026, 7, 15)),
                    f.Not(when("excuse", f.Comparison.AMONG, *EXCUSES[1:])),
                )
            ),
        ),
        line("duplicata", "Duplicata de carte", quantity=a("duplicata")),
    ),
    terms=p.Terms(instalments=3),
)

PLANS = (
    Plan(
        key="transport",
        service=SERVICE,
        name="Abonnement au transport scolaire 2026-2027",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about="Abonnement annuel, selon votre quotient familial, en trois fois.",
    ),
)
