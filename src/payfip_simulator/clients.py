"""The creditors that the simulated bank knows."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Client:
    """A creditor: its three labels, and whether its contract covers the web service."""

    labels: tuple[str, str, str]
    web_service: bool = True


Clients = Mapping[str, Client]

KNOWN_CLIENTS: dict[str, Client] = {
    "006382": Client(("COMMUNE DE VALBOURG", "REGIE ENFANCE ET RESTAURATION", "VALBOURG")),
    "006270": Client(("COMMUNE DE VALBOURG", "REGIE CULTURE ET SPORTS", "VALBOURG")),
    "012345": Client(("COMMUNAUTE DE COMMUNES DU VAL", "REGIE PETITE ENFANCE", "VALBOURG")),
    "090909": Client(("COLLECTIVITE DE TEST", "REGIE DE TEST", "TEST")),
    "000404": Client(("COLLECTIVITE SANS WEB SERVICE", "REGIE DE TEST", "TEST"), web_service=False),
}
