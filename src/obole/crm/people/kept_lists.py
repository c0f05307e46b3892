"""Views of lists that agents keep under a name, and the columns that they want."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.crm.shared.lists import ROWS_OFFERED
from obole.directory import operations as directory, rules
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import ListName, SavedList
from obole.directory.rules import Right
from obole.ui.forms import NameField

PAGES = {name: f"crm:{name.value}" for name in ListName} | {ListName.RECEIPTS: "crm:receipts"}


class ViewForm(forms.Form):
    """Which list, and under which name."""

    list = forms.ChoiceField(choices=ListName.choices)
    query = forms.CharField(required=False, max_length=2000)
    name = NameField(
        label=gettext_lazy("Nom de la vue"),
        max_length=60,
        error_messages={
            "required": gettext_lazy("Donnez un nom à la vue."),
            "max_length": gettext_lazy("Donnez un nom de soixante caractères au plus."),
        },
    )
    is_shared = forms.BooleanField(required=False)


class LayoutForm(forms.Form):
    """Which columns, how many rows, and how close."""

    list = forms.ChoiceField(choices=ListName.choices)
    query = forms.CharField(required=False, max_length=2000)
    rows = forms.TypedChoiceField(choices=[(n, n) for n in ROWS_OFFERED], coerce=int)
    is_dense = forms.BooleanField(required=False)


@for_agents(Right.READ)
@require_POST
def save_view(request: AgentRequest) -> HttpResponse:
    """Keep the filters and the order of a list under a name."""
    form = ViewForm(request.POST)
    if form.is_valid():
        name = ListName(form.cleaned_data["list"])
        title, shared = form.cleaned_data["name"], form.cleaned_data["is_shared"]
        try:
            directory.save_view(
                agent=request.agent, name=name, title=title, query=form.cleaned_data["query"], is_shared=shared
            )
        except directory.TooManyViews:
            messages.error(request, _("Vous gardez déjà quarante vues de cette liste : supprimez-en une."))
        else:
            messages.success(request, _("La vue « %(name)s » est gardée.") % {"name": title})
    else:
        messages.error(request, str(form.errors.get("name", [_("Cette vue ne peut pas être gardée.")])[0]))
    return redirect(_list_of(request.POST))


@for_agents(Right.READ)
@require_POST
def drop_view(request: AgentRequest, pk: int) -> HttpResponse:
    """Forget one of one's own views."""
    try:
        directory.drop_view(agent=request.agent, view_id=pk)
    except SavedList.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("La vue est supprimée."))
    return redirect(_list_of(request.POST))


@for_agents(Right.READ)
@require_POST
def list_layout(request: AgentRequest) -> HttpResponse:
    """Keep which columns one wants, in which order, how many rows, and how close."""
    form = LayoutForm(request.POST)
    if form.is_valid():
        chosen = sorted(request.POST.getlist("columns"), key=lambda name: _rank(request.POST.get(f"order_{name}", "")))
        name = ListName(form.cleaned_data["list"])
        kept = {"rows": form.cleaned_data["rows"], "is_dense": form.cleaned_data["is_dense"]}
        directory.keep_layout(agent=request.agent, name=name, columns=chosen, **kept)
    return redirect(_list_of(request.POST))


def _rank(typed: str) -> int:
    return int(typed) if typed.isdecimal() and len(typed) < 4 else 999


def _list_of(posted: QueryDict) -> str:
    """Return the address of the list that a form came from, as it was filtered."""
    name = posted.get("list", "")
    page = PAGES[ListName(name)] if name in ListName.values else "crm:home"
    query = rules.query_to_keep(QueryDict(posted.get("query", "")[:2000]))
    return f"{reverse(page)}?{query}" if query else reverse(page)
