"""The way to FranceConnect or ProConnect, and back."""

import logging
import secrets
from typing import Any

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.models import Login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from obole.accounts import operations as accounts
from obole.directory import queries as directory
from obole.directory.access import public
from obole.directory.models import Agent, User
from obole.lib import dates
from obole.portal import openid
from obole.portal.responses import redirect_to

logger = logging.getLogger(__name__)
KEPT, LASTS = "obole_openid_asked", 600
AGENTS = "proconnect"
"""The provider that knows agents; the other one knows citizens."""


@public
@require_safe
def start(request: HttpRequest, provider: str) -> HttpResponse:
    """Send somebody to their provider: to come in, or, signed in already, to come in by it from now on."""
    known = _provider(provider)
    if isinstance(request.user, User):
        _require_its_people(request.user, provider)
        raise_if_reauthentication_required(request, app="allauth.account")
    try:
        there, kept = openid.begin(known)
    except openid.NotProven as error:
        return _refused(request, known, error)
    now = dates.now().timestamp()
    request.session[KEPT] = {**kept, "provider": provider, "at": now, "link": request.user.pk}
    return redirect(there)


@public
@require_safe
def back(request: HttpRequest, provider: str) -> HttpResponse:
    """Take somebody back from their provider, if what it says proves who they are."""
    known, kept = _provider(provider), request.session.pop(KEPT, None)
    try:
        proof = openid.finish(known, code=_code(request, provider, kept), kept=kept or {})
        return _link(request, known, proof) if kept["link"] else _let_in(request, known, proof)
    except openid.NotProven as error:
        return _refused(request, known, error)
    except (accounts.NotLinked, accounts.NotForAgents, accounts.LinkedElsewhere) as error:
        messages.error(request, _sentence(error) % {"provider": known.label})
        return redirect_to("portal:security" if kept["link"] else "account_login")


@public
@require_safe
def signed_out(request: HttpRequest, provider: str) -> HttpResponse:
    """Take somebody back from their provider, which signed them out too."""
    _provider(provider)
    messages.info(request, _("Vous êtes déconnecté."))
    return redirect_to("portal:home")


def _provider(name: str) -> openid.Provider:
    known = openid.providers().get(name)
    if known is None:
        raise Http404
    return known


def _require_its_people(user: User, provider: str) -> None:
    if Agent.objects.filter(user=user).exists() is not (provider == AGENTS):
        raise Http404


def _code(request: HttpRequest, provider: str, kept: dict[str, Any] | None) -> str:
    """Return the code that came back, if it comes back from what this session asked."""
    if not kept or kept["provider"] != provider or dates.now().timestamp() - kept["at"] > LASTS:
        raise openid.NotProven("nothing was asked of it")
    if not secrets.compare_digest(request.GET.get("state", "").encode(), kept["state"].encode()):
        raise openid.NotProven("the state is another request's")
    if kept["link"] != request.user.pk:
        raise openid.NotProven("somebody else is signed in since")
    if "code" not in request.GET:
        raise openid.NotProven(f"it gave no code: {request.GET.get('error', '')[:60]}")
    return request.GET["code"]


def _let_in(request: HttpRequest, known: openid.Provider, proof: openid.Proof) -> HttpResponse:
    if known.id == AGENTS:
        user = accounts.find_agent(provider=known.id, sub=proof.sub)
    else:
        user = accounts.find_or_open_account(
            provider=known.id, sub=proof.sub, claims=proof.claims, at=dates.now(), language=translation.get_language()
        )
    request.session[openid.SIGNED_IN] = {"provider": known.id, "id_token": proof.id_token}
    record_authentication(request, user, method="openid", provider=known.id)
    response: HttpResponse = perform_login(request, Login(user=user, email_verification=EmailVerificationMethod.NONE))
    return response


def _link(request: HttpRequest, known: openid.Provider, proof: openid.Proof) -> HttpResponse:
    if not isinstance(request.user, User):
        raise Http404
    accounts.link_identity(
        user_id=request.user.pk,
        provider=known.id,
        sub=proof.sub,
        claims=proof.claims,
        actor=directory.actor_of(request.user),
        at=dates.now(),
    )
    messages.success(request, _("%(provider)s vous permet désormais de vous connecter.") % {"provider": known.label})
    return redirect_to("portal:security")


def _refused(request: HttpRequest, known: openid.Provider, error: openid.NotProven) -> HttpResponse:
    logger.warning("%s proves nothing: %s", known.id, error)
    sentence = _("%(provider)s n’a pas pu dire qui vous êtes : recommencez, ou connectez-vous autrement.")
    messages.error(request, sentence % {"provider": known.label})
    return redirect_to("account_login")


def _sentence(error: Exception) -> str:
    if isinstance(error, accounts.NotLinked):
        return _(
            "Aucun agent n’est relié à cette identité %(provider)s : connectez-vous avec votre mot de passe, puis "
            "reliez-la dans « Sécurité »."
        )
    if isinstance(error, accounts.NotForAgents):
        return _("Un agent ne se connecte pas par %(provider)s : utilisez votre mot de passe ou ProConnect.")
    return _("Cette identité %(provider)s est déjà reliée à un autre compte, ou votre compte à une autre identité.")
