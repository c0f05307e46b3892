"""
How often a password may be tried: whoever guesses waits longer and longer, and the owner of the account comes in.

Counted before the password is looked at, and given back when it was right. A browser that the owner signed in from
keeps a signed cookie, that gives nothing but a meter of its own: nobody else's tries count there. Whoever proved to
read the account's mails, by a new password, has the same for their session.
"""

import hashlib
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from obole.directory.models import User
from obole.lib import dates
from obole.lib.client_address import client_address
from obole.limits import operations as limits, rules
from obole.limits.middleware import as_error

SALT, LONGEST, MOST_ACCOUNTS = "portal.known_browser", 180 * 24 * 3600, 5
_PROVED = "obole_known_browser"


class PatientSignIn:
    """What the library's adapter does before, and after, it looks at a password."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """
        Count a try.

        :raises django.forms.ValidationError: if it comes too early.
        """
        email = _email(credentials)
        try:
            if _is_known(request, email):
                limits.try_once(rules.SIGN_IN_BROWSER, email, request.COOKIES.get(cookie_name(), ""), at=dates.now())
                return
            network = rules.network_of(client_address(request))
            limits.try_once(rules.SIGN_IN_PAIR, email, network, at=dates.now())
            limits.try_once(rules.SIGN_IN_ACCOUNT, email, at=dates.now())
            if network:
                limits.use(rules.SIGN_IN_ADDRESS, network, at=dates.now())
        except rules.TooMany as refusal:
            request.retry_after = refusal.seconds  # type: ignore[attr-defined]
            raise as_error(refusal) from refusal

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Look at a password; a right one was no guess."""
        user: User | None = super().authenticate(request, **credentials)  # type: ignore[misc]
        if user is not None:
            _forgive(request, _email(credentials))
        return user

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        """Answer to who is in, and know this browser from now on."""
        response: HttpResponse = super().post_login(request, user, **options)  # type: ignore[misc]
        known = [_digest(user.email), *(item for item in _known(request) if item != _digest(user.email))]
        value = signing.dumps(known[:MOST_ACCOUNTS], salt=SALT)
        response.set_cookie(cookie_name(), value, max_age=LONGEST, httponly=True, secure=settings.HTTPS, samesite="Lax")
        return response

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Know for a session who has just chosen a new password by the link of a mail."""
        request.session[_PROVED] = _digest(_email(credentials))


def cookie_name() -> str:
    """Return the name of the cookie: where all is encrypted, one that no other site of the domain can write."""
    return "__Host-known_browser" if settings.HTTPS else "known_browser"


def _forgive(request: HttpRequest, email: str) -> None:
    network = rules.network_of(client_address(request))
    limits.forgive(
        (rules.SIGN_IN_PAIR, email, network),
        (rules.SIGN_IN_ACCOUNT, email),
        (rules.SIGN_IN_BROWSER, email, request.COOKIES.get(cookie_name(), "")),
    )
    if network and not _is_known(request, email):
        limits.give_back(rules.SIGN_IN_ADDRESS, network, at=dates.now())


def _is_known(request: HttpRequest, email: str) -> bool:
    return _digest(email) in {*_known(request), request.session.get(_PROVED)}


def _known(request: HttpRequest) -> list[str]:
    try:
        found = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=LONGEST)
    except signing.BadSignature:
        return []
    return [str(item) for item in found] if isinstance(found, list) else []


def _email(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip().lower()


def _digest(email: str) -> str:
    return hashlib.sha256(email.lower().encode("utf-8", "replace")).hexdigest()[:32]
