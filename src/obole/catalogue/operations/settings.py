"""Prestations and dispositifs, created and changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from obole.audit_log import configuration
from obole.catalogue.models import Scheme, Service
from obole.lib.actors import Actor


def configure_service(*, service_id: int | None, values: Mapping[str, Any], actor: Actor, at: datetime) -> Service:
    """Create or change a prestation."""
    return configuration.configure(Service, pk=service_id, values=values, actor=actor, at=at)


def configure_scheme(*, scheme_id: int | None, values: Mapping[str, Any], actor: Actor, at: datetime) -> Scheme:
    """Create or change a dispositif; its form and its pricing have operations of their own."""
    return configuration.configure(Scheme, pk=scheme_id, values=values, actor=actor, at=at)
