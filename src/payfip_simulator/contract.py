"""What the service publishes: its namespaces, its operations and the fields of each message, in schema order."""

from dataclasses import dataclass

TNS = (
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/"
    "PaiementSecuriseService"
)
REQUETE = "http://securite.service.tpa.cp.finances.gouv.fr/requete"
REPONSE = "http://securite.service.tpa.cp.finances.gouv.fr/reponse"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

SOAP_PATH = "/tpa/services/securite"
PAGE_PATH = "/tpa/paiementws.web"

CREER = "creerPaiementSecurise"
CLIENT = "recupererDetailClient"
DETAIL = "recupererDetailPaiementSecurise"


@dataclass(frozen=True)
class Operation:
    """One operation: the word our switches use for it, and the fields it takes and gives."""

    word: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    request_namespace: str = REPONSE


OPERATIONS = {
    CREER: Operation(
        word="creer",
        takes=("exer", "mel", "montant", "numcli", "objet", "refdet", "saisie", "urlnotif", "urlredirect"),
        gives=("idOp",),
        request_namespace=REQUETE,
    ),
    CLIENT: Operation(word="client", takes=("numCli",), gives=("libelleN1", "libelleN2", "libelleN3", "numcli")),
    DETAIL: Operation(
        word="detail",
        takes=("idOp",),
        gives=(
            "dattrans",
            "exer",
            "heurtrans",
            "idOp",
            "mel",
            "montant",
            "numauto",
            "numcli",
            "objet",
            "refdet",
            "resultrans",
            "saisie",
        ),
    ),
}

FUNCTIONAL = "FonctionnelleErreur"
FAULT_ELEMENTS = (FUNCTIONAL, "TechDysfonctionnementErreur", "TechIndisponibiliteErreur", "TechProtocolaireErreur")
FAULT_FIELDS = ("code", "descriptif", "libelle", "message")
