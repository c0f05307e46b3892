"""What is answered to who asks too often."""

from collections.abc import Callable
from typing import Any

from django.forms import BaseForm, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from obole.lib import dates
from obole.lib.client_address import client_address
from obole.limits import operations, rules
from obole.limits.rules import Quota, TooMany

CODE = "too_many"
BY_ADDRESS: dict[str, Quota] = {"account_reset_password": rules.RESET, "account_request_login_code": rules.RESET}
"""The library's pages where somebody without an account makes the town send a mail."""


def as_error(refusal: TooMany) -> ValidationError:
    """Return a refusal as a form says it: the page that shows it keeps what was typed, and answers 429."""
    return ValidationError(refusal.sentence, code=CODE, params={"seconds": refusal.seconds})


def use_by_address(request: HttpRequest, quota: Quota) -> None:
    """
    Count something that anybody may do.

    :raises TooMany: if this address did it too often.
    """
    if network := rules.network_of(client_address(request)):
        operations.use(quota, network, at=dates.now())


def note(request: HttpRequest, form: BaseForm) -> None:
    """Let the answer to ``request`` say what a form was refused for, if that was a limit."""
    waits = [
        int(error.params["seconds"])
        for errors in form.errors.as_data().values()
        for error in errors
        if error.code == CODE and error.params
    ]
    if waits:
        request.retry_after = max(waits)  # type: ignore[attr-defined]


class TooManyRequests:
    """Answer 429, and say when to come back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; a page that shows a form refused by a limit says so to machines too."""
        response = self.get_response(request)
        if seconds := getattr(request, "retry_after", None):
            response.status_code = 429
            response["Retry-After"] = str(seconds)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Count what the library's own pages do for strangers."""
        quota = BY_ADDRESS.get(request.resolver_match.view_name) if request.resolver_match else None
        if quota is None or request.method != "POST":
            return None
        try:
            use_by_address(request, quota)
        except TooMany as refusal:
            return self.process_exception(request, refusal)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say in a page of its own what no form said."""
        if not isinstance(exception, TooMany):
            return None
        request.retry_after = exception.seconds  # type: ignore[attr-defined]
        return render(request, "429.html", {"sentence": exception.sentence}, status=429)
