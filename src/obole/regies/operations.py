"""Every write about the settings of a régie; money moves in ``ledger``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from obole.directory.models import Agent
from obole.regies.models import Entry, Mandate, Regie
from obole.trail import configuration
from obole.trail import operations as trail


def configure_regie(*, regie_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> Regie:
    """
    Create or change a régie.

    :raises django.core.exceptions.ValidationError: if a value is refused, or if the code changes after a first entry.
    """
    if regie_id is not None and "code" in values and _has_another_code(regie_id, values["code"]):
        raise ValidationError({"code": _("Ce code commence déjà des numéros de factures : il ne peut plus changer.")})
    return configuration.configure(Regie, pk=regie_id, values=values, actor=actor, at=at)


def _has_another_code(regie_id: int, code: str) -> bool:
    """Tell whether a régie whose ledger has begun goes by another code."""
    return Entry.objects.filter(regie=regie_id).exclude(regie__code=code).exists()


@transaction.atomic
def give_mandates(*, regie_id: int, agent_ids: Sequence[int], actor: str, at: datetime) -> None:
    """Say which agents answer for the régie: they, and administrators, see its money."""
    regie = Regie.objects.locked().get(pk=regie_id)
    Mandate.objects.filter(regie=regie).exclude(agent__in=agent_ids).delete()
    known = set(Mandate.objects.filter(regie=regie).values_list("agent_id", flat=True))
    Mandate.objects.bulk_create(Mandate(regie=regie, agent_id=pk) for pk in agent_ids if pk not in known)
    names = ", ".join(Agent.objects.filter(pk__in=agent_ids).values_list("name", flat=True))
    trail.note("regie.mandates", subject=regie, actor=actor, at=at, agents=names)
