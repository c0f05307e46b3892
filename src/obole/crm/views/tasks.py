"""« À traiter »: money that a person must look at, and mails that did not leave."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.crm.facts import named
from obole.crm.forms import NoteForm
from obole.crm.pages import page_of, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.mailing import queries as mailing
from obole.payments import operations as payments
from obole.payments import queries
from obole.payments.models import Anomaly


@for_agents(Right.MONEY)
def tasks(request: AgentRequest) -> HttpResponse:
    """Show what waits on the agent's régies, oldest first."""
    return _page(request)


@for_agents(Right.MONEY)
@require_POST
def task_close(request: AgentRequest, pk: int) -> HttpResponse:
    """Write what was done about one of them."""
    anomaly = queries.anomalies(request.agent).filter(pk=pk).first()
    if anomaly is None:
        raise Http404
    form = _form(anomaly, request)
    if not form.is_valid():
        return _page(request, wrong=(pk, form))
    if anomaly.closed_at is not None:
        messages.warning(request, _("%(who)s l’avait déjà traité.") % {"who": anomaly.closed_by})
        return redirect("crm:tasks")
    payments.close_anomaly(anomaly_id=pk, note=form.cleaned_data["note"], actor=request.actor, at=days.now())
    messages.success(request, _("c’est noté, et gardé dans l’histoire de la facture."))
    return redirect("crm:tasks")


def _page(request: AgentRequest, wrong: tuple[int, NoteForm] | None = None) -> HttpResponse:
    page = page_of(request, queries.open_anomalies(request.agent), per_page=20)
    bound = dict([wrong]) if wrong else {}
    context = {
        "page": page,
        "rows": [(one, named(one), bound.get(one.pk) or _form(one)) for one in page],
        "form": wrong[1] if wrong else None,
        "undelivered": mailing.undelivered().count(),
        "closed": queries.anomalies(request.agent).exclude(closed_at=None).order_by("-closed_at", "-id")[:10],
    }
    return render_page(request, "crm/tasks.html", context, status=200)


def _form(anomaly: Anomaly, request: AgentRequest | None = None) -> NoteForm:
    return NoteForm(request.POST if request else None, auto_id=f"id_{anomaly.pk}_%s")
