"""The public domain: terraces by the month or by the day, scaffolds and skips by the week and by the day."""

from decimal import Decimal

from obole.billing.rules.reminder_plan import Step
from obole.catalogue.fields import FieldKind as K
from obole.pricing.model import formulas as f, parts as p, tariffs as t
from obole_demo.dispositifs.kit import (
    YEAR_2025,
    YEAR_2026,
    Plan,
    ServicePlan,
    TypePlan,
    a,
    ask,
    ask_agent,
    call,
    equals,
    fixed,
    line,
    product,
    questions,
    section,
    tariff,
)

SERVICE = ServicePlan(
    name="Occupation du domaine public", about="Terrasses, étalages, échafaudages et bennes.", pictogram="terrace"
)
TYPE = TypePlan(
    name="Occupation du domaine public",
    regie="DOM",
    payment_term=30,
    nature="70323",
    vat_mention="Hors champ de la TVA",
    introduction="Redevance due d’avance, au titre de l’occupation du domaine public communal.",
    colour="#8a4b00",
    reminder_steps=(Step(10), Step(30)),
)
_WHO = (
    section("qui", "L’établissement"),
    ask("etablissement", "Nom de l’établissement", prefill="organisation"),
    ask("siret", "SIRET", K.SIRET, help="14 chiffres, sur votre extrait Kbis."),
)
_ARRETE = ask_agent("arrete", "Numéro de l’arrêté", mask="9999-999", help="Comme 2026-214.")
_SURFACE = ask(
    "surface", "Surface, en m²", K.DECIMAL, decimals=2, minimum="1", maximum="500", help="Longueur × largeur."
)

FORM = (
    *_WHO,
    section("terrasse", "La terrasse"),
    ask("adresse", "Adresse de la terrasse", K.ADDRESS),
    _SURFACE,
    ask("dates", "Période d’occupation", K.PERIOD),
    ask("plan", "Plan coté de la terrasse", K.FILE, required=False),
    _ARRETE,
    ask_agent("constat", "Jour du constat sur place", K.DATE),
    ask_agent("sans_titre", "Occupation constatée sans autorisation", K.YES_NO, help="La redevance est alors doublée."),
    ask_agent("metre_entame", "Surface arrondie au mètre carré entamé", K.YES_NO),
)
PRICING = p.Pricing(
    questions=tuple(questions(FORM, "surface", "dates__from", "dates__to", "sans_titre", "metre_entame")),
    values=(
        p.Value(
            key="metres_carres",
            label="Surface retenue",
            of=f.Either(when=equals("metre_entame", True), then=call("up", "surface", 1), otherwise=a("surface")),
        ),
        p.Value(key="mois", label="Mois d’occupation", of=call("months", "dates__from", "dates__to")),
    ),
    tariffs=(
        fixed("terrasse", "Terrasse", (YEAR_2025, 310), (YEAR_2026, 320)),
        fixed("dossier", "Frais fixes", (YEAR_2025, 1060)),
        tariff(
            "majoration", "Occupation sans autorisation", (YEAR_2025, t.Share(percent=Decimal(100), of=("terrasse",)))
        ),
    ),
    products=(
        product("terrasse", "Terrasse", "70323", unit="m² × mois", decimals=2),
        product("majoration", "Majoration", "70323"),
        product("dossier", "Frais fixes", "70323"),
    ),
    lines=(
        line("terrasse", "Droit de terrasse", product="terrasse", quantity=call("product", "metres_carres", "mois")),
        line("majoration", "Occupation sans autorisation", when=equals("sans_titre", True)),
        line("dossier", "Frais fixes de demande"),
    ),
)

FEW_DAYS_FORM = (
    *_WHO,
    section("terrasse", "La terrasse"),
    ask("occasion", "Occasion", K.CHOICE, choices=("Fête de quartier", "Marché de Noël", "Autre"), required=False),
    _SURFACE,
    ask("dates", "Du premier au dernier jour", K.PERIOD, help="Dans un même mois."),
    _ARRETE,
)
FEW_DAYS_PRICING = p.Pricing(
    questions=tuple(questions(FEW_DAYS_FORM, "surface", "dates__from", "dates__to")),
    tariffs=(fixed("terrasse", "Terrasse", (YEAR_2025, 310), (YEAR_2026, 320)),),
    products=(product("terrasse", "Terrasse", "70323", unit="m²", decimals=2),),
    lines=(
        line(
            "terrasse",
            "Droit de terrasse",
            quantity=a("surface"),
            amount_steps=(
                p.FactorStep(
                    label="jours du mois",
                    top=call("days", "dates__from", "dates__to"),
                    bottom=call("days_in_month", "dates__from"),
                ),
            ),
        ),
    ),
)

WORKS = ("Échafaudage", "Benne")
WORKS_FORM = (
    *_WHO,
    section("chantier", "Le chantier"),
    ask("adresse", "Adresse du chantier", K.ADDRESS),
    ask("debut", "Premier jour", K.DATE),
    ask("emprise", "Ce qui occupe la voie publique", K.SEVERAL, choices=WORKS),
    ask(
        "metres",
        "Longueur de l’échafaudage, en mètres",
        K.NUMBER,
        maximum="200",
        shown_if=equals("emprise__echafaudage", True),
    ),
    ask(
        "semaines",
        "Semaines d’échafaudage",
        K.NUMBER,
        maximum="52",
        shown_if=equals("emprise__echafaudage", True),
        help="Toute semaine commencée est due.",
    ),
    ask("benne", "Jours de benne", K.NUMBER, maximum="366", shown_if=equals("emprise__benne", True)),
    _ARRETE,
)
WORKS_PRICING = p.Pricing(
    questions=tuple(questions(WORKS_FORM, "metres", "semaines", "benne")),
    tariffs=(
        fixed("echafaudage", "Échafaudage", (YEAR_2025, 880), (YEAR_2026, 900)),
        fixed("benne", "Benne", (YEAR_2025, 2500)),
    ),
    products=(
        product("echafaudage", "Échafaudage", "70323", unit="ml × semaine"),
        product("benne", "Benne", "70323", unit="jour"),
    ),
    lines=(
        line("echafaudage", "Échafaudage", quantity=call("product", "metres", "semaines")),
        line("benne", "Benne", quantity=a("benne")),
    ),
)

PLANS = (
    Plan(
        key="terrasse",
        service=SERVICE,
        name="Autorisation de terrasse 2026",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about="Droit de terrasse au mètre carré et par mois, plus des frais fixes par demande.",
    ),
    Plan(
        key="terrasse_jours",
        service=SERVICE,
        name="Terrasse pour quelques jours",
        form=FEW_DAYS_FORM,
        pricing=FEW_DAYS_PRICING,
        type=TYPE,
        about="Pour une fête ou un marché : le droit du mois, au prorata des jours.",
    ),
    Plan(
        key="chantier",
        service=SERVICE,
        name="Échafaudage ou benne sur la voie publique",
        form=WORKS_FORM,
        pricing=WORKS_PRICING,
        type=TYPE,
        about="Au mètre et par semaine pour un échafaudage, au jour pour une benne.",
    ),
)
