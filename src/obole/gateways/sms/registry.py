"""Which service carries SMS: what the operator's setting says."""

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from obole.gateways.sms.contract import Service
from obole.gateways.sms.folder import Folder

SERVICES: dict[str, Callable[[str], Service]] = {"file": Folder}
"""By the scheme of the address, what is given the rest of it."""


def service(url: str) -> Service | None:
    """
    Return the service at an address, ``file:///var/lib/obole/sms``; None for no address: SMS are kept, not sent.

    :raises ValueError: in French, if no service has this scheme, or the address says no place.
    """
    if not url:
        return None
    parts = urlsplit(url)
    place = unquote(f"{parts.netloc}{parts.path}")
    if parts.scheme not in SERVICES or not place.startswith("/"):
        raise ValueError("une adresse de service de SMS s’écrit file:///dossier/des/sms")
    return SERVICES[parts.scheme](place)
