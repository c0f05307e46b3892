"""The life of a dossier."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Move


class DossierState(models.TextChoices):
    """Where an application stands."""

    DRAFT = "draft", _("Brouillon")
    SUBMITTED = "submitted", _("Déposé")
    IN_REVIEW = "in_review", _("En instruction")
    INCOMPLETE = "incomplete", _("À compléter")
    ACCEPTED = "accepted", _("Accepté")
    REJECTED = "rejected", _("Refusé")
    WITHDRAWN = "withdrawn", _("Retiré")
    CLOSED = "closed", _("Clos")


S = DossierState
OPEN = frozenset({S.SUBMITTED, S.IN_REVIEW, S.INCOMPLETE, S.ACCEPTED})
"""While somebody may still work on it."""

SUBMIT = Move("dossier.submit", frozenset({S.DRAFT}), S.SUBMITTED)
TAKE = Move("dossier.take", frozenset({S.SUBMITTED}), S.IN_REVIEW)
ASK_COMPLEMENT = Move("dossier.ask_complement", frozenset({S.IN_REVIEW}), S.INCOMPLETE)
COMPLETE = Move("dossier.complete", frozenset({S.INCOMPLETE}), S.IN_REVIEW)
ACCEPT = Move("dossier.accept", frozenset({S.IN_REVIEW}), S.ACCEPTED)
REJECT = Move("dossier.reject", frozenset({S.IN_REVIEW}), S.REJECTED)
WITHDRAW = Move("dossier.withdraw", frozenset({S.DRAFT, S.SUBMITTED, S.IN_REVIEW, S.INCOMPLETE}), S.WITHDRAWN)
CLOSE = Move("dossier.close", frozenset({S.ACCEPTED}), S.CLOSED)

MOVES = (SUBMIT, TAKE, ASK_COMPLEMENT, COMPLETE, ACCEPT, REJECT, WITHDRAW, CLOSE)
