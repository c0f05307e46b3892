"""A campaign: how far it is, what is odd, what it comes to, and its deposit."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from obole.campaigns import operations, queries, states
from obole.campaigns.models import Campaign, Oddity, Outcome
from obole.campaigns.queries import perimeter
from obole.campaigns.states import CampaignState
from obole.catalogue.models import Scheme
from obole.crm.campaigns import campaign_charts
from obole.crm.shared import badges
from obole.crm.shared.pages import conflict_response, page_of, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, texts
from obole.lib.states import ForbiddenTransition

REFRESH_SECONDS = 3
RUNNING = (CampaignState.COMPUTING, CampaignState.DEPOSITING)
PER_PAGE = 25
MOST_OF_A_PLACE = 300


class DepositForm(forms.Form):
    """What was on the screen of who deposits."""

    count = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    cents = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


@for_agents(Right.REVIEW)
def campaign(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a campaign."""
    one = mine(request, pk)
    counts = queries.counts(one)
    done = sum(counts.values()) - _left(one, counts)
    context = {
        "campaign": one,
        "badge": badges.campaign_badge(one),
        "schemes": one.schemes.order_by("name", "id"),
        "counts": counts,
        "total": sum(counts.values()),
        "done": done,
        "outcomes": [(value, label, counts[value]) for value, label in Outcome.choices if counts[value]],
        "refresh": REFRESH_SECONDS if one.state in RUNNING else 0,
        **({} if one.state in RUNNING else _computed(request, one)),
    }
    return render_page(request, "crm/campaigns/campaign.html", context)


def mine(request: AgentRequest, pk: int) -> Campaign:
    """Return a campaign that the agent handles; 404 for the others."""
    return get_object_or_404(Campaign.objects.handled_by(request.agent).select_related("type__regie"), pk=pk)


def conflict(request: AgentRequest, one: Campaign) -> HttpResponse:
    """Say that the campaign moved since its page was shown."""
    said = _("Cette campagne a changé entre-temps : rien n’a été fait. Regardez où elle en est.")
    return conflict_response(request, said, reverse("crm:campaign", args=[one.pk]))


@for_agents(Right.REVIEW)
@require_POST
def campaign_compute(request: AgentRequest, pk: int) -> HttpResponse:
    """Have all that is not issued computed again."""
    one = mine(request, pk)
    try:
        count = operations.compute_again(campaign_id=pk, actor=request.actor, at=dates.now())
    except ForbiddenTransition:
        return conflict(request, one)
    except operations.CampaignRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        said = ngettext("%(n)d dossier est recalculé.", "%(n)d dossiers sont recalculés.", count)
        messages.success(request, said % {"n": count})
    return redirect("crm:campaign", pk)


@for_agents(Right.REVIEW)
def campaign_deposit(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what will be issued, and have it issued."""
    one = mine(request, pk)
    if one.state != CampaignState.READY:
        return conflict(request, one)
    form, refused = DepositForm(request.POST if request.method == "POST" else None), ""
    if form.is_valid():
        shown = queries.ToDeposit(form.cleaned_data["count"], form.cleaned_data["cents"])
        try:
            operations.deposit_campaign(campaign_id=pk, shown=shown, actor=request.actor, at=dates.now())
        except ForbiddenTransition:
            return conflict(request, one)
        except operations.CampaignRefused as refusal:
            refused = str(refusal)
        else:
            return redirect("crm:campaign", pk)
    context = {"campaign": one, "shown": queries.to_deposit(one), "counts": queries.counts(one), "refused": refused}
    return render_page(request, "crm/campaigns/campaign_deposit.html", context, status=409 if refused else 200)


@for_agents(Right.REVIEW)
def campaign_give_up(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask whether a campaign is given up, and give it up."""
    one = mine(request, pk)
    move = states.CLOSE if one.deposited_at else states.GIVE_UP
    if not move.allows(one):
        return conflict(request, one)
    if request.method != "POST":
        return render_page(
            request, "crm/campaigns/campaign_give_up.html", {"campaign": one, "counts": queries.counts(one)}
        )
    try:
        operations.give_up_campaign(campaign_id=pk, actor=request.actor, at=dates.now())
    except ForbiddenTransition:
        return conflict(request, one)
    messages.success(request, _("La campagne est terminée : ses brouillons sont abandonnés, rien d’autre ne part."))
    return redirect("crm:campaign", pk)


def _left(one: Campaign, counts: dict[str, int]) -> int:
    """Return how many dossiers the worker has still to do."""
    if one.state == CampaignState.DEPOSITING:
        return counts[Outcome.DRAFTED] + counts[Outcome.CARRY]
    return counts[Outcome.WAITING]


def _computed(request: AgentRequest, one: Campaign) -> dict[str, Any]:
    """Return what is known of a campaign that is not in hand: what is odd, what it comes to, its dossiers."""
    found = queries.oddities(one)
    names = {scheme.pk: scheme.name for scheme in Scheme.objects.filter(pk__in=[gap["scheme"] for gap in one.gaps])}
    by_scheme = queries.sums_by_scheme(one)
    followed = queries.follow(one, today=dates.day_of(dates.now())) if one.deposited_at else None
    return {
        **_narrowed(request, one),
        "oddities": [(code, Oddity(code).label, count) for code, count in found.items()],
        "gaps": [_gap(gap, names) for gap in one.gaps],
        "by_scheme": by_scheme,
        "by_line": queries.sums_by_line(one),
        "to_deposit": queries.to_deposit(one),
        "stale": queries.stale_schemes(one) if one.state == CampaignState.READY else [],
        "followed": followed,
        "plot": campaign_charts.followed(followed) if followed else campaign_charts.compared(by_scheme),
        "is_ready": one.state == CampaignState.READY,
        "can_compute": states.COMPUTE_AGAIN.allows(one),
    }


def _narrowed(request: AgentRequest, one: Campaign) -> dict[str, Any]:
    """Return the dossiers that an address asks for, and how it says it."""
    outcome, oddity = request.GET.get("resultat", ""), request.GET.get("anomalie", "")
    search, place = request.GET.get("q", "").strip()[:100], request.GET.get("lieu", "")[:MOST_OF_A_PLACE]
    rows = queries.rows_of(one, outcome=outcome, oddity=oddity, search=texts.fold(search), place=place)
    return {
        "page": page_of(request, rows, per_page=PER_PAGE),
        "outcome": outcome,
        "oddity": oddity,
        "search": search,
        "place": place,
        "places": perimeter.places(one.schemes.order_by("name", "id")),
        "listed": urlencode([("campaign", one.pk), *([("place", place)] if place else [])]),
    }


def _gap(gap: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    days = [dates.format_short(date.fromisoformat(day)) for day in gap["days"]]
    return {
        "scheme": names.get(gap["scheme"], ""),
        "pk": gap["scheme"],
        "question": gap["question"],
        "place": gap["place"],
        "days": days,
        "first": gap["days"][0],
    }
