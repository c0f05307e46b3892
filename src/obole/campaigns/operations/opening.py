"""How a campaign begins: which dossiers it bills, and for which days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing.models import InvoiceType
from obole.billing.rules import periods
from obole.campaigns.models import Campaign, CampaignRow
from obole.campaigns.operations.errors import CannotOpen
from obole.campaigns.queries import perimeter
from obole.campaigns.states import CampaignState
from obole.catalogue.access import require_service
from obole.catalogue.models import Scheme
from obole.consumption.models import Consumption
from obole.consumption.queries import booked_in, sharing
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib.actors import Actor
from obole.lib.queue import defer_once
from obole.lib.transactions import atomic_with_retry

LANES = 2
"""Tasks that compute the drafts of one campaign side by side, one for each core of a small machine."""
LIVE = (CampaignState.COMPUTING, CampaignState.READY, CampaignState.DEPOSITING)


@dataclass(frozen=True, kw_only=True)
class CampaignRequest:
    """What is billed: by which type, of which dispositifs, for which period; of one school or class if need be."""

    type_id: int
    scheme_ids: Sequence[int]
    period: str
    only_field: str = ""
    only_value: str = ""


@atomic_with_retry
def open_campaign(*, asked: CampaignRequest, request_key: str, actor: Actor, at: datetime) -> Campaign:
    """
    Open a campaign and have its drafts computed; the same key again returns it.

    Its dossiers are those accepted or under review, and those closed of which something was counted or reserved
    in its days.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation of each dispositif.
    :raises CannotOpen: if the period says no days, a dispositif is not billed by this type, another campaign of the
        same is open, or there is no dossier.
    """
    if (twin := Campaign.objects.filter(request_key=request_key).first()) is not None:
        return twin
    # Two agents who open the same at once: the second waits here, and finds the campaign of the first.
    invoice_type = InvoiceType.objects.select_for_update(of=("self",), no_key=True).get(pk=asked.type_id)
    schemes = list(Scheme.objects.filter(pk__in=asked.scheme_ids).order_by("pk"))
    for service_id in {scheme.service_id for scheme in schemes}:
        require_service(service_id=service_id, actor=actor)
    days = periods.days_of(asked.period)
    if days is None:
        raise CannotOpen("period", _("Écrivez une période qui dit ses jours, par exemple octobre 2026 ou T4 2026."))
    _check(asked, invoice_type, schemes, days)
    campaign = Campaign.objects.create(
        type=invoice_type,
        period=" ".join(asked.period.split()),
        first=days.first,
        last=days.last,
        only_field=asked.only_field,
        only_value=asked.only_value,
        request_key=request_key,
        opened_at=at,
        opened_by=actor,
    )
    campaign.schemes.set(schemes)
    count = _add_rows(campaign, schemes)
    if not count:
        raise CannotOpen("schemes", _("Aucun dossier accepté ou en instruction n’est à facturer là."))
    audit_log.log_event("campaign.open", subject=campaign, actor=actor, at=at, period=campaign.period, dossiers=count)
    ask_to_compute(campaign)
    return campaign


def ask_to_compute(campaign: Campaign) -> None:
    """Have the worker compute what waits, in the caller's transaction."""
    for lane in range(LANES):
        compute_lane(campaign.pk, lane)


def compute_lane(campaign_id: int, lane: int) -> None:
    """Queue the next drafts of one lane of a campaign, unless they wait already."""
    defer_once("campaigns.compute", key=f"campaigns.compute:{campaign_id}:{lane}", campaign_id=campaign_id, lane=lane)


def _check(asked: CampaignRequest, invoice_type: InvoiceType, schemes: Sequence[Scheme], days: periods.Days) -> None:
    known = set(invoice_type.schemes.values_list("pk", flat=True))
    if not schemes or any(scheme.pk not in known for scheme in schemes):
        raise CannotOpen("schemes", _("Choisissez des dispositifs que ce type de facture concerne."))
    if not invoice_type.enabled or invoice_type.regie is None or not invoice_type.regie.enabled:
        raise CannotOpen("type", _("Ce type ne peut rien émettre : il n’est pas utilisable, ou sans régie activée."))
    live = Campaign.objects.filter(type=invoice_type, state__in=LIVE, schemes__in=schemes)
    live = live.filter(first__lte=days.last, last__gte=days.first)
    if asked.only_value:
        live = live.exclude(~Q(only_value="") & ~Q(only_value=asked.only_value))
    if (other := live.select_related("type").order_by("pk").first()) is not None:
        raise CannotOpen(
            "period", _("La campagne « %(name)s » est ouverte : déposez-la, ou abandonnez-la.") % {"name": other}
        )


def _add_rows(campaign: Campaign, schemes: Sequence[Scheme]) -> int:
    dossiers = _dossiers(campaign, schemes)
    rows = (CampaignRow(campaign=campaign, dossier_id=pk) for pk in dossiers.values_list("pk", flat=True).iterator())
    return len(CampaignRow.objects.bulk_create(rows, batch_size=5_000))


def _dossiers(campaign: Campaign, schemes: Sequence[Scheme]) -> QuerySet[Dossier]:
    counted = Consumption.objects.filter(dossier=OuterRef("pk"), day__range=(campaign.first, campaign.last))
    billable = Q(state__in=(DossierState.ACCEPTED, DossierState.IN_REVIEW))
    # What is counted of a shared child is counted on the dossier of the other payer.
    shared = sharing.between(campaign.first, campaign.last).filter(guest=OuterRef("pk"))
    billable |= Q(
        Q(Exists(counted) | Exists(shared)) | Q(booked_in(campaign.first, campaign.last)), state=DossierState.CLOSED
    )
    rows = Dossier.objects.filter(billable, scheme__in=schemes)
    if campaign.only_value:
        rows = rows.filter(perimeter.answering(schemes, campaign.only_field, campaign.only_value))
    return rows.order_by("pk")
