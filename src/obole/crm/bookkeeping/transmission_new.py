"""Choosing what is handed over to the comptable, looking at it, then asking for it or sending it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, ngettext

from obole.crm.shared.pages import conflict_response, page_of, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, texts
from obole.mailing import queries as mailing
from obole.recovery import operations as recovery, queries
from obole.recovery.models import Obstacle, Transmission
from obole.regies.models import Regie

MOST_AT_ONCE = 5_000
SHOWN = 100


@dataclass(frozen=True)
class Choice:
    """The invoices that are chosen among those proposed; ``whole``: all of them, however many the page shows."""

    invoices: Sequence[Any]
    whole: bool

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.invoices)

    @property
    def cents(self) -> int:
        """What is left of them together."""
        return sum(invoice.rest for invoice in self.invoices)

    @property
    def by_type(self) -> list[tuple[str, int, int]]:
        """How many of each type de facture, and what is left of them."""
        sums: dict[str, tuple[int, int]] = {}
        for invoice in self.invoices:
            count, cents = sums.get(invoice.type.name, (0, 0))
            sums[invoice.type.name] = count + 1, cents + invoice.rest
        return [(name, *sums[name]) for name in sorted(sums)]

    @property
    def without_mail(self) -> int:
        """How many payers are told by nobody: they have no e-mail that works."""
        emails = [invoice.payer.email for invoice in self.invoices]
        usable = mailing.usable(emails)
        return sum(email not in usable for email in emails)

    def is_what_was_shown(self, post: QueryDict) -> bool:
        """Tell whether the form that was sent speaks of as many invoices, and of this amount."""
        return (post.get("count"), post.get("cents")) == (str(self.count), str(self.cents))


@for_agents(Right.MONEY)
@after_reauthentication()
def transmission_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Propose what is late enough; show what was chosen of it with its totals; hand it over."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    twin = queries.transmission_of_request(regie, request.POST.get("request_key", ""))
    if twin is not None:
        return _said(request, twin)
    ready = queries.proposals(regie, dates.day_of(dates.now()))
    choice = _chosen(request.POST, ready) if request.method == "POST" else None
    if choice is not None and not choice.count:
        messages.warning(request, _("Cochez au moins une facture : rien n’a été choisi."))
        choice = None
    if choice is None:
        return _proposed(request, regie, ready)
    if "confirm" not in request.POST:
        context = {"regie": regie, "choice": choice, "request_key": texts.token(), "shown": choice.invoices[:SHOWN]}
        return render_page(request, "crm/bookkeeping/transmission_confirm.html", context)
    return _hand_over(request, regie, choice)


def _proposed(request: AgentRequest, regie: Regie, ready: QuerySet[Any]) -> HttpResponse:
    held = queries.held_back(regie, dates.day_of(dates.now()))
    context = {
        "regie": regie,
        "page": page_of(request, ready, per_page=SHOWN),
        "cents": sum(ready.values_list("rest", flat=True)[:MOST_AT_ONCE]),
        "held": [_held(Obstacle(name), count) for name, count in held.items()],
        "most": MOST_AT_ONCE,
    }
    return render_page(request, "crm/bookkeeping/transmission_new.html", context)


def _held(why: Obstacle, n: int) -> str:
    """Say how many late invoices wait, and for what."""
    words = {
        Obstacle.PAYING: ngettext("%(n)d en cours de paiement", "%(n)d en cours de paiement", n),
        Obstacle.DISPUTED: ngettext("%(n)d contestée par son payeur", "%(n)d contestées par leur payeur", n),
        Obstacle.TOO_SOON: ngettext("%(n)d encore payable à la régie", "%(n)d encore payables à la régie", n),
        Obstacle.NOT_REMINDED: ngettext(
            "%(n)d pas encore relancée comme prévu", "%(n)d pas encore relancées comme prévu", n
        ),
    }
    return words[why] % {"n": n}


def _chosen(post: QueryDict, ready: QuerySet[Any]) -> Choice:
    if "whole" in post:
        return Choice(list(ready[:MOST_AT_ONCE]), whole=True)
    ids = [int(pk) for pk in post.getlist("invoice")[:SHOWN] if pk.isascii() and pk.isdigit() and len(pk) < 18]
    return Choice(list(ready.filter(pk__in=ids)), whole=False)


def _hand_over(request: AgentRequest, regie: Regie, choice: Choice) -> HttpResponse:
    again = reverse("crm:transmission_new", args=[regie.pk])
    moved = _("Ces factures ont changé entre-temps : rien n’a été transmis. Vérifiez, puis validez de nouveau.")
    if not choice.is_what_was_shown(request.POST):
        return conflict_response(request, moved, again)
    try:
        transmission = recovery.request_transmission(
            regie_id=regie.pk,
            invoice_ids=[invoice.pk for invoice in choice.invoices],
            request_key=request.POST.get("request_key", "")[:40],
            actor=request.actor,
            at=dates.now(),
        )
    except recovery.NothingToHandOver:
        return conflict_response(request, moved, again)
    return _said(request, transmission)


def _said(request: AgentRequest, transmission: Transmission) -> HttpResponse:
    """Send it at once where one person is enough, and say what happens now."""
    if transmission.by_two:
        messages.success(
            request, _("la transmission est demandée : une autre personne doit maintenant la transmettre.")
        )
    elif transmission.sent_at is None:
        recovery.send_transmission(transmission_id=transmission.pk, actor=request.actor, at=dates.now())
        messages.success(request, _("la transmission est partie : les factures passent une à une au comptable."))
    return redirect("crm:transmission", pk=transmission.regie_id, sent_pk=transmission.pk)
