"""Every write about people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from obole.directory.models import Agent, Authority, Citizen, User
from obole.lib import words
from obole.lib.transactions import whole
from obole.trail import configuration
from obole.trail import operations as trail


@whole
def register_citizen(*, values: Mapping[str, Any], actor: str, at: datetime, user_id: int | None = None) -> Citizen:
    """Open a citizen's file, with an account (``user_id``) or, at the counter, without one."""
    citizen = Citizen(user_id=user_id, **{name: _clean(value) for name, value in values.items()})
    citizen.full_clean()
    citizen.save()
    trail.note("citizen.register", subject=citizen, actor=actor, at=at)
    return citizen


@whole
def update_citizen(*, citizen_id: int, values: Mapping[str, Any], actor: str, at: datetime) -> Citizen:
    """Change a citizen's name, address or ways to be reached."""
    citizen = Citizen.objects.select_for_update().get(pk=citizen_id)
    for name, value in values.items():
        setattr(citizen, name, _clean(value))
    citizen.full_clean()
    citizen.save()
    trail.note("citizen.update", subject=citizen, actor=actor, at=at, fields=", ".join(sorted(values)))
    return citizen


@whole
def register_agent(*, email: str, password: str | None, values: Mapping[str, Any], actor: str, at: datetime) -> Agent:
    """Open an agent's account; without a password, the agent sets one by « Mot de passe oublié »."""
    user = User.objects.filter(email=email.lower()).first() or User.objects.create_user(email, password)
    return configuration.configure(Agent, pk=None, values={"user": user, **values}, actor=actor, at=at)


@whole
def configure_agent(*, agent_id: int, values: Mapping[str, Any], active: bool, actor: str, at: datetime) -> Agent:
    """Change an agent's profile; an agent who is switched off cannot sign in, at once."""
    agent = configuration.configure(Agent, pk=agent_id, values=values, actor=actor, at=at)
    if User.objects.exclude(is_active=active).filter(pk=agent.user_id).update(is_active=active):
        trail.note("agent.open" if active else "agent.shut", subject=agent, actor=actor, at=at)
    return agent


def configure_authority(*, values: Mapping[str, Any], actor: str, at: datetime) -> Authority:
    """Describe the town."""
    existing = Authority.objects.filter(only=True).first()
    return configuration.configure(Authority, pk=existing.pk if existing else None, values=values, actor=actor, at=at)


def _clean(value: Any) -> Any:
    """Keep line breaks (postal addresses), drop what no line should hold."""
    if not isinstance(value, str):
        return value
    return "\n".join(words.clean_line(line) for line in value.splitlines()).strip()
