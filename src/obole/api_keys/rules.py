"""What a key may do, and how it is written: a part that recognises it, and a secret that proves it."""

import hashlib
import re
import secrets
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

BRAND = "obole"
"""Begins every key, so that a search through files and logs finds those that were left there."""


_WRITTEN = re.compile(rf"{BRAND}_(?P<prefix>[0-9a-f]{{8}})_(?P<secret>[A-Za-z0-9_-]+)")


class Scope(TextChoices):
    """What a key may do, in the prestations that it is given."""

    CONSUMPTION_WRITE = "consumption.write", _("Envoyer ce qui a été consommé")
    CONSUMPTION_READ = "consumption.read", _("Lire ce qui a été consommé")
    DOSSIERS_READ = "dossiers.read", _("Lire les dossiers : numéro, statut, noms des bénéficiaires, ce qui se compte")


class Token(NamedTuple):
    """A key as its software sends it."""

    prefix: str
    secret: str

    def __str__(self) -> str:
        return f"{BRAND}_{self.prefix}_{self.secret}"

    @property
    def digest(self) -> str:
        """What is kept of the secret: it has 256 bits by chance, so that a fast digest is as good as a slow one."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def is_of(self, digest: str) -> bool:
        """Tell whether the secret is the one that was kept, in a time that does not say how much of it is right."""
        return constant_time_compare(self.digest, digest)


def new_token() -> Token:
    """Return a key that nobody has."""
    return Token(secrets.token_hex(4), secrets.token_urlsafe(32))


def read_token(sent: str) -> Token | None:
    """Return the two parts of a key; None for what is written otherwise."""
    found = _WRITTEN.fullmatch(sent)
    return Token(found["prefix"], found["secret"]) if found else None
