"""What the tests of campaigns share: families whose meals were counted, and a campaign of November."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.campaigns import operations, queries
from obole.campaigns.models import Campaign, CampaignRow
from obole.consumption import operations as consumption, queries as consumed
from obole.consumption.rules import Beneficiary, Cell
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import texts
from tests.world import WHO, Town, answered_by, later, make_citizen, make_dossier, run_tasks

MONDAY = date(2026, 11, 2)
FIRST = later(days=6)
"""In December, once November is over."""


def count_meals(dossier: Dossier, town: Town, *meals: int, first: date = MONDAY, at: datetime | None = None) -> None:
    """Count so many meals each day from the first Monday of November, whatever was counted before."""
    days = [first + timedelta(days=n) for n in range(len(meals))]
    known = consumed.quantities([dossier.pk], "repas", days[0], days[-1])
    counted = [
        consumption.DayCount(Beneficiary(None, ""), day, Decimal(meal), known.get(Cell(dossier.pk, None, day)))
        for day, meal in zip(days, meals, strict=True)
    ]
    consumption.record(
        dossier_id=dossier.pk, question="repas", counted=counted, actor=town.agent.actor, at=at or later()
    )


def family(town: Town, name: str, *meals: int, accepted: bool = True) -> Dossier:
    """Accept a family of which so many meals were counted."""
    citizen = make_citizen(f"{texts.fold(name)}@example.org", last_name=name)
    dossier = make_dossier(town, meals=0, citizen=citizen)
    if accepted:
        dossiers.accept(dossier_id=dossier.pk, reason="", actor=WHO, at=later())
    if meals:
        count_meals(dossier, town, *meals)
    return Dossier.objects.get(pk=dossier.pk)


def open_november(town: Town, *, work: bool = True, **more: Any) -> Campaign:
    """Open the campaign of November, and compute its drafts."""
    given: dict[str, Any] = {"period": "novembre 2026", "scheme_ids": [town.scheme.pk], "type_id": town.type.pk, **more}
    campaign = operations.open_campaign(
        asked=operations.CampaignRequest(**given), request_key=texts.token(), actor=town.agent.actor, at=FIRST
    )
    if work:
        run_tasks()
    return Campaign.objects.get(pk=campaign.pk)


def deposit(campaign: Campaign, town: Town, *, work: bool = True, **more: Any) -> Campaign:
    """Deposit what is shown."""
    given: dict[str, Any] = {"shown": queries.to_deposit(campaign), "actor": town.agent.actor, "at": FIRST, **more}
    operations.deposit_campaign(campaign_id=campaign.pk, **given)
    if work:
        run_tasks()
    return Campaign.objects.get(pk=campaign.pk)


def row(campaign: Campaign, dossier: Dossier) -> CampaignRow:
    return CampaignRow.objects.select_related("invoice").get(campaign=campaign, dossier=dossier)


def outcomes(campaign: Campaign) -> dict[str, int]:
    return {name: count for name, count in queries.counts(campaign).items() if count}


def correct(row: CampaignRow, **answers: str) -> None:
    """Correct a draft by hand."""
    draft = Invoice.objects.select_related("dossier__scheme", "dossier__form").get(pk=row.invoice_id)
    assert draft.dossier
    billing.correct_draft(
        invoice_id=draft.pk, answered=answered_by(draft.dossier, **answers), period="novembre 2026", actor=WHO, at=FIRST
    )
