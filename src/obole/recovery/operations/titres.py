"""What the comptable calls each invoice from then on."""

from collections.abc import Mapping
from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.recovery.line_states import LineState
from obole.recovery.models import Transmission, TransmissionLine
from obole.recovery.rules.titre_file import FIRST_YEAR, LAST_YEAR, NUMBER
from obole.regies.access import require_mandate


class NotWithTheComptable(ValueError):
    """One of the invoices is not of this transmission, or came back: it has no titre."""


@atomic_with_retry
def record_titres(
    *, transmission_id: int, titres: Mapping[int, tuple[int, str]], actor: Actor, at: datetime
) -> list[TransmissionLine]:
    """
    Write the exercice and the number of the titre of invoices that were handed over, all or none; return what changed.

    :param titres: by the ids of the lines.
    :raises NotWithTheComptable: if one of them is not with the comptable.
    :raises ValueError: if an exercice or a number is none.
    """
    transmission = Transmission.objects.get(pk=transmission_id)
    require_mandate(regie_id=transmission.regie_id, actor=actor, at=at)
    rows = TransmissionLine.objects.select_for_update(of=("self",)).select_related("invoice")
    lines = list(rows.filter(transmission=transmission, pk__in=titres, state=LineState.SENT).order_by("id"))
    if len(lines) < len(titres):
        raise NotWithTheComptable
    for year, number in titres.values():
        if not FIRST_YEAR <= year <= LAST_YEAR or not NUMBER.fullmatch(number):
            raise ValueError(f"{year} {number} is no titre")
    changed = [line for line in lines if (line.titre_year, line.titre_number) != titres[line.pk]]
    for line in changed:
        line.titre_year, line.titre_number = titres[line.pk]
        audit_log.log_event("line.titre", subject=line.invoice, actor=actor, at=at, titre=line.titre)
    TransmissionLine.objects.bulk_update(changed, ["titre_year", "titre_number"], batch_size=500)
    return changed
