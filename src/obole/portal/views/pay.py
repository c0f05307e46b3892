"""From « Payer maintenant » to the bank."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from obole.billing.models import Invoice
from obole.directory import operations as directory
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import dates, texts
from obole.lib.bulkhead import NoPlace
from obole.payments import display_status
from obole.payments.models import Attempt
from obole.payments.operations import AlreadyInProgress, NotPayableOnline
from obole.payments.operations.starting import OnlineObstacle
from obole.payments.states import AttemptState
from obole.portal import outages, payment_flow, status_labels
from obole.portal.forms import PayForm
from obole.portal.responses import SeeOtherResponse, redirect_to
from obole.portal.views.invoices import find
from obole.recovery import queries as recovery
from obole.ui import idempotency

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
    key = idempotency.scoped_key(request, invoice.pk)
    at, cents = dates.now(), _part(request, invoice)
    try:
        attempt = payment_flow.start([invoice], email=email, request_key=key, actor=request.actor, at=at, cents=cents)
    except NotPayableOnline as refusal:
        return _explain(request, invoice, refusal.obstacle, form)
    except AlreadyInProgress as busy:
        return _say_since_when(request, invoice, busy.attempt)
    except NoPlace:
        messages.warning(request, status_labels.too_many_at_once())
        return redirect_to("portal:invoice", invoice.public_id)
    if status_labels.is_address_refused(attempt):
        return _confirm(request, invoice, another_address(attempt, email), key=texts.token())
    remember(request, form)
    return leave(request, attempt, back=redirect_to("portal:invoice", invoice.public_id))


def _part(request: CitizenRequest, invoice: Invoice) -> int | None:
    """Return what an agreement asks for now, in cents, where its payer chose to pay that, and not all that is left."""
    standing = recovery.agreement_of(invoice, dates.day_of(dates.now())) if "part" in request.POST else None
    return standing.to_pay if standing else None


@for_citizens
@require_safe
def to_bank(request: CitizenRequest, attempt_public_id: str) -> HttpResponse:
    """Lead to the bank's page once it is there."""
    mine = Attempt.objects.filter(invoice__payer=request.citizen).select_related("invoice__regie")
    attempt = get_object_or_404(mine, public_id=attempt_public_id)
    if attempt.state == AttemptState.WAITING and attempt.is_open:
        return SeeOtherResponse(attempt.gateway_url)
    if attempt.state in {AttemptState.OPENING, AttemptState.FAILED}:
        context = {"attempt": attempt, "invoice": attempt.invoice, "why": status_labels.why_not_opened(attempt)}
        response = render(request, "portal/to_bank.html", context)
        if attempt.state == AttemptState.OPENING:
            response["Refresh"] = str(OPENING_SECONDS)
        return response
    return redirect("portal:pay_return", attempt.public_id)


def another_address(attempt: Attempt, email: str) -> PayForm:
    """Return the form that asks for another address than the one that the bank refused."""
    form = PayForm({"email": email})
    form.add_error("email", status_labels.why_not_opened(attempt))
    return form


def _confirm(request: CitizenRequest, invoice: Invoice, form: PayForm | None, *, key: str = "") -> HttpResponse:
    known = request.citizen.email
    if form is None and not payment_flow.takes_email(invoice, known):
        form = PayForm(initial={"email": known})
    shown = display_status.display(invoice, today=dates.day_of(dates.now()))
    down = outages.outages_of([invoice], at=dates.now())
    context = {
        "invoice": invoice,
        "form": form,
        "outages": down,
        "since": shown.unsettled_since,
        "standing": recovery.agreement_of(invoice, dates.day_of(dates.now())),
        "obstacle": status_labels.why_not_payable(shown, down),
        "gateway_name": payment_flow.gateway_name(invoice),
        "request_key": key or idempotency.key_of(request),
    }
    return render(request, "portal/pay.html", context)


def _explain(request: CitizenRequest, invoice: Invoice, obstacle: OnlineObstacle, form: PayForm | None) -> HttpResponse:
    sentence = status_labels.obstacle_text(obstacle, invoice)
    if obstacle == OnlineObstacle.EMAIL:
        if form is not None:
            form.add_error("email", sentence)
        return _confirm(request, invoice, form)
    messages.warning(request, sentence)
    return redirect_to("portal:invoice", invoice.public_id)


def _say_since_when(request: CitizenRequest, invoice: Invoice, attempt: Attempt) -> HttpResponse:
    since = dates.format_time(attempt.opened_at)
    messages.warning(
        request, _("Un paiement est déjà en cours, commencé à %(since)s : il n’y a rien à refaire.") % {"since": since}
    )
    return redirect_to("portal:invoice", invoice.public_id)


def remember(request: CitizenRequest, form: PayForm | None) -> None:
    """Keep in the account the address that was given for this payment, if the payer wants that."""
    if form is None or not form.cleaned_data["remember"]:
        return
    directory.update_citizen(
        citizen_id=request.citizen.pk, values={"email": form.cleaned_data["email"]}, actor=request.actor, at=dates.now()
    )


def leave(request: CitizenRequest, attempt: Attempt, *, back: SeeOtherResponse) -> HttpResponse:
    """Send the payer to the bank; where it opened nothing, ``back``, and say so."""
    if attempt.state == AttemptState.WAITING:
        return SeeOtherResponse(attempt.gateway_url)
    if attempt.state != AttemptState.FAILED:
        return redirect_to("portal:to_bank", attempt.public_id)
    messages.error(request, status_labels.why_not_opened(attempt))
    return back
