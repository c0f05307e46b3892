"""« Historique »: every change of the configuration, by whom, when, before and after."""

from django.http import HttpResponse

from obole.configuration.queries import history
from obole.crm import histories
from obole.crm.forms_settings.history import HistoryFilter
from obole.crm.pages import page_of, render_page
from obole.crm.views.settings.common import settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right


@for_agents(Right.CONFIGURE)
def changes(request: AgentRequest) -> HttpResponse:
    """List what changed, newest first, narrowed as asked."""
    form = HistoryFilter(request.GET)
    page = page_of(request, form.changes().values_list("pgh_slug", flat=True))
    entries = histories.entries(history.tell(page.object_list))
    context = {"form": form, "page": page, "entries": entries, "back": settings_home()}
    return render_page(request, "crm/settings/changes.html", context)
