"""A dossier for somebody at the counter: the dispositif, then the same form as on the portal, filled by an agent."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from obole.catalogue.models import Scheme, Service
from obole.crm.dossiers.counter_form import MOST_MEGABYTES, drawn, form_for, is_sent
from obole.crm.shared import scopes
from obole.crm.shared.pages import conflict_response, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Citizen
from obole.directory.rules import Right
from obole.dossiers import operations as dossiers, rules
from obole.dossiers.forms import application
from obole.dossiers.forms.application import ApplicationForm
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.limits.middleware import note
from obole.ui import idempotency
from obole.ui.bodies import takes_files


@for_agents(Right.REVIEW)
@require_safe
def citizen_schemes(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose what is asked for, among the dispositifs that the agent handles."""
    context = {"citizen": _applicant(request, pk), "schemes": _schemes(request)}
    return render_page(request, "crm/people/citizen_schemes.html", context)


@takes_files(megabytes=MOST_MEGABYTES)
@for_agents(Right.REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def citizen_apply(request: AgentRequest, pk: int, scheme_pk: int) -> HttpResponse:
    """Fill the form of a dispositif for somebody, and file it."""
    citizen, scheme = _applicant(request, pk), get_object_or_404(_schemes(request), pk=scheme_pk)
    asked = application.questions_of(scheme, form_id=request.POST.get("form_id", ""), citizen=citizen)
    if asked is None:
        return _closed(request, citizen)
    form = form_for(request, citizen, asked)
    if is_sent(request, form):
        try:
            return _filed(_file(request, citizen, form), request)
        except dossiers.SchemeClosed:
            return _closed(request, citizen)
        except (rules.MissingAnswer, rules.TooManyRows):
            form.add_error(None, _("Ce formulaire vient de changer : vérifiez-le, puis envoyez-le de nouveau."))
    note(request, form)
    context = {"citizen": citizen, "scheme": scheme, "request_key": idempotency.key_of(request), **drawn(form, asked)}
    return render_page(request, "crm/people/citizen_apply.html", context)


@for_agents(Right.REVIEW)
@require_POST
def citizen_apply_amount(request: AgentRequest, pk: int, scheme_pk: int) -> HttpResponse:
    """Say what the answers come to, while they are being typed."""
    citizen, scheme = _applicant(request, pk), get_object_or_404(_schemes(request), pk=scheme_pk)
    asked = application.questions_of(scheme, form_id=request.POST.get("form_id", ""))
    if asked is None:
        return _closed(request, citizen)
    return render(request, "ui/amount.html", {"alone": True, **drawn(form_for(request, citizen, asked), asked)})


def _file(request: AgentRequest, citizen: Citizen, form: ApplicationForm) -> Dossier:
    return dossiers.submit_for(
        citizen_id=citizen.pk,
        form_id=form.asked.form.pk,
        request_key=idempotency.scoped_key(request, citizen.pk, form.asked.form.scheme_id),
        filled=form.filled(),
        actor=request.actor,
        at=dates.now(),
    )


def _filed(dossier: Dossier, request: AgentRequest) -> HttpResponse:
    said = _("le dossier %(number)s est déposé pour %(name)s : prenez-le en charge, puis acceptez-le pour le facturer.")
    messages.success(request, said % {"number": dossier.reference, "name": dossier.citizen.display_name})
    return redirect("crm:dossier", pk=dossier.pk)


def _closed(request: AgentRequest, citizen: Citizen) -> HttpResponse:
    sentence = _("Ce dispositif ne prend plus de demande : choisissez-en un autre.")
    return conflict_response(request, sentence, reverse("crm:citizen_schemes", args=[citizen.pk]))


def _schemes(request: AgentRequest) -> QuerySet[Scheme]:
    """Return the open dispositifs that have a form, of the prestations that the agent handles."""
    handled = Service.objects.handled_by(request.agent)
    rows = Scheme.objects.open().filter(service__in=handled, forms__isnull=False).distinct()
    return rows.select_related("service").order_by("service__position", "service__name", "position", "name", "pk")


def _applicant(request: AgentRequest, pk: int) -> Citizen:
    """Return somebody whom the agent knows, and who lives."""
    seen = scopes.citizens_seen_by(request.agent, Citizen.objects.filter(deceased_on=None))
    return get_object_or_404(seen, pk=pk)
