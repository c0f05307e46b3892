"""How the settings of a régie's bank are shown to people."""

import hmac
import re
from collections.abc import Mapping

SECRET = re.compile("secret|password|passe|key|token|pin", re.IGNORECASE)
"""In the name of a setting that nobody reads again once it is typed."""


def show_settings(settings: Mapping[str, str], *, secret: str) -> str:
    """
    Return a bank's settings, one a line, each secret as a mark that changes when it does.

    :param secret: the installation's own, so that nobody guesses a secret from its mark.
    """
    return "\n".join(f"{name}\u00a0: {_shown(name, str(value), secret)}" for name, value in sorted(settings.items()))


def _shown(name: str, value: str, secret: str) -> str:
    if not SECRET.search(name):
        return value
    mark = hmac.new(secret.encode(), f"{name}={value}".encode(), "sha256").hexdigest()[:6]
    return f"••••• ({mark})"
