"""Second factors that were lost: an administrator takes them away, and the agent sets up others."""

from datetime import datetime

from allauth.mfa.models import Authenticator

from obole.accounts import emails
from obole.audit_log import operations as audit_log
from obole.directory import operations as directory
from obole.directory.models import Agent
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


@atomic_with_retry
def forget_second_factors(*, agent_id: int, actor: Actor, at: datetime) -> Agent:
    """Take an agent's second factors and sessions away, and tell them: a lost telephone, or a stolen one."""
    agent = Agent.objects.select_related("user").select_for_update().get(pk=agent_id)
    Authenticator.objects.filter(user=agent.user).delete()
    directory.end_sessions(user_id=agent.user_id)
    audit_log.log_event("agent.forget_second_factors", subject=agent, actor=actor, at=at)
    emails.send_second_factors_gone(agent, at=at)
    return agent
