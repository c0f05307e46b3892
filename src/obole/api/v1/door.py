"""How a software comes in: with its key, at its own pace; and what stands around every call."""

from collections.abc import Callable, Iterator
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.security import HttpBearer

from obole.api.v1 import problems
from obole.api_keys import operations as api_keys, queries
from obole.api_keys.access import ScopeMissing
from obole.api_keys.models import ApiKey
from obole.api_keys.rules import Scope
from obole.lib import dates
from obole.lib.actors import Actor
from obole.limits import operations as limits, rules as limit_rules
from obole.limits.middleware import use_by_address
from obole.ui.bodies import announced_length, answers_anything

MEGABYTES = 1
"""The heaviest body that is read: a thousand facts take a fifth of it."""
View = Callable[..., HttpResponseBase]


class KeyRequest(HttpRequest):
    """A request by a software whose key opens what it asks for."""

    auth: ApiKey
    actor: Actor


class Key(HttpBearer):
    """Asks for a key that was given a right."""

    openapi_bearerFormat = "obole_…"

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """
        Return the key that a software sends, if it is good; nothing tells one that has ended from one that never was.

        :raises obole.limits.rules.TooMany: if it calls too often, or its address sent too many that are not good.
        :raises obole.api_keys.access.ScopeMissing: if it was not given the right.
        """
        at = dates.now()
        key = queries.key_of(token)
        if key is None or not key.is_alive(at):
            use_by_address(request, limit_rules.API_WRONG_KEYS)
            return None
        limits.use(limit_rules.API_CALLS, key.pk, at=at)
        api_keys.note_use(key, at=at)
        if self.scope not in key.scopes:
            raise ScopeMissing(self.scope)
        request.actor = key.actor  # type: ignore[attr-defined]
        return key


def guarded(view: View, access: str) -> View:
    """Stand around a view: it is told who may enter, reads no more than it may, knows no browser, and speaks French."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override(settings.LANGUAGE_CODE):
            if settings.SECURE_SSL_REDIRECT and not request.is_secure():
                return problems.in_clear()
            if announced_length(request) > MEGABYTES * 1024 * 1024:
                return problems.too_large(MEGABYTES)
            answered = view(request, *args, **kwargs)
            return problems.not_allowed(answered) if isinstance(answered, HttpResponseNotAllowed) else answered

    answer.access = access  # type: ignore[attr-defined]
    return answers_anything(csrf_exempt(answer))


def addresses(api: NinjaAPI) -> Iterator[URLPattern]:
    """Return the addresses of an API, its description, and what answers for all those that it does not have."""

    def describe(request: HttpRequest) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        return JsonResponse(_described(api), json_dumps_params={"ensure_ascii": False})

    def nothing(request: HttpRequest, **_rest: str) -> HttpResponse:
        return problems.not_found()

    # The library gives an address as often as it has methods, each with a view that takes them all.
    known = {pattern.name: pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)}
    for name, pattern in known.items():
        if name != "api-root":
            pattern.callback = guarded(pattern.callback, "api_key")
            yield pattern
    yield path("openapi.json", guarded(describe, "public"), name="openapi")
    yield path("", guarded(nothing, "public"), name="nothing")
    yield path("<path:rest>", guarded(nothing, "public"), name="nothing_there")


def _described(api: NinjaAPI) -> dict[str, Any]:
    """Return the description of an API; the library thinks that refusals are of the type of answers."""
    said: dict[str, Any] = api.get_openapi_schema(path_prefix="/api/v1/")
    for call in (call for calls in said["paths"].values() for call in calls.values()):
        for status, answer in call["responses"].items():
            if int(status) >= HTTPStatus.BAD_REQUEST:
                answer["content"] = {problems.JSON: answer["content"].pop("application/json")}
    return said
