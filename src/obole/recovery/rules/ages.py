"""How late what is not paid is."""

from datetime import date
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Age(Enum):
    """Days past the last day to pay, from ``least`` to ``most``; None: without end on that side."""

    NOT_DUE = (None, -1, _("pas encore échues"))
    MONTH = (0, 30, _("0 à 30 jours"))
    TWO_MONTHS = (31, 60, _("31 à 60 jours"))
    THREE_MONTHS = (61, 90, _("61 à 90 jours"))
    OLDER = (91, None, _("plus de 90 jours"))

    def __init__(self, least: int | None, most: int | None, label: Promise) -> None:
        self.least, self.most, self.label = least, most, label

    @classmethod
    def of(cls, due_date: date, day: date) -> "Age":
        """Return the age of what was to be paid by ``due_date``, seen on a day."""
        late = (day - due_date).days
        return next(age for age in cls if age.most is None or late <= age.most)
