"""A caller of the web service that writes its envelopes by hand, so that it may write them wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

TNS = (
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/"
    "PaiementSecuriseService"
)
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PATH = "/tpa/services/securite"

VALID = {
    "exer": "2026",
    "mel": "payer@example.org",
    "montant": "1000",
    "numcli": "006382",
    "objet": "Cantine de novembre",
    "refdet": "FAC2026000001",
    "saisie": "T",
    "urlnotif": "http://127.0.0.1:9/notification",
    "urlredirect": "http://127.0.0.1:9/return",
}

# Posts a body to a path, and returns the status and the body of the answer.
Post = Callable[[str, bytes], tuple[int, bytes]]


def envelope(operation: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """Write a request."""
    children = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="{SOAP}"><e:Body>'
        f'<t:{operation} xmlns:t="{TNS}"><arg0>{children}</arg0></t:{operation}></e:Body></e:Envelope>'
    ).encode()


@dataclass(frozen=True)
class Answer:
    """What the service answered."""

    status: int
    body: bytes

    @property
    def root(self) -> Any:
        """Return the envelope."""
        return etree.fromstring(self.body)

    @property
    def fields(self) -> dict[str, str]:
        """Return the children of `return`."""
        (returned,) = self.root.iter("return")
        return {child.tag: child.text or "" for child in returned}

    @property
    def fault(self) -> dict[str, str]:
        """Return the children of the detail of a fault, and the fault's own words."""
        fault = self.root.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
        (element,) = fault.find("detail")
        found = {child.tag: child.text or "" for child in element}
        return found | {"element": etree.QName(element).localname, "faultstring": fault.findtext("faultstring")}

    @property
    def code(self) -> str:
        """Return the code of a fault."""
        return self.fault["code"]


@dataclass(frozen=True)
class Caller:
    """Calls the three operations through `post`."""

    post: Post

    def call(self, operation: str, fields: Iterable[tuple[str, str]]) -> Answer:
        """Call one operation."""
        return Answer(*self.post(PATH, envelope(operation, fields)))

    def creer(self, **changes: str | None) -> Answer:
        """Ask for a valid payment, but for some fields; None leaves a field out."""
        fields = {name: value for name, value in (VALID | changes).items() if value is not None}
        return self.call("creerPaiementSecurise", fields.items())

    def new_idop(self, **changes: str | None) -> str:
        """Create a payment and return its idop."""
        return self.creer(**changes).fields["idOp"]

    def detail(self, idop: str, element: str = "idOp") -> Answer:
        """Ask what became of a payment."""
        return self.call("recupererDetailPaiementSecurise", [(element, idop)])

    def client(self, numcli: str, element: str = "numCli") -> Answer:
        """Ask who a client is."""
        return self.call("recupererDetailClient", [(element, numcli)])
