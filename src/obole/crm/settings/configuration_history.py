"""« Historique »: every change of the configuration, by whom, when, before and after."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _, gettext_lazy

from obole.configuration.queries import history
from obole.crm.shared import configuration_events, journal
from obole.crm.shared.pages import page_of, render_page
from obole.crm.shared.settings_pages import settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.ui.forms import DayInput, FilterForm


class HistoryFilter(FilterForm):
    """By sort of thing (and one of them), by person, by day."""

    sort = forms.ChoiceField(label=gettext_lazy("Objet"), required=False)
    one = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**62)
    who = forms.ChoiceField(label=gettext_lazy("Qui"), required=False)
    since = forms.DateField(label=gettext_lazy("Depuis le"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("Jusqu’au"), required=False, widget=DayInput)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        sorts = [(name, sort.label) for name, sort in history.SORTS.items()]
        people = [(item, item) for item in history.people()]
        self.fields["sort"].choices = [("", _("Tout")), *sorts]  # type: ignore[attr-defined]
        self.fields["who"].choices = [("", _("Tout le monde")), *people]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """
        Find the one thing that is asked for.

        :raises ValidationError: if there is none such.
        """
        given = self.cleaned_data
        self.about = None
        if given.get("one") and given.get("sort"):
            self.about = history.SORTS[given["sort"]].model._default_manager.filter(pk=given["one"]).first()
            if self.about is None:
                raise ValidationError(_("Cet objet n’existe pas, ou plus : choisissez-en un autre."))
        return given

    def changes(self) -> QuerySet[Any]:
        """Return what is asked for; nothing, where the question is wrong."""
        if not self.is_valid():
            return history.changes().none()
        given = self.cleaned_data
        found = history.changes(given["sort"], about=self.about)
        if given["who"]:
            found = found.filter(who=given["who"])
        if given["since"]:
            found = found.filter(at__gte=datetime.combine(given["since"], time.min, dates.PARIS))
        if given["until"]:
            found = found.filter(at__lte=datetime.combine(given["until"], time.max, dates.PARIS))
        return found


@for_agents(Right.CONFIGURE)
def changes(request: AgentRequest) -> HttpResponse:
    """List what changed, newest first, narrowed as asked."""
    form = HistoryFilter(request.GET)
    page = page_of(request, form.changes().values_list("pgh_slug", flat=True))
    changes_shown = configuration_events.entries(history.describe_changes(page.object_list))
    tabs = journal.tabs(str(form.cleaned_data.get("sort") or ""))
    context = {"form": form, "page": page, "entries": changes_shown, "back": settings_home(), "tabs": tabs}
    return render_page(request, "crm/settings/configuration_history.html", context)
