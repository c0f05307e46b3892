"""Who may move the money of a régie: an agent with a mandate of that day, and the product itself; nobody else."""

from datetime import datetime

from obole.directory.rules import NotAllowed
from obole.lib import dates
from obole.lib.actors import Actor
from obole.regies.models import Mandate

SIGNATORIES = (Mandate.Kind.HOLDER, Mandate.Kind.SUBSTITUTE)
"""A mandataire acts for the régisseur, and signs nothing in their place."""


def require_mandate(*, regie_id: int, actor: Actor, at: datetime) -> None:
    """
    Refuse that somebody moves the money of a régie without a mandate that acts, valid that day.

    :raises obole.directory.rules.NotAllowed: whatever their profile: an administrator answers for no régie.
    """
    if actor.is_machine:
        return
    mandates = Mandate.objects.valid_on(dates.day_of(at)).that_act().filter(regie=regie_id, agent=actor.pk_of("agent"))
    if not mandates.exists():
        raise NotAllowed(f"{actor.id} has no mandate for régie {regie_id}")


def require_signature(*, regie_id: int, actor: Actor, at: datetime) -> Mandate.Kind:
    """
    Refuse that anybody but the régisseur, or who stands in for them, signs what is given to the comptable; return the
    quality in which they sign.

    :raises obole.directory.rules.NotAllowed: whoever else asks: no machine signs.
    """
    mandates = Mandate.objects.valid_on(dates.day_of(at)).filter(regie=regie_id, kind__in=SIGNATORIES)
    mandate = mandates.filter(agent=actor.pk_of("agent")).first()
    if mandate is None:
        raise NotAllowed(f"{actor.id} signs nothing for régie {regie_id}")
    return Mandate.Kind(mandate.kind)
