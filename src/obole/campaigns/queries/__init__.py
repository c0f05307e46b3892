"""How campaigns are read: what is known of their dossiers before, what is odd, and what became of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from obole.billing.models import Invoice, InvoiceType, Letter
from obole.billing.states import InvoiceState, Standing
from obole.campaigns import rules
from obole.campaigns.models import Campaign, CampaignRow, Outcome
from obole.campaigns.queries import perimeter
from obole.campaigns.states import CampaignState
from obole.catalogue.models import PricingVersion, Service
from obole.consumption import queries as consumption
from obole.directory.models import Agent
from obole.dossiers.models import Dossier
from obole.lib import dates, sql
from obole.mailing import queries as mailing
from obole.mailing.models import Message
from obole.mailing.states import MessageState

ENDED = (InvoiceState.DRAFT, InvoiceState.CANCELLED)
_COUNTED = """
    SELECT dossier.scheme_id, fact.question, {place} AS place, array_agg(DISTINCT fact.day)
    FROM consumption_consumption AS fact JOIN dossiers_dossier AS dossier ON dossier.id = fact.dossier_id
    JOIN catalogue_scheme AS scheme ON scheme.id = dossier.scheme_id AND scheme.billed_on = 'counted'
    WHERE fact.day BETWEEN %(first)s AND %(last)s
    AND dossier.id IN (SELECT dossier_id FROM campaigns_campaignrow WHERE campaign_id = %(campaign)s)
    GROUP BY 1, 2, 3
"""
_PLACE = """
    coalesce(dossier.answers ->> %(field)s, (
        SELECT answer -> fact.row::int ->> %(field)s FROM jsonb_each(dossier.answers) AS grouped (name, answer)
        WHERE jsonb_typeof(answer) = 'array' AND jsonb_exists(answer -> fact.row::int, %(field)s) LIMIT 1
    ), '')
