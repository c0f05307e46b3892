"""The life of an attempt to pay at the bank."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class AttemptState(models.TextChoices):
    """
    Where an attempt stands. A refusal, an abandonment and an expiry are provisional: the bank may still say « paid ».
    """

    OPENING = "opening", _("Initiée")
    WAITING = "waiting", _("En attente du retour")
    PAID = "paid", _("Acceptée")
    REFUSED = "refused", _("Refusée")
    ABANDONED = "abandoned", _("Abandonnée par l’usager")
    EXPIRED = "expired", _("Expirée")
    FAILED = "failed", _("Non ouverte par la banque")
    REVERSED = "reversed", _("Rejetée après coup")
    TESTED = "tested", _("Essai réussi, sans encaissement")


S = AttemptState
WATCHED = frozenset({S.WAITING, S.REFUSED, S.ABANDONED, S.EXPIRED})
"""States that the bank's word may still change."""

START = Transition("attempt.start", frozenset({S.OPENING}), S.WAITING)
FAIL = Transition("attempt.fail", frozenset({S.OPENING}), S.FAILED)
PAY = Transition("attempt.pay", WATCHED, S.PAID)
REFUSE = Transition("attempt.refuse", frozenset({S.WAITING, S.ABANDONED}), S.REFUSED)
ABANDON = Transition("attempt.abandon", frozenset({S.WAITING, S.REFUSED}), S.ABANDONED)
EXPIRE = Transition("attempt.expire", frozenset({S.WAITING}), S.EXPIRED)
TEST = Transition("attempt.test", WATCHED, S.TESTED)
REVERSE = Transition("attempt.reverse", frozenset({S.PAID}), S.REVERSED)
"""A direct debit that the payer's bank sent back, days after it was accepted."""

MOVES = (START, FAIL, PAY, REFUSE, ABANDON, EXPIRE, TEST, REVERSE)
