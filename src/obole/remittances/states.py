"""The life of a bordereau de versement."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class RemittanceState(models.TextChoices):
    """Where a bordereau stands. It is born signed: before that, it is a preview that nobody keeps."""

    SIGNED = "signed", _("Signé, virement à venir")
    TRANSFERRED = "transferred", _("Viré au comptable")


S = RemittanceState
TRANSFER = Transition("remittance.transfer", frozenset({S.SIGNED}), S.TRANSFERRED)
UNDO_TRANSFER = Transition("remittance.undo_transfer", frozenset({S.TRANSFERRED}), S.SIGNED)

MOVES = (TRANSFER, UNDO_TRANSFER)
