"""The accounts that the demonstration shows, so that a visitor can come in."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from obole.directory.models import Agent
from obole.lib import actors
from obole.lib.actors import Actor

PASSWORD = "obole-demo"
ADMIN, AGENT, REGISSEUR = "admin@demo.example", "agent@demo.example", "regisseur@demo.example"
SUBSTITUTE = "suppleante@demo.example"


@dataclass(frozen=True)
class Account:
    """Somebody to sign in as."""

    label: str | Promise
    email: str


ACCOUNTS = (
    Account(_("Usager"), "usager@demo.example"),
    Account(_("Agent instructeur"), AGENT),
    Account(_("Régisseur"), REGISSEUR),
    Account(_("Mandataire suppléant"), SUBSTITUTE),
    Account(_("Administrateur"), ADMIN),
)


def admin() -> Actor:
    """Return the administrator as who acts; before their account, the operator does."""
    return _actor(ADMIN)


def agent() -> Actor:
    """Return the agent instructeur as who acts."""
    return _actor(AGENT)


def regisseur() -> Actor:
    """Return the régisseur as who acts."""
    return _actor(REGISSEUR)


def substitute() -> Actor:
    """Return the mandataire suppléant as who acts."""
    return _actor(SUBSTITUTE)


def _actor(email: str) -> Actor:
    found = Agent.objects.filter(user__email=email).first()
    return found.actor if found else actors.OPERATOR
