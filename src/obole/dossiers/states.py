"""The life of a dossier."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


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

SUBMIT = Transition("dossier.submit", frozenset({S.DRAFT}), S.SUBMITTED)
FILE = Transition("dossier.file", frozenset({S.DRAFT}), S.SUBMITTED)
"""An agent files for somebody at the counter, who is told as whoever applies."""
TAKE = Transition("dossier.take", frozenset({S.SUBMITTED}), S.IN_REVIEW)
RELEASE = Transition("dossier.release", frozenset({S.IN_REVIEW}), S.SUBMITTED)
ASK_COMPLEMENT = Transition("dossier.ask_complement", frozenset({S.IN_REVIEW}), S.INCOMPLETE)
COMPLETE = Transition("dossier.complete", frozenset({S.INCOMPLETE}), S.IN_REVIEW)
COMPLETE_FOR = Transition("dossier.complete_for", frozenset({S.INCOMPLETE}), S.IN_REVIEW)
"""What was missing is brought to the counter."""
ACCEPT = Transition("dossier.accept", frozenset({S.IN_REVIEW}), S.ACCEPTED)
REJECT = Transition("dossier.reject", frozenset({S.IN_REVIEW}), S.REJECTED)
WITHDRAW = Transition("dossier.withdraw", frozenset({S.DRAFT, S.SUBMITTED, S.IN_REVIEW, S.INCOMPLETE}), S.WITHDRAWN)
CLOSE = Transition("dossier.close", frozenset({S.ACCEPTED}), S.CLOSED)
REOPEN = Transition("dossier.reopen", frozenset({S.CLOSED}), S.ACCEPTED)
RECONSIDER = Transition("dossier.reconsider", frozenset({S.REJECTED}), S.IN_REVIEW)

MOVES = (
    SUBMIT,
    FILE,
    TAKE,
    RELEASE,
    ASK_COMPLEMENT,
    COMPLETE,
    COMPLETE_FOR,
    ACCEPT,
    REJECT,
    WITHDRAW,
    CLOSE,
    REOPEN,
    RECONSIDER,
)
