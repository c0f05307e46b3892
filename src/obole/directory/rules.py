"""Which profile may do what."""

import secrets
from enum import StrEnum

from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _


class Right(StrEnum):
    """What an agent may do; each screen of the CRM names the one that it asks for."""

    READ = "read"
    """Read the dossiers and invoices of one's prestations, and the people whom they are about."""
    REVIEW = "review"
    """Review the dossiers of one's prestations, and issue invoices."""
    MONEY = "money"
    """See one's régies: transactions, entries and the bank's raw exchanges. Acting asks for a mandate besides."""
    CONFIGURE = "configure"
    """Change régies, types, dispositifs, templates and agents."""


def masked_email(email: str) -> str:
    """Return an address that tells its owner from another, and is no use to write to: ``m…e@example.org``."""
    name, at, host = email.rpartition("@")
    return f"{name[:1]}…{name[-1:] if len(name) > 2 else ''}{at}{host}" if at else ""


class NotAllowed(Exception):
    """Somebody asked for what their rights do not give. Doors answer 404: there is nothing to see."""


class Profile(models.TextChoices):
    """What agents are."""

    REVIEWER = "reviewer", _("Agent instructeur")
    REGISSEUR = "regisseur", _("Régisseur")
    ADMINISTRATOR = "admin", _("Administrateur fonctionnel")
    READER = "reader", _("Lecteur (comptable, contrôle)")


_RIGHTS = {
    Profile.REVIEWER: frozenset({Right.READ, Right.REVIEW}),
    Profile.REGISSEUR: frozenset({Right.READ, Right.REVIEW, Right.MONEY}),
    Profile.ADMINISTRATOR: frozenset({Right.READ, Right.REVIEW, Right.MONEY, Right.CONFIGURE}),
    Profile.READER: frozenset({Right.READ, Right.MONEY}),
}


NOWHERE = ".invalid"
"""Ends the address of an account that has none yet: no mail goes there, and nobody signs in with it."""
CLAIM_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Those that nobody mistakes for another on paper."""


def new_claim_code() -> str:
    """Return a code of ten letters by chance: forty-nine bits, which nobody tries out."""
    first, second = ("".join(secrets.choice(CLAIM_LETTERS) for _letter in range(5)) for _half in range(2))
    return f"{first}-{second}"


def read_claim_code(typed: str) -> str:
    """Return a code as it is kept, however it was typed."""
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return f"{letters[:5]}-{letters[5:]}"


def rights_of(profile: Profile) -> frozenset[Right]:
    """Return what a profile may do."""
    return _RIGHTS[profile]


LEFT_OUT = frozenset({"page", "columns", "rows"})
MOST_VIEWS = 40
"""Views of one list that one agent keeps."""


def query_to_keep(query: QueryDict) -> str:
    """Return what a view keeps of an address: filters and order."""
    kept = query.copy()
    for name in LEFT_OUT:
        kept.pop(name, None)
    return kept.urlencode()[:2000]


NAME_FIELDS = ("organisation", "civility", "first_name", "last_name")
"""The fields of a citizen that ``display_name`` takes."""


def display_name(organisation: str, civility: str, first_name: str, last_name: str) -> str:
    """Return the name of a citizen to show: the organisation's, else the person's."""
    return organisation or " ".join(part for part in (civility, first_name, last_name) if part)
