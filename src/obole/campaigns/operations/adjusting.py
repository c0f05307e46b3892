"""
What was counted late or wrongly of months that were billed, or said late of a quotient: the next invoice bills it, and
names its days.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from obole.billing.rules.differences import difference
from obole.billing.states import InvoiceState
from obole.campaigns.models import Adjustment, Campaign, CampaignRow, Outcome
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion
from obole.consumption.models import Consumption, Sharing
from obole.consumption.queries import sharing
from obole.consumption.rules import with_consumption
from obole.dossiers.models import DatedAnswer, Dossier
from obole.dossiers.queries import InForce, in_force
from obole.lib import dates
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
        counted = sharing.billed_of([row.dossier_id for row in rows], earlier.first, earlier.last)
        said = in_force([by_pk[row.dossier_id] for row in rows], earlier.last)
        billed, days = _billed(rows), _days(rows, earlier)
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


def _touched(campaign: Campaign, dossier_ids: Iterable[int]) -> Iterable[CampaignRow]:
    """Return the dossiers of earlier campaigns of which something was counted, or dated, since they were billed."""
    rows = CampaignRow.objects.filter(
        dossier__in=list(dossier_ids),
        outcome=Outcome.ISSUED,
        invoice__state__in=STANDING,
        campaign__type=campaign.type_id,
        campaign__last__lt=campaign.first,
        campaign__last__gte=campaign.first - FARTHEST,
    )
    later = (_later_facts(), _later_answers(), _later_facts_of_host(), _later_sharings())
    rows = rows.filter(reduce(or_, map(Exists, later))).select_related("campaign", "invoice__explanation")
    return rows.order_by("campaign__first", "id")


def _later_facts() -> Any:
    return Consumption.objects.filter(
        dossier=OuterRef("dossier"),
        day__gte=OuterRef("campaign__first"),
        day__lte=OuterRef("campaign__last"),
        recorded_at__gt=OuterRef("invoice__created_at"),
    )


def _later_facts_of_host() -> Any:
    """Return what was counted later of a child whom another dossier shares with this one."""
    facts = Consumption.objects.filter(
        day__gte=OuterRef(OuterRef("campaign__first")),
        day__lte=OuterRef(OuterRef("campaign__last")),
        recorded_at__gt=OuterRef(OuterRef("invoice__created_at")),
        dossier=OuterRef("host"),
    )
    return Sharing.objects.filter(Exists(facts), guest=OuterRef("dossier"))


def _later_sharings() -> Any:
    """Return what was shared, or ended, later of days that were billed."""
    since = OuterRef("invoice__created_at")
    said = Q(made_at__gt=since) | Q(ended_at__gt=since)
    mine = Q(host=OuterRef("dossier")) | Q(guest=OuterRef("dossier"))
    return Sharing.objects.filter(said, mine, first__lte=OuterRef("campaign__last"))


def _later_answers() -> Any:
    return DatedAnswer.objects.filter(
        dossier=OuterRef("dossier"), since__lte=OuterRef("campaign__last"), at__gt=OuterRef("invoice__created_at")
    )


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
    later = Adjustment.objects.filter(of__in=rows, row__invoice__isnull=False)
    later = later.exclude(row__invoice__state=InvoiceState.CANCELLED)
    answers.update(later.order_by("id").values_list("of", "answers"))
    return answers


def _days(rows: Collection[CampaignRow], earlier: Campaign) -> dict[int, list[str]]:
    """Return the days, as they are told, on which something was counted since, by dossier."""
    since = {row.dossier_id: row.invoice.created_at for row in rows if row.invoice}
    shared = sharing.of(since.keys(), earlier.first, earlier.last)
    counted_on = {*since, *(one.host_id for one in shared)}
    facts = Consumption.objects.filter(
        dossier__in=counted_on, day__range=(earlier.first, earlier.last), recorded_at__gt=min(since.values())
    )
    found: dict[int, list[str]] = {}
    for dossier, row, day, at in facts.order_by("day", "id").values_list("dossier", "row", "day", "recorded_at"):
        payer = sharing.payer_of(dossier, row, day, shared)
        told = f"{day:%d/%m}"
        if payer in since and at > since[payer] and told not in found.setdefault(payer, []):
            found[payer].append(told)
    for one in shared:
        for payer in {one.host_id, one.guest_id} & since.keys():
            if max(one.made_at, one.ended_at or one.made_at) > since[payer]:
                found.setdefault(payer, []).append(_("garde partagée"))
    return found


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
    said = {"period": earlier.period, "days": ", ".join(why)}
    return _("Régularisation %(period)s (%(days)s)") % said
