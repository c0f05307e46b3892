"""How somebody becomes an agent: by a link to their address, whatever account this address had before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.accounts import emails
from obole.accounts.models import Identity, Invitation
from obole.accounts.operations import addresses
from obole.accounts.rules import INVITATION_LASTS, digest
from obole.audit_log import operations as audit_log
from obole.directory import operations as directory
from obole.directory.models import Agent, User
from obole.lib import texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


class AlreadyAnswered(Exception):
    """The agent has come in: there is nothing to invite them to."""


class InvitationClosed(Exception):
    """The link was used, replaced or outlived, or was never ours."""


@dataclass(frozen=True)
class Invited:
    """An agent to come, the link that lets them in, and whether their address had an account already."""

    agent: Agent
    link: str
    had_account: bool = False


@atomic_with_retry
def invite_agent(*, email: str, values: Mapping[str, Any], actor: Actor, at: datetime) -> Invited:
    """
    Make somebody an agent, and mail them the link that lets them in.

    An account that the address has already keeps what it owns, and nothing that lets in: neither its password, nor its
    sessions, nor the proof of its address. Whoever opened it may be anybody.

    :raises django.core.exceptions.ValidationError: at ``email``, if an agent has this address.
    """
    user = User.objects.select_for_update().filter(email=email.lower()).first()
    had_account = user is not None
    if user is None:
        user = directory.open_account(email=email, password=None, proven=False)
    elif Agent.objects.filter(user=user).exists():
        raise ValidationError({"email": _("Un agent a déjà cette adresse.")})
    else:
        _lock_out(user)
    agent = directory.register_agent(user_id=user.pk, values=values, actor=actor, at=at)
    audit_log.log_event("agent.invite", subject=agent, actor=actor, at=at, had_account=had_account)
    return Invited(agent, _invite(agent, at=at), had_account)


@atomic_with_retry
def invite_again(*, agent_id: int, actor: Actor, at: datetime) -> Invited:
    """
    Mail another link to an agent who has not come in yet; the one before is worth nothing any more.

    :raises AlreadyAnswered: if the agent has a password: « Mot de passe oublié » gives another one.
    """
    agent = Agent.objects.select_related("user").select_for_update().get(pk=agent_id)
    if agent.user.has_usable_password():
        raise AlreadyAnswered(agent_id)
    audit_log.log_event("agent.invite", subject=agent, actor=actor, at=at)
    return Invited(agent, _invite(agent, at=at))


@atomic_with_retry
def accept_invitation(*, token: str, password: str, at: datetime) -> Agent:
    """
    Let an agent in by the link that they received: their address is proven, and they have the password that they chose.

    :raises InvitationClosed: if the link is worth nothing any more.
    """
    invitation = (
        Invitation.objects.select_related("agent__user").select_for_update().filter(digest=digest(token)).first()
    )
    if invitation is None or not _can_be_answered(invitation, at):
        raise InvitationClosed
    agent = invitation.agent
    agent.user.set_password(password)
    agent.user.save(update_fields=["password"])
    invitation.used_at = at
    invitation.save(update_fields=["used_at"])
    addresses.prove_address(user_id=agent.user_id, actor=agent.actor, at=at)
    audit_log.log_event("agent.accept_invitation", subject=agent, actor=agent.actor, at=at)
    return agent


def _can_be_answered(invitation: Invitation, at: datetime) -> bool:
    user = invitation.agent.user
    is_open = invitation.used_at is None and invitation.revoked_at is None and at < invitation.expires_at
    return is_open and user.is_active and invitation.email == user.email


def _invite(agent: Agent, *, at: datetime) -> str:
    """Replace the invitation that waits, if one does, and mail the new one; return its link."""
    Invitation.objects.filter(agent=agent, used_at=None, revoked_at=None).update(revoked_at=at)
    token = texts.token() + texts.token()
    invitation = Invitation.objects.create(
        agent=agent, email=agent.user.email, digest=digest(token), sent_at=at, expires_at=at + INVITATION_LASTS
    )
    emails.send_invitation(invitation, token, at=at)
    return emails.link(token)


def _lock_out(user: User) -> None:
    """Take from an account all that lets in; its sessions end with its password."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    EmailAddress.objects.filter(user=user).update(verified=False)
    Authenticator.objects.filter(user=user).delete()
    Identity.objects.filter(user=user).delete()
