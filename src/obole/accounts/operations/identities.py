"""Accounts that a provider of identities opens: known by its ``sub``, never by an address."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from obole.accounts.models import Identity
from obole.accounts.rules import pivot_of
from obole.audit_log import operations as audit_log
from obole.directory import operations as directory, queries
from obole.directory.models import Agent, User
from obole.directory.rules import NOWHERE
from obole.lib import texts
from obole.lib.actors import Actor
from obole.lib.languages import Language
from obole.lib.transactions import atomic_with_retry


class NotLinked(Exception):
    """No agent is linked to this identity: only somebody who came in by an invitation links one."""


class NotForAgents(Exception):
    """An agent does not come in as a citizen does."""


class LinkedElsewhere(Exception):
    """This identity is another account's, or this account has another one."""


@atomic_with_retry
def find_or_open_account(
    *, provider: str, sub: str, claims: Mapping[str, Any], at: datetime, language: str = Language.FRENCH
) -> User:
    """
    Return the account of a citizen whom a provider knows; the first time, open one, with its file.

    The address that the provider gives is where to write, often a couple's: it neither finds an account nor opens one.

    :param language: of the pages that a new account is opened from.
    :raises NotForAgents: if the account is an agent's.
    """
    known = Identity.objects.select_related("user").filter(provider=provider, sub=sub).first()
    if known is None:
        return _open(provider, sub, claims, at, language)
    if Agent.objects.filter(user=known.user_id).exists():
        raise NotForAgents
    return known.user


@atomic_with_retry
def find_agent(*, provider: str, sub: str) -> User:
    """
    Return the account of an agent whom a provider knows.

    :raises NotLinked: if no agent linked this identity.
    """
    known = Identity.objects.select_related("user").filter(provider=provider, sub=sub).first()
    if known is None or not Agent.objects.filter(user=known.user_id).exists():
        raise NotLinked
    return known.user


@atomic_with_retry
def link_identity(
    *, user_id: int, provider: str, sub: str, claims: Mapping[str, Any], actor: Actor, at: datetime
) -> Identity:
    """
    Let the owner of an account, who has just proven to be there, come in by a provider from now on.

    :raises LinkedElsewhere: if this identity is somebody else's, or the account has another.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    known = (
        Identity.objects.filter(provider=provider, sub=sub).first()
        or Identity.objects.filter(provider=provider, user=user).first()
    )
    if known is not None and (known.user_id, known.sub) != (user_id, sub):
        raise LinkedElsewhere
    if known is None:
        known = Identity.objects.create(user=user, provider=provider, sub=sub, pivot=pivot_of(claims), linked_at=at)
        audit_log.log_event("account.link_identity", subject=user, actor=actor, at=at, provider=provider)
    return known


def _open(provider: str, sub: str, claims: Mapping[str, Any], at: datetime, language: str) -> User:
    pivot = pivot_of(claims)
    user = directory.open_account(email=f"{texts.token().lower()}@{provider}{NOWHERE}", password=None, proven=False)
    Identity.objects.create(user=user, provider=provider, sub=sub, pivot=pivot, linked_at=at)
    values = {
        "first_name": pivot["given_name"][:80],
        "last_name": (str(claims.get("preferred_username") or "") or pivot["family_name"])[:80] or "—",
        "email": _address(claims),
        "language": language,
    }
    directory.register_citizen(values=values, user_id=user.pk, actor=None, at=at)
    actor = queries.actor_of(user)
    audit_log.log_event("account.link_identity", subject=user, actor=actor, at=at, provider=provider)
    return user


def _address(claims: Mapping[str, Any]) -> str:
    """Return where the provider says to write, if that is an address."""
    email = str(claims.get("email") or "")
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email
