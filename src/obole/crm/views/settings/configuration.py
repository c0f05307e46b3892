"""« Export et import »: the configuration as a file, shown whole before anything is written."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from obole.billing.models import InvoiceType
from obole.catalogue import rules
from obole.catalogue.models import Scheme
from obole.configuration import operations, queries
from obole.configuration.rules import text
from obole.configuration.rules.sorts import Tree
from obole.crm import moving
from obole.crm.forms_settings.importing import ImportForm
from obole.crm.pages import render_page
from obole.crm.views.settings.common import sent, settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days


@for_agents(Right.CONFIGURE)
def configuration(request: AgentRequest) -> HttpResponse:
    """Say what importing a file would do, or all that is wrong with it; nothing is written."""
    form = ImportForm(**sent(request))
    tried = moving.try_file(form.read()) if request.method == "POST" and form.is_valid() else moving.Tried()
    was_read = form.is_bound and form.is_valid()
    return _page(request, form, tried, was_read=was_read)


@for_agents(Right.CONFIGURE)
@require_POST
def configuration_import(request: AgentRequest) -> HttpResponse:
    """Import the file that was shown, unless the configuration moved since."""
    content = moving.find(request.POST.get("kept", ""))
    if content is None:
        messages.error(request, _("ce fichier n’est plus là : choisissez-le de nouveau. Rien n’est importé."))
        return redirect("crm:settings_configuration")
    seen = request.POST.get("seen", "")
    try:
        done = operations.import_file(tree=text.read(content), seen=seen, actor=request.actor, at=days.now())
    except rules.Refused as refused:
        return _page(request, ImportForm(), moving.Tried(problems=list(refused.problems)), was_read=True)
    except (operations.ConfigurationMoved, queries.CannotExport):
        messages.warning(
            request,
            _("La configuration a changé entre-temps : rien n’est importé. Relisez ce qui change, puis importez."),
        )
        return _page(request, ImportForm(), moving.try_file(content), was_read=True)
    said = ngettext("%(n)d élément créé ou modifié.", "%(n)d éléments créés ou modifiés.", len(done.changes))
    messages.success(request, said % {"n": len(done.changes)})
    return redirect("crm:settings_configuration")


@for_agents(Right.CONFIGURE)
def configuration_file(request: AgentRequest) -> HttpResponse:
    """Give the whole configuration as a file."""
    try:
        tree = queries.everything(queries.take())
    except queries.CannotExport as error:
        return _cannot(request, error)
    return _file(tree, f"obole-configuration-{days.day_of(days.now()).isoformat()}.json")


@for_agents(Right.CONFIGURE)
def scheme_file(request: AgentRequest, pk: int) -> HttpResponse:
    """Give a dispositif as a file."""
    known = get_object_or_404(Scheme, pk=pk)
    try:
        tree = queries.of_scheme(queries.take(), known)
    except queries.CannotExport as error:
        return _cannot(request, error)
    return _file(tree, f"dispositif-{slugify(known.name)}.json")


@for_agents(Right.CONFIGURE)
def type_file(request: AgentRequest, pk: int) -> HttpResponse:
    """Give a type de facture as a file."""
    known = get_object_or_404(InvoiceType, pk=pk)
    try:
        tree = queries.of_type(queries.take(), known)
    except queries.CannotExport as error:
        return _cannot(request, error)
    return _file(tree, f"type-de-facture-{slugify(known.name)}.json")


def _page(request: AgentRequest, form: ImportForm, tried: moving.Tried, *, was_read: bool) -> HttpResponse:
    context = {"form": form, "tried": tried, "was_read": was_read, "back": settings_home()}
    return render_page(request, "crm/settings/configuration.html", context)


def _cannot(request: AgentRequest, error: queries.CannotExport) -> HttpResponse:
    messages.error(request, str(error))
    return redirect("crm:settings_configuration")


def _file(tree: Tree, name: str) -> HttpResponse:
    answer = HttpResponse(text.write(tree), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer
