"""The life of a remise to the bank."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class DepositState(models.TextChoices):
    """Where what is handed in to the bank stands."""

    PREPARED = "prepared", _("Préparée")
    CREDITED = "credited", _("Créditée")
    CANCELLED = "cancelled", _("Annulée")


S = DepositState
CREDIT = Transition("deposit.credit", frozenset({S.PREPARED}), S.CREDITED)
CANCEL = Transition("deposit.cancel", frozenset({S.PREPARED}), S.CANCELLED)
UNDO_CREDIT = Transition("deposit.undo_credit", frozenset({S.CREDITED}), S.PREPARED)

MOVES = (CREDIT, CANCEL, UNDO_CREDIT)
