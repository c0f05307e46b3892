"""
Coming back from the bank. It may happen without a session, by GET or POST; nothing that the browser says is believed.
"""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from obole.directory.access import public
from obole.lib import actors, dates
from obole.payments import queries as payments
from obole.payments.models import Attempt, Receipt
from obole.portal import outages, payment_flow, status_labels
from obole.portal.responses import redirect_to

SOON, LATER, AT_LAST = 5, 30, None


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def pay_return(request: HttpRequest, attempt_public_id: str) -> HttpResponse:
    """
    Show what became of a payment, once the bank has been asked.

    Exempt from CSRF: the bank's page may send people back by POST, which does nothing but lead to this page.
    """
    attempts = Attempt.objects.select_related("invoice__payer", "regie")
    attempt = get_object_or_404(attempts, public_id=attempt_public_id)
    if request.method == "POST":
        return redirect_to("portal:pay_return", attempt.public_id)
    now = dates.now()
    back = payment_flow.come_back(attempt, actor=actors.PAYER_RETURN, at=now)
    is_payer = request.user.is_authenticated and attempt.invoice.payer.user_id == request.user.pk
    context = {
        "attempt": back.attempt,
        "silent": back.silent,
        "title": status_labels.return_title(back.attempt, silent=back.silent),
        "outage": outages.outage_text(back.attempt, at=now),
        "why": status_labels.why_not_opened(back.attempt),
        "invoice": attempt.invoice if is_payer else None,
        "shares": payments.shares_of(attempt) if is_payer else [],
        "receipt": Receipt.objects.filter(attempt=attempt).select_related("invoice").first(),
        "refresh": _pace(now - attempt.opened_at) if back.may_change else None,
    }
    return render(request, "portal/pay_return.html", context)


def _pace(age: timedelta) -> int | None:
    """Return in how many seconds the page looks again: soon at first, then seldom, then no more."""
    if age < timedelta(minutes=3):
        return SOON
    return LATER if age < timedelta(minutes=30) else AT_LAST
