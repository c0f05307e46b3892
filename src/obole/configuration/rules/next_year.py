"""The name of next year's dispositif."""

import re
from collections.abc import Container

from django.utils.translation import gettext as _

LONGEST = 120
_YEARS = re.compile(r"(?<!\d)(20\d\d)(?:(\s?[-–/]\s?)(20\d\d))?(?!\d)")


def next_name(name: str, taken: Container[str]) -> str:
    """
    Return a free name for the copy of a dispositif: its years one later, else its name with « (copie) ».

    « Cantine 2026-2027 » gives « Cantine 2027-2028 », « Forum 2026 » gives « Forum 2027 ».
    """
    later = _YEARS.sub(_one_later, name)
    if later != name and later not in taken:
        return later
    ends = (_(" (copie)"), *(_(" (copie %(n)d)") % {"n": n} for n in range(2, 1000)))
    return next(free for free in (later[: LONGEST - len(end)] + end for end in ends) if free not in taken)


def _one_later(match: re.Match[str]) -> str:
    first, between, second = match.groups()
    return f"{int(first) + 1}{between}{int(second) + 1}" if second else f"{int(first) + 1}"
