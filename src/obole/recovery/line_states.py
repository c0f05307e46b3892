"""The life of one invoice in a transmission: it leaves or is refused, and may come back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class LineState(models.TextChoices):
    """Where an invoice of a transmission stands."""

    WAITING = "waiting", _("En attente")
    SENT = "sent", _("Transmise")
    REFUSED = "refused", _("Écartée")
    RETURNED = "returned", _("Revenue à la régie")


S = LineState
HAND_OVER = Transition("line.send", frozenset({S.WAITING}), S.SENT)
REFUSE = Transition("line.refuse", frozenset({S.WAITING}), S.REFUSED)
"""It was paid, is being paid, is contested… since it was chosen: the others leave without it."""
RETURN = Transition("line.return", frozenset({S.SENT}), S.RETURNED)

MOVES = (HAND_OVER, REFUSE, RETURN)
