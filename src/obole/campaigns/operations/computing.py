"""The drafts of a campaign, so many in one transaction: a worker that dies leaves dossiers computed, or not."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import QuerySet, prefetch_related_objects
from django.utils import translation
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.operations import Priced
from obole.campaigns import queries, rules, states
from obole.campaigns.models import Adjustment, Campaign, CampaignRow, Oddity, Outcome
from obole.campaigns.operations import adjusting
from obole.campaigns.operations.adjusting import Owed
from obole.campaigns.operations.answering import Answering, answering
from obole.campaigns.operations.errors import sentence_of
from obole.campaigns.states import CampaignState
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion
from obole.consumption import queries as consumption
from obole.consumption.rules import countable
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates
from obole.lib.queue import AWAY
from obole.lib.transactions import atomic_with_retry
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.text.codec import as_dict

logger = logging.getLogger(__name__)
AT_ONCE = 200
"""Dossiers in one transaction, which holds them meanwhile."""
WRITTEN = ("outcome", "oddities", "reason", "invoice", "cents", "before_cents")


@dataclass
class _Known:
    """What is looked up once for the dossiers of one transaction."""

    campaign: Campaign
    answering: Answering
    before: Mapping[int, int]
    billed: Mapping[int, str]
    reached: Collection[int]
    versions: dict[int, PricingVersion | None] = field(default_factory=dict)

    def version_of(self, dossier: Dossier) -> PricingVersion | None:
        """Return the pricing in force of the dispositif of a dossier."""
        if dossier.scheme_id not in self.versions:
            self.versions[dossier.scheme_id] = catalogue.current_pricing(dossier.scheme)
        return self.versions[dossier.scheme_id]


def compute_next(*, campaign_id: int, at: datetime) -> bool:
    """
    Make the drafts of the next dossiers of a campaign, those that no other worker has in hand; say whether there may be
    more.

    A dossier that cannot be priced stops no other: its row says why. Where one is in the way of all, each is computed
    alone.
    """
    waiting = CampaignRow.objects.filter(campaign=campaign_id, outcome=Outcome.WAITING)
    try:
        return _compute_some(waiting, at=at)
    except Exception as error:
        if isinstance(error, tuple(AWAY)):
            raise
        logger.warning("dossiers of campaign %d could not be computed together", campaign_id, exc_info=True)
    for pk in list(waiting.order_by("id").values_list("pk", flat=True)[:AT_ONCE]):
        _compute_alone(waiting.filter(pk=pk), at=at)
    return True


def _compute_alone(waiting: QuerySet[CampaignRow], *, at: datetime) -> None:
    try:
        _compute_some(waiting, at=at)
    except Exception as error:
        if isinstance(error, tuple(AWAY)):
            raise
        # What nobody foresaw leaves one dossier, which a person can look at, and not the hundreds after it.
        logger.exception("a dossier of a campaign was left")
        waiting.update(outcome=Outcome.REFUSED, oddities=[], reason=sentence_of(error))


@atomic_with_retry
def _compute_some(waiting: QuerySet[CampaignRow], *, at: datetime) -> bool:
    held = waiting.select_for_update(of=("self",), skip_locked=True).order_by("id")
    rows = list(held[:AT_ONCE])
    # Of a campaign that was given up, none waits any more.
    if not rows:
        return False
    campaign = Campaign.objects.select_related("type__regie").get(pk=rows[0].campaign_id)
    # What is kept in a row is French, whatever the language of the worker.
    with translation.override("fr"):
        _compute(campaign, rows, at=at)
    return True


@atomic_with_retry
def finish_computing(*, campaign_id: int, at: datetime) -> bool:
    """Say that every dossier of a campaign is computed, and where attendance lacks; whether that was so."""
    campaign = Campaign.objects.locked().select_related("type").get(pk=campaign_id)
    if campaign.state != CampaignState.COMPUTING or campaign.rows.filter(outcome=Outcome.WAITING).exists():
        return False
    step = states.FINISH_COMPUTING.apply(campaign)
    campaign.computed_at = at
    campaign.gaps = [
        {"scheme": gap.scheme_id, "question": gap.question, "place": gap.place, "days": list(gap.days)}
        for gap in queries.gaps_of(campaign, until=dates.day_of(at))
    ]
    campaign.save(update_fields=["state", "computed_at", "gaps"])
    audit_log.log_transition(step, subject=campaign, actor=campaign.opened_by, at=at)
    return True


def _compute(campaign: Campaign, rows: Sequence[CampaignRow], *, at: datetime) -> None:
    ids = [row.dossier_id for row in rows]
    dossiers = {one.pk: one for one in Dossier.objects.locked().filter(pk__in=ids).order_by("pk")}
    billing.discard_many([row.invoice_id for row in rows if row.invoice_id])
    prefetch_related_objects(list(dossiers.values()), "scheme", "form", "citizen")
    known = _Known(
        campaign,
        answering(dossiers.values(), campaign),
        before=queries.amounts_before(campaign, ids),
        billed=queries.billed_already(campaign, ids),
        reached=queries.reached(dossiers.values()),
    )
    # What these drafts billed of earlier months is to be found again.
    Adjustment.objects.filter(row__in=rows).delete()
    priced = dict(_priced(rows, dossiers, known))
    owed = adjusting.owed_of(campaign, [dossiers[pk] for pk in priced], versions=known.versions)
    beside = {pk: _beside(one, owed.get(pk, ())) for pk, one in priced.items()}
    made = billing.draft_many(
        list(beside.values()), invoice_type=campaign.type, period=campaign.period, actor=campaign.opened_by, at=at
    )
    adjustments: list[Adjustment] = []
    for row in rows:
        if row.dossier_id in priced:
            _take(row, priced[row.dossier_id], made.get(row.dossier_id), known)
            adjustments += _adjustments(row, beside[row.dossier_id], owed.get(row.dossier_id, ()))
    CampaignRow.objects.bulk_update(rows, WRITTEN)
    Adjustment.objects.bulk_create(adjustments)


def _beside(priced: Priced, owed: Sequence[Owed]) -> Priced:
    """Return a price with what is owed of earlier months beside, unless that is money to give back."""
    if priced.result.total_cents + sum(one.result.total_cents for one in owed) <= 0:
        return priced
    besides = tuple({"label": one.label, "result": as_dict(one.result)} for one in owed)
    return replace(priced, wanted=replace(priced.wanted, besides=besides))


def _adjustments(row: CampaignRow, priced: Priced, owed: Sequence[Owed]) -> list[Adjustment]:
    """Return what a draft bills of earlier months, so that no other does; its row says it, or that a credit waits."""
    if not owed or row.invoice is None:
        return []
    row.oddities.append(Oddity.ADJUSTED if priced.wanted.besides else Oddity.CREDIT)
    if not priced.wanted.besides:
        return []
    return [Adjustment(row=row, of=one.of, answers=dict(one.answers), cents=one.result.total_cents) for one in owed]


def _priced(
    rows: Sequence[CampaignRow], dossiers: Mapping[int, Dossier], known: _Known
) -> Iterator[tuple[int, Priced]]:
    """Yield what can be priced, by dossier; the rows of the others say why not."""
    for row in rows:
        dossier = dossiers[row.dossier_id]
        row.invoice, row.cents, row.before_cents = None, 0, known.before.get(dossier.pk)
        try:
            yield dossier.pk, _price(row, dossier, known)
        except billing.BilledAlone as refusal:
            _refuse(row, Oddity.ALONE, str(refusal))
        except _Odd as odd:
            _refuse(row, odd.oddity, odd.sentence, outcome=odd.outcome)


class _Odd(Exception):
    """A dossier has no draft."""

    def __init__(self, oddity: Oddity, sentence: str, outcome: Outcome = Outcome.REFUSED) -> None:
        super().__init__(sentence)
        self.oddity, self.sentence, self.outcome = oddity, sentence, outcome


def _price(row: CampaignRow, dossier: Dossier, known: _Known) -> Priced:
    campaign = known.campaign
    if (number := known.billed.get(dossier.pk)) is not None:
        raise _Odd(Oddity.BILLED, _("Déjà facturé : %(number)s.") % {"number": number}, Outcome.NOTHING)
    counted = known.answering.counted_of(dossier)
    if dossier.state not in (DossierState.ACCEPTED, DossierState.IN_REVIEW):
        raise _closed(counted, campaign)
    version = known.version_of(dossier)
    if version is None:
        raise _Odd(Oddity.ANSWERS, _("Le dispositif n’a pas de tarification publiée."))
    answered = known.answering.answers_of(dossier, version)
    key = f"campaign:{campaign.pk}:{dossier.pk}"
    wanted = billing.DraftWanted(dossier=dossier, version=version, answered=answered, request_key=key)
    is_uncounted = not counted and bool(countable(_pricing(version)))
    try:
        return billing.price_alone(wanted)
    except Refused as refusal:
        if is_uncounted:
            raise _nothing(campaign) from refusal
        said = " ".join(dict.fromkeys(problem.message for problem in refusal.problems))
        raise _Odd(Oddity.ANSWERS, said) from refusal
    except billing.NegativePrice as refusal:
        raise _Odd(Oddity.NEGATIVE, str(refusal)) from refusal
    except billing.EmptyInvoice as refusal:
        raise (_nothing(campaign) if is_uncounted else _Odd(Oddity.ZERO, str(refusal), Outcome.NOTHING)) from refusal


def _pricing(version: PricingVersion) -> Pricing:
    return catalogue.compiled_pricing_of(version).pricing


def _closed(counted: consumption.Sums, campaign: Campaign) -> _Odd:
    """Return why a dossier that is closed has no draft: somebody decides, unless nothing is due of these days."""
    if not any(counted.values()):
        return _nothing(campaign)
    said = _("Le dossier est clos, et quelque chose y est compté : rouvrez-le, ou facturez-le à la main.")
    return _Odd(Oddity.CLOSED, said)


def _nothing(campaign: Campaign) -> _Odd:
    days = {"first": dates.format_short(campaign.first), "last": dates.format_short(campaign.last)}
    return _Odd(Oddity.NOTHING_COUNTED, _("Rien n’est compté du %(first)s au %(last)s.") % days, Outcome.NOTHING)


def _refuse(row: CampaignRow, oddity: Oddity, sentence: str, *, outcome: Outcome = Outcome.REFUSED) -> None:
    row.outcome, row.oddities, row.reason = outcome, [oddity], sentence[:500]


def _take(row: CampaignRow, priced: Priced, invoice: Invoice | None, known: _Known) -> None:
    dossier = priced.wanted.dossier
    if invoice is None:
        said = _("Sous le seuil de la tarification : ce montant attend la prochaine facture.")
        _refuse(row, Oddity.CARRIED, said, outcome=Outcome.CARRY)
        row.cents = priced.result.total_cents
        return
    row.outcome, row.reason, row.invoice, row.cents = Outcome.DRAFTED, "", invoice, invoice.total_cents
    row.oddities = rules.oddities(
        priced.result, state=dossier.state, before_cents=row.before_cents, is_reached=dossier.pk in known.reached
    )
    if not known.answering.counted_of(dossier) and rules.is_counted_by_agents(_pricing(priced.wanted.version)):
        # The quantities of the dossier stand for those of the period: somebody looks at them.
        row.oddities.insert(0, Oddity.NOTHING_COUNTED)
