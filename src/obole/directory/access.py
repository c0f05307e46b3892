"""
Who may enter which page. Every view says it with one of these; a test refuses a view that says nothing.

Whoever is not concerned gets a 404, never a 403 that would confirm that there is something to see. An agent who asks
for a whole screen that their profile does not open is told so: that it exists is no secret, and they learn whom to ask.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from obole.directory.models import Agent, Citizen
from obole.directory.rules import NotAllowed, Right
from obole.lib.actors import Actor

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
V = TypeVar("V", bound=Callable[..., HttpResponseBase])


class CitizenRequest(HttpRequest):
    """A request by a signed-in citizen."""

    citizen: Citizen
    actor: Actor


class RightMissing(PermissionDenied):
    """An agent's profile does not open a screen."""

    def __init__(self, right: Right) -> None:
        super().__init__(right)
        self.right = right


class AgentRequest(HttpRequest):
    """A request by a signed-in agent who holds the right that the view asks for."""

    agent: Agent
    actor: Actor


def public(view: V) -> V:
    """Declare that anybody may see the page."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def for_account_owners(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> View[P]:
    """Let in whoever is signed in, citizen or agent: the page is about their own account."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.access = "account"  # type: ignore[attr-defined]
    return guarded


def after_reauthentication(*, reading: bool = False) -> Callable[[V], V]:
    """
    Ask who is there once more, unless they said it within ten minutes, before a view acts.

    What was sent is kept meanwhile, and done once they have answered.

    :param reading: whether to ask before the page is shown, too.
    """
    return cast("Callable[[V], V]", reauthentication_required(allow_get=not reading, app="allauth.account"))


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
        request.actor = citizen.actor  # type: ignore[attr-defined]
        try:
            return view(request, *args, **kwargs)  # type: ignore[arg-type]
        except NotAllowed as error:
            raise Http404 from error

    guarded.access = "citizen"  # type: ignore[attr-defined]
    return guarded


def needs_second_factor(agent: Agent) -> bool:
    """Tell whether an agent may touch money or settings, which a password alone does not protect."""
    return settings.REQUIRE_MFA and (agent.may(Right.MONEY) or agent.may(Right.CONFIGURE))


def waits_for_second_factor(agent: Agent) -> bool:
    """Tell whether the CRM stays closed to an agent until they set up a second factor."""
    if not needs_second_factor(agent):
        return False
    factors = Authenticator.objects.filter(user=agent.user_id).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return not factors.exists()


def for_agents(right: Right) -> Callable[[Callable[Concatenate[AgentRequest, P], HttpResponseBase]], View[P]]:
    """Let in signed-in agents who hold ``right``, and hand them to the view as ``request.agent``."""

    def decorate(view: Callable[Concatenate[AgentRequest, P], HttpResponseBase]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            agent = Agent.objects.select_related("user").filter(user=request.user.pk).first()
            if agent is None:
                raise Http404
            if not agent.may(right):
                raise Http404 if args or kwargs else RightMissing(right)
            if waits_for_second_factor(agent):
                return redirect(settings.SECOND_FACTOR_URL)
            request.agent = agent  # type: ignore[attr-defined]
            request.actor = agent.actor  # type: ignore[attr-defined]
            try:
                return view(request, *args, **kwargs)  # type: ignore[arg-type]
            except NotAllowed as error:
                raise Http404 from error

        guarded.access = str(right)  # type: ignore[attr-defined]
        return guarded

    return decorate
