"""How passwords are kept, and which are refused: those that are guessed first, and those that a leak has told."""

import hashlib
import re
from typing import BinaryIO

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.directory import queries
from obole.lib import texts

SHORTEST_NAME = 4
_LIST = """
    motdepasse monmotdepasse lemotdepasse nouveaumotdepasse changezmoi changemoi azerty azertyuiop qsdfghjklm wxcvbn
    qwerty qwertyuiop bonjour bonsoir bienvenue soleil doudou chouchou loulou loulouletigre nicolas camille alexandre
    marseille olympique olympiquedemarseille parissaintgermain toulouse bordeaux france francais liberte
    libertegalitefraternite republique jetaime jetaimefort mamour monamour moncoeur princesse chocolat vacances
    anniversaire printemps automne hiver janvier fevrier septembre octobre novembre decembre lundi mardi mercredi jeudi
    vendredi samedi dimanche obole obolefacture mairie mamairie commune cantine facture factures regie tresor
    tresorpublic administrateur administration admin utilisateur agent citoyen usager password passwordpassword secret
    connexion internet ordinateur telephone
"""
WORDS = frozenset(_LIST.split())


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's least costs: 19 MiB for each thread that checks a password at that moment, and no more."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


class GuessedFirstValidator:
    """Refuses a password that is one common word, the town's or the product's, whatever digits surround it."""

    def validate(self, password: str, user: object = None) -> None:
        """
        Look at the word that is left without digits, signs, accents and capitals.

        :raises ValidationError: if it is one of those that are tried first.
        """
        word = re.sub("[^a-z]", "", texts.fold(password))
        parts = texts.fold(queries.the_authority().name).split()
        names = [*(part for part in parts if len(part) >= SHORTEST_NAME), "".join(parts)]
        if password.isdecimal() or word in WORDS or word in {*names, *(f"mairie{name}" for name in names)}:
            raise ValidationError(
                _("Ce mot de passe est de ceux que l’on essaie en premier. Prenez plusieurs mots sans lien entre eux."),
                code="password_guessed_first",
            )

    def get_help_text(self) -> str:
        """Say what is refused."""
        return _("Votre mot de passe ne peut pas être un mot courant, ni le nom de la collectivité, suivi de chiffres.")


class LeakedValidator:
    """
    Refuses a password of the list that the operator gave (``OBOLE_LEAKED_PASSWORDS``); accepts all where there is none.

    The list is what services that gather leaks publish: SHA-1 in hexadecimal, one a line, in increasing order, each
    with or without « :how often ». It is searched where it is: forty gigabytes take forty readings.
    """

    def validate(self, password: str, user: object = None) -> None:
        """
        Look the password up.

        :raises ValidationError: if it is in the list.
        :raises OSError: if the list cannot be read.
        """
        if not settings.LEAKED_PASSWORDS:
            return
        # The list is made so: nothing is protected by this digest.
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        with open(settings.LEAKED_PASSWORDS, "rb") as leaked:
            if _is_in(leaked, wanted):
                raise ValidationError(
                    _("Ce mot de passe a été divulgué, ici ou ailleurs : d’autres le connaissent. Prenez-en un autre."),
                    code="password_leaked",
                )

    def get_help_text(self) -> str:
        """Say what is refused: nothing that its owner could know beforehand."""
        return ""


def _is_in(lines: BinaryIO, wanted: bytes) -> bool:
    """Tell whether a sorted file has a line that begins with ``wanted``, by halves of its bytes."""
    low, high = 0, lines.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        lines.seek(middle)
        if middle:
            lines.readline()
        line = lines.readline()
        if not line or line[: len(wanted)].upper() >= wanted:
            high = middle
        else:
            low = lines.tell()
    lines.seek(low)
    return any(lines.readline()[: len(wanted)].upper() == wanted for _turn in range(2))
