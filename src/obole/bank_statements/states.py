"""The life of a line of the bank's statement."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class LineState(models.TextChoices):
    """Where a line of the bank stands in the books."""

    OPEN = "open", _("À rapprocher")
    MATCHED = "matched", _("Rapprochée")
    IGNORED = "ignored", _("Laissée de côté")
    WITHDRAWN = "withdrawn", _("Retirée avec son relevé")


S = LineState
MATCH = Transition("bank_line.match", frozenset({S.OPEN}), S.MATCHED)
UNDO = Transition("bank_line.undo", frozenset({S.MATCHED}), S.OPEN)
IGNORE = Transition("bank_line.ignore", frozenset({S.OPEN}), S.IGNORED)
REOPEN = Transition("bank_line.reopen", frozenset({S.IGNORED}), S.OPEN)
WITHDRAW = Transition("bank_line.withdraw", frozenset({S.OPEN, S.IGNORED}), S.WITHDRAWN)

MOVES = (MATCH, UNDO, IGNORE, REOPEN, WITHDRAW)
