"""The médiathèque: a subscription at a fixed amount; and a grid, lost cards, lost books."""

from obole.catalogue.fields import FieldKind as K
from obole.pricing.model import parts as p, tariffs as t
from obole_demo.dispositifs.kit import (
    SCHOOL_2025,
    SCHOOL_2026,
    Plan,
    ServicePlan,
    TypePlan,
    a,
    ask,
    ask_agent,
    by_choice,
    equals,
    filled,
    fixed,
    grid,
    line,
    product,
    questions,
    tariff,
)

SERVICE = ServicePlan(name="Médiathèque", about="Livres, musique, films et presse.", pictogram="book")
_VAT = "TVA non applicable – article 256 B du CGI"
FIXED_TYPE = TypePlan(
    name="Abonnement à la médiathèque", regie="ENF", payment_term=30, nature="7062", vat_mention=_VAT, colour="#1c6b3f"
)
_FIXED = "Abonnement hors commune, adulte, un an"
FIXED_PRICING = p.Pricing(
    tariffs=(fixed("abonnement", _FIXED, (SCHOOL_2025, 2200)),),
    products=(product("abonnement", _FIXED, "7062"),),
    lines=(line("abonnement", _FIXED),),
)
TYPE = TypePlan(
    name="Médiathèque",
    regie="ENF",
    payment_term=30,
    nature="7062",
    vat_mention=_VAT,
    colour="#1c6b3f",
    introduction="Abonnement, carte et documents de la médiathèque.",
)
READERS = ("habitant", "hors commune", "famille", "étudiant")

FIXED_FORM = (
    ask("lecteur", "Prénom et nom du lecteur"),
    ask("carte", "Numéro de carte, si vous en avez une", required=False),
)
FORM = (
    ask("lecteur", "Prénom et nom du lecteur", prefill="name"),
    ask("abonnement", "Abonnement", K.CHOICE, choices=READERS),
    ask("justificatif", "Carte d’étudiant ou justificatif de domicile", K.FILE, required=False),
    ask("carte_perdue", "Vous avez perdu votre carte", K.YES_NO),
    ask_agent("titre", "Document perdu ou abîmé"),
    ask_agent("livre", "Son prix d’achat", K.AMOUNT, maximum="500", required_if=filled("titre")),
)
PRICING = p.Pricing(
    questions=tuple(questions(FORM, "abonnement", "carte_perdue", "livre")),
    tariffs=(
        tariff(
            "abonnement",
            "Abonnements",
            *(
                (vote, grid(by_choice("Abonnement", "abonnement", *READERS), cells=cells))
                for vote, cells in ((SCHOOL_2025, (0, 2100, 2700, 630)), (SCHOOL_2026, (0, 2200, 2800, 650)))
            ),
        ),
        fixed("carte", "Carte perdue", (SCHOOL_2025, 315)),
        tariff("document", "Document perdu", (SCHOOL_2025, t.Given(of=a("livre"), cap=500_00))),
        fixed("gestion", "Frais de gestion", (SCHOOL_2025, 500)),
    ),
    products=(
        product("abonnement", "Abonnement", "7062", unit="an"),
        product("carte", "Carte perdue", "7062"),
        product("document", "Document perdu", "7588"),
        product("gestion", "Frais de gestion", "7588"),
    ),
    lines=(
        line("abonnement", "Abonnement"),
        line("carte", "Carte perdue", when=equals("carte_perdue", True)),
        line("document", "Document perdu", when=filled("livre")),
        line("gestion", "Frais de gestion", when=filled("livre")),
    ),
)

PLANS = (
    Plan(
        key="mediatheque",
        service=SERVICE,
        name="Abonnement hors commune",
        form=FIXED_FORM,
        pricing=FIXED_PRICING,
        type=FIXED_TYPE,
        about="Un an d’emprunts pour une personne qui n’habite pas la commune.",
    ),
    Plan(
        key="lecteur",
        service=SERVICE,
        name="Carte de lecteur",
        form=FORM,
        pricing=PRICING,
        type=TYPE,
        about="S’inscrire, refaire une carte perdue, régler un document perdu.",
    ),
)
