"""The drafts that wait, régie by régie, and all those of a régie issued at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, ngettext

from obole.billing import operations as billing, queries as billing_queries
from obole.billing.models import Invoice
from obole.bulk_actions.models import BulkVerb
from obole.crm.bulk.selection import Source, selection_view
from obole.crm.shared.pages import conflict_response, render_page
from obole.crm.shared.sidebar import sees_money
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.lib.states import ForbiddenTransition
from obole.regies.models import Regie

MOST_AT_ONCE = 1000
"""Drafts issued by one press of the button: a few seconds, while the agent waits."""


MOST_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class Batch:
    """
    Drafts of one régie: ``count`` of them can be issued together, ``cents`` in all; ``left`` could be issued after
    these.
    """

    regie_id: int
    name: str
    drafts: Sequence[Invoice]
    count: int
    cents: int
    left: int = 0

    @property
    def until(self) -> int:
        """The id of the last one: a draft that is made later is not issued unseen."""
        return self.drafts[-1].pk

    @property
    def not_shown(self) -> int:
        """How many more there are than the page shows."""
        return self.count - sum(bool(draft.total_cents) for draft in self.drafts)

    def is_what_was_shown(self, post: QueryDict) -> bool:
        """Tell whether the form that was sent speaks of these drafts, and of these amounts."""
        return (post.get("count"), post.get("cents")) == (str(self.count), str(self.cents))


def all_batches(request: AgentRequest) -> list[Batch]:
    """Return every draft, by régie, with the first of each: two queries, however many there are."""
    known = (
        billing_queries.drafts(request.agent)
        .order_by("regie__name", "regie", "id")
        .values_list("regie", "pk", "total_cents")
    )
    by_regie = {regie: list(rows) for regie, rows in groupby(known, key=lambda row: row[0])}
    first = [pk for rows in by_regie.values() for _regie, pk, _cents in rows[:MOST_SHOWN]]
    shown = defaultdict(list)
    for draft in billing_queries.drafts(request.agent).filter(pk__in=first):
        shown[draft.regie_id].append(draft)
    return [
        Batch(
            regie_id=regie,
            name=_name(request, shown[regie]),
            drafts=shown[regie],
            count=sum(bool(cents) for _regie, _pk, cents in rows),
            cents=sum(cents for _regie, _pk, cents in rows),
        )
        for regie, rows in by_regie.items()
        if regie in shown
    ]


def batch_to_issue(request: AgentRequest, regie: Regie, *, until: int | None = None) -> Batch | None:
    """
    Return what would be issued for a régie now, none of it made after the draft ``until``; None if there is nothing.
    """
    rows = billing_queries.drafts_to_issue(regie, request.agent)
    seen = rows if until is None else rows.filter(pk__lte=until)
    some = list(seen[:MOST_AT_ONCE])
    if not some:
        return None
    return Batch(
        regie_id=regie.pk,
        name=_name(request, some),
        drafts=some,
        count=len(some),
        cents=sum(item.total_cents for item in some),
        left=rows.count() - len(some),
    )


def _name(request: AgentRequest, drafts: Sequence[Invoice]) -> str:
    """Régies are named to those only who see the money; the others know what is invoiced."""
    if sees_money(request.agent):
        return drafts[0].regie.name
    return ", ".join(sorted({draft.type.name for draft in drafts}))


@for_agents(Right.REVIEW)
def drafts(request: AgentRequest) -> HttpResponse:
    """Show the parts of prices that were held on their day, then every draft, régie by régie."""
    held = list(billing_queries.overdue_instalments(dates.day_of(dates.now()), request.agent)[: MOST_SHOWN + 1])
    context = {"batches": all_batches(request), "held": held[:MOST_SHOWN], "more_held": len(held) > MOST_SHOWN}
    return render_page(request, "crm/invoices/drafts.html", context)


@for_agents(Right.REVIEW)
def drafts_issue(request: AgentRequest, pk: int) -> HttpResponse:
    """Issue the drafts of a régie together, after a page that says how many and how much."""
    regie = get_object_or_404(_regies_with_work(request), pk=pk)
    posted, until = request.method == "POST", request.POST.get("until", "")
    is_id = until.isascii() and until.isdigit() and len(until) < 18
    batch = batch_to_issue(request, regie, until=int(until) if is_id else None)
    if batch is None:
        return conflict_response(request, _("Il n’y a plus de brouillon à émettre ici."), reverse("crm:drafts"))
    if not posted:
        return render_page(request, "crm/invoices/drafts_issue.html", {"batch": batch})
    if not is_id or not batch.is_what_was_shown(request.POST):
        return _moved(request, pk)
    try:
        issued = billing.issue_batch(
            invoice_ids=[draft.pk for draft in batch.drafts],
            shown_cents=batch.cents,
            actor=request.actor,
            at=dates.now(),
        )
    except (ForbiddenTransition, Invoice.DoesNotExist, billing.NotBillable):
        return _moved(request, pk)
    messages.success(request, _said(batch, issued))
    return redirect("crm:drafts" if batch.left else "crm:invoices")


def _rows_of(request: AgentRequest, _query: QueryDict) -> QuerySet[Invoice]:
    return billing_queries.drafts(request.agent)


SOURCE = Source(
    page="crm:drafts", address="crm:drafts_selection", named="label", verbs=(BulkVerb.ISSUE_DRAFTS,), rows=_rows_of
)
drafts_selection = selection_view(Right.REVIEW, SOURCE)


def _regies_with_work(request: AgentRequest) -> QuerySet[Regie]:
    """Return the régies that the agent answers for, and those of the invoices that they handle."""
    handled = Invoice.objects.handled_by(request.agent).filter(regie=OuterRef("pk"))
    return Regie.objects.filter(Exists(handled) | Q(pk__in=Regie.objects.acted_on_by(request.agent)))


def _moved(request: AgentRequest, pk: int) -> HttpResponse:
    sentence = _("Ces brouillons ont changé entre-temps : rien n’a été émis. Vérifiez, puis validez de nouveau.")
    return conflict_response(request, sentence, reverse("crm:drafts_issue", args=[pk]))


def _said(batch: Batch, issued: list[Invoice]) -> str:
    words = ngettext(
        "%(n)d facture est émise, %(first)s : %(amount)s. Son avis part, et son PDF se prépare.",
        "%(n)d factures sont émises, de %(first)s à %(last)s : %(amount)s. Leurs avis partent, et leurs PDF se"
        " préparent.",
        len(issued),
    )
    return words % {
        "n": len(issued),
        "first": issued[0].number,
        "last": issued[-1].number,
        "amount": money.euros(batch.cents),
    }
