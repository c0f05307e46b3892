"""How consumption is read: the last fact of each thing, day and beneficiary counts."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from obole.consumption.models import Consumption
from obole.consumption.rules import Cell

Sums = dict[tuple[int | None, str], Decimal]
"""Quantities by row and question."""


def last_facts(
    dossier_ids: Collection[int], first: date, last: date, *, question: str = "", until: int | None = None
) -> QuerySet[Consumption]:
    """
    Return the facts that count between two days.

    :param until: the id of the last fact that is looked at: what was known then.
    """
    facts = Consumption.objects.filter(dossier__in=dossier_ids, day__range=(first, last))
    facts = facts.filter(question=question) if question else facts
    facts = facts if until is None else facts.filter(pk__lte=until)
    return facts.order_by("dossier_id", "question", "day", "row", "-id").distinct(
        "dossier_id", "question", "day", "row"
    )


def quantities(
    dossier_ids: Collection[int], question: str, first: date, last: date, *, until: int | None = None
) -> dict[Cell, Decimal]:
    """Return what was consumed of one thing between two days, with one query."""
    facts = last_facts(dossier_ids, first, last, question=question, until=until)
    return {Cell(fact.dossier_id, fact.row, fact.day): fact.quantity for fact in facts}


def sums(dossier_id: int, first: date, last: date) -> Sums:
    """Return what a dossier consumed between two days, by row and question, with one query."""
    return sums_of([dossier_id], first, last).get(dossier_id, {})


def sums_of(dossier_ids: Collection[int], first: date, last: date) -> dict[int, Sums]:
    """Return what dossiers consumed between two days, each by row and question, with one query; none that did not."""
    found: dict[int, Sums] = {}
    facts = last_facts(dossier_ids, first, last).values_list("dossier_id", "row", "question", "quantity")
    for dossier_id, row, question, quantity in facts:
        of_one = found.setdefault(dossier_id, {})
        of_one[row, question] = of_one.get((row, question), Decimal(0)) + quantity
    return found


def newest() -> int:
    """Return the id of the last fact; 0 while there is none."""
    return Consumption.objects.order_by("-id").values_list("pk", flat=True).first() or 0
