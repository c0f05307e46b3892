"""
Spaces that French puts beside its signs, and where no line may break.

Sources are typed with ordinary spaces, which every keyboard has and every reader of a diff sees; here they become
no-break ones.
"""

import re
from functools import lru_cache
from gettext import NullTranslations

from obole.lib.money import NARROW_SPACE, NO_BREAK_SPACE

_BEFORE_HIGH_SIGNS = re.compile(" (?=[;?]|!(?!=))")
_OTHERS = re.compile("(?<=«) | (?=[:»])")
_CONTEXT = "\x04"
"""What gettext puts between the context of a message and the message."""


def with_french_spaces(text: str) -> str:
    """
    Return our own words with no-break spaces: U+202F before « ; ! ? », U+00A0 before « : » and inside « guillemets ».

    Never for what a person typed: that is kept and shown as it was typed.
    """
    return _OTHERS.sub(NO_BREAK_SPACE, _BEFORE_HIGH_SIGNS.sub(NARROW_SPACE, text))


class FrenchSource(NullTranslations):
    """What gettext asks for a message that no French catalogue has: ours, which are their own French."""

    def gettext(self, message: str) -> str:
        """Return the message as it is printed."""
        return _printed(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the form of this number as it is printed."""
        return _printed(msgid1 if n == 1 else msgid2)


# The messages are those of the sources, some five thousand; the bound is for a text that is none.
@lru_cache(maxsize=10_000)
def _printed(message: str) -> str:
    return with_french_spaces(message.rpartition(_CONTEXT)[2])
