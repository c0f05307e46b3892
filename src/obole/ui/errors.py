"""The pages of a refused or failed request."""

import sys
from http import HTTPStatus

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the page was too old to be sent, and that nothing was lost or charged."""
    return render(request, "403_csrf.html", {"reason": reason if settings.DEBUG else ""}, status=403)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that this account may not open the page."""
    return render(request, "403.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that what was sent cannot be read: too heavy, or damaged."""
    return render(request, "400.html", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is no such page."""
    return render(request, "404.html", status=404)


RETRY_SECONDS = "5"


def server_error(request: HttpRequest) -> HttpResponse:
    """
    Say that it is our fault. No context processor runs: the database may be what failed.

    A database that stops, restarts or ends a deadlock committed nothing of this request: 503, and who asks again is
    served.
    """
    page = HttpResponse(render_to_string("500.html", {"static_url": settings.STATIC_URL}), status=500)
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        page.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        page["Retry-After"] = RETRY_SECONDS
    return page
