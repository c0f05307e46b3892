"""Which drawers a régie has."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.audit_log import configuration
from obole.cash_desk.models import CashSession, Drawer
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


@atomic_with_retry
def configure_drawer(*, drawer_id: int | None, values: Mapping[str, Any], actor: Actor, at: datetime) -> Drawer:
    """
    Create a drawer, or change its name or whether it is enabled.

    :raises django.core.exceptions.ValidationError: if a value is refused, or if it is open and would be disabled.
    """
    if drawer_id is not None:
        drawer = Drawer.objects.select_for_update(no_key=True).get(pk=drawer_id)
        if not values.get("enabled", True) and CashSession.objects.open().filter(drawer=drawer).exists():
            raise ValidationError({"enabled": _("Cette caisse est ouverte : faites-la d’abord arrêter.")})
    return configuration.configure(Drawer, pk=drawer_id, values=values, actor=actor, at=at)
