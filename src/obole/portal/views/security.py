"""What protects an account: for citizens and agents alike."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST, require_safe

from obole.accounts import operations as accounts, queries
from obole.directory import queries as directory
from obole.directory.access import for_account_owners
from obole.directory.models import Agent, User
from obole.lib import dates
from obole.portal import openid
from obole.portal.responses import redirect_to
from obole.portal.views.identity import AGENTS


@for_account_owners
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Show where somebody is signed in, and what lets them in."""
    user = _owner(request)
    sessions = sorted(UserSession.objects.purge_and_list(user), key=lambda session: session.created_at, reverse=True)
    key = request.session.session_key
    context = {
        "here": [session for session in sessions if session.session_key == key],
        "elsewhere": [session for session in sessions if session.session_key != key],
        "links": _links(user),
        "must_add": queries.must_add_second_factor(user),
        "totp": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        "keys": Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count(),
        "recovery": Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).exists(),
    }
    return render(request, "portal/security.html", context)


@for_account_owners
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """
    End one of somebody's own sessions.

    :raises Http404: if it is not theirs.
    """
    user = _owner(request)
    if not accounts.end_session(user_id=user.pk, session_id=pk, actor=directory.actor_of(user), at=dates.now()):
        raise Http404
    messages.success(request, _("Cette session est terminée."))
    return redirect_to("portal:security")


@for_account_owners
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of somebody's sessions but this one."""
    user, key = _owner(request), request.session.session_key or ""
    ended = accounts.end_other_sessions(
        user_id=user.pk, session_key=key, actor=directory.actor_of(user), at=dates.now()
    )
    said = ngettext("%(n)d session est terminée.", "%(n)d sessions sont terminées.", ended)
    messages.success(request, said % {"n": ended})
    return redirect_to("portal:security")


def _links(user: User) -> list[tuple[openid.Provider, bool]]:
    """Return the providers that may let this person in, and whether each does."""
    is_agent, linked = Agent.objects.filter(user=user).exists(), queries.linked_providers(user)
    shown = [item for item in openid.providers().values() if (item.id == AGENTS) is is_agent]
    return [(item, item.id in linked) for item in shown]


def _owner(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
