"""The life of a refund."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class RefundState(models.TextChoices):
    """Where a decision to give money back stands. The comptable pays it: no bank is ever asked to."""

    REQUESTED = "requested", _("Demandé")
    APPROVED = "approved", _("Approuvé, à payer par le comptable")
    DONE = "done", _("Remboursé")
    GIVEN_UP = "given_up", _("Abandonné")


S = RefundState
APPROVE = Transition("refund.approve", frozenset({S.REQUESTED}), S.APPROVED)
COMPLETE = Transition("refund.complete", frozenset({S.APPROVED}), S.DONE)
GIVE_UP = Transition("refund.give_up", frozenset({S.REQUESTED, S.APPROVED}), S.GIVEN_UP)

MOVES = (APPROVE, COMPLETE, GIVE_UP)
