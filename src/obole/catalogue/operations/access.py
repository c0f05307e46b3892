"""Which agents see the dossiers of which prestations."""

from collections.abc import Collection
from datetime import datetime

from obole.audit_log import history, operations as audit_log
from obole.catalogue.models import Service, ServiceAccess
from obole.directory.models import Agent
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


@atomic_with_retry
def give_service_access(
    *, agent_id: int, handled: Collection[int], read: Collection[int], actor: Actor, at: datetime
) -> None:
    """
    Say which prestations (by their ids) an agent handles, and which ones they only read; the others are closed to them.

    One that is in both is handled.
    """
    agent = Agent.objects.select_for_update().get(pk=agent_id)
    wanted = {**dict.fromkeys(read, False), **dict.fromkeys(handled, True)}
    with history.context(actor=actor, at=at):
        ServiceAccess.objects.filter(agent=agent).exclude(service__in=wanted).delete()
        known = {access.service_id: access for access in ServiceAccess.objects.filter(agent=agent)}
        for service_id, handles in wanted.items():
            access = known.get(service_id) or ServiceAccess(agent=agent, service_id=service_id)
            if access.pk is None or access.handles is not handles:
                access.handles = handles
                access.save()
    names = ", ".join(Service.objects.filter(pk__in=wanted).values_list("name", flat=True))
    audit_log.log_event("agent.services", subject=agent, actor=actor, at=at, services=names)
