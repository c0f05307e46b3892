"""The test cards and test accounts, and what a payer may type wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

CHALLENGE_CODE = "123456"


@dataclass(frozen=True)
class TestCard:
    """A card that does not exist, and what its bank answers."""

    # Not a test case, whatever pytest thinks of the name.
    __test__ = False

    number: str
    brand: str
    title: str
    refusal: str = ""

    @property
    def spaced(self) -> str:
        """Write the number in groups of four."""
        return " ".join(re.findall(r"\d{4}", self.number))


TEST_CARDS = (
    TestCard("4970100000000055", "Visa", "Acceptée"),
    TestCard("5131000000000001", "Mastercard", "Acceptée"),
    TestCard("4970100000000113", "Visa", "Refusée par la banque", "La banque a refusé le paiement."),
    TestCard("4970100000000220", "Visa", "Provision insuffisante", "La provision du compte est insuffisante."),
    TestCard("4970100000000337", "Visa", "Carte expirée", "La banque indique que la carte est expirée."),
    TestCard("4970100000000444", "Visa", "Authentification échouée", "L’authentification du porteur a échoué."),
)
CARDS_BY_NUMBER = {card.number: card for card in TEST_CARDS}

ACCEPTED_IBAN = "FR7600000000000000000000194"
REFUSED_IBAN = "FR7600000000000000000000291"
TEST_IBANS = {ACCEPTED_IBAN: "Prélèvement accepté", REFUSED_IBAN: "Prélèvement refusé"}


def is_luhn_valid(number: str) -> bool:
    """Say whether the last digit is the key of the others."""
    doubled = (int(digit) * (1 + position % 2) for position, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_iban_valid(iban: str) -> bool:
    """Say whether the two key digits fit the account."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", iban):
        return False
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def squeeze(value: str) -> str:
    """Forget the spaces (of any width) and hyphens that people put into numbers."""
    return re.sub(r"[\s\-]", "", value)


def _number_error(number: str) -> str:
    if not number:
        return "Indiquez le numéro de la carte."
    if not re.fullmatch(r"[0-9]{16}", number):
        return "Le numéro de la carte compte 16 chiffres."
    if not is_luhn_valid(number):
        return "Ce numéro de carte n’existe pas : vérifiez chaque chiffre."
    if number not in CARDS_BY_NUMBER:
        return "Ce numéro n’est pas celui d’une carte de test. N’utilisez jamais une vraie carte ici."
    return ""


def _expiry_error(value: str, today: date) -> str:
    if not value:
        return "Indiquez la date d’expiration."
    found = re.fullmatch(r"(0[1-9]|1[0-2])\s*/?\s*([0-9]{2})", value)
    if not found:
        return "Écrivez la date d’expiration sous la forme MM/AA, par exemple 08/29."
    month, year = int(found[1]), 2000 + int(found[2])
    if (year, month) < (today.year, today.month):
        return "Cette date d’expiration est passée."
    if year > today.year + 20:
        return "Cette date d’expiration est trop lointaine : vérifiez l’année."
    return ""


def _cvc_error(value: str) -> str:
    if not value:
        return "Indiquez le cryptogramme."
    return "" if re.fullmatch(r"[0-9]{3}", value) else "Le cryptogramme compte 3 chiffres, au dos de la carte."


def card_errors(form: Mapping[str, str], *, today: date) -> dict[str, str]:
    """Return what is wrong with a typed card, by field; empty when all is well."""
    found = {
        "numero": _number_error(squeeze(form.get("numero", ""))),
        "expiration": _expiry_error(form.get("expiration", "").strip(), today),
        "cryptogramme": _cvc_error(form.get("cryptogramme", "").strip()),
    }
    return {field: error for field, error in found.items() if error}


def iban_errors(form: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with a typed account, by field; empty when all is well."""
    iban = squeeze(form.get("iban", "")).upper()
    if not iban:
        return {"iban": "Indiquez l’IBAN du compte."}
    if not is_iban_valid(iban):
        return {"iban": "Cet IBAN n’existe pas : vérifiez chaque caractère."}
    if iban not in TEST_IBANS:
        return {"iban": "Cet IBAN n’est pas celui d’un compte de test. N’utilisez jamais un vrai compte ici."}
    return {}
