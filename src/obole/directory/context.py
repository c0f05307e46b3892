"""What every page may show about the authority."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from obole.directory import queries


def authority(request: HttpRequest) -> dict[str, Any]:
    """Offer the authority, read only by pages that show it."""
    return {"authority": SimpleLazyObject(queries.the_authority)}
