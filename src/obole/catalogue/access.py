"""Who works on what is asked of a prestation: an agent who handles it, and the product itself; nobody else."""

from obole.catalogue.models import Service
from obole.directory.models import Agent
from obole.directory.rules import NotAllowed
from obole.lib.actors import Actor


def require_service(*, service_id: int, actor: Actor) -> None:
    """
    Refuse that somebody works on what is asked of a prestation that they do not handle.

    :raises obole.directory.rules.NotAllowed: also to who only reads it.
    """
    if not handles_service(service_id=service_id, actor=actor):
        raise NotAllowed(f"{actor.id} does not handle prestation {service_id}")


def handles_service(*, service_id: int, actor: Actor) -> bool:
    """Tell whether somebody reviews and bills what is asked of a prestation."""
    if actor.is_machine:
        return True
    agent = Agent.objects.filter(pk=actor.pk_of("agent") or 0).first()
    return agent is not None and Service.objects.handled_by(agent).filter(pk=service_id).exists()
