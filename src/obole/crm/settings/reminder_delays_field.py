"""When to remind, as people type it."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LATEST_REMINDER = 365
MOST_REMINDERS = 6


class DelaysField(forms.CharField):
    """Days after the due date, typed « 7, 21, 35 »."""

    default_error_messages = {
        "invalid": _("Écrivez des nombres de jours séparés par des virgules, par exemple 7, 21, 35."),
        "range": _("Une relance part de 1 à 365 jours après l’échéance."),
        "twice": _("Deux relances partiraient le même jour."),
        "many": _("Six relances au plus."),
    }

    def clean(self, value: Any) -> list[int]:
        """
        Read the days, in their order.

        :raises ValidationError: if one is not a number from 1 to 365, or comes twice.
        """
        words = [word for word in re.split(r"[\s,;]+", super().clean(value)) if word]
        if not all(re.fullmatch(r"[0-9]{1,5}", word) for word in words):
            raise self._error("invalid")
        delays = sorted(int(word) for word in words)
        if any(not 1 <= delay <= LATEST_REMINDER for delay in delays):
            raise self._error("range")
        if len(set(delays)) < len(delays):
            raise self._error("twice")
        if len(delays) > MOST_REMINDERS:
            raise self._error("many")
        return delays

    def prepare_value(self, value: Any) -> Any:
        """Write the days as they are typed."""
        return ", ".join(str(delay) for delay in value) if isinstance(value, list) else value

    def _error(self, code: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code)
