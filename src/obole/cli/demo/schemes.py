"""The six dispositifs and five types de factures of the town: prices realistic for 2026."""

from dataclasses import dataclass, field
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True)
class SchemePlan:
    """A prestation with its dispositif."""

    key: str
    service: str
    service_about: str
    pictogram: str
    name: str
    about: str
    fields: tuple[Values, ...]
    products: dict[str, Values]


@dataclass(frozen=True)
class TypePlan:
    """A type de facture and the dispositifs that it covers."""

    name: str
    regie: str
    schemes: tuple[str, ...]
    payment_term: int
    nature: str
    vat_mention: str
    introduction: str
    colour: str = "#1f4a8a"
    fixed_cents: int = 0
    fixed_label: str = ""
    reminder_delays: list[int] = field(default_factory=lambda: [7, 21, 35])


def _product(name: str, unit: str, cents: int, maximum: int, **more: Any) -> Values:
    return {"name": name, "unit": unit, "unit_price_cents": cents, "maximum": maximum, "nature": "7067", **more}


PLANS = (
    SchemePlan(
        "cantine", "Restauration scolaire et périscolaire", "Les repas du midi et l’accueil du soir dans les écoles publiques.", "fork",
        "Inscription cantine 2026-2027",
        "Inscrivez votre enfant à la cantine et à l’accueil du soir. Les repas pris sont facturés chaque mois.",
        (
            {"key": "enfant", "label": "Prénom et nom de l’enfant"},
            {"key": "naissance", "label": "Date de naissance de l’enfant", "kind": "date"},
            {"key": "ecole", "label": "École", "kind": "choice", "choices": ("Jules-Ferry", "Les Tilleuls", "La Fontaine")},
            {"key": "pai", "label": "L’enfant suit un projet d’accueil individualisé (PAI)", "kind": "yes_no"},
            {"key": "quotient", "label": "Quotient familial", "kind": "number", "required": False,
             "help": "Sur votre attestation CAF ou MSA."},
            {"key": "attestation", "label": "Attestation de quotient familial", "kind": "file", "required": False},
            {"key": "remarque", "label": "Remarque", "kind": "paragraph", "required": False},
        ),
        {
            "repas": _product("Repas enfant 1 – tranche 3", "repas", 325, 31),
            "repas2": _product("Repas enfant 2 – tranche 3, −10 %", "repas", 293, 31),
            "repas3": _product("Repas enfant 3 – tranche 3, −20 %", "repas", 260, 31),
            "hors_delai": _product("Majoration réservation hors délai", "repas", 200, 31, entered_by="agent"),
            "soir": _product("Accueil du soir", "½ h", 90, 60),
        },
    ),
    SchemePlan(
        "conservatoire", "Conservatoire de musique et de danse", "Apprendre un instrument, chanter, danser, à tout âge.", "music",
        "Inscription au conservatoire 2026-2027", "Une inscription par famille ; le prêt d’instrument se règle au trimestre.",
        (
            {"key": "eleve", "label": "Prénom et nom de l’élève"},
            {"key": "discipline", "label": "Discipline", "kind": "choice",
             "choices": ("Violon", "Piano", "Flûte", "Danse", "Éveil musical")},
            {"key": "debutant", "label": "L’élève débute", "kind": "yes_no"},
        ),
        {
            "frais": _product("Frais de dossier", "foyer", 3800, 1, minimum=1, nature="7062"),
            "annee": _product("Instrument et formation musicale, année", "élève", 60300, 4, nature="7062"),
            "second": _product("2ᵉ élève, −20 %", "élève", 48240, 3, nature="7062"),
            "pret": _product("Location d’un violon", "trimestre", 4500, 3, nature="7062"),
        },
    ),
    SchemePlan(
        "mediatheque", "Médiathèque", "Livres, musique, films et presse.", "book",
        "Abonnement hors commune", "Un an d’emprunts pour une personne qui n’habite pas la commune.",
        (
            {"key": "lecteur", "label": "Prénom et nom du lecteur"},
            {"key": "carte", "label": "Numéro de carte, si vous en avez une", "required": False},
        ),
        {},
    ),
    SchemePlan(
        "transport", "Transport scolaire", "Le car du matin et du soir vers les écoles et le collège.", "home",
        "Abonnement au transport scolaire 2026-2027", "Abonnement annuel, tarif selon le quotient familial.",
        (
            {"key": "enfant", "label": "Prénom et nom de l’enfant"},
            {"key": "arret", "label": "Arrêt de montée", "kind": "choice", "choices": ("Place du marché", "Les Fontenelles", "Gare")},
        ),
        {
            "abonnement": _product("Abonnement annuel, QF 651 à 870", "enfant", 8100, 4, minimum=1),
            "duplicata": _product("Duplicata de carte", "carte", 1500, 2, entered_by="agent"),
        },
    ),
    SchemePlan(
        "salle", "Location de salles", "Salle des fêtes, salle polyvalente et maison des associations.", "home",
        "Location de la salle des fêtes", "Pour un week-end, du samedi 8 h au lundi 8 h. Une caution est demandée à la remise des clés.",
        (
            {"key": "objet", "label": "Objet de la location"},
            {"key": "jour", "label": "Samedi souhaité", "kind": "date"},
            {"key": "personnes", "label": "Nombre de personnes", "kind": "number"},
            {"key": "assurance", "label": "Attestation d’assurance", "kind": "file", "required": False},
        ),
        {
            "weekend": _product("Week-end, résident", "week-end", 32000, 2, minimum=1, nature="752"),
            "cuisine": _product("Cuisine", "week-end", 6000, 2, nature="752"),
            "vaisselle": _product("Vaisselle", "couvert", 120, 300, nature="752"),
            "chauffage": _product("Chauffage (du 01/10 au 30/04)", "week-end", 5000, 2, entered_by="agent", nature="752"),
        },
    ),
    SchemePlan(
        "terrasse", "Occupation du domaine public", "Terrasses, étalages, échafaudages et bennes.", "terrace",
        "Autorisation de terrasse 2026", "Droit de terrasse au mètre carré et par mois, plus des frais fixes par demande.",
        (
            {"key": "etablissement", "label": "Nom de l’établissement"},
            {"key": "siret", "label": "SIRET", "help": "14 chiffres, sur votre extrait Kbis."},
            {"key": "adresse", "label": "Adresse de la terrasse"},
            {"key": "plan", "label": "Plan de la terrasse", "kind": "file", "required": False},
        ),
        {
            "surface": _product("Terrasse, m² × mois", "m²·mois", 320, 2000, decimals=2, nature="70323"),
            "frais": _product("Frais fixes de demande", "demande", 1060, 1, minimum=1, nature="70323"),
        },
    ),
)  # fmt: skip

