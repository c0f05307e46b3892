"""What machines ask: the bank rings, the operator's monitor looks."""

import json
import logging
from datetime import UTC, timedelta
from http import HTTPStatus
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from obole.api import status
from obole.directory.access import public
from obole.directory.models import Authority
from obole.gateways import registry
from obole.gateways.base import BadCallback
from obole.lib import dates, logs
from obole.lib.client_address import client_address, is_this_machine
from obole.payments import operations as payments
from obole.payments.models import BankExchange
from obole.ui.bodies import answers_anything

LONGEST_BODY = 4096

logger = logging.getLogger(__name__)
logger.addFilter(logs.Quota(most=10))


@answers_anything
@public
@csrf_exempt
@require_http_methods(["POST", "GET"])
def payfip_notification(request: HttpRequest) -> HttpResponse:
    """
    Take the bank's notification: PayFiP says which payment, never what became of it.

    The answer is the same for a payment that we know, for one that we do not, and for nonsense. Exempt from CSRF: a
    bank has no session, and the only effect is a question to the bank itself.
    """
    try:
        reference = registry.GATEWAYS["payfip"].read_callback(_fields(request))
    except BadCallback:
        return HttpResponse("OK", content_type="text/plain")
    said, at = json.dumps({"idop": reference, "method": request.method}), dates.now()
    kind = BankExchange.Kind.NOTIFICATION
    if not payments.record_notification(gateway_reference=reference, kind=kind, said=said, at=at):
        # Neither what was rung nor who rang: anybody may write anything here.
        logger.warning("notification of an unknown payment")
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
    """Say whether all is well (503 when it is not); to who watches, what the database, the worker and the banks do."""
    seen = status.service_status(at=dates.now())
    code = HTTPStatus.OK if seen["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(seen if _may_see_all(request) else {"status": seen["status"]}, status=code)


def _may_see_all(request: HttpRequest) -> bool:
    """Tell whether the machine itself asks, or whoever holds the operator's token."""
    said = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = settings.HEALTH_TOKEN
    if token and constant_time_compare(said, token):
        return True
    return is_this_machine(client_address(request))


@public
@require_GET
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say where a weakness is told (RFC 9116)."""
    authority = Authority.objects.filter(only=True).exclude(email="").first()
    if authority is None:
        raise Http404("nobody to write to")
    end = (dates.now() + timedelta(days=180)).astimezone(UTC)
    lines = [
        f"Contact: mailto:{quote(authority.email, safe='@')}",
        f"Expires: {end:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.BASE_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
