"""The life of a remise de service."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class HandoverState(models.TextChoices):
    """Where a remise de service stands. It is born signed by who leaves: before that, nobody keeps it."""

    SIGNED = "signed", _("Signée par le sortant")
    DONE = "done", _("Signée par les deux")
    CANCELLED = "cancelled", _("Abandonnée")


S = HandoverState
COUNTERSIGN = Transition("handover.countersign", frozenset({S.SIGNED}), S.DONE)
CANCEL = Transition("handover.cancel", frozenset({S.SIGNED}), S.CANCELLED)

MOVES = (COUNTERSIGN, CANCEL)
