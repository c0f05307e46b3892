"""Which agents, and which keys of other software, see the dossiers of which prestations."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from obole.api_keys import operations as api_keys
from obole.api_keys.models import ApiKey
from obole.audit_log import history, operations as audit_log
from obole.catalogue.models import Service, ServiceAccess, ServiceKey
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


@atomic_with_retry
def create_api_key(
    *, values: Mapping[str, Any], service_ids: Collection[int], actor: Actor, at: datetime
) -> tuple[ApiKey, str]:
    """
    Make a key for some prestations, and return it with what its software sends, which is known to nobody afterwards.

    :raises django.core.exceptions.ValidationError: at the value that is refused.
    """
    key, token = api_keys.create_key(values=values, actor=actor, at=at)
    services = list(Service.objects.filter(pk__in=service_ids).order_by("pk"))
    ServiceKey.objects.bulk_create(ServiceKey(service=service, key=key) for service in services)
    names = ", ".join(service.name for service in services)
    audit_log.log_event("api_key.services", subject=key, actor=actor, at=at, services=names)
    return key, token
