"""The life of a part of a price that is billed in several invoices."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class InstalmentState(models.TextChoices):
    """Where a part stands. What became of its invoice is the invoice's own life."""

    PLANNED = "planned", _("Prévue")
    BILLED = "billed", _("Facturée")
    ABANDONED = "abandoned", _("Abandonnée")


S = InstalmentState
BILL = Transition("part.bill", frozenset({S.PLANNED}), S.BILLED)
ABANDON = Transition("part.abandon", frozenset({S.PLANNED}), S.ABANDONED)

MOVES = (BILL, ABANDON)
