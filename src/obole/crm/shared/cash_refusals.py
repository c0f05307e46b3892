"""Why cash does not go through a drawer, as agents read it."""

from django.utils.translation import gettext as _

from obole.cash_desk.operations import NotEnoughCash
from obole.lib import money


def no_open_drawer() -> str:
    """Say that cash goes through a drawer, and that this agent has none open."""
    return _("Ouvrez d’abord votre caisse : les espèces de cette régie y entrent, et en sortent.")


def cash_not_there(refusal: NotEnoughCash) -> str:
    """Say that cash cannot leave, and how much could."""
    said = _("La caisse ne contient que %(could)s de recettes : le reste n’y est pas, ou est déjà parti à la banque.")
    return said % {"could": money.euros(refusal.cents)}