"""
"""The answer to a question, given once or in the row that the fact is of."""


def campaigns_of(agent: Agent) -> QuerySet[Campaign]:
    """Return the campaigns that an agent handles, newest first, each with how many dossiers it has."""
    rows = Campaign.objects.handled_by(agent).select_related("type")
    return rows.order_by("-opened_at", "-id")


def amounts_before(campaign: Campaign, dossier_ids: Collection[int]) -> dict[int, int]:
    """Return what the last invoice before came to, of each dossier, of the type of a campaign (cents); one query."""
    rows = Invoice.objects.filter(dossier__in=dossier_ids, type=campaign.type_id).exclude(state__in=ENDED)
    rows = (
        rows.exclude(period__iexact=campaign.period).order_by("dossier_id", "-issued_at", "-id").distinct("dossier_id")
    )
    return {dossier: cents for dossier, cents in rows.values_list("dossier", "total_cents") if dossier}


def billed_already(campaign: Campaign, dossier_ids: Collection[int]) -> dict[int, str]:
    """Return the numbers of the invoices of the same type and period that stand, by their dossiers; one query."""
    rows = Invoice.objects.filter(dossier__in=dossier_ids, type=campaign.type_id, period__iexact=campaign.period)
    rows = rows.exclude(state__in=ENDED).order_by("id")
    return {dossier: number for dossier, number in rows.values_list("dossier", "number") if dossier and number}


def reached(dossiers: Iterable[Dossier]) -> set[int]:
    """Return the dossiers whose citizen a mail or a letter reaches, with one query."""
    known = list(dossiers)
    usable = mailing.usable([one.citizen.email for one in known])
    return {one.pk for one in known if one.citizen.email in usable or one.citizen.address}


def gaps_of(campaign: Campaign, *, until: date) -> list[rules.Gap]:
    """
    Return the open days of a campaign on which somebody forgot to count, by thing and by place; with two queries.

    Where what is reserved is billed, nobody has to.

    :param until: days after this one are not there yet.
    """
    last = min(campaign.last, until)
    place = _PLACE if campaign.only_field else "''"
    values = {"first": campaign.first, "last": last, "campaign": campaign.pk, "field": campaign.only_field}
    found = sql.execute(_COUNTED.format(place=place), **values)
    counted = [rules.Counted(scheme, question, at, frozenset(days)) for scheme, question, at, days in found]
    days = [campaign.first + timedelta(days=n) for n in range((last - campaign.first).days + 1)]
    return rules.gaps(counted, days=days, calendar=consumption.town_calendar(school=True))


def counts(campaign: Campaign) -> dict[str, int]:
    """Return how many dossiers of a campaign have each outcome, with one query."""
    rows = campaign.rows.order_by().values_list("outcome").annotate(count=Count("pk"))
    return {**dict.fromkeys(Outcome.values, 0), **dict(rows)}


def oddities(campaign: Campaign) -> dict[str, int]:
    """Return how many dossiers of a campaign have each oddity, the most frequent first, with one query."""
    said = """
        SELECT oddity, count(*) FROM campaigns_campaignrow, unnest(oddities) AS oddity
        WHERE campaign_id = %(campaign)s AND outcome NOT IN ('issued', 'left') GROUP BY 1 ORDER BY 2 DESC, 1
    """
    return dict(sql.execute(said, campaign=campaign.pk))


@dataclass(frozen=True)
class ToDeposit:
    """How many drafts of a campaign would be deposited, and what they come to now (cents)."""

    count: int
    cents: int


def to_deposit(campaign: Campaign) -> ToDeposit:
    """Return what depositing a campaign would issue."""
    rows = campaign.rows.filter(outcome=Outcome.DRAFTED, invoice__state=InvoiceState.DRAFT)
    found = rows.aggregate(count=Count("pk"), cents=Sum("invoice__total_cents"))
    return ToDeposit(found["count"], found["cents"] or 0)


def stale_schemes(campaign: Campaign) -> list[str]:
    """Return the dispositifs whose pricing in force is not the one that made the drafts of a campaign, by name."""
    newest = PricingVersion.objects.order_by("scheme_id", "-number").distinct("scheme_id").values("pk")
    drafts = campaign.rows.filter(outcome=Outcome.DRAFTED, invoice__explanation__isnull=False)
    old = drafts.exclude(invoice__explanation__version__in=newest)
    names = old.order_by("dossier__scheme__name").values_list("dossier__scheme__name", flat=True)
    return list(names.distinct())


@dataclass(frozen=True)
class SumOf:
    """What part of a campaign comes to, this time and the time before, in cents."""

    label: str
    detail: str
    count: int
    cents: int
    before_cents: int | None = None


def sums_by_scheme(campaign: Campaign) -> list[SumOf]:
    """Return what each dispositif comes to, beside what the same dossiers came to the time before."""
    rows = campaign.rows.filter(outcome__in=(Outcome.DRAFTED, Outcome.ISSUED)).order_by("dossier__scheme__name")
    found = rows.values_list("dossier__scheme__name").annotate(Count("pk"), Sum("cents"), Sum("before_cents"))
    return [SumOf(name, "", count, cents, before) for name, count, cents, before in found]


def sums_by_line(campaign: Campaign) -> list[SumOf]:
    """Return what each prestation comes to, by tariff bracket, the largest first."""
    said = """
        SELECT line ->> 'label', coalesce(line -> 'found' -> 0 ->> 'place', ''), count(*),
            sum((line ->> 'amount_cents')::bigint)
        FROM campaigns_campaignrow AS one
        JOIN billing_invoiceexplanation AS why ON why.invoice_id = one.invoice_id,
            jsonb_array_elements(why.result -> 'lines') AS line
        WHERE one.campaign_id = %(campaign)s AND one.outcome IN ('drafted', 'issued')
        GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2
    """
    rows = sql.execute(said, campaign=campaign.pk)
    return [SumOf(label, place, count, int(cents)) for label, place, count, cents in rows]


@dataclass(frozen=True)
class Followed:
    """What became of the invoices of a campaign: how many, and for the money how much (cents)."""

    issued: int
    cents: int
    received_cents: int
    paid: int
    late: int
    cancelled: int
    delivered: int
    bounced: int
    letters: int


def follow(campaign: Campaign, *, today: date) -> Followed:
    """Return what became of the invoices of a campaign, and of their notices; three queries."""
    issued = campaign.rows.filter(outcome=Outcome.ISSUED)
    late = Q(invoice__standing=Standing.DUE, invoice__due_date__lt=today)
    standing = Q(invoice__state=InvoiceState.CANCELLED)
    figures = issued.aggregate(
        issued=Count("pk"),
        cents=Sum("invoice__total_cents", filter=~standing),
        received_cents=Sum("invoice__received_cents", filter=~standing),
        paid=Count("pk", filter=Q(invoice__state=InvoiceState.PAID)),
        late=Count("pk", filter=late),
        cancelled=Count("pk", filter=standing),
    )
    notices = Message.objects.filter(
        kind="invoice_deposited", about_kind="billing.invoice", about_id__in=issued.values("invoice")
    )
    mails = notices.aggregate(
        delivered=Count("pk", filter=Q(state__in=(MessageState.SENT, MessageState.KEPT))),
        bounced=Count("pk", filter=Q(state__in=(MessageState.BOUNCED, MessageState.FAILED))),
    )
    letters = Letter.objects.filter(kind=Letter.Kind.NOTICE, invoice__in=issued.values("invoice"), dropped_at=None)
    return Followed(**{name: value or 0 for name, value in {**figures, **mails}.items()}, letters=letters.count())


def rows_of(
    campaign: Campaign, *, outcome: str = "", oddity: str = "", search: str = "", place: str = ""
) -> QuerySet[CampaignRow]:
    """
    Return the dossiers of a campaign to be listed, filtered, in the order of their families.

    :param place: a school or a class, as ``perimeter.places`` writes it.
    """
    rows = campaign.rows.select_related("dossier__citizen", "dossier__scheme", "invoice")
    rows = rows.filter(outcome=outcome) if outcome in Outcome.values else rows
    rows = rows.filter(oddities__contains=[oddity]) if oddity else rows
    if search:
        rows = rows.filter(dossier__citizen__sort_key__contains=search)
    if place:
        rows = rows.filter(dossier__in=_dossiers_at(campaign, place))
    return rows.order_by("dossier__citizen__sort_key", "id")


def _dossiers_at(campaign: Campaign, place: str) -> QuerySet[Dossier]:
    schemes = list(campaign.schemes.order_by("pk"))
    return Dossier.objects.filter(perimeter.at_place(schemes, place), scheme__in=schemes)


def invoices_of(campaign: Campaign, invoices: QuerySet[Invoice], *, place: str = "") -> QuerySet[Invoice]:
    """Keep the invoices that a campaign issued, those of a school or a class if one is said."""
    kept = invoices.filter(pk__in=campaign.rows.filter(outcome=Outcome.ISSUED).values("invoice"))
    return kept.filter(dossier__in=_dossiers_at(campaign, place)) if place else kept


@dataclass(frozen=True)
class Late:
    """A type whose last month should have been deposited by a day, and was not."""

    type_id: int
    name: str
    month: str
    """Last month, in French: « octobre 2026 »."""
    day: date


def late_campaigns(agent: Agent | None, *, today: date) -> list[Late]:
    """
    Return the types whose campaign of last month is late, those that an agent handles or all of them; two queries.

    A type is expected each month from the day on which its first campaign was deposited.
    """
    last = today.replace(day=1) - timedelta(days=1)
    first = last.replace(day=1)
    types = InvoiceType.objects.filter(enabled=True, campaign_day__gt=0, campaign_day__lt=today.day)
    types = types.filter(campaigns__state=CampaignState.DEPOSITED, campaigns__last__lt=first)
    if agent is not None:
        types = types.filter(schemes__service__in=Service.objects.handled_by(agent))
    done = Campaign.objects.filter(
        state__in=(CampaignState.DEPOSITING, CampaignState.DEPOSITED), first__lte=first, last__gte=last
    )
    late = types.exclude(pk__in=done.values("type")).order_by("name", "id").distinct()
    month = f"{dates.MONTHS[first.month - 1]} {first.year}"
    return [Late(one.pk, one.name, month, today.replace(day=one.campaign_day)) for one in late]


def left_without(agent: Agent, *, since: date) -> QuerySet[Campaign]:
    """
    Return the deposited campaigns of which families got nothing that they should have: ``left`` says how many.

    :param since: the first day on which those that are looked at were deposited.
    """
    refused = Count("rows", filter=Q(rows__outcome=Outcome.REFUSED))
    rows = Campaign.objects.handled_by(agent).filter(state=CampaignState.DEPOSITED)
    rows = rows.filter(deposited_at__gte=dates.midnight(since)).annotate(left=refused).filter(left__gt=0)
    return rows.select_related("type").order_by("-deposited_at", "-id")
