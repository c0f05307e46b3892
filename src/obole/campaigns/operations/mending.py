"""A campaign taken up again: all of its drafts, some of its dossiers; or given up, while nothing is issued."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.campaigns import states
from obole.campaigns.access import require_campaign
from obole.campaigns.models import Campaign, CampaignRow, Oddity, Outcome
from obole.campaigns.operations.depositing import deposit_again
from obole.campaigns.operations.errors import CampaignRefused
from obole.campaigns.operations.opening import ask_to_compute
from obole.campaigns.states import CampaignState
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry

AT_ONCE = 500
"""Drafts given up in one transaction."""
STUCK_AFTER = timedelta(minutes=10)
NOT_ISSUED = (Outcome.DRAFTED, Outcome.CARRY, Outcome.NOTHING, Outcome.REFUSED)


@atomic_with_retry
def compute_again(*, campaign_id: int, row_ids: Collection[int] = (), actor: Actor, at: datetime) -> int:
    """
    Have the dossiers of a campaign that are not issued computed again, all of them or some; return how many. What an
    agent put aside, or corrected by hand, stays as it is.

    :raises obole.directory.rules.NotAllowed: to who does not handle its dispositifs.
    :raises obole.lib.states.ForbiddenTransition: while it is computed or deposited.
    :raises CampaignRefused: if there is none to compute.
    """
    campaign = Campaign.objects.locked().get(pk=campaign_id)
    require_campaign(campaign, actor=actor)
    rows = campaign.rows.filter(outcome__in=NOT_ISSUED)
    rows = rows.filter(pk__in=row_ids) if row_ids else rows
    corrected = rows.filter(outcome=Outcome.DRAFTED, invoice__isnull=False).exclude(invoice__total_cents=F("cents"))
    for row in corrected.exclude(oddities__contains=[Oddity.CORRECTED]).order_by("pk"):
        row.oddities = [*row.oddities, Oddity.CORRECTED]
        row.save(update_fields=["oddities"])
    kept = list(corrected.values_list("pk", flat=True))
    return _compute(campaign, rows.exclude(pk__in=kept), actor=actor, at=at)


@atomic_with_retry
def leave_rows(*, campaign_id: int, row_ids: Collection[int], actor: Actor, at: datetime) -> int:
    """
    Put dossiers of a campaign aside: their drafts are given up, and nothing of theirs is deposited. Return how many.

    :raises obole.directory.rules.NotAllowed: to who does not handle its dispositifs.
    :raises CampaignRefused: if it is not ready.
    """
    campaign = Campaign.objects.locked().get(pk=campaign_id)
    require_campaign(campaign, actor=actor)
    if campaign.state != CampaignState.READY:
        raise CampaignRefused(_("Cette campagne est en cours de calcul ou déjà déposée : rien n’a changé."))
    rows = list(campaign.rows.select_for_update(of=("self",)).filter(pk__in=row_ids, outcome__in=NOT_ISSUED))
    billing.discard_many([row.invoice_id for row in rows if row.invoice_id])
    for row in rows:
        row.outcome, row.invoice, row.reason = Outcome.LEFT, None, ""
    CampaignRow.objects.bulk_update(rows, ["outcome", "invoice", "reason"])
    if rows:
        audit_log.log_event("campaign.leave", subject=campaign, actor=actor, at=at, dossiers=len(rows))
    return len(rows)


@atomic_with_retry
def take_back_rows(*, campaign_id: int, row_ids: Collection[int], actor: Actor, at: datetime) -> int:
    """
    Take dossiers that were put aside back into a campaign: they are computed again. Return how many.

    :raises obole.directory.rules.NotAllowed: to who does not handle its dispositifs.
    :raises obole.lib.states.ForbiddenTransition: while it is computed or deposited.
    :raises CampaignRefused: if none of them was put aside.
    """
    campaign = Campaign.objects.locked().get(pk=campaign_id)
    require_campaign(campaign, actor=actor)
    return _compute(campaign, campaign.rows.filter(pk__in=row_ids, outcome=Outcome.LEFT), actor=actor, at=at)


def _compute(campaign: Campaign, rows: QuerySet[CampaignRow], *, actor: Actor, at: datetime) -> int:
    """Have some dossiers of a campaign computed, which the caller holds; the others stay as they are."""
    step = states.COMPUTE_AGAIN.apply(campaign)
    count = rows.update(outcome=Outcome.WAITING)
    if not count:
        raise CampaignRefused(_("Il n’y a rien à recalculer."))
    campaign.save(update_fields=["state"])
    audit_log.log_transition(step, subject=campaign, actor=actor, at=at, dossiers=count)
    ask_to_compute(campaign)
    return count


@atomic_with_retry
def give_up_campaign(*, campaign_id: int, actor: Actor, at: datetime) -> Campaign:
    """
    Give a campaign up: its drafts are given up by the worker. One of which something was issued ends there instead.

    :raises obole.directory.rules.NotAllowed: to who does not handle its dispositifs.
    :raises obole.lib.states.ForbiddenTransition: while it is deposited, or once it was.
    """
    campaign = Campaign.objects.locked().get(pk=campaign_id)
    require_campaign(campaign, actor=actor)
    step = (states.CLOSE if campaign.deposited_at else states.GIVE_UP).apply(campaign)
    campaign.save(update_fields=["state"])
    campaign.rows.filter(outcome=Outcome.WAITING).update(outcome=Outcome.LEFT)
    audit_log.log_transition(step, subject=campaign, actor=actor, at=at)
    defer("campaigns.discard", campaign_id=campaign.pk)
    return campaign


def resume(*, at: datetime) -> int:
    """Queue again what should be going on and is not: a database that was away for long. Return how many."""
    running = Campaign.objects.filter(state__in=(CampaignState.COMPUTING, CampaignState.DEPOSITING))
    campaigns = list(running.filter(opened_at__lt=at - STUCK_AFTER).order_by("pk"))
    for campaign in campaigns:
        if campaign.state == CampaignState.COMPUTING:
            ask_to_compute(campaign)
        else:
            deposit_again(campaign.pk)
    return len(campaigns)


@atomic_with_retry
def discard_next(*, campaign_id: int, at: datetime) -> bool:
    """Give up the next drafts of a campaign that was given up; say whether there may be more."""
    campaign = Campaign.objects.locked().get(pk=campaign_id)
    if campaign.state not in (CampaignState.GIVEN_UP, CampaignState.DEPOSITED):
        return False
    rows = list(campaign.rows.filter(outcome__in=(Outcome.DRAFTED, Outcome.CARRY)).order_by("id")[:AT_ONCE])
    billing.discard_many([row.invoice_id for row in rows if row.invoice_id])
    CampaignRow.objects.filter(pk__in=[row.pk for row in rows]).update(outcome=Outcome.LEFT, invoice=None)
    return bool(rows)
