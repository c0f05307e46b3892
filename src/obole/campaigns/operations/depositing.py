"""The deposit of a campaign: lot after lot, each numbered and told in one transaction, or left whole."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import translation
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.campaigns import queries, states
from obole.campaigns.access import require_campaign
from obole.campaigns.models import Campaign, CampaignRow, Oddity, Outcome
from obole.campaigns.operations.answering import answering
from obole.campaigns.operations.errors import NeedsAnother, NotShown, sentence_of
from obole.campaigns.states import CampaignState
from obole.catalogue import queries as catalogue
from obole.dossiers.models import Dossier
from obole.lib.actors import Actor
from obole.lib.queue import AWAY, defer_once
from obole.lib.transactions import atomic_with_retry

logger = logging.getLogger(__name__)
LOT = 200
"""Invoices numbered in one transaction, which holds the series of the régie meanwhile."""
TO_DO = (Outcome.DRAFTED, Outcome.CARRY)


@atomic_with_retry
def deposit_campaign(*, campaign_id: int, shown: queries.ToDeposit, actor: Actor, at: datetime) -> Campaign:
    """
    Have every draft of a campaign issued by the worker, in the name of who asks for it. What each comes to now is what
    will be issued, or nothing.

    :param shown: how many drafts, and for how much, were on the screen.
    :raises obole.directory.rules.NotAllowed: to who does not handle its dispositifs.
    :raises obole.lib.states.ForbiddenTransition: if it is not ready.
    :raises NeedsAnother: if its régie wants another person than who opened it.
    :raises NotShown: if the drafts changed, or a pricing did, since they were shown.
    """
    campaign = Campaign.objects.locked().select_related("type__regie").get(pk=campaign_id)
    require_campaign(campaign, actor=actor)
    regie = campaign.type.regie
    if regie is not None and regie.campaigns_by_two and actor.is_same_as(campaign.opened_by):
        raise NeedsAnother(_("La régie demande deux personnes : une autre que vous doit déposer cette campagne."))
    if stale := queries.stale_schemes(campaign):
        said = _("La tarification a changé depuis le calcul (%(names)s) : recalculez avant de déposer.")
        raise NotShown(said % {"names": ", ".join(stale)})
    if queries.to_deposit(campaign) != shown:
        raise NotShown(_("Les brouillons ont changé depuis que vous les avez vus : vérifiez le total, puis déposez."))
    step = states.DEPOSIT.apply(campaign)
    campaign.deposited_by, campaign.deposited_at = actor, at
    campaign.save(update_fields=["state", "deposited_by", "deposited_at"])
    now = Invoice.objects.filter(pk=OuterRef("invoice")).values("total_cents")
    drafts = campaign.rows.filter(outcome=Outcome.DRAFTED, invoice__isnull=False)
    drafts.order_by().update(cents=Subquery(now))
    audit_log.log_transition(
        step, subject=campaign, actor=actor, at=at, invoices=shown.count, cents=shown.cents, period=campaign.period
    )
    deposit_again(campaign.pk)
    return campaign


def deposit_next(*, campaign_id: int, at: datetime) -> bool:
    """
    Deposit the next dossiers of a campaign; say whether there may be more. Where none is left, the campaign is
    deposited.

    Where one is in the way of a lot, each is deposited alone, so that it stops no other.
    """
    ids = _next_ids(campaign_id)
    if not ids:
        _finish(campaign_id=campaign_id, at=at)
        return False
    try:
        _deposit(campaign_id=campaign_id, row_ids=ids, at=at)
    except Exception as error:
        if isinstance(error, tuple(AWAY)):
            raise
        logger.warning("%d drafts of campaign %d could not be deposited together", len(ids), campaign_id, exc_info=True)
        for pk in ids:
            _deposit_alone(campaign_id=campaign_id, row_id=pk, at=at)
    return True


def deposit_again(campaign_id: int) -> None:
    """Queue the next lots of a deposit, unless they wait already."""
    defer_once("campaigns.deposit", key=f"campaigns.deposit:{campaign_id}", campaign_id=campaign_id)


def _next_ids(campaign_id: int) -> list[int]:
    rows = CampaignRow.objects.filter(campaign=campaign_id, outcome__in=TO_DO)
    rows = rows.filter(campaign__state=CampaignState.DEPOSITING)
    return list(rows.order_by("id").values_list("pk", flat=True)[:LOT])


@atomic_with_retry
def _deposit(*, campaign_id: int, row_ids: Sequence[int], at: datetime) -> None:
    """Issue the drafts of some dossiers, and carry over what is too small; what changed is left, with its reason."""
    campaign = Campaign.objects.locked().select_related("type").get(pk=campaign_id)
    if campaign.state != CampaignState.DEPOSITING:
        return
    rows = list(campaign.rows.filter(pk__in=row_ids, outcome__in=TO_DO).order_by("id"))
    # What is kept in a row is French, whatever the language of the worker.
    with translation.override("fr"):
        _carry([row for row in rows if row.outcome == Outcome.CARRY], campaign, at=at)
        _issue([row for row in rows if row.outcome == Outcome.DRAFTED], campaign, at=at)
    CampaignRow.objects.bulk_update(rows, ["outcome", "oddities", "reason", "invoice"])


def _deposit_alone(*, campaign_id: int, row_id: int, at: datetime) -> None:
    try:
        _deposit(campaign_id=campaign_id, row_ids=[row_id], at=at)
    except Exception as error:
        if isinstance(error, tuple(AWAY)):
            raise
        # What nobody foresaw leaves one dossier, which a person can look at, and not the hundreds after it.
        logger.exception("row %d of campaign %d was left", row_id, campaign_id)
        rows = CampaignRow.objects.filter(pk=row_id, outcome__in=TO_DO)
        rows.update(outcome=Outcome.REFUSED, reason=sentence_of(error))


def _issue(rows: Sequence[CampaignRow], campaign: Campaign, *, at: datetime) -> None:
    drafts = {one.pk: one for one in _invoices(rows)}
    current = _current_versions(rows)
    kept = [row for row in rows if _is_as_shown(row, drafts, current)]
    cents = sum(row.cents for row in kept)
    ids = [row.invoice_id or 0 for row in kept]
    billing.issue_batch(invoice_ids=ids, shown_cents=cents, actor=campaign.deposited_by, at=at)
    for row in kept:
        row.outcome, row.reason = Outcome.ISSUED, ""


def _invoices(rows: Sequence[CampaignRow]) -> Sequence[Invoice]:
    found = Invoice.objects.filter(pk__in=[row.invoice_id for row in rows if row.invoice_id])
    known = found.annotate(version=F("explanation__version"), scheme=F("dossier__scheme"))
    return list(known.only("state", "total_cents").order_by("pk"))


def _current_versions(rows: Sequence[CampaignRow]) -> Mapping[int, int]:
    """Return the pricing in force of the dispositif of each dossier."""
    schemes = Dossier.objects.filter(pk__in=[row.dossier_id for row in rows]).order_by().values("scheme")
    return catalogue.newest_pricings(schemes)


def _is_as_shown(row: CampaignRow, drafts: Mapping[int, Invoice], current: Mapping[int, int]) -> bool:
    """Tell whether a draft is the one that was shown; its row says what changed."""
    draft = drafts.get(row.invoice_id or 0)
    if draft is None:
        _leave(row, Oddity.GONE, _("Le brouillon a été abandonné depuis la liste des brouillons."))
    elif draft.state != InvoiceState.DRAFT:
        # Somebody issued it alone: its payer has it, which is what the campaign is for.
        row.outcome = Outcome.ISSUED
    elif draft.total_cents != row.cents:
        _leave(row, Oddity.CORRECTED, _("Le brouillon n’a plus le montant qui était affiché : vérifiez-le."))
    elif current.get(getattr(draft, "scheme", 0)) != getattr(draft, "version", None):
        _leave(row, Oddity.PRICE_CHANGED, _("La tarification a changé pendant le dépôt : recalculez ce dossier."))
    else:
        return True
    return False


def _leave(row: CampaignRow, oddity: Oddity, sentence: str) -> None:
    row.outcome, row.oddities, row.reason = Outcome.REFUSED, [oddity], sentence


def _carry(rows: Sequence[CampaignRow], campaign: Campaign, *, at: datetime) -> None:
    ids = [row.dossier_id for row in rows]
    dossiers = {one.pk: one for one in Dossier.objects.filter(pk__in=ids).select_related("scheme", "form")}
    known = answering(dossiers.values(), campaign)
    for row in rows:
        dossier = dossiers[row.dossier_id]
        version = catalogue.current_pricing(dossier.scheme)
        try:
            # A savepoint: what a refusal had begun is undone, and the others go on.
            with transaction.atomic():
                if version is None:
                    raise billing.NotBillable(_("Le dispositif n’a pas de tarification publiée."))
                billing.carry_price(
                    dossier_id=dossier.pk,
                    type_id=campaign.type_id,
                    answered=known.answers_of(dossier, version),
                    period=campaign.period,
                    request_key=f"campaign:{campaign.pk}:{dossier.pk}",
                    confirmed=billing.Confirmed(cents=row.cents),
                    actor=campaign.deposited_by,
                    at=at,
                )
        except billing.NotBillable as refusal:
            row.outcome, row.reason = Outcome.REFUSED, str(refusal)[:500]
        else:
            row.outcome = Outcome.CARRIED


@atomic_with_retry
def _finish(*, campaign_id: int, at: datetime) -> None:
    campaign = Campaign.objects.locked().get(pk=campaign_id)
    left = campaign.rows.filter(outcome__in=TO_DO).exists()
    if left or not states.FINISH_DEPOSITING.allows(campaign):
        return
    step = states.FINISH_DEPOSITING.apply(campaign)
    campaign.save(update_fields=["state"])
    audit_log.log_transition(step, subject=campaign, actor=campaign.deposited_by, at=at)
