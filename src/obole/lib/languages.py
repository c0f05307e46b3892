"""The languages that people may choose; agents write their own words in French."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    """What a screen and a mail may be written in; the values are the names that Django has for them."""

    FRENCH = "fr", _("français")
    ENGLISH = "en", _("anglais")


def chosen(*known: str) -> str:
    """Return the language of somebody whom several files know: French is what nobody chose."""
    return next((language for language in known if language != Language.FRENCH), Language.FRENCH)
