"""What a request to create a payment must respect, field by field, in the order in which the bank complains."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from payfip_simulator.clients import Clients

MINIMUM_CENTS = 100
MAXIMUM_CENTS = 9_999_999
LONGEST_URL = 250


def check_saisie(value: str) -> str | None:
    """Only test, activation and production exist here; `A` and `M` belong to the older protocol."""
    return None if value in {"T", "X", "W"} else "S1"


def check_exer(value: str) -> str | None:
    """Absent is accepted: an integrator omits it and is served."""
    return None if not value or re.fullmatch(r"2[0-9]{3}", value) else "E1"


def check_refdet(value: str) -> str | None:
    """Letters without accents and digits, 6 to 30."""
    return None if re.fullmatch(r"[A-Za-z0-9]{6,30}", value) else "R3"


def check_objet(value: str) -> str | None:
    """Letters without accents, digits and spaces, at most 99; optional."""
    return None if re.fullmatch(r"[A-Za-z0-9 ]{0,99}", value) else "O1"


def check_mel(value: str) -> str | None:
    """The payer's address receives the bank's receipt: compulsory."""
    if not value:
        return "A1"
    return None if 6 <= len(value) <= 80 and re.fullmatch(r"[^@\s]+@[^@\s]+", value) else "A2"


def check_montant(value: str) -> str | None:
    """Whole cents, without any separator."""
    if not re.fullmatch(r"[0-9]{1,11}", value):
        return "M1"
    cents = int(value)
    if cents < MINIMUM_CENTS:
        return "M3"
    return "M5" if cents > MAXIMUM_CENTS else None


def _is_absolute_url(value: str) -> bool:
    if not value or len(value) > LONGEST_URL or not re.fullmatch(r"[\x21-\x7e]+", value):
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0


def check_urlnotif(value: str) -> str | None:
    """An absolute web address, 250 characters at most."""
    return None if _is_absolute_url(value) else "N1"


def check_urlredirect(value: str) -> str | None:
    """An absolute web address, 250 characters at most."""
    return None if _is_absolute_url(value) else "D1"


def check_numcli(value: str, *, clients: Clients) -> str | None:
    """Six digits, known, and open to the web service."""
    if not re.fullmatch(r"[0-9]{6}", value):
        return "T1"
    client = clients.get(value)
    if client is None:
        return "T2"
    return None if client.web_service else "T4"


CHECKS: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("exer", check_exer),
    ("refdet", check_refdet),
    ("objet", check_objet),
    ("mel", check_mel),
    ("montant", check_montant),
    ("urlnotif", check_urlnotif),
    ("urlredirect", check_urlredirect),
)


def first_anomaly(fields: Mapping[str, str], *, clients: Clients) -> str | None:
    """Return the code of the first anomaly of a request, or None: a fault carries one code only."""
    code = check_saisie(fields.get("saisie", "")) or check_numcli(fields.get("numcli", ""), clients=clients)
    if code:
        return code
    return next((code for name, check in CHECKS if (code := check(fields.get(name, "")))), None)
