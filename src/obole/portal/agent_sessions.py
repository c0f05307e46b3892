"""How long an agent stays signed in: half an hour without a click, ten hours in all, and no browser remembers them."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from obole.directory.models import Agent
from obole.lib import dates

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=10)
NOTED = timedelta(minutes=1)
"""A click is noted once a minute at most: a page is not worth a write."""
_ASKED, _IS_AGENT = "obole_agent_asked", "obole_is_agent"
_BEGAN, _SEEN = "obole_agent_began", "obole_agent_seen"


class AgentSessions:
    """Signs an agent out when their time is up, before any page is asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, to an agent who is still there or to somebody who has to sign in again."""
        keep_time(request)
        return self.get_response(request)


def keep_time(request: HttpRequest) -> None:
    """Count the time of an agent who is signed in, and sign them out when it is up."""
    if request.user.is_authenticated and _is_agent(request):
        _count(request, dates.now().timestamp())


def _is_agent(request: HttpRequest) -> bool:
    """Tell whether an agent is signed in; asked once a session, for whoever becomes an agent has no session left."""
    session = request.session
    if session.get(_ASKED) != request.user.pk:
        session[_ASKED] = request.user.pk
        session[_IS_AGENT] = Agent.objects.filter(user=request.user.pk).exists()
    return bool(session[_IS_AGENT])


def _count(request: HttpRequest, now: float) -> None:
    session = request.session
    if not session.get_expire_at_browser_close():
        session.set_expiry(0)
    if _BEGAN not in session:
        session[_BEGAN] = session[_SEEN] = now
    elif now - session[_BEGAN] > LONGEST.total_seconds() or now - session[_SEEN] > IDLE.total_seconds():
        logout(request)
        messages.info(request, _("Votre session d’agent est terminée : connectez-vous de nouveau."))
    elif now - session[_SEEN] > NOTED.total_seconds():
        session[_SEEN] = now
