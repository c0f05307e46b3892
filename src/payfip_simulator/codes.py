"""
The anomaly codes, as one table.

The bank's own annex is not public. `sure` says whether a code was met by integrators; the others fill holes of the
numbering, so that a client meets codes it does not know.
"""

from dataclasses import dataclass

from payfip_simulator.contract import FUNCTIONAL


@dataclass(frozen=True)
class Anomaly:
    """One line of the annex."""

    label: str
    sure: bool = True


CODES: dict[str, Anomaly] = {
    "S1": Anomaly("Le type de saisie est incorrect."),
    "T1": Anomaly("Le numéro de client est incorrect."),
    "T2": Anomaly("Le numéro de client est inconnu."),
    "T4": Anomaly("Le client n'a pas accès au paiement sécurisé."),
    "T9": Anomaly("Le certificat de l'URL de notification est incorrect."),
    "E1": Anomaly("L'exercice est incorrect.", sure=False),
    "R3": Anomaly("La référence de la dette est non conforme."),
    "O1": Anomaly("L'objet est non conforme.", sure=False),
    "A1": Anomaly("L'adresse courriel est absente."),
    "A2": Anomaly("Adresse courriel incorrecte."),
    "M1": Anomaly("Le format du montant est incorrect."),
    "M3": Anomaly("Le montant est inférieur au minimum de 1 euro."),
    "M5": Anomaly("Le montant est supérieur à la limite autorisée."),
    "N1": Anomaly("L'URL de notification est incorrecte."),
    "D1": Anomaly("L'URL de redirection est incorrecte."),
    "P1": Anomaly("IdOp incorrect."),
    "P3": Anomaly("IdOp déjà utilisé."),
    "P4": Anomaly("IdOp enregistré depuis plus de 15 minutes."),
    "P5": Anomaly("Résultat de la transaction non connu."),
}


@dataclass(frozen=True)
class Trouble:
    """What a fault says: its element, its code if it has one, its words, its severity."""

    element: str
    code: str | None
    label: str
    severity: int


TECHNICAL = {
    "tech_indisponibilite": Trouble("TechIndisponibiliteErreur", None, "Service momentanément indisponible.", 3),
    "tech_dysfonctionnement": Trouble("TechDysfonctionnementErreur", "999", "Erreur technique.", 3),
    "tech_protocolaire": Trouble("TechProtocolaireErreur", None, "Le message reçu est illisible.", 3),
}


def functional(code: str) -> Trouble:
    """Name the functional fault of a code, known or not."""
    anomaly = CODES.get(code)
    return Trouble(FUNCTIONAL, code, anomaly.label if anomaly else f"Anomalie {code}.", 2)
