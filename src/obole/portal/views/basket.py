"""Several invoices in one payment."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from obole.billing import queries
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import days
from obole.payments import standing
from obole.payments.operations import AlreadyInProgress, NotPayableOnline
from obole.payments.operations.opening import Obstacle
from obole.portal import baskets, keys, outages, paying, telling
from obole.portal.answers import see
from obole.portal.baskets import Basket
from obole.portal.forms import PayForm
from obole.portal.views.pay import leave, remember


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def basket(request: CitizenRequest) -> HttpResponse:
    """Choose the invoices to pay together, see what they come to, and leave for the bank."""
    chosen = _chosen(request)
    if chosen is None:
        messages.info(request, _("Vous n’avez pas plusieurs factures à payer ensemble."))
        return see("portal:invoices")
    if request.method != "POST":
        return _show(request, chosen)
    if not chosen.invoices:
        return _show(request, chosen, error=_("Cochez au moins une facture."))
    if request.POST.get("total") != str(chosen.cents):
        return _show(request, chosen, error=_("Le total a changé : vérifiez-le, puis payez."))
    form = PayForm(request.POST) if "email" in request.POST else None
    if form is not None and not form.is_valid():
        return _show(request, chosen, form)
    return _leave(request, chosen, form)


def _chosen(request: CitizenRequest) -> Basket | None:
    given = request.POST if request.method == "POST" else request.GET
    waiting = standing.show_all(queries.waiting(request.citizen), today=days.day_of(days.now()))
    ticked = request.method == "POST" or "choix" in given
    ids = given.getlist("facture") if ticked else given.getlist("avec")
    if ticked and not ids:
        # Nothing is ticked: the page still knows which basket it was.
        found = baskets.find(waiting, ids=given.getlist("avec"), ticked=False)
        return Basket(found.bills, frozenset()) if found else None
    return baskets.find(waiting, ids=ids, ticked=ticked)


def _show(request: CitizenRequest, chosen: Basket, form: PayForm | None = None, *, error: str = "") -> HttpResponse:
    first, known = chosen.bills[0].invoice, request.citizen.email
    if form is None and not paying.takes_email(first, known):
        form = PayForm(initial={"email": known})
    down = outages.among([first], at=days.now())
    context = {
        "basket": chosen,
        "form": form,
        "error": error,
        "outages": down,
        "stopped": down.stops(first),
        "gateway_name": paying.gateway_name(first),
        "request_key": keys.of(request),
    }
    return render(request, "portal/basket.html", context)


def _leave(request: CitizenRequest, chosen: Basket, form: PayForm | None) -> HttpResponse:
    invoices = chosen.invoices
    email = form.cleaned_data["email"] if form else request.citizen.email
    key = keys.within(request, *chosen.scope)
    try:
        attempt = paying.start(invoices, email=email, request_key=key, actor=request.user.get_username(), at=days.now())
    except NotPayableOnline as refusal:
        return _explain(request, chosen, form, refusal.obstacle)
    except AlreadyInProgress as busy:
        since = days.clock(busy.attempt.opened_at)
        told = _("Un paiement de l’une de ces factures est déjà en cours, commencé à %(since)s.") % {"since": since}
        return _show(request, chosen, form, error=told)
    remember(request, form)
    return leave(request, attempt, back=see("portal:invoices"))


def _explain(request: CitizenRequest, chosen: Basket, form: PayForm | None, obstacle: Obstacle) -> HttpResponse:
    sentence = telling.sentence_for(obstacle, chosen.invoices[0])
    if obstacle == Obstacle.EMAIL and form is not None:
        form.add_error("email", sentence)
        return _show(request, chosen, form)
    return _show(request, chosen, form, error=sentence)
