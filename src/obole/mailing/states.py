"""The life of a mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class Channel(models.TextChoices):
    """By what a message reaches somebody."""

    MAIL = "mail", _("Courriel")
    SMS = "sms", _("SMS")


class MessageState(models.TextChoices):
    """Where a mail stands."""

    QUEUED = "queued", _("En attente d’envoi")
    SENDING = "sending", _("Envoi en cours")
    SENT = "sent", _("Remis au serveur de courriel")
    KEPT = "kept", _("Conservé, non envoyé")
    FAILED = "failed", _("Non remis")
    DOUBTFUL = "doubtful", _("Envoi interrompu, peut-être remis")
    DROPPED = "dropped", _("Sans objet, non envoyé")
    BOUNCED = "bounced", _("Revenu")


NOT_ARRIVED = frozenset({MessageState.FAILED, MessageState.DOUBTFUL, MessageState.BOUNCED})
"""What a person must look at: the server refused it, it came back, or nobody knows."""


class AddressFault(models.TextChoices):
    """What is wrong with an address that no mail reaches."""

    NO_MAILBOX = "mailbox", _("l’adresse n’existe pas")
    NO_DOMAIN = "domain", _("le domaine de l’adresse n’existe pas")
    CLOSED = "closed", _("la boîte est fermée")


def label_of(state: str, channel: str) -> str:
    """Say where a message stands: a mail is handed to one server, an SMS to another."""
    if channel == Channel.SMS and state == MessageState.SENT:
        return str(_("Remis au service de SMS"))
    return str(MessageState(state).label)


S = MessageState
CLAIM = Transition("message.claim", frozenset({S.QUEUED}), S.SENDING)
SEND = Transition("message.send", frozenset({S.SENDING}), S.SENT)
KEEP = Transition("message.keep", frozenset({S.QUEUED}), S.KEPT)
POSTPONE = Transition("message.postpone", frozenset({S.SENDING}), S.QUEUED)
FAIL = Transition("message.fail", frozenset({S.SENDING}), S.FAILED)
REFUSE = Transition("message.refuse", frozenset({S.QUEUED}), S.FAILED)
"""Not even tried: mails to that address come back."""
DROP = Transition("message.drop", frozenset({S.QUEUED}), S.DROPPED)
DOUBT = Transition("message.doubt", frozenset({S.SENDING}), S.DOUBTFUL)
BOUNCE = Transition("message.bounce", frozenset({S.SENT, S.DOUBTFUL}), S.BOUNCED)

MOVES = (CLAIM, SEND, KEEP, POSTPONE, FAIL, REFUSE, DROP, DOUBT, BOUNCE)
