"""The life of a mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class MessageState(models.TextChoices):
    """Where a mail stands."""

    QUEUED = "queued", _("En attente d’envoi")
    SENDING = "sending", _("Envoi en cours")
    SENT = "sent", _("Remis au serveur de courriel")
    KEPT = "kept", _("Conservé, non envoyé")
    FAILED = "failed", _("Non remis")
    DOUBTFUL = "doubtful", _("Envoi interrompu, peut-être remis")
    DROPPED = "dropped", _("Sans objet, non envoyé")


S = MessageState
CLAIM = Transition("message.claim", frozenset({S.QUEUED}), S.SENDING)
SEND = Transition("message.send", frozenset({S.SENDING}), S.SENT)
KEEP = Transition("message.keep", frozenset({S.QUEUED}), S.KEPT)
POSTPONE = Transition("message.postpone", frozenset({S.SENDING}), S.QUEUED)
FAIL = Transition("message.fail", frozenset({S.SENDING}), S.FAILED)
DROP = Transition("message.drop", frozenset({S.QUEUED}), S.DROPPED)
DOUBT = Transition("message.doubt", frozenset({S.SENDING}), S.DOUBTFUL)

MOVES = (CLAIM, SEND, KEEP, POSTPONE, FAIL, DROP, DOUBT)
