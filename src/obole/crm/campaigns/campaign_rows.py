"""What is done to some dossiers of a campaign: computed again, put aside, taken back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from obole.campaigns import operations
from obole.crm.campaigns.campaign import conflict, mine
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.states import ForbiddenTransition

LONGEST_ID = 18
VERBS: dict[str, Callable[..., int]] = {
    "recalculer": operations.compute_again,
    "ecarter": operations.leave_rows,
    "reprendre": operations.take_back_rows,
}


@for_agents(Right.REVIEW)
@require_POST
def campaign_rows(request: AgentRequest, pk: int) -> HttpResponse:
    """Do it to the rows that are ticked, and come back to the same list."""
    one, verb = mine(request, pk), VERBS.get(request.POST.get("verb", ""))
    ids = [int(key) for key in request.POST.getlist("ids") if key.isascii() and key.isdigit() and len(key) < LONGEST_ID]
    try:
        count = verb(campaign_id=pk, row_ids=ids, actor=request.actor, at=dates.now()) if ids and verb else 0
    except ForbiddenTransition:
        return conflict(request, one)
    except operations.CampaignRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        _tell(request, count, has_chosen=bool(ids))
    back: Any = redirect("crm:campaign", pk)
    back["Location"] += f"?{request.POST.get('query', '')}#dossiers" if request.POST.get("query") else ""
    return back  # type: ignore[no-any-return]  # a redirection


def _tell(request: AgentRequest, count: int, *, has_chosen: bool) -> None:
    if not has_chosen:
        messages.warning(request, _("Cochez des dossiers d’abord."))
        return
    said = ngettext("C’est fait pour %(n)d dossier.", "C’est fait pour %(n)d dossiers.", count)
    messages.success(request, said % {"n": count})
