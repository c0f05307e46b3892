"""What is planned, for tests: a dispositif that bills what is reserved, a week, an absence, a departure."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from obole.catalogue.models import BilledOn, Scheme
from obole.consumption import operations, queries
from obole.consumption.models import Absence, Booking, Enrolment
from obole.consumption.operations import AbsenceRequest, BookingRequest
from obole.consumption.rules.planning import Stay
from obole.dossiers.models import Dossier
from tests.world import Town, later

MONDAY = date(2026, 11, 2)


def plan_by(town: Town, billed_on: str = BilledOn.BOOKED) -> Town:
    """Have the dispositif bill what is reserved."""
    Scheme.objects.filter(pk=town.scheme.pk).update(billed_on=billed_on)
    town.scheme.refresh_from_db()
    return town


def book(
    town: Town,
    dossier: Dossier,
    *,
    quantities: str = "1101100",
    first: date = MONDAY,
    last: date | None = None,
    row: int | None = None,
    question: str = "repas",
    **more: Any,
) -> Booking:
    """Reserve a meal on each school day."""
    asked = BookingRequest(
        row=row, question=question, first=first, last=last, quantities=tuple(Decimal(one) for one in quantities)
    )
    return operations.book(dossier_id=dossier.pk, asked=asked, **_who(town, dossier, more))


def say_absent(
    town: Town,
    dossier: Dossier,
    *,
    first: date = MONDAY,
    days: int = 1,
    reason: str = "Maladie avec certificat",
    row: int | None = None,
    question: str = "",
    **more: Any,
) -> Absence:
    """Note so many days away."""
    last = first + timedelta(days=days - 1)
    asked = AbsenceRequest(row=row, question=question, first=first, last=last, reason=reason)
    return operations.announce_absence(dossier_id=dossier.pk, asked=asked, **_who(town, dossier, more))


def enrol(town: Town, dossier: Dossier, stay: Stay, *, row: int | None = None, **more: Any) -> Enrolment:
    """Say between which days somebody is enrolled."""
    return operations.enrol(dossier_id=dossier.pk, row=row, stay=stay, **_who(town, dossier, more))


def _who(town: Town, dossier: Dossier, more: dict[str, Any]) -> dict[str, Any]:
    return {"seen": queries.plan_version(dossier.pk), "actor": town.agent.actor, "at": later(), **more}
