"""What machines ask: the bank rings, the operator's monitor looks."""

import json
from http import HTTPStatus

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from obole.api import status, strangers
from obole.directory.access import public
from obole.gateways import registry
from obole.gateways.base import BadCallback
from obole.lib import days
from obole.payments import operations as payments
from obole.payments.models import BankExchange

LONGEST_BODY = 4096


@public
@csrf_exempt
@require_http_methods(["POST", "GET"])
def payfip_notification(request: HttpRequest) -> HttpResponse:
    """
    Take the bank's doorbell: PayFiP says which payment, never what became of it.

    The answer is the same for a payment that we know, for one that we do not, and for nonsense. Exempt from CSRF: a bank
    has no session, and the only effect is a question to the bank itself.
    """
    try:
        reference = registry.GATEWAYS["payfip"].read_callback(_fields(request))
    except BadCallback:
        return HttpResponse("OK", content_type="text/plain")
    said, at = json.dumps({"idop": reference, "method": request.method}), days.now()
    kind = BankExchange.Kind.NOTIFICATION
    if not payments.record_doorbell(gateway_reference=reference, kind=kind, said=said, at=at):
        strangers.STRANGERS.count(strangers.address_of(request), at=at)
    return HttpResponse("OK", content_type="text/plain")


def _fields(request: HttpRequest) -> dict[str, str]:
    """
    Return what a callback carries.

    :raises BadCallback: if it is longer than any bank's, or is not a form.
    """
    if len(request.META.get("QUERY_STRING", "")) >= LONGEST_BODY:
        raise BadCallback("too long")
    try:
        return {**request.GET.dict(), **request.POST.dict()}
    except (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError) as error:
        raise BadCallback(str(error)) from error


@public
@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers, a worker is alive and the bank is being asked; 503 when one is not."""
    seen = status.look(at=days.now())
    code = HTTPStatus.OK if seen["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(seen, status=code)
