"""What an administrator changes of an agent who exists: their rights, their access, their address."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.accounts import emails, queries
from obole.accounts.models import Invitation
from obole.accounts.operations import invitations
from obole.audit_log import operations as audit_log
from obole.directory import operations as directory
from obole.directory.models import Agent
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


@atomic_with_retry
def configure_agent(
    *, agent_id: int, values: Mapping[str, Any], active: bool, email: str, actor: Actor, at: datetime
) -> Agent:
    """
    Change an agent's rights, access or address, and tell them.

    :raises django.core.exceptions.ValidationError: at ``email``, if another account has this address.
    """
    before = Agent.objects.select_related("user").select_for_update().get(pk=agent_id)
    directory.configure_agent(agent_id=agent_id, values=values, active=active, actor=actor, at=at)
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    if email.lower() != before.user.email:
        _change_address(agent, email.lower(), actor=actor, at=at)
    if (agent.profile, agent.user.is_active) != (before.profile, before.user.is_active):
        emails.send_rights_change(agent, at=at)
    return agent


def _change_address(agent: Agent, email: str, *, actor: Actor, at: datetime) -> None:
    """Replace the address; the new one is proven by a code at the next sign-in, or by another invitation."""
    user, before = agent.user, agent.user.email
    if queries.is_taken(email, but=user):
        raise ValidationError({"email": _("Un autre compte a déjà cette adresse.")})
    user.email = email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
    directory.end_sessions(user_id=user.pk)
    audit_log.log_event("agent.change_address", subject=agent, actor=actor, at=at, before=before, after=email)
    emails.send_address_change(agent, before=before, at=at)
    if Invitation.objects.filter(agent=agent, used_at=None, revoked_at=None).exists():
        invitations.invite_again(agent_id=agent.pk, actor=actor, at=at)