NO_VAT = "TVA non applicable – article 256 B du CGI"
TYPES = (
    TypePlan(
        "Vie scolaire", "ENF", ("cantine", "transport"), 20, "7067", NO_VAT,
        "Voici le détail des services dont votre famille a bénéficié. Tarifs votés par la délibération 2026-41 du 18/06/2026.",
    ),
    TypePlan(
        "Conservatoire", "ENF", ("conservatoire",), 30, "7062", NO_VAT,
        "Tarifs votés par la délibération 2026-43 du 18/06/2026.", "#6a2c70",
    ),
    TypePlan(
        "Abonnement à la médiathèque", "ENF", ("mediatheque",), 30, "7062", NO_VAT, "", "#1c6b3f", fixed_cents=2200,
        fixed_label="Abonnement hors commune, adulte, un an",
    ),
    TypePlan(
        "Location de salle", "DOM", ("salle",), 15, "752", "TVA non applicable, art. 293 B du CGI",
        "La caution n’est pas comprise dans cette facture : elle vous sera rendue après l’état des lieux.", "#8a4b00",
    ),
    TypePlan(
        "Occupation du domaine public", "DOM", ("terrasse",), 30, "70323", "Hors champ de la TVA",
        "Redevance due d’avance. Tarifs votés par la délibération 2026-12 du 29/01/2026.", "#8a4b00", reminder_delays=[10, 30],
    ),
)  # fmt: skip
