"""The sessions of an account, ended one by one or together."""

from collections.abc import Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession

from obole.audit_log import operations as audit_log
from obole.directory import operations as directory
from obole.directory.models import Agent, User
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


@atomic_with_retry
def end_session(*, user_id: int, session_id: int, actor: Actor, at: datetime) -> bool:
    """End one session of an account, if it is the account's own, and return whether it was."""
    return _end(UserSession.objects.filter(user_id=user_id, pk=session_id), user_id, actor, at) > 0


@atomic_with_retry
def end_other_sessions(*, user_id: int, session_key: str, actor: Actor, at: datetime) -> int:
    """End every session of an account but the one in use, and return how many there were."""
    return _end(UserSession.objects.filter(user_id=user_id).exclude(session_key=session_key), user_id, actor, at)


@atomic_with_retry
def end_agent_sessions(*, agent_id: int, actor: Actor, at: datetime) -> None:
    """End every session of an agent, whoever left it open and wherever."""
    agent = Agent.objects.get(pk=agent_id)
    directory.end_sessions(user_id=agent.user_id)
    audit_log.log_event("agent.end_sessions", subject=agent, actor=actor, at=at)


def _end(sessions: Iterable[UserSession], user_id: int, actor: Actor, at: datetime) -> int:
    ended = 0
    for session in sessions:
        session.end()
        ended += 1
    if ended:
        user = User.objects.get(pk=user_id)
        audit_log.log_event("account.end_sessions", subject=user, actor=actor, at=at, number=ended)
    return ended
