"""How long what is known of people is kept."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import SettingsForm
from obole.crm.shared.settings_pages import save, sent_values, settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.personal_data import operations, queries
from obole.personal_data.models import Retention


class RetentionForm(SettingsForm):
    """The durations."""

    class Meta:
        model = Retention
        fields = (
            "drafts_days",
            "account_mails_days",
            "mails_months",
            "refused_months",
            "inactive_months",
            "attendance_days",
        )


@for_agents(Right.CONFIGURE)
def retention(request: AgentRequest) -> HttpResponse:
    """Choose the durations, and see what the next night will take."""
    known = queries.retention()
    form = RetentionForm(**sent_values(request), instance=known)
    if request.method == "POST" and save(form, lambda: _configure(request, form)):
        messages.success(request, _("les durées de conservation sont enregistrées."))
        return redirect("crm:settings")
    context = {
        "form": form,
        "title": _("Durées de conservation"),
        "back": settings_home(),
        "history": history(known) if known.pk else [],
        "next_purge": operations.purge(at=dates.now(), dry_run=True),
    }
    return render_page(request, "crm/settings/retention.html", context)


def _configure(request: AgentRequest, form: RetentionForm) -> Retention:
    return operations.configure_retention(values=form.values, actor=request.actor, at=dates.now())
