"""The key that a page carries: what it asks for is done once, however many times it is sent."""

import re

from django.http import HttpRequest

from obole.lib import texts

_KEY = re.compile(r"[A-Za-z0-9_-]{16,24}")


def key_of(request: HttpRequest) -> str:
    """Return the key that the page came with, or a new one if it came with none that can be used."""
    given = request.POST.get("request_key", "")
    return given if _KEY.fullmatch(given) else texts.token()


def scoped_key(request: HttpRequest, *scope: int) -> str:
    """
    Return the page's key, made of use in one scope only: on a shared computer, a page may be sent by who comes next.
    """
    return ".".join([*map(str, scope), key_of(request)])
