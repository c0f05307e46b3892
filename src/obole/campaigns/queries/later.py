"""What was said of a month after it was billed: counted, reserved, announced, shared between payers, or dated."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from obole.billing.states import InvoiceState
from obole.campaigns.models import Campaign, CampaignRow, Outcome
from obole.consumption import queries as consumption
from obole.consumption.models import Consumption, Sharing
from obole.consumption.queries import sharing
from obole.dossiers.models import DatedAnswer

FARTHEST = timedelta(days=370)
"""What was billed more than a year before is not gone over again."""
STANDING = (InvoiceState.DUE, InvoiceState.PAID, InvoiceState.TRANSFERRED)


def touched(campaign: Campaign, dossier_ids: Iterable[int]) -> QuerySet[CampaignRow]:
    """Return the dossiers of earlier campaigns of which something was said since they were billed."""
    rows = CampaignRow.objects.filter(
        dossier__in=list(dossier_ids),
        outcome=Outcome.ISSUED,
        invoice__state__in=STANDING,
        campaign__type=campaign.type_id,
        campaign__last__lt=campaign.first,
        campaign__last__gte=campaign.first - FARTHEST,
    )
    said = _of_itself() | Q(Exists(_of_host())) | Q(Exists(_sharings())) | Q(Exists(_answers()))
    return rows.filter(said).select_related("campaign", "invoice__explanation").order_by("campaign__first", "id")


def days_told(rows: Collection[CampaignRow], earlier: Campaign) -> dict[int, list[str]]:
    """Return the days, as they are told, of which something was said since, by dossier; some queries in all."""
    since = {row.dossier_id: row.invoice.created_at for row in rows if row.invoice}
    shared = sharing.of(since.keys(), earlier.first, earlier.last)
    counted_on = {*since, *(one.host_id for one in shared)}
    facts = Consumption.objects.filter(
        dossier__in=counted_on, day__range=(earlier.first, earlier.last), recorded_at__gt=min(since.values())
    )
    planned = consumption.days_planned_later(since, earlier.first, earlier.last)
    found = {pk: set(days) for pk, days in planned.items()}
    for dossier, row, day, at in facts.order_by("day", "id").values_list("dossier", "row", "day", "recorded_at"):
        payer = sharing.payer_of(dossier, row, day, shared)
        if payer in since and at > since[payer]:
            found.setdefault(payer, set()).add(day)
    told = {pk: [f"{day:%d/%m}" for day in sorted(days)] for pk, days in found.items()}
    for one in shared:
        for payer in {one.host_id, one.guest_id} & since.keys():
            if max(one.made_at, one.ended_at or one.made_at) > since[payer]:
                told.setdefault(payer, []).append(_("garde partagée"))
    return told


def _of_itself() -> Q:
    return consumption.known_later(
        dossier=OuterRef("dossier"),
        first=OuterRef("campaign__first"),
        last=OuterRef("campaign__last"),
        since=OuterRef("invoice__created_at"),
    )


def _of_host() -> QuerySet[Sharing]:
    """Return the sharings of a child of whom something was said later, on the dossier that counts them."""
    said = consumption.known_later(
        dossier=OuterRef("host"),
        first=OuterRef(OuterRef("campaign__first")),
        last=OuterRef(OuterRef("campaign__last")),
        since=OuterRef(OuterRef("invoice__created_at")),
    )
    return Sharing.objects.filter(said, guest=OuterRef("dossier"))


def _sharings() -> QuerySet[Sharing]:
    """Return what was shared, or ended, later of days that were billed."""
    since = OuterRef("invoice__created_at")
    said = Q(made_at__gt=since) | Q(ended_at__gt=since)
    mine = Q(host=OuterRef("dossier")) | Q(guest=OuterRef("dossier"))
    return Sharing.objects.filter(said, mine, first__lte=OuterRef("campaign__last"))


def _answers() -> QuerySet[DatedAnswer]:
    return DatedAnswer.objects.filter(
        dossier=OuterRef("dossier"), since__lte=OuterRef("campaign__last"), at__gt=OuterRef("invoice__created_at")
    )
