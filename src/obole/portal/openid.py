"""
FranceConnect and ProConnect, by OpenID Connect: what is asked of them, and what of their answers is believed.

Nothing is believed that is not signed with the provider's published keys, for us, for this very request.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from django.conf import settings

from obole.lib.transactions import forbid_transaction

SECONDS = 5
SIGNED_WITH = ["ES256", "RS256"]
SIGNED_IN = "obole_openid"
"""What a session keeps of the provider that opened it, to sign out there too."""
STRONG_ENOUGH = frozenset({"eidas1", "eidas2", "eidas3"})


class NotProven(Exception):
    """The provider did not answer, or what it said does not prove who is there."""


@dataclass(frozen=True)
class Provider:
    """One provider as the operator declared it."""

    id: str
    label: str
    url: str
    client_id: str
    secret: str
    scope: str

    @property
    def return_url(self) -> str:
        """Where it sends people back: declared to it, and the same whatever a request says of its host."""
        return f"{settings.BASE_URL}/compte/identite/{self.id}/retour/"

    @property
    def after_logout_url(self) -> str:
        """Where it sends people back once it signed them out: declared to it too."""
        return f"{settings.BASE_URL}/compte/identite/{self.id}/deconnecte/"


@dataclass(frozen=True)
class Proof:
    """Who somebody is for a provider, and what ends their session there."""

    sub: str
    claims: dict[str, Any]
    id_token: str


def providers() -> dict[str, Provider]:
    """Return the providers that the operator's settings declare whole, by their ids."""
    declared = (Provider(**values) for values in settings.OPENID_PROVIDERS)
    return {item.id: item for item in declared if item.url and item.client_id and item.secret}


def begin(provider: Provider) -> tuple[str, dict[str, str]]:
    """
    Return where to send somebody, and what to keep in their session until they are back.

    :raises NotProven: if the provider does not answer.
    """
    known = _configuration(provider)
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.return_url,
        "scope": provider.scope,
        "acr_values": "eidas1",
        "state": kept["state"],
        "nonce": kept["nonce"],
    }
    if "S256" in known.get("code_challenge_methods_supported", []):
        digest = hashlib.sha256(kept["verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    return f"{known['authorization_endpoint']}?{urlencode(asked)}", kept


def finish(provider: Provider, *, code: str, kept: dict[str, str]) -> Proof:
    """
    Change a code for the proof of who is there.

    :raises NotProven: if anything is missing, unsigned, not for us, or not for this request.
    """
    known = _configuration(provider)
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.return_url,
        "client_id": provider.client_id,
        "client_secret": provider.secret,
        "code_verifier": kept["verifier"],
    }
    token = _json(_ask("POST", known["token_endpoint"], data=sent))
    id_token, access = str(token.get("id_token", "")), str(token.get("access_token", ""))
    said = _verified(provider, known, id_token, "exp", "iat")
    if not secrets.compare_digest(str(said.get("nonce", "")), kept["nonce"]):
        raise NotProven("the nonce is another request's")
    if said.get("acr") not in STRONG_ENOUGH:
        raise NotProven("the level of the identity is too low")
    answer = _ask("GET", known["userinfo_endpoint"], headers={"Authorization": f"Bearer {access}"})
    claims = _verified(provider, known, answer.text.strip())
    if claims.get("sub") != said["sub"]:
        raise NotProven("the identity is another person's")
    return Proof(str(said["sub"]), claims, id_token)


def logout_url(provider: Provider, id_token: str) -> str:
    """
    Return where the provider's own session is ended.

    :raises NotProven: if the provider does not answer.
    """
    asked = {
        "id_token_hint": id_token,
        "state": secrets.token_urlsafe(32),
        "post_logout_redirect_uri": provider.after_logout_url,
    }
    return f"{_configuration(provider)['end_session_endpoint']}?{urlencode(asked)}"


def _verified(provider: Provider, known: dict[str, Any], token: str, *required: str) -> dict[str, Any]:
    """Read what the provider signed for us, with the keys that it publishes now."""
    try:
        wanted = jwt.get_unverified_header(token)
        keys = jwt.PyJWKSet.from_dict(_json(_ask("GET", known["jwks_uri"]))).keys
        [key] = [key for key in keys if key.key_id == wanted.get("kid")]
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=SIGNED_WITH,
            audience=provider.client_id,
            issuer=known["issuer"],
            options={"require": ["iss", "aud", "sub", *required]},
        )
    except (jwt.PyJWTError, ValueError, KeyError) as error:
        raise NotProven(f"what was said is not signed for us: {error}") from error
    return claims


def _configuration(provider: Provider) -> dict[str, Any]:
    return _json(_ask("GET", f"{provider.url.rstrip('/')}/.well-known/openid-configuration"))


def _ask(method: str, url: str, **sent: Any) -> requests.Response:
    try:
        with forbid_transaction("asking who somebody is"):
            answer = requests.request(method, url, timeout=SECONDS, allow_redirects=False, **sent)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise NotProven(f"the provider does not answer: {error}") from error
    return answer


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError as error:
        raise NotProven("the provider does not speak JSON") from error
    if not isinstance(said, dict):
        raise NotProven("the provider says nothing that we know")
    return said
