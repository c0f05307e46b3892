"""The life of a transmission to the comptable public: asked for, sent row by row, ended."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class TransmissionState(models.TextChoices):
    """Where a transmission stands."""

    REQUESTED = "requested", _("À transmettre")
    SENDING = "sending", _("En cours de transmission")
    SENT = "sent", _("Transmise")
    GIVEN_UP = "given_up", _("Abandonnée")


S = TransmissionState
SEND = Transition("transmission.send", frozenset({S.REQUESTED}), S.SENDING)
FINISH = Transition("transmission.finish", frozenset({S.SENDING}), S.SENT)
"""Every row has its outcome."""
GIVE_UP = Transition("transmission.give_up", frozenset({S.REQUESTED}), S.GIVEN_UP)

MOVES = (SEND, FINISH, GIVE_UP)
