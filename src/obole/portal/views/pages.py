"""The pages at the foot of every page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from obole.directory.access import public
from obole.personal_data import queries as personal_data

SLUGS = frozenset({"accessibilite", "mentions-legales", "donnees-personnelles", "cookies"})


@public
@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one of them."""
    if slug not in SLUGS:
        raise Http404
    context = {"retention": personal_data.retention()} if slug == "donnees-personnelles" else {}
    return render(request, f"portal/pages/{slug}.html", context)
