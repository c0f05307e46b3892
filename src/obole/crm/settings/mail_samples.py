"""What the variables of a mail look like once filled, for previews."""

from collections.abc import Iterable

from django.conf import settings

from obole.directory import queries as directory
from obole.lib import money
from obole.mailing import rules

SAMPLES = {
    "nom": "Mme Maud Lefèvre",
    "numero": "ENF-2026-004873",
    "relance_1_le": "22 décembre 2026",
    "relance_precedente_le": "5 janvier 2027",
    "signalement": "Léo était absent le 12, nous avions prévenu le 10.",
    "reponse": "Vous avez raison\u00a0: la facture est annulée, une autre vous parvient.",
    "nombre": "2",
    "factures": (
        f"- n° ENF-2026-004873 (Cantine et périscolaire)\u00a0: {money.euros(158_88)}, échue le 15 décembre 2026\n"
        f"- n° ENF-2026-005210 (École de musique)\u00a0: {money.euros(64_00)}, échue le 15 décembre 2026"
    ),
    "total_du": money.euros(222_88),
    "echeancier": f"- 15 décembre 2026\u00a0: {money.euros(79_44)}\n- 15 janvier 2027\u00a0: {money.euros(79_44)}",
    "echeance_du": "15 janvier 2027",
    "a_payer": money.euros(79_44),
    "delai": "25 janvier 2027",
    "libelle": "Cantine et périscolaire",
    "montant": money.euros(158_88),
    "reste_du": money.euros(158_88),
    "echeance": "15 décembre 2026",
    "regie": "Régie Enfance",
    "comptable": "SGC de Valbourg",
    "adresse_comptable": "2 place du Marché, 99999 Valbourg",
    "telephone_comptable": "01 23 45 67 80",
    "date_transmission": "13 février 2027",
    "reference": "DOS-008790",
    "dispositif": "Inscription cantine 2026-2027",
    "motif": "L’attestation de quotient familial n’est pas lisible.",
    "date": "25 novembre 2026",
    "heure": "14 h 05",
    "moyen": "carte bancaire",
    "autorisation": "A1B2C3",
    "paye": money.euros(158_88),
    "solde": "Votre facture est soldée.",
    "url": f"{settings.BASE_URL}/mes-factures/",
    "avoir": "ENF-AV-2026-000012",
    "quittance": "ENF-Q-2026-000038",
    "precisions": "carte bancaire en ligne, autorisation 123456, référence ENF2026004873T1",
}


def sample_of(names: Iterable[str]) -> dict[str, str]:
    """Return a value for each of these variables, the town's own where it is known."""
    town = directory.the_authority()
    known = {
        **SAMPLES,
        **town.variables(),
        "telephone": town.phone or "01 23 45 67 89",
        "horaires": town.hours or "du lundi au vendredi, 9 h – 17 h",
    }
    return {name: known.get(name, "…") for name in names}


def variables(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the variables in alphabetical order, each with a sample."""
    return sorted(sample_of(names).items())


def preview(subject: str, body: str, names: Iterable[str]) -> rules.RenderedMail | None:
    """Return the mail as a payer would read it; nothing if it cannot be: the form says why."""
    try:
        return rules.render(subject, body, sample_of(names))
    except rules.BadTemplate:
        return None
