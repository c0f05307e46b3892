"""The accounts that a demo shows, so that a visitor can come in."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PASSWORD = "obole-demo"


@dataclass(frozen=True)
class DemoAccount:
    """Somebody to sign in as."""

    label: str | Promise
    email: str
    password: str = PASSWORD


ACCOUNTS = (
    DemoAccount(_("Usager"), "usager@demo.example"),
    DemoAccount(_("Agent instructeur"), "agent@demo.example"),
    DemoAccount(_("Régisseur"), "regisseur@demo.example"),
    DemoAccount(_("Administrateur"), "admin@demo.example"),
)
