"""The answers that are not pages: elsewhere, or a file."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import content_disposition_header


class SeeOtherResponse(HttpResponseRedirect):
    """Send the browser to read another page, whatever it just sent."""

    status_code = 303


def redirect_to(view: str, *args: Any) -> SeeOtherResponse:
    """Send the browser to one of our pages, by its name."""
    return SeeOtherResponse(resolve_url(view, *args))


def file_response(content: bytes, *, name: str, content_type: str, inline: bool = False) -> HttpResponse:
    """Hand over a private file: saved or shown as what it is, kept by no cache."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
