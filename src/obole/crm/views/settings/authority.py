"""The town's own screen."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from obole.crm.forms_settings.authority import AuthorityForm
from obole.crm.pages import render_page
from obole.crm.views.settings.common import save, sent, settings_home
from obole.crm.views.settings.history import history
from obole.directory import operations as directory
from obole.directory import queries
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days


@for_agents(Right.CONFIGURE)
def authority(request: AgentRequest) -> HttpResponse:
    """Describe the town."""
    town = queries.the_authority()
    form = AuthorityForm(**sent(request), instance=town)
    if request.method == "POST" and save(
        form, lambda: directory.configure_authority(values=form.values, actor=request.actor, at=days.now())
    ):
        messages.success(request, _("la collectivité est enregistrée."))
        return redirect("crm:settings_authority")
    context = {"form": form, "title": _("Collectivité"), "back": settings_home(), "usage": None}
    return render_page(request, "crm/settings/edit.html", {**context, "history": history(town if town.pk else None)})
