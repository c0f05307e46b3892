"""How far an action on a selection is, what was refused and why, and what it made; each agent sees their own."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from obole.audit_log.models import Access
from obole.bulk_actions import operations, queries
from obole.bulk_actions.models import OF_DOSSIERS, OF_TASKS, BulkAction, BulkVerb
from obole.crm.shared import journal
from obole.crm.shared.pages import file_answer, page_of, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, files
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS

REFRESH_SECONDS = 2
BACK = {
    **dict.fromkeys(OF_DOSSIERS, "crm:dossiers"),
    **dict.fromkeys(OF_TASKS, "crm:tasks"),
    BulkVerb.ISSUE_DRAFTS: "crm:drafts",
    BulkVerb.ATTEST: "crm:regies",
}
"""The list that a selection comes from, where it is not that of invoices."""

FILES = {BulkVerb.ATTEST: ("attestations", "attestations")}
"""How the journal and the browser call what an action made, where it is not invoices."""


@for_agents(Right.READ)
def bulk_actions(request: AgentRequest) -> HttpResponse:
    """List what the agent asked for, newest first: what goes on, and what ended."""
    page = page_of(request, queries.actions_of(request.agent))
    return render_page(request, "crm/bulk/actions.html", {"page": page})


@for_agents(Right.READ)
def bulk_action(request: AgentRequest, pk: int) -> HttpResponse:
    """Show how far an action is, and each row that was refused with its reason and the way to it."""
    action = _mine(request, pk)
    page = page_of(request, queries.unsuccessful_rows(action), per_page=50)
    names = queries.names_of(BulkVerb(action.verb), [row.object_id for row in page.object_list], request.agent)
    said = ngettext("%(done)d ligne sur %(n)d", "%(done)d lignes sur %(n)d", max(1, action.handled))
    context = {
        "action": action,
        "page": page,
        "rows": [(row, names.get(row.object_id)) for row in page.object_list],
        "details": queries.details_of(action),
        "progress": said % {"done": action.handled, "n": action.total},
        "refresh": 0 if action.ended_at else REFRESH_SECONDS,
        "back": BACK.get(BulkVerb(action.verb), "crm:invoices"),
    }
    return render_page(request, "crm/bulk/action.html", context)


@for_agents(Right.READ)
@require_POST
def bulk_action_cancel(request: AgentRequest, pk: int) -> HttpResponse:
    """Stop an action where it is; one that ended meanwhile has ended."""
    _mine(request, pk)
    action = operations.cancel(action_id=pk, actor=request.actor, at=dates.now())
    if action.cancelled_at is None:
        messages.warning(request, _("Elle était déjà terminée : rien n’a été arrêté."))
    return redirect("crm:bulk_action", pk=pk)


@for_agents(Right.READ)
@after_reauthentication(reading=True)
def bulk_action_file(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the archive that printing made."""
    action = _mine(request, pk)
    if not action.file_digest:
        raise Http404
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    what, begins = FILES.get(BulkVerb(action.verb), ("invoice_pdfs", "factures"))
    journal.keep(request, Access.Verb.EXPORT, action, what=what, rows=action.done)
    name = f"{begins}-{dates.day_of(action.asked_at).isoformat()}-{action.pk}.zip"
    return file_answer(files.get(action.file_digest), name=name, content_type="application/zip", to_save=True)


def _mine(request: AgentRequest, pk: int) -> BulkAction:
    return get_object_or_404(queries.actions_of(request.agent), pk=pk)
