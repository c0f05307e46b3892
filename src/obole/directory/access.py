"""
Who may enter which page. Every view says it with one of these; a test refuses a view that says nothing.

Whoever is not concerned gets a 404, never a 403 that would confirm that there is something to see.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from obole.directory.models import Agent, Citizen
from obole.directory.rules import Right

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
V = TypeVar("V", bound=Callable[..., HttpResponseBase])


class CitizenRequest(HttpRequest):
    """A request by a signed-in citizen."""

    citizen: Citizen


class AgentRequest(HttpRequest):
    """A request by a signed-in agent who holds the right that the view asks for."""

    agent: Agent
    actor: str


def public(view: V) -> V:
    """Declare that anybody may see the page."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def for_citizens(view: Callable[Concatenate[CitizenRequest, P], HttpResponse]) -> View[P]:
    """Let in signed-in citizens, and hand them to the view as ``request.citizen``."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        citizen = Citizen.objects.filter(user=request.user.pk).first()
        if citizen is None:
            raise Http404
        request.citizen = citizen  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    guarded.access = "citizen"  # type: ignore[attr-defined]
    return guarded


def for_agents(
    right: Right,
) -> Callable[[Callable[Concatenate[AgentRequest, P], HttpResponseBase]], View[P]]:
    """Let in signed-in agents who hold ``right``, and hand them to the view as ``request.agent``."""

    def decorate(view: Callable[Concatenate[AgentRequest, P], HttpResponseBase]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            agent = Agent.objects.select_related("user").filter(user=request.user.pk).first()
            if agent is None or not agent.may(right):
                raise Http404
            request.agent = agent  # type: ignore[attr-defined]
            request.actor = agent.user.email  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)  # type: ignore[arg-type]

        guarded.access = str(right)  # type: ignore[attr-defined]
        return guarded

    return decorate
