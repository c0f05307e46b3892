"""What was counted late or wrongly of months that were billed: the next invoice bills it, and names its days."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import OuterRef
from django.utils.translation import gettext as _

from obole.billing.rules.differences import difference
from obole.billing.states import InvoiceState
from obole.campaigns.models import Adjustment, Campaign, CampaignRow, Outcome
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion
from obole.consumption import queries as consumption
from obole.consumption.rules import with_consumption
from obole.dossiers.models import Dossier
from obole.pricing.model.problems import Refused
from obole.pricing.model.results import Result

FARTHEST = timedelta(days=370)
"""What was billed more than a year before is not gone over again."""
STANDING = (InvoiceState.DUE, InvoiceState.PAID, InvoiceState.TRANSFERRED)


@dataclass(frozen=True)
class Owed:
    """What a month that was billed comes to more, or less, since: its row, and the answers that make it right."""

    of: CampaignRow
    label: str
    result: Result
    answers: Mapping[str, Any]


def owed_of(
    campaign: Campaign, dossiers: Collection[Dossier], *, versions: Mapping[int, PricingVersion | None]
) -> dict[int, list[Owed]]:
    """
    Return what is owed for earlier campaigns of the same type, by dossier; some queries for each of these campaigns.

    :param versions: the pricing in force of each dispositif.
    """
    by_pk = {dossier.pk: dossier for dossier in dossiers}
    by_campaign: dict[Campaign, list[CampaignRow]] = {}
    for row in _touched(campaign, by_pk):
        by_campaign.setdefault(row.campaign, []).append(row)
    found: dict[int, list[Owed]] = {}
    for earlier, rows in by_campaign.items():
        counted = consumption.sums_of([row.dossier_id for row in rows], earlier.first, earlier.last)
        since = {row.dossier_id: row.invoice.created_at for row in rows if row.invoice}
        billed, days = _billed(rows), consumption.days_known_later(since, earlier.first, earlier.last)
        for row in rows:
            dossier = by_pk[row.dossier_id]
            version = versions.get(dossier.scheme_id)
            if version is None:
                continue
            # As it was billed, but for what is counted: a quotient of today prices nothing of a month that is over.
            pricing = catalogue.compiled_pricing_of(version).pricing
            now = with_consumption(pricing, billed[row.pk], counted.get(dossier.pk, {}))
            result = _difference(version, now, billed[row.pk], on=earlier.last)
            if result is not None:
                label = _label(earlier, days.get(dossier.pk, []))
                found.setdefault(dossier.pk, []).append(Owed(row, label, result, now))
    return found


def _touched(campaign: Campaign, dossier_ids: Iterable[int]) -> Iterable[CampaignRow]:
    """Return the dossiers of earlier campaigns of which something was counted or planned since they were billed."""
    rows = CampaignRow.objects.filter(
        dossier__in=list(dossier_ids),
        outcome=Outcome.ISSUED,
        invoice__state__in=STANDING,
        campaign__type=campaign.type_id,
        campaign__last__lt=campaign.first,
        campaign__last__gte=campaign.first - FARTHEST,
    )
    later = consumption.known_later(
        dossier=OuterRef("dossier"),
        first=OuterRef("campaign__first"),
        last=OuterRef("campaign__last"),
        since=OuterRef("invoice__created_at"),
    )
    rows = rows.filter(later).select_related("campaign", "invoice__explanation")
    return rows.order_by("campaign__first", "id")


def _billed(rows: Collection[CampaignRow]) -> dict[int, Mapping[str, Any]]:
    """Return the answers billed so far of each row: its invoice’s, or those of its last adjustment that stands."""
    answers: dict[int, Mapping[str, Any]] = {row.pk: row.invoice.explanation.answers for row in rows if row.invoice}
    later = Adjustment.objects.filter(of__in=rows, row__invoice__isnull=False)
    later = later.exclude(row__invoice__state=InvoiceState.CANCELLED)
    answers.update(later.order_by("id").values_list("of", "answers"))
    return answers


def _difference(
    version: PricingVersion, now: Mapping[str, Any], before: Mapping[str, Any], *, on: date
) -> Result | None:
    compiled = catalogue.compiled_pricing_of(version)
    try:
        both = [compiled.price(compiled.read(answers), on=on) for answers in (now, before)]
    except Refused:
        # The dossier itself says what its answers lack, in this campaign.
        return None
    return difference(both[0], both[1])


def _label(earlier: Campaign, days: Collection[date]) -> str:
    if not days:
        # Who had left already was billed what the dossier answered, of no day.
        return _("Régularisation %(period)s") % {"period": earlier.period}
    said = {"period": earlier.period, "days": ", ".join(f"{day:%d/%m}" for day in days)}
    return _("Régularisation %(period)s (%(days)s)") % said
