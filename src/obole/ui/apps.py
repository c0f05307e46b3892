"""Declares the room to Django."""

from django.apps import AppConfig
from django.utils.translation import trans_real

from obole.lib.french_spaces import FrenchSource


class UiConfig(AppConfig):
    """The ui room."""

    name = "obole.ui"

    def ready(self) -> None:
        """Have every French message, of screens, mails and papers, printed with the spaces of French."""
        trans_real.translation("fr").add_fallback(FrenchSource())
