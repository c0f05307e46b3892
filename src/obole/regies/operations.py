"""Every write about the settings of a régie; money moves in ``ledger``."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.directory.models import Agent
from obole.lib import days
from obole.lib.transactions import whole
from obole.regies import queries
from obole.regies.models import Closing, Entry, Mandate, Regie
from obole.trail import configuration, history
from obole.trail import operations as trail


class CannotClose(ValueError):
    """This period cannot be closed: the sentence says why."""


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


@whole
def give_mandates(*, regie_id: int, agent_ids: Sequence[int], actor: str, at: datetime) -> None:
    """Say which agents answer for the régie: they, and administrators, see its money."""
    regie = Regie.objects.locked().get(pk=regie_id)
    with history.told(actor=actor, at=at):
        Mandate.objects.filter(regie=regie).exclude(agent__in=agent_ids).delete()
        known = set(Mandate.objects.filter(regie=regie).values_list("agent_id", flat=True))
        Mandate.objects.bulk_create(Mandate(regie=regie, agent_id=pk) for pk in agent_ids if pk not in known)
    names = ", ".join(Agent.objects.filter(pk__in=agent_ids).values_list("name", flat=True))
    trail.note("regie.mandates", subject=regie, actor=actor, at=at, agents=names)


@whole
def close_period(*, regie_id: int, until: date, actor: str, at: datetime) -> Closing:
    """
    Close the régie's ledger up to a day: from then on, nothing is booked on or before it, and what it comes to is kept.

    :raises CannotClose: if the day is not over yet, or was closed already.
    """
    regie = Regie.objects.locked().get(pk=regie_id)
    last = queries.closings(regie).first()
    why_not = reason_not_to_close(last, until=until, at=at)
    if why_not:
        raise CannotClose(why_not)
    closing = Closing.objects.create(
        regie=regie, until=until, entry_number=queries.last_number(regie, until=until),
        before=queries.added(last.before, last.totals) if last else {},
        totals=queries.sums_of_period(regie, after=last.until if last else None, until=until),
        closed_by=actor, closed_at=at,
    )  # fmt: skip
    trail.note(
        "regie.close", subject=regie, actor=actor, at=at, until=until.isoformat(), entry_number=closing.entry_number
    )
    return closing


def reason_not_to_close(last: Closing | None, *, until: date, at: datetime) -> str:
    """Say why a ledger cannot be closed up to a day, its last closing being ``last``; nothing if it can."""
    if until >= days.day_of(at):
        return _("Cette journée n’est pas finie : choisissez hier au plus tard.")
    if last is not None and until <= last.until:
        return _("Les comptes sont déjà arrêtés au %(day)s : choisissez un jour après.") % {
            "day": days.long(last.until)
        }
    return ""
