"""The life of an agreement with a payer: it runs, then it was kept, broken or ended."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class AgreementState(models.TextChoices):
    """Where an agreement stands."""

    OPEN = "open", _("en cours")
    KEPT = "kept", _("tenu")
    BROKEN = "broken", _("rompu")
    ENDED = "ended", _("arrêté")


S = AgreementState
KEEP = Transition("agreement.keep", frozenset({S.OPEN}), S.KEPT)
BREAK = Transition("agreement.break", frozenset({S.OPEN}), S.BROKEN)
"""An instalment is later than was admitted."""
END = Transition("agreement.end", frozenset({S.OPEN}), S.ENDED)
"""An agent ends it, or its invoice is not due here any more."""

MOVES = (KEEP, BREAK, END)
