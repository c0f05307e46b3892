"""The ten dispositifs of the demo, each filed by a citizen and invoiced by an agent, to the cent."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from obole.billing.models import Invoice
from tests.crm.desk import get, looked_at, text_of, url
from tests.dispositifs.filing import Counter, Typed

pytestmark = pytest.mark.django_db
SIRET = "99902140500017"
SCHOOL_DAYS = ["Lundi", "Mardi", "Jeudi", "Vendredi"]


def child(name: str, **more: Any) -> dict[str, Any]:
    return {
        "prenom": name,
        "naissance": "2018-03-11",
        "ecole": "Les Tilleuls",
        "regime": "Repas ordinaire",
        "jours": SCHOOL_DAYS,
        **more,
    }


@dataclass(frozen=True)
class Example:
    """What is typed by whom, the total of the invoice, and what it says besides."""

    key: str
    typed: Typed
    total: str
    lines: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    """What the simulator says besides: how it is paid, what is asked apart."""
    noted: Typed = field(default_factory=dict)
    """What the form asks of the agent."""
    counted: Typed = field(default_factory=dict)
    """What the agent adds in the sous-panel."""


FAMILY = {"qf": "842", "resident": "yes", "enfants": [child("Léa"), child("Tom"), child("Zoé")]}
FLAT = {"qf": "842", "prenom": "Léa", "ecole": "Jules-Ferry"}
CRECHE = {
    "prenom": "Nina Lefèvre",
    "naissance": "2025-03-11",
    "ressources": "43 200",
    "enfants": "2",
    "aeeh": "no",
    "contrat": ("2026-09-01", "2027-07-31"),
    "jours": "4",
    "heures": "9",
    "semaines": "45",
}
HALL = {
    "demandeur": "résident",
    "objet": "Mariage",
    "personnes": "80",
    "duree": "week-end",
    "du": "2026-12-12",
    "cuisine": "yes",
    "couverts": "80",
}
TERRACE = {
    "etablissement": "Café des Halles",
    "siret": SIRET,
    "adresse": "1 rue des Halles",
    "surface": "18,5",
    "dates": ("2026-04-01", "2026-10-31"),
}
GRAVE = {
    "concessionnaire": "Maud Lefèvre",
    "cimetiere": "Saint-Roch",
    "emplacement": "pleine terre ou caveau, 2 m²",
    "duree": "30 ans",
    "renouvellement": "no",
    "plaque": "yes",
}


def pupil(name: str, **more: str) -> dict[str, str]:
    return {"prenom": name, "cursus": "instrument", "discipline": "Violon", **more}


EXAMPLES = {
    "a family of three at the canteen": Example(
        "cantine",
        FAMILY,
        "158,88 €",
        ("Léa — Repas", "52,00 €", "46,88 €", "36,40 €", "Majoration réservation hors délai", "21,60 €"),
        counted={"enfants": [{"repas": "16", "soirs": "24", "hors_delai": "1"}, {"repas": "16"}, {"repas": "14"}]},
    ),
    "a flat rate a month": Example("forfait", FLAT, "45,50 €", ("140/10 140 jours sur 10 mois",)),
    "a flat rate from the middle of a month": Example(
        "forfait",
        {**FLAT, "arrivee": "2026-11-10"},
        "34,79 €",
        ("13/17 jours ouverts",),
        noted={"jours_presents": "13", "jours_ouverts": "17"},
    ),
    "a taux d’effort": Example("effort", {"qf": "842", "prenom": "Léa"}, "3,03 €", noted={"repas": "1"}),
    "a taux d’effort at its floor": Example("effort", {"qf": "500", "prenom": "Léa"}, "2,60 €", noted={"repas": "1"}),
    "a taux d’effort at its cap": Example("effort", {"qf": "1500", "prenom": "Léa"}, "4,50 €", noted={"repas": "1"}),
    "a month at the crèche": Example(
        "creche", CRECHE, "220,41 €", ("251,10 €", "2,79 €", "−33,48 €"), noted={"supplement": "1,5", "maladie": "18"}
    ),
    "an hour at the crèche at the ceiling": Example(
        "creche", {**CRECHE, "ressources": "132 000", "enfants": "1"}, "710,10 €", ("5,26 €", "plafond de 8 500,00 €")
    ),
    "a hall for a week-end": Example(
        "salle",
        HALL,
        "526,00 €",
        ("320,00 €", "60,00 €", "96,00 €", "Chauffage", "TVA non applicable, art. 293 B du CGI"),
        ahead=(
            "Acompte de 30 % : 157,80 € ; solde : 368,20 €.",
            "Caution « Dégâts » : 800,00 €, à part, non encaissée.",
            "Caution « Ménage » : 150,00 €, à part, non encaissée.",
        ),
    ),
    "a hall with VAT": Example(
        "auditorium",
        {"organisme": "Acme", "siret": SIRET, "objet": "Congrès", "du": "2026-12-03"},
        "540,00 €",
        ("Total HT 450,00 €", "TVA 20 % sur 450,00 € 90,00 €"),
    ),
    "a terrace": Example("terrasse", TERRACE, "425,00 €", ("414,40 €", "10,60 €"), noted={"metre_entame": "no"}),
    "a terrace by the square metre begun": Example(
        "terrasse", TERRACE, "436,20 €", ("425,60 €", "10,60 €"), noted={"metre_entame": "yes"}
    ),
    "a terrace without permission": Example(
        "terrasse", TERRACE, "839,40 €", ("Occupation sans autorisation",), noted={"sans_titre": "yes"}
    ),
    "a scaffold and a skip": Example(
        "chantier",
        {
            "etablissement": "Acme",
            "siret": SIRET,
            "adresse": "1 rue des Halles",
            "debut": "2026-12-01",
            "emprise": ["Échafaudage", "Benne"],
            "metres": "12",
            "semaines": "3",
            "benne": "5",
        },
        "449,00 €",
        ("324,00 €", "125,00 €"),
    ),
    "a skip alone": Example(
        "chantier",
        {
            "etablissement": "Acme",
            "siret": SIRET,
            "adresse": "1 rue des Halles",
            "debut": "2026-12-01",
            "emprise": ["Benne"],
            "benne": "5",
        },
        "125,00 €",
    ),
    "a terrace for some days": Example(
        "terrasse_jours",
        {"etablissement": "Acme", "siret": SIRET, "surface": "18,5", "dates": ("2026-12-20", "2026-12-31")},
        "22,92 €",
        ("12/31 jours du mois",),
    ),
    "a grave": Example("concession", GRAVE, "565,00 €", ("520,00 €", "45,00 €")),
    "a reader who lost card and book": Example(
        "lecteur",
        {"lecteur": "Maud Lefèvre", "abonnement": "hors commune", "carte_perdue": "yes"},
        "55,05 €",
        ("22,00 €", "3,15 €", "24,90 €", "5,00 €"),
        noted={"titre": "Le Rouge et le Noir", "livre": "24,90"},
    ),
    "two pupils and a violin": Example(
        "conservatoire",
        {"eleves": [pupil("Léa"), pupil("Tom")], "debutant": "no", "trimestres_violon": "3"},
        "1 258,40 €",
        ("38,00 €", "603,00 €", "482,40 €", "135,00 €"),
        ahead=("En 3 fois : 444,80 € + 406,80 € + 406,80 €.",),
    ),
    "a pupil who comes in January": Example(
        "conservatoire", {"eleves": [pupil("Léa", arrivee="2027-01-12")], "debutant": "yes"}, "399,80 €", ("361,80 €",)
    ),
    "two children on the bus": Example(
        "transport",
        {
            "qf": "812",
            "ayant_droit": "yes",
            "enfants": [
                {"prenom": "Léa", "arret": "Gare", "debut": "2026-09-01", "excuse": "aucun"},
                {"prenom": "Tom", "arret": "Gare", "debut": "2027-01-12", "excuse": "déménagement"},
            ],
        },
        "144,60 €",
        ("81,00 €", "48,60 €", "15,00 €"),
        ahead=("En 3 fois : 48,20 € + 48,20 € + 48,20 €.",),
        noted={"duplicata": "1"},
        counted={"enfants": [{"inscription": "2026-06-20"}, {"inscription": "2027-01-10"}]},
    ),
    "a quarter at the tip": Example(
        "decheterie",
        {"raison": "Acme", "siret": SIRET, "territoire": "territoire", "plaque": "AB-123-CD"},
        "78,38 €",
        ("Bon 118 — Apport", "34,50 €", "Dépôt 2 — Apport", "4,75 €", "32,00 €", "Total HT 71,25 €", "7,13 €"),
        counted={
            "depots": [
                {"bon": "Bon 118", "nature": "inertes", "volume": "1,5"},
                {"nature": "bois traité", "volume": "0,10"},
                {"nature": "non recyclables", "volume": "2"},
            ]
        },
    ),
    "copies by post": Example(
        "copies",
        {"documents": "Un plan", "envoi": "par la poste", "adresse": "1 rue des Halles"},
        "22,77 €",
        ("11,52 €", "2,75 €", "8,50 €"),
        noted={"pages": "64", "cederoms": "1", "port": "8,50"},
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_goes_from_the_portal_to_its_invoice(example: Example) -> None:
    counter = Counter.open(example.key)
    billed = counter.bill(example.key, example.typed, noted=example.noted, counted=example.counted)
    assert f"Reste à payer {example.total}" in billed.citizen
    assert f"Montant {example.total}" in billed.agent
    for said in example.lines:
        assert said in billed.citizen
    for said in example.ahead:
        assert said in billed.tried
    assert "Pourquoi ce montant ?" in billed.citizen and "délibération n°" in billed.citizen


@pytest.mark.django_db
def test_the_document_of_a_company_says_what_its_page_says() -> None:
    counter = Counter.open("decheterie")
    example = EXAMPLES["a quarter at the tip"]
    counter.bill(example.key, example.typed, counted=example.counted)
    document = counter.citizen.get(f"/mes-factures/{Invoice.objects.get().public_id}/facture.pdf")
    printed = " ".join(page.extract_text() for page in PdfReader(BytesIO(document.content)).pages)
    printed = " ".join(printed.replace("\u202f", " ").replace("\u00a0", " ").split())
    for said in (
        "Bon 118 — Apport",
        "prix HT, TVA 10 %",
        "minimum 0,25",
        "Total HT 71,25 €",
        "7,13 €",
        "Net à payer 78,38 €",
    ):
        assert said in printed
    assert "délibération n° 2025-104 du 11/12/2025" in printed


def test_a_grave_given_back_is_money_to_give_back_which_no_invoice_bills() -> None:
    counter = Counter.open("retrocession")
    dossier = counter.file("retrocession", {"concession": "B-014"})
    counter.review(dossier, {"prix": "520", "duree": "30", "ecoulees": "12", "deux_tiers": "no"})
    sent = counter.fill(dossier, {})
    answer = counter.agent.post(url("generate_invoice", dossier.pk), looked_at(counter.agent, dossier, sent))
    assert "Le total est négatif : c’est de l’argent à rendre, qui ne se facture pas." in text_of(answer)
    assert not Invoice.objects.exists()
    tried = {name: value for name, value in sent.items() if name.startswith("r-")}
    whole, part = (counter.simulate("retrocession", {**tried, "r-deux_tiers": said}) for said in ("no", "yes"))
    assert "520,00 € × 18 ÷ 30 = 312,00 €" in whole and "Total : −312,00 €." in whole
    assert "Total : −208,00 €." in part


def test_civil_status_is_free_from_end_to_end() -> None:
    counter = Counter.open("etat_civil")
    asked = {"acte": "naissance", "nom": "Maud Lefèvre", "jour": "1984-05-17", "lien": "moi-même", "exemplaires": "1"}
    dossier = counter.file("etat_civil", asked)
    counter.review(dossier, {})
    page = text_of(get(counter.agent, "dossier", dossier.pk, panneau="factures"))
    assert "Générer la facture" not in page
    mine = text_of(counter.citizen.get(f"/mes-demarches/{dossier.public_id}/"))
    assert "€" not in mine and "Acceptée" in mine


@pytest.mark.parametrize(
    ("on", "cents"), [("2025-09-01", "153,52 €"), ("2026-08-31", "153,52 €"), ("2026-09-01", "158,88 €")]
)
def test_a_month_is_priced_by_the_vote_of_its_day(on: str, cents: str) -> None:
    counter = Counter.open("cantine")
    month = {
        "r-qf": "842",
        "r-resident": "yes",
        "n-enfants": "3",
        "r-enfants-0-repas": "16",
        "r-enfants-0-soirs": "24",
        "r-enfants-0-hors_delai": "1",
        "r-enfants-1-repas": "16",
        "r-enfants-2-repas": "14",
        "on": on,
    }
    assert f"Total : {cents}." in counter.simulate("cantine", month)


def test_the_first_month_of_a_heated_hall_and_the_free_ones_of_an_association() -> None:
    counter = Counter.open("salle")
    club = {"r-demandeur": "association locale", "r-duree": "journée", "r-du": "2026-10-01", "r-cuisine": "no"}
    assert "Total : 50,00 €." in counter.simulate("salle", {**club, "r-deja": "1"})
    assert "Total : 130,00 €." in counter.simulate("salle", {**club, "r-deja": "2"})
    assert "Total : 80,00 €." in counter.simulate("salle", {**club, "r-deja": "2", "r-du": "2026-09-30"})
