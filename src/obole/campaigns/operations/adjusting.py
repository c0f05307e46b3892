"""
What was counted late or wrongly of months that were billed, or said late of a quotient: the next invoice bills it, and
names its days.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from obole.billing.rules.differences import difference
from obole.billing.states import InvoiceState
from obole.campaigns.models import Adjustment, Campaign, CampaignRow
from obole.campaigns.queries import later
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion
from obole.consumption.queries import sharing
from obole.consumption.rules import with_consumption
from obole.dossiers.models import DatedAnswer, Dossier
from obole.dossiers.queries import InForce, in_force
from obole.lib import dates
from obole.pricing.model.problems import Refused
from obole.pricing.model.results import Result


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
    for row in later.touched(campaign, by_pk):
        by_campaign.setdefault(row.campaign, []).append(row)
    found: dict[int, list[Owed]] = {}
    for earlier, rows in by_campaign.items():
        counted = sharing.billed_of([row.dossier_id for row in rows], earlier.first, earlier.last)
        said = in_force([by_pk[row.dossier_id] for row in rows], earlier.last)
        billed, days = _billed(rows), later.days_told(rows, earlier)
        for row in rows:
            dossier = by_pk[row.dossier_id]
            version = versions.get(dossier.scheme_id)
            if version is None:
                continue
            # As it was billed, but for what is counted and for what was dated since: nothing else of today prices a
            # month that is over.
            pricing, late = catalogue.compiled_pricing_of(version).pricing, _said_late(row, said[dossier.pk])
            now = {**billed[row.pk], **{fact.question: fact.value for fact in late}}
            now = with_consumption(pricing, now, counted.get(dossier.pk, {}))
            result = _difference(version, now, billed[row.pk], on=earlier.last)
            if result is not None:
                label = _label(earlier, [*_answers_told(dossier, late), *days.get(dossier.pk, [])])
                found.setdefault(dossier.pk, []).append(Owed(row, label, result, now))
    return found


def _said_late(row: CampaignRow, said: InForce) -> list[DatedAnswer]:
    """Return the answers of a row that were said after its invoice was made: what was corrected by hand stays."""
    return [fact for fact in said.dated.values() if row.invoice and fact.at > row.invoice.created_at]


def _answers_told(dossier: Dossier, late: Collection[DatedAnswer]) -> list[str]:
    labels = {field.key: field.label for field in dossier.form.form_fields}
    told = _("%(question)s depuis le %(day)s")
    return [
        told % {"question": labels.get(fact.question, fact.question), "day": dates.format_short(fact.since)}
        for fact in late
    ]


def _billed(rows: Collection[CampaignRow]) -> dict[int, Mapping[str, Any]]:
    """Return the answers billed so far of each row: its invoice’s, or those of its last adjustment that stands."""
    answers: dict[int, Mapping[str, Any]] = {row.pk: row.invoice.explanation.answers for row in rows if row.invoice}
    since = Adjustment.objects.filter(of__in=rows, row__invoice__isnull=False)
    since = since.exclude(row__invoice__state=InvoiceState.CANCELLED)
    answers.update(since.order_by("id").values_list("of", "answers"))
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


def _label(earlier: Campaign, why: Collection[str]) -> str:
    if not why:
        # Who had left already was billed what the dossier answered, of no day.
        return _("Régularisation %(period)s") % {"period": earlier.period}
    said = {"period": earlier.period, "days": ", ".join(why)}
    return _("Régularisation %(period)s (%(days)s)") % said
