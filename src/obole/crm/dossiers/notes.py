"""What agents write down about a dossier, for themselves."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.crm.dossiers.dossier_detail import NoteForm, dossier_to_handle, panel_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import operations
from obole.lib import dates


@for_agents(Right.REVIEW)
@require_POST
def dossier_note(request: AgentRequest, pk: int) -> HttpResponse:
    """Keep a note."""
    dossier, form = dossier_to_handle(request, pk), NoteForm(request.POST)
    if not form.is_valid():
        return panel_page(request, dossier, "notes", note_form=form)
    operations.note(dossier_id=pk, text=form.cleaned_data["text"], actor=request.actor, at=dates.now())
    messages.success(request, _("la note est gardée."))
    return redirect(f"{reverse('crm:dossier', args=[pk])}?panneau=notes")
