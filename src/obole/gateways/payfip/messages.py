"""What we write to PayFiP: checked and folded before it leaves, because a refusal names one field at a time."""

import re
import unicodedata

from obole.gateways.base import Order, breach
from obole.gateways.payfip.words import EMAIL_MIN_LENGTH, LABEL_MAX_LENGTH, LIMITS, URL_MAX_LENGTH

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})
_REFERENCE = re.compile("[A-Z0-9]{6,30}")
_EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+")
_URL = re.compile(r"https?://[!-~]+")
_IDOP = re.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def looks_like_idop(text: object) -> bool:
    """Tell whether ``text`` has the shape of a reference of PayFiP, which is a UUID."""
    return isinstance(text, str) and _IDOP.fullmatch(text) is not None


def fold_label(text: str, *, fallback: str) -> str:
    """Return ``text`` in the only characters that PayFiP takes in a label: ASCII letters, digits and spaces."""
    plain = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub("[^A-Za-z0-9]+", " ", letters).strip()[:LABEL_MAX_LENGTH].strip() or fallback


def problem(order: Order) -> str:
    """Return what PayFiP would refuse in ``order``, as a sentence for our logs; empty if nothing."""
    wrong_url = next((url for url in (order.notification_url, order.return_url) if not _good_url(url)), None)
    if wrong_url is not None:
        return f"address that is not http(s) or longer than {URL_MAX_LENGTH} characters: {wrong_url[:300]!r}"
    if not _REFERENCE.fullmatch(order.reference):
        return f"reference {order.reference!r} is not 6 to 30 capital letters and digits"
    if len(order.email) < EMAIL_MIN_LENGTH or not _EMAIL.fullmatch(order.email):
        return "e-mail that PayFiP cannot read"
    if not 2000 <= order.fiscal_year <= 2999:
        return f"fiscal year {order.fiscal_year}"
    return breach(order, LIMITS)


def payment_request(order: Order, *, client_number: str, mode: str) -> dict[str, str]:
    """Return the fields of ``creerPaiementSecurise``, in the order of the schema."""
    return {
        "exer": str(order.fiscal_year),
        "mel": order.email,
        "montant": f"{order.amount_cents:d}",
        "numcli": client_number,
        "objet": fold_label(order.label, fallback=order.reference),
        "refdet": order.reference,
        "saisie": mode,
        "urlnotif": order.notification_url,
        "urlredirect": order.return_url,
    }


def _good_url(url: str) -> bool:
    return len(url) <= URL_MAX_LENGTH and _URL.fullmatch(url) is not None
