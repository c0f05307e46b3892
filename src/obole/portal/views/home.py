"""The first page, signed out and signed in, and where people land after signing in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from obole.billing import queries as billing
from obole.catalogue import queries as catalogue
from obole.directory.access import public
from obole.directory.models import Citizen
from obole.dossiers import queries as dossiers
from obole.dossiers.states import DossierState
from obole.lib import dates
from obole.payments import display_status
from obole.portal import outages, totals
from obole.portal.accounts import landing_page
from obole.portal.responses import SeeOtherResponse
from obole.recovery import queries as recovery

FEW = 3


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what can be done here; to a citizen, where they stand and what to do next."""
    citizen = Citizen.objects.filter(user=request.user.pk).first() if request.user.is_authenticated else None
    if citizen is None:
        return render(request, "portal/home.html", {"services": catalogue.open_services()})
    now = dates.now()
    bills = display_status.display_all(billing.unpaid_invoices(citizen), today=dates.day_of(now))
    shown = [bill for bill in bills if bill.can_be_paid][:FEW]
    mine = dossiers.of_citizen(citizen)
    context = {
        "citizen": citizen,
        "sums": totals.sum_invoices(bills),
        "bills": shown,
        "agreements": recovery.agreements_of([bill.invoice for bill in shown], dates.day_of(now)),
        "outages": outages.outages_of([bill.invoice for bill in bills], at=now),
        "incomplete": list(mine.filter(state=DossierState.INCOMPLETE)),
        "services": catalogue.open_services(),
    }
    return render(request, "portal/home_of_citizen.html", context)


@public
@require_GET
def after_login(request: HttpRequest) -> HttpResponse:
    """Lead agents to their desk, and everybody else home."""
    return SeeOtherResponse(landing_page(request.user))
