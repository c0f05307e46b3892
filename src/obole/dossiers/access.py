"""Who writes in a dossier: the citizen whose it is, and the agents who handle its prestation."""

from obole.catalogue.access import require_service
from obole.directory.rules import NotAllowed
from obole.dossiers.models import Dossier
from obole.lib.actors import Actor


def require_applicant(*, citizen_id: int, actor: Actor) -> None:
    """
    Refuse that somebody applies, completes or withdraws for another.

    :raises obole.directory.rules.NotAllowed: an agent writes their own answers, and none of the citizen's.
    """
    if not actor.is_machine and actor.pk_of("citizen") != citizen_id:
        raise NotAllowed(f"{actor.id} is not citizen {citizen_id}")


def require_reviewer(dossier: Dossier, *, actor: Actor) -> None:
    """
    Refuse that somebody reviews or bills a dossier whose prestation they do not handle.

    :raises obole.directory.rules.NotAllowed: its applicant included.
    """
    require_service(service_id=dossier.scheme.service_id, actor=actor)
