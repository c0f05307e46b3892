"""What is counted of children whom two payers share: once, on one dossier, and billed to both, each for their weeks."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import translation

from obole.catalogue.forms import pricing_match
from obole.consumption import queries, rules
from obole.consumption.models import Sharing
from obole.consumption.queries import Sums
from obole.consumption.rules import weeks
from obole.consumption.rules.planning import EVERYTHING
from obole.dossiers.models import Dossier
from obole.dossiers.rules import children_of
from obole.dossiers.states import DossierState

NEVER = (DossierState.REJECTED, DossierState.WITHDRAWN)
"""A second payer whose dossier ended so pays nothing: all of it is the first one’s again."""
Weeks = dict[int | None, str]
"""By the row of a dossier, which weeks of its child are billed, and of whom where no row says it."""


def between(first: date, last: date) -> QuerySet[Sharing]:
    """Return the sharings of some days."""
    rows = Sharing.objects.filter(Q(last=None) | Q(last__gte=first), first__lte=last).exclude(last__lt=F("first"))
    return rows.exclude(guest__state__in=NEVER).order_by("id")


def of(dossier_ids: Collection[int], first: date, last: date) -> list[Sharing]:
    """Return the sharings of some days to or from dossiers, with one query."""
    return list(between(first, last).filter(Q(host__in=dossier_ids) | Q(guest__in=dossier_ids)))


def billed_of(dossier_ids: Collection[int], first: date, last: date) -> dict[int, Sums]:
    """
    Return what dossiers are billed of what was counted between two days, each by row and question: what was counted on
    them, less the weeks of another payer, and their own weeks of what was counted on another dossier. One query for
    each week besides, and one more, whatever the dossiers.
    """
    found, shared = queries.sums_of(dossier_ids, first, last), of(dossier_ids, first, last)
    counted = queries.sums_of({one.host_id for one in shared}, first, last) if shared else {}
    by_weeks: dict[tuple[date, date], list[Sharing]] = {}
    for sharing in shared:
        # None in their weeks is none, whatever the second payer’s form once said.
        _move(sharing, dict.fromkeys(counted.get(sharing.host_id, {}), Decimal(0)), found, dossier_ids)
        for days in days_of_guest(sharing, first, last):
            by_weeks.setdefault(days, []).append(sharing)
    for days, sharings in by_weeks.items():
        moved = queries.sums_of({one.host_id for one in sharings}, *days)
        for sharing in sharings:
            # Who has left before a week is still enrolled in the others.
            of_week = {thing: said for thing, said in moved.get(sharing.host_id, {}).items() if thing[1] != EVERYTHING}
            _move(sharing, of_week, found, dossier_ids)
    return found


def _move(sharing: Sharing, counted: Sums, found: dict[int, Sums], known: Collection[int]) -> None:
    for (row, question), quantity in counted.items():
        if row != sharing.host_row:
            continue
        if sharing.host_id in known:
            found[sharing.host_id][row, question] -= quantity
        if sharing.guest_id in known:
            theirs = found.setdefault(sharing.guest_id, {})
            place = (sharing.guest_row, question)
            theirs[place] = theirs.get(place, Decimal(0)) + quantity


def days_of_guest(sharing: Sharing, first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the weeks of the second payer between two days, cut at the ends of these and of the sharing."""
    until = last if sharing.last is None else min(last, sharing.last)
    return weeks.weeks(max(first, sharing.first), until, odd=sharing.odd)


def is_of_guest(sharing: Sharing, day: date) -> bool:
    """Tell whether a day is the second payer’s."""
    return any(first <= day <= last for first, last in days_of_guest(sharing, day, day))


def children(dossier: Dossier) -> list[rules.Beneficiary]:
    """Return the children of a dossier who may be shared: those of whom something is counted day by day."""
    found = queries.countable(dossier.scheme)
    if found is None:
        return []
    pricing, questions = found
    answers: dict[str, Any] = pricing_match.engine_answers(pricing, dossier.form.form_fields, dossier.answers)
    known = [one for question in questions for one in rules.beneficiaries(pricing, question, answers)]
    return list({one.row: one for one in known}.values())


def payer_of(dossier_id: int, row: int | None, day: date, shared: Iterable[Sharing]) -> int:
    """Return the dossier that is billed what is counted of a row on a day."""
    theirs = (one for one in shared if (one.host_id, one.host_row) == (dossier_id, row) and is_of_guest(one, day))
    return next((one.guest_id for one in theirs), dossier_id)


def weeks_told(dossiers: Iterable[Dossier], first: date, last: date) -> dict[int, Weeks]:
    """Return which weeks of which rows dossiers are billed, as their invoices say it; with one query."""
    known = {one.pk: one for one in dossiers}
    found: dict[int, Weeks] = {}
    for one in of(known.keys(), first, last):
        for pk, row, odd in ((one.host_id, one.host_row, not one.odd), (one.guest_id, one.guest_row, one.odd)):
            if pk in known:
                # An invoice is French, whatever the language of who makes it.
                with translation.override("fr"):
                    found.setdefault(pk, {})[row] = _named(known[pk], row, weeks.name_of(odd=odd))
    return found


def _named(dossier: Dossier, row: int | None, said: str) -> str:
    child = children_of(dossier.form.form_fields, dossier.answers).own if row is None else None
    return f"{child.name}, {said}" if child else said
