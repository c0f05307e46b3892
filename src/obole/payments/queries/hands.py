"""Who may be given what waits for a person."""

from collections.abc import Collection
from datetime import date

from django.db.models import QuerySet

from obole.directory.models import Agent
from obole.directory.rules import Profile, Right, rights_of
from obole.payments.models import Anomaly
from obole.regies.models import Mandate


def agents_for_regies(regie_ids: Collection[int], *, today: date) -> QuerySet[Agent]:
    """Return the agents who may act for one of these régies that day, and can sign in."""
    mandates = Mandate.objects.valid_on(today).that_act().filter(regie__in=regie_ids)
    return _who_sees_tasks().filter(pk__in=mandates.values("agent"))


def agents_to_give(anomaly: Anomaly, *, today: date) -> QuerySet[Agent]:
    """Return who may be given a task: who acts for its régie; of a mail that has none, whoever has the list."""
    if anomaly.regie_id is None:
        return _who_sees_tasks()
    return agents_for_regies([anomaly.regie_id], today=today)


def _who_sees_tasks() -> QuerySet[Agent]:
    profiles = [profile for profile in Profile if Right.MONEY in rights_of(profile)]
    return Agent.objects.filter(profile__in=profiles, may_sign_in=True).order_by("name", "id")
