"""Régies whose bank said no the last time that it was asked: by a test of their settings, or by whoever paid."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, Subquery

from obole.audit_log.models import Record
from obole.gateways import registry
from obole.gateways.base import Rejected
from obole.payments.models import Attempt
from obole.payments.states import AttemptState
from obole.regies.models import Regie
from obole.regies.operations import BANK_TESTED

CHANGED = ("configure", "regie.bank_decided")
BANK = frozenset({"gateway", "gateway_settings"})


def refused_by_their_bank(regies: Iterable[Regie]) -> set[int]:
    """
    Return those whose bank refused last; a change of its settings takes that away, until it is asked again. A constant
    number of queries.
    """
    ids = [regie.pk for regie in regies]
    said = {pk: (at, refused) for pk, at, refused in _attempts(ids)}
    for pk, at, refused in _records(ids):
        if pk not in said or said[pk][0] <= at:
            said[pk] = (at, refused)
    return {pk for pk, (_at, refused) in said.items() if refused}


def _records(ids: list[int]) -> Iterable[tuple[int, datetime, bool]]:
    """Return, oldest first, the tests of settings and their changes."""
    found = Record.objects.filter(
        subject_kind=Regie._meta.label_lower, subject_id__in=ids, verb__in=(BANK_TESTED, *CHANGED)
    )
    for record in found.order_by("at", "id"):
        if record.verb == BANK_TESTED:
            yield record.subject_id, record.at, record.details["answer"] == "refused"
        elif record.verb != "configure" or BANK & set(str(record.details.get("fields", "")).split(", ")):
            yield record.subject_id, record.at, False


def _attempts(ids: list[int]) -> Iterable[tuple[int, datetime, bool]]:
    """Return what the bank said to the last who tried to pay; what is of the payer is none of the settings."""
    latest = Attempt.objects.filter(regie=OuterRef("pk")).exclude(state=AttemptState.OPENING).order_by("-id")
    last = Regie.objects.filter(pk__in=ids).annotate(last=Subquery(latest.values("pk")[:1])).values("last")
    attempts = Attempt.objects.filter(pk__in=last.order_by()).select_related("regie").order_by("id")
    for attempt in attempts:
        refused = (
            attempt.state == AttemptState.FAILED
            # Without a code of the bank's own, the refusal is ours: an amount that it does not take.
            and attempt.bank_said not in {"", Rejected.__name__}
            and attempt.gateway == attempt.regie.gateway
            and attempt.gateway in registry.GATEWAYS
            and not registry.is_of_payer(attempt.gateway, attempt.bank_said)
        )
        yield attempt.regie_id, attempt.opened_at, refused
