"""The life of a caution: money or a cheque that the town holds, and that is no revenue."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class SecurityDepositState(models.TextChoices):
    """Where a caution stands. What was kept of it is in its cents: all, or a part."""

    ASKED = "asked", _("Demandée")
    RECEIVED = "received", _("Reçue")
    RETURNED = "returned", _("Restituée")
    KEPT = "kept", _("Retenue")
    DROPPED = "dropped", _("Sans objet")


S = SecurityDepositState
RECEIVE = Transition("caution.receive", frozenset({S.ASKED}), S.RECEIVED)
GIVE_BACK = Transition("caution.give_back", frozenset({S.RECEIVED}), S.RETURNED)
KEEP = Transition("caution.keep", frozenset({S.RECEIVED}), S.KEPT)
DROP = Transition("caution.drop", frozenset({S.ASKED}), S.DROPPED)
"""It is asked for no more: the hall was not hired in the end."""

MOVES = (RECEIVE, GIVE_BACK, KEEP, DROP)
