"""From « Payer maintenant » to the bank."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from obole.billing.models import Invoice
from obole.directory import operations as directory
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import days
from obole.payments.models import Attempt
from obole.payments.operations import AlreadyInProgress, NotPayableOnline
from obole.payments.operations.opening import Obstacle
from obole.payments.states import AttemptState
from obole.portal import keys, outages, paying, telling
from obole.portal.answers import SeeOther, see
from obole.portal.forms import PayForm
from obole.portal.views.invoices import find

OPENING_SECONDS = 2


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Leave for the bank; asked by a link, say first what will happen."""
    invoice = find(request, public_id)
    if request.method != "POST":
        return _confirm(request, invoice, None)
    form = PayForm(request.POST) if "email" in request.POST else None
    if form is not None and not form.is_valid():
        return _confirm(request, invoice, form)
    email = form.cleaned_data["email"] if form else request.citizen.email
    key = keys.within(request, invoice.pk)
    try:
        attempt = paying.start(
            [invoice], email=email, request_key=key, actor=request.user.get_username(), at=days.now()
        )
    except NotPayableOnline as refusal:
        return _explain(request, invoice, refusal.obstacle, form)
    except AlreadyInProgress as busy:
        return _say_since_when(request, invoice, busy.attempt)
    remember(request, form)
    return leave(request, attempt, back=see("portal:invoice", invoice.public_id))


@for_citizens
@require_safe
def to_bank(request: CitizenRequest, attempt_public_id: str) -> HttpResponse:
    """Lead to the bank's page once it is there."""
    mine = Attempt.objects.filter(invoice__payer=request.citizen).select_related("invoice__regie")
    attempt = get_object_or_404(mine, public_id=attempt_public_id)
    if attempt.state == AttemptState.WAITING and attempt.is_open:
        return SeeOther(attempt.gateway_url)
    if attempt.state in {AttemptState.OPENING, AttemptState.FAILED}:
        response = render(request, "portal/to_bank.html", {"attempt": attempt, "invoice": attempt.invoice})
        if attempt.state == AttemptState.OPENING:
            response["Refresh"] = str(OPENING_SECONDS)
        return response
    return redirect("portal:pay_return", attempt.public_id)


def _confirm(request: CitizenRequest, invoice: Invoice, form: PayForm | None) -> HttpResponse:
    known = request.citizen.email
    if form is None and not paying.takes_email(invoice, known):
        form = PayForm(initial={"email": known})
    down = outages.among([invoice], at=days.now())
    context = {
        "invoice": invoice,
        "form": form,
        "outages": down,
        "obstacle": telling.why_not_online(invoice, down),
        "gateway_name": paying.gateway_name(invoice),
        "request_key": keys.of(request),
    }
    return render(request, "portal/pay.html", context)


def _explain(request: CitizenRequest, invoice: Invoice, obstacle: Obstacle, form: PayForm | None) -> HttpResponse:
    sentence = telling.sentence_for(obstacle, invoice)
    if obstacle == Obstacle.EMAIL:
        if form is not None:
            form.add_error("email", sentence)
        return _confirm(request, invoice, form)
    messages.warning(request, sentence)
    return see("portal:invoice", invoice.public_id)


def _say_since_when(request: CitizenRequest, invoice: Invoice, attempt: Attempt) -> HttpResponse:
    since = days.clock(attempt.opened_at)
    messages.warning(
        request, _("Un paiement est déjà en cours, commencé à %(since)s : il n’y a rien à refaire.") % {"since": since}
    )
    return see("portal:invoice", invoice.public_id)


def remember(request: CitizenRequest, form: PayForm | None) -> None:
    """Keep in the account the address that was given for this payment, if the payer wants that."""
    if form is None or not form.cleaned_data["remember"]:
        return
    directory.update_citizen(
        citizen_id=request.citizen.pk,
        values={"email": form.cleaned_data["email"]},
        actor=request.user.get_username(),
        at=days.now(),
    )


def leave(request: CitizenRequest, attempt: Attempt, *, back: SeeOther) -> HttpResponse:
    """Send the payer to the bank; where it opened nothing, ``back``, and say so."""
    if attempt.state == AttemptState.WAITING:
        return SeeOther(attempt.gateway_url)
    if attempt.state != AttemptState.FAILED:
        return see("portal:to_bank", attempt.public_id)
    messages.error(
        request, _("La banque ne répond pas. Aucune somme n’a été débitée : réessayez dans quelques minutes.")
    )
    return back
