"""Every write about the settings of a régie; money moves in ``ledger``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.audit_log import configuration, history, operations as audit_log
from obole.directory.models import Agent
from obole.directory.rules import NotAllowed
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.regies import bank_changes, queries
from obole.regies.access import SIGNATORIES, require_mandate
from obole.regies.models import Closing, Entry, FoundingAct, Mandate, Regie

BANK_TESTED = "regie.bank_test"


class CannotClose(ValueError):
    """This period cannot be closed: the sentence says why."""


@atomic_with_retry
def configure_regie(*, regie_id: int | None, values: Mapping[str, Any], actor: Actor, at: datetime) -> Regie:
    """
    Create or change a régie. Once it has booked money, what a person changes of its bank waits for a second one.

    :raises django.core.exceptions.ValidationError: if a value is refused, or if the code changes after a first entry.
    """
    if regie_id is not None and "code" in values and _has_another_code(regie_id, values["code"]):
        raise ValidationError({"code": _("Ce code commence déjà des numéros de factures : il ne peut plus changer.")})
    if regie_id is not None:
        known = Regie.objects.locked().get(pk=regie_id)
        if bank_changes.needs_two(known, values, actor):
            bank_changes.request_change(known, values, actor=actor, at=at)
            values = {name: value for name, value in values.items() if name not in bank_changes.BANK}
        values = bank_changes.with_former_settings(known, values)
    return configuration.configure(Regie, pk=regie_id, values=values, actor=actor, at=at)


@atomic_with_retry
def record_bank_test(*, regie_id: int, refused: bool, code: str, actor: Actor, at: datetime) -> None:
    """Keep what the bank answered when the settings of a régie, as they are saved, were tested."""
    regie = Regie.objects.locked().get(pk=regie_id)
    answer = "refused" if refused else "known"
    audit_log.log_event(BANK_TESTED, subject=regie, actor=actor, at=at, answer=answer, code=code)


@atomic_with_retry
def configure_act(*, regie_id: int, values: Mapping[str, Any], actor: Actor, at: datetime) -> FoundingAct:
    """
    Write down what the acte constitutif of a régie says, or what an act that amends it changed.

    :raises django.core.exceptions.ValidationError: if a value is refused.
    """
    regie = Regie.objects.locked().get(pk=regie_id)
    act = queries.act_of(regie_id)
    return configuration.configure(
        FoundingAct, pk=act.pk if act else None, values={**values, "regie": regie}, actor=actor, at=at
    )


def _has_another_code(regie_id: int, code: str) -> bool:
    """Tell whether a régie whose ledger has begun goes by another code."""
    return Entry.objects.filter(regie=regie_id).exclude(regie__code=code).exists()


@dataclass(frozen=True)
class MandateTerms:
    """In what quality an agent answers for a régie, and between which days, both included."""

    kind: str = Mandate.Kind.HOLDER
    starts_on: date | None = None
    ends_on: date | None = None


@atomic_with_retry
def give_mandates(*, regie_id: int, agent_ids: Sequence[int], actor: Actor, at: datetime) -> None:
    """
    Say which agents answer for the régie: they see its money, and move it. Who has a mandate already keeps its terms.

    :raises django.core.exceptions.ValidationError: if somebody gives one to themself.
    """
    regie = Regie.objects.locked().get(pk=regie_id)
    known = set(Mandate.objects.filter(regie=regie).values_list("agent_id", flat=True))
    _refuse_oneself(actor, set(agent_ids) - known, field="agents")
    with history.context(actor=actor, at=at):
        Mandate.objects.filter(regie=regie).exclude(agent__in=agent_ids).delete()
        Mandate.objects.bulk_create(Mandate(regie=regie, agent_id=pk) for pk in agent_ids if pk not in known)
    names = ", ".join(Agent.objects.filter(pk__in=agent_ids).values_list("name", flat=True))
    audit_log.log_event("regie.mandates", subject=regie, actor=actor, at=at, agents=names)


@atomic_with_retry
def configure_mandates(*, agent_id: int, terms: Mapping[int, MandateTerms], actor: Actor, at: datetime) -> None:
    """
    Say for which régies (by their ids) an agent answers, and in what quality; the others are taken from them.

    :raises django.core.exceptions.ValidationError: if somebody changes their own, or one ends before it starts.
    """
    agent = Agent.objects.get(pk=agent_id)
    before = {mandate.regie_id: mandate for mandate in Mandate.objects.filter(agent=agent)}
    changed = {pk: kept for pk, kept in terms.items() if pk not in before or _terms_of(before[pk]) != kept}
    _refuse_oneself(actor, {agent_id} if changed else set(), field="")
    with history.context(actor=actor, at=at):
        Mandate.objects.filter(agent=agent).exclude(regie__in=terms).delete()
        for regie_id, kept in changed.items():
            mandate = before.get(regie_id) or Mandate(regie_id=regie_id, agent=agent)
            mandate.kind, mandate.starts_on, mandate.ends_on = kept.kind, kept.starts_on, kept.ends_on
            mandate.full_clean()
            mandate.save()
    names = ", ".join(Regie.objects.filter(pk__in=terms).values_list("name", flat=True))
    audit_log.log_event("agent.mandates", subject=agent, actor=actor, at=at, regies=names)


@atomic_with_retry
def pass_mandate(*, regie_id: int, ends_of: int | None, starts_of: int, actor: Actor, at: datetime) -> Mandate.Kind:
    """
    End the mandate of who leaves a régie, and begin that of who takes it over, if it has not begun: on this very day.
    Both were given by an administrator; return the quality of who takes over.

    :param ends_of: the agent who leaves; None where their mandate goes on.
    :raises obole.directory.rules.NotAllowed: if who takes over has no mandate to sign that could begin that day.
    """
    day = dates.day_of(at)
    given = Mandate.objects.select_for_update().filter(regie=regie_id).order_by("id")
    theirs = given.filter(agent=starts_of, kind__in=SIGNATORIES).exclude(ends_on__lt=day).first()
    if theirs is None:
        raise NotAllowed(f"agent:{starts_of} takes over nothing of régie {regie_id}")
    with history.context(actor=actor, at=at):
        if theirs.starts_on is not None and theirs.starts_on > day:
            theirs.starts_on = day
            theirs.save()
        ended = given.valid_on(day).filter(agent=ends_of).first() if ends_of is not None else None
        if ended is not None:
            ended.ends_on = day
            ended.save()
    names = [*([ended.agent.name] if ended else []), theirs.agent.name]
    audit_log.log_event("regie.pass_mandate", subject=theirs.regie, actor=actor, at=at, agents=" → ".join(names))
    return Mandate.Kind(theirs.kind)


def _terms_of(mandate: Mandate) -> MandateTerms:
    return MandateTerms(mandate.kind, mandate.starts_on, mandate.ends_on)


def _refuse_oneself(actor: Actor, given_to: set[int], *, field: str) -> None:
    if actor.pk_of("agent") in given_to:
        sentence = _("Vous ne pouvez pas vous donner un mandat : demandez à un autre administrateur.")
        raise ValidationError({field: sentence} if field else sentence)


@atomic_with_retry
def close_period(*, regie_id: int, until: date, actor: Actor, at: datetime) -> Closing:
    """
    Close the régie's ledger up to a day: from then on, nothing is booked on or before it, and what it comes to is kept.

    :raises CannotClose: if the day is not over yet, was closed already, or is after an exercice that is not closed.
    """
    regie = Regie.objects.locked().get(pk=regie_id)
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    last = queries.closings(regie).first()
    why_not = reason_not_to_close(regie, last, until=until, at=at)
    if why_not:
        raise CannotClose(why_not)
    kept = (last.entry_number, last.entry_hash) if last else (0, "")
    number, entry_hash = max(kept, queries.last_entry(regie, after=last.until if last else None, until=until))
    closing = Closing.objects.create(
        regie=regie,
        until=until,
        entry_number=number,
        entry_hash=entry_hash,
        before=queries.sum_balances(last.before, last.totals) if last else {},
        totals=queries.sums_of_period(regie, after=last.until if last else None, until=until),
        closed_by=actor,
        closed_at=at,
    )
    audit_log.log_event(
        "regie.close", subject=regie, actor=actor, at=at, until=until.isoformat(), entry_number=closing.entry_number
    )
    return closing


def reason_not_to_close(regie: Regie, last: Closing | None, *, until: date, at: datetime) -> str:
    """Say why a ledger cannot be closed up to a day, its last closing being ``last``; nothing if it can."""
    if until >= dates.day_of(at):
        return _("Cette journée n’est pas finie : choisissez hier au plus tard.")
    if last is not None and until <= last.until:
        return _("Les comptes sont déjà arrêtés au %(day)s : choisissez un jour après.") % {
            "day": dates.format_long(last.until)
        }
    open_since = last.until + timedelta(days=1) if last else queries.first_day(regie)
    if open_since is not None and open_since.year < until.year:
        # What the exercice carries forward is kept by its own closing.
        return _("L’exercice %(year)s n’est pas arrêté : arrêtez d’abord les comptes au 31/12/%(year)s.") % {
            "year": open_since.year
        }
    return ""
