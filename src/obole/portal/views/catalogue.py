"""What the town offers: the catalogue, and the page of a dispositif."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from obole.catalogue import queries
from obole.catalogue.models import Scheme
from obole.directory.access import public
from obole.dossiers.forms import application
from obole.lib import dates


@public
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """List the prestations and their dispositifs."""
    return render(request, "portal/catalogue.html", {"services": queries.open_services()})


@public
@require_safe
def scheme(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what a dispositif is, what it costs and what will be asked."""
    scheme = find(public_id)
    asked = application.questions_of(scheme)
    if asked is None:
        return closed(request, scheme)
    prices = asked.flat_prices(on=dates.day_of(dates.now()))
    return render(request, "portal/scheme.html", {"scheme": scheme, "asked": asked, "prices": prices})


def find(public_id: str) -> Scheme:
    """Return the dispositif of an address, open or not."""
    return get_object_or_404(Scheme.objects.select_related("service"), public_id=public_id)


def closed(request: HttpRequest, scheme: Scheme) -> HttpResponse:
    """Say that a dispositif takes no application now."""
    return render(request, "portal/scheme_closed.html", {"scheme": scheme}, status=HTTPStatus.GONE)
