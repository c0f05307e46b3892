"""What every page may show about the authority."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from obole.directory import queries


def authority(request: HttpRequest) -> dict[str, Any]:
    """Offer the authority (read only by pages that show it) and whether this is a demo."""
    return {"authority": SimpleLazyObject(queries.the_authority), "demo": settings.DEMO}
