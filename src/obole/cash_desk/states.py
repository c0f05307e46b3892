"""The life of a session at a drawer."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class SessionState(models.TextChoices):
    """Whether somebody takes cash at a drawer, or has counted it and gone."""

    OPEN = "open", _("Ouverte")
    CLOSED = "closed", _("Arrêtée")


S = SessionState
CLOSE = Transition("cash_session.close", frozenset({S.OPEN}), S.CLOSED)

MOVES = (CLOSE,)
