"""The drafts that wait, and all those of a régie issued at once."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from obole.billing import operations as billing
from obole.billing import queries
from obole.billing.models import Invoice
from obole.crm.batches import MOST_SHOWN, Batch, all_batches, batch_to_issue
from obole.crm.pages import moved_meanwhile, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days, money
from obole.lib.states import ForbiddenMove
from obole.regies.models import Regie


@for_agents(Right.REVIEW)
def drafts(request: AgentRequest) -> HttpResponse:
    """Show the parts of prices that were held on their day, then every draft, régie by régie."""
    held = list(queries.parts_left_behind(days.day_of(days.now()))[: MOST_SHOWN + 1])
    context = {"batches": all_batches(request), "held": held[:MOST_SHOWN], "more_held": len(held) > MOST_SHOWN}
    return render_page(request, "crm/drafts.html", context)


@for_agents(Right.REVIEW)
def drafts_issue(request: AgentRequest, pk: int) -> HttpResponse:
    """Issue the drafts of a régie together, after a page that says how many and how much."""
    regie = get_object_or_404(Regie, pk=pk)
    posted, until = request.method == "POST", request.POST.get("until", "")
    is_id = until.isascii() and until.isdigit() and len(until) < 18
    batch = batch_to_issue(request, regie, until=int(until) if is_id else None)
    if batch is None:
        return moved_meanwhile(request, _("Il n’y a plus de brouillon à émettre ici."), reverse("crm:drafts"))
    if not posted:
        return render_page(request, "crm/drafts_issue.html", {"batch": batch})
    if not is_id or not batch.is_what_was_shown(request.POST):
        return _moved(request, pk)
    try:
        issued = billing.issue_batch(invoice_ids=[one.pk for one in batch.drafts], actor=request.actor, at=days.now())
    except (ForbiddenMove, Invoice.DoesNotExist, billing.NotBillable):
        return _moved(request, pk)
    messages.success(request, _said(batch, issued))
    return redirect("crm:drafts" if batch.left else "crm:invoices")


def _moved(request: AgentRequest, pk: int) -> HttpResponse:
    sentence = _("Ces brouillons ont changé entre-temps : rien n’a été émis. Vérifiez, puis validez de nouveau.")
    return moved_meanwhile(request, sentence, reverse("crm:drafts_issue", args=[pk]))


def _said(batch: Batch, issued: list[Invoice]) -> str:
    words = ngettext(
        "%(n)d facture est émise, %(first)s : %(amount)s. Son avis part, et son PDF se prépare.",
        "%(n)d factures sont émises, de %(first)s à %(last)s : %(amount)s. Leurs avis partent, et leurs PDF se préparent.",
        len(issued),
    )
    return words % {
        "n": len(issued), "first": issued[0].number, "last": issued[-1].number, "amount": money.euros(batch.cents)
    }  # fmt: skip
