"""The life of a mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Move


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
CLAIM = Move("message.claim", frozenset({S.QUEUED}), S.SENDING)
SEND = Move("message.send", frozenset({S.SENDING}), S.SENT)
KEEP = Move("message.keep", frozenset({S.QUEUED}), S.KEPT)
POSTPONE = Move("message.postpone", frozenset({S.SENDING}), S.QUEUED)
FAIL = Move("message.fail", frozenset({S.SENDING}), S.FAILED)
DROP = Move("message.drop", frozenset({S.QUEUED}), S.DROPPED)
DOUBT = Move("message.doubt", frozenset({S.SENDING}), S.DOUBTFUL)

MOVES = (CLAIM, SEND, KEEP, POSTPONE, FAIL, DROP, DOUBT)
