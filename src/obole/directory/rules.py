"""Which profile may do what."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Right(StrEnum):
    """What an agent may do; each screen of the CRM names the one that it asks for."""

    REVIEW = "review"
    """Read dossiers, invoices and citizens; review, and issue invoices."""
    MONEY = "money"
    """See régies, transactions, entries and the bank's raw exchanges."""
    CONFIGURE = "configure"
    """Change régies, types, dispositifs, templates and agents."""


class Profile(models.TextChoices):
    """What agents are."""

    REVIEWER = "reviewer", _("Agent instructeur")
    REGISSEUR = "regisseur", _("Régisseur")
    ADMINISTRATOR = "admin", _("Administrateur fonctionnel")


_RIGHTS = {
    Profile.REVIEWER: frozenset({Right.REVIEW}),
    Profile.REGISSEUR: frozenset({Right.REVIEW, Right.MONEY}),
    Profile.ADMINISTRATOR: frozenset({Right.REVIEW, Right.MONEY, Right.CONFIGURE}),
}


def rights_of(profile: Profile) -> frozenset[Right]:
    """Return what a profile may do."""
    return _RIGHTS[profile]
