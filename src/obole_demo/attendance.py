"""The canteens' months: what the children of a family took, counted day by day, and the campaign that bills it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from obole.campaigns import operations as campaigns, queries
from obole.campaigns.models import Campaign
from obole.consumption import operations as consumption
from obole.consumption.operations import AbsenceRequest, BookingRequest, DayCount
from obole.consumption.rules import Beneficiary
from obole.consumption.rules.planning import Stay
from obole.dossiers.models import Dossier
from obole.lib import dates, texts
from obole.lib.open_days import Calendar
from obole_demo import accounts
from obole_demo.timeline import Story

WEDNESDAY, END_OF_MONTH = 2, 25
WEEKS = ("1101100", "1101100", "1101100", "1001000")
AWAY, LEAVES = {0: "Maladie avec certificat", 1: "Sans prévenir", 3: "Sortie scolaire"}, 2
"""Who of the families that reserve is away, why, and who leaves."""
_OPEN = Calendar(offices=True)


def count(dossier: Dossier, month: Sequence[Mapping[str, str]], *, billed_on: date, at: datetime) -> None:
    """An agent counts what the children of a dossier took in the month that is billed: so many of each, in all."""
    days = _school_days(_last_day(billed_on))
    for question in sorted({key for row in month for key in row}):
        counted = [
            DayCount(Beneficiary(child, ""), day, Decimal(quantity))
            for child, row in enumerate(month)
            for day, quantity in _spread(int(row.get(question, 0)), days)
        ]
        if counted:
            consumption.record(dossier_id=dossier.pk, question=question, counted=counted, actor=accounts.agent(), at=at)


def reserve(dossier: Dossier, rank: int, at: datetime) -> None:
    """A family reserves its week from the first of the month; one child is ill, one does not come, one leaves."""
    first = dates.day_of(at).replace(day=1)
    days = _school_days(dates.months_later(first, 1) - timedelta(days=1))
    who: dict[str, Any] = {"dossier_id": dossier.pk, "actor": accounts.agent(), "at": at}
    week = tuple(Decimal(one) for one in WEEKS[rank % len(WEEKS)])
    asked = BookingRequest(row=None, question="repas", first=first, last=None, quantities=week)
    consumption.book(asked=asked, seen=0, **who)
    if reason := AWAY.get(rank):
        away = AbsenceRequest(row=None, question="", first=days[4], last=days[7], reason=reason)
        consumption.announce_absence(asked=away, seen=1, **who)
    if rank == LEAVES:
        consumption.enrol(row=None, stay=Stay(None, days[-4]), seen=1, **who)


def open_month(story: Story, at: datetime) -> Campaign:
    """An agent has the drafts of a month computed."""
    opened, last = story.town.schemes["cantine"], _last_day(dates.day_of(at))
    period = f"{dates.MONTHS[last.month - 1]} {last.year}"
    if opened.type is None:
        raise TypeError("the canteen is free")
    asked = campaigns.CampaignRequest(
        type_id=opened.type.pk, scheme_ids=[opened.scheme.pk], period=period, only_field="ecole"
    )
    return campaigns.open_campaign(asked=asked, request_key=texts.token(), actor=accounts.agent(), at=at)


def deposit(campaign: Campaign, at: datetime) -> None:
    """An agent has looked at the drafts, and deposits them."""
    shown = queries.to_deposit(campaign)
    campaigns.deposit_campaign(campaign_id=campaign.pk, shown=shown, actor=accounts.agent(), at=at)


def _last_day(today: date) -> date:
    """Return up to which day is billed: today at the end of a month, else the last day of the month before."""
    return today if today.day >= END_OF_MONTH else today.replace(day=1) - timedelta(days=1)


def _school_days(last: date) -> list[date]:
    """Return the days of a month when canteens serve lunch, up to one of its days."""
    days = (last.replace(day=1) + timedelta(days=n) for n in range(last.day))
    return [day for day in days if _OPEN.is_open(day) and day.weekday() != WEDNESDAY]


def _spread(quantity: int, days: Sequence[date]) -> list[tuple[date, int]]:
    """Share a quantity between days, evenly: whole numbers that come to it."""
    shares = [quantity * (n + 1) // len(days) - quantity * n // len(days) for n in range(len(days))]
    return [(day, share) for day, share in zip(days, shares, strict=True) if share]
