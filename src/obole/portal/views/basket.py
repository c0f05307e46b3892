"""Several invoices in one payment."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from obole.billing import queries
from obole.billing.models import Invoice
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import dates, texts
from obole.lib.bulkhead import NoPlace
from obole.payments import display_status
from obole.payments.models import Attempt
from obole.payments.operations import AlreadyInProgress, NotPayableOnline
from obole.payments.operations.starting import OnlineObstacle
from obole.portal import baskets, outages, payment_flow, status_labels
from obole.portal.baskets import Basket
from obole.portal.forms import PayForm
from obole.portal.responses import redirect_to
from obole.portal.views.pay import another_address, leave, remember
from obole.ui import idempotency

MOST = 500
"""Invoices of one payment; nobody has as many."""


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def basket(request: CitizenRequest) -> HttpResponse:
    """Choose the invoices to pay together, see what they come to, and leave for the bank."""
    begun = _begun(request) if request.method == "POST" else None
    if begun is not None:
        return leave(request, begun, back=redirect_to("portal:invoices"))
    chosen = _chosen(request)
    if chosen is None:
        messages.info(request, _("Vous n’avez pas plusieurs factures à payer ensemble."))
        return redirect_to("portal:invoices")
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


def _begun(request: CitizenRequest) -> Attempt | None:
    """
    Return the attempt that this form, sent before, has made: its invoices are being paid, and can be chosen no more.
    """
    mine = Invoice.objects.of_payer(request.citizen)
    invoices = mine.filter(public_id__in=request.POST.getlist("facture")[:MOST]).order_by("pk")
    if not invoices:
        return None
    key = idempotency.scoped_key(request, *baskets.scope_of(invoices))
    return Attempt.objects.filter(request_key=key, invoice__payer=request.citizen).first()


def _chosen(request: CitizenRequest) -> Basket | None:
    given = request.POST if request.method == "POST" else request.GET
    waiting = display_status.display_all(queries.unpaid_invoices(request.citizen), today=dates.day_of(dates.now()))
    ticked = request.method == "POST" or "choix" in given
    ids = given.getlist("facture") if ticked else given.getlist("avec")
    if ticked and not ids:
        # Nothing is ticked: the page still knows which basket it was.
        found = baskets.find(waiting, ids=given.getlist("avec"), ticked=False)
        return Basket(found.bills, frozenset()) if found else None
    return baskets.find(waiting, ids=ids, ticked=ticked)


def _show(
    request: CitizenRequest, chosen: Basket, form: PayForm | None = None, *, error: str = "", key: str = ""
) -> HttpResponse:
    first, known = chosen.bills[0].invoice, request.citizen.email
    if form is None and not payment_flow.takes_email(first, known):
        form = PayForm(initial={"email": known})
    down = outages.outages_of([first], at=dates.now())
    context = {
        "basket": chosen,
        "form": form,
        "error": error,
        "outages": down,
        "stopped": down.stops(first),
        "gateway_name": payment_flow.gateway_name(first),
        "request_key": key or idempotency.key_of(request),
    }
    return render(request, "portal/basket.html", context)


def _leave(request: CitizenRequest, chosen: Basket, form: PayForm | None) -> HttpResponse:
    invoices = chosen.invoices
    email = form.cleaned_data["email"] if form else request.citizen.email
    key = idempotency.scoped_key(request, *chosen.scope)
    try:
        attempt = payment_flow.start(invoices, email=email, request_key=key, actor=request.actor, at=dates.now())
    except NotPayableOnline as refusal:
        return _explain(request, chosen, form, refusal.obstacle)
    except NoPlace:
        return _show(request, chosen, form, error=status_labels.too_many_at_once())
    except AlreadyInProgress as busy:
        since = dates.format_time(busy.attempt.opened_at)
        told = _("Un paiement de l’une de ces factures est déjà en cours, commencé à %(since)s.") % {"since": since}
        return _show(request, chosen, form, error=told)
    if status_labels.is_address_refused(attempt):
        return _show(request, chosen, another_address(attempt, email), key=texts.token())
    remember(request, form)
    return leave(request, attempt, back=redirect_to("portal:invoices"))


def _explain(request: CitizenRequest, chosen: Basket, form: PayForm | None, obstacle: OnlineObstacle) -> HttpResponse:
    sentence = status_labels.obstacle_text(obstacle, chosen.invoices[0])
    if obstacle == OnlineObstacle.EMAIL and form is not None:
        form.add_error("email", sentence)
        return _show(request, chosen, form)
    return _show(request, chosen, form, error=sentence)
