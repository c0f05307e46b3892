"""« Simuler »: what a dispositif would cost, without an account. Nothing is recorded."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from obole.billing.forms import estimates
from obole.catalogue import queries
from obole.catalogue.models import Scheme
from obole.directory.access import public
from obole.lib import dates
from obole.limits.middleware import use_by_address
from obole.limits.rules import ESTIMATES
from obole.portal.simulation import SimulationForm
from obole.pricing.engine.compiled_pricing import Compiled


@public
@require_http_methods(["GET", "HEAD", "POST"])
def simulate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask what the price depends on, and say what the answers come to."""
    scheme, compiled = _simulated(public_id)
    if request.method == "POST":
        use_by_address(request, ESTIMATES)
    form = SimulationForm.of(compiled, request.POST if request.method == "POST" else None)
    on = dates.day_of(dates.now())
    form.mark(compiled, on=on)
    estimated = form.estimate(compiled, on=on)
    context = {"scheme": scheme, "form": form, **estimates.kept_estimate(estimated)}
    return render(request, "portal/simulate.html", context)


@public
@require_POST
def amount(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what the answers come to, while they are being typed."""
    _scheme, compiled = _simulated(public_id)
    use_by_address(request, ESTIMATES)
    estimated = SimulationForm.of(compiled, request.POST).estimate(compiled, on=dates.day_of(dates.now()))
    return render(request, "ui/simulated.html", {"alone": True, **estimates.kept_estimate(estimated)})


def _simulated(public_id: str) -> tuple[Scheme, Compiled]:
    found = queries.simulated_scheme(public_id)
    if found is None:
        raise Http404("no simulator")
    return found[0], queries.compiled_pricing_of(found[1])
