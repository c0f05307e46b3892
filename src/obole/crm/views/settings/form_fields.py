"""The editor of a dispositif's form: what is saved is a new version, dossiers keep theirs."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.catalogue import operations, queries
from obole.catalogue.models import FormVersion, Scheme
from obole.crm.forms_settings.form_fields import FieldFormSet, rows_of, sent_rows, with_one_more
from obole.crm.pages import render_page
from obole.crm.views.settings.common import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import days


@for_agents(Right.CONFIGURE)
def form_fields(request: AgentRequest, pk: int) -> HttpResponse:
    """Change the questions of a dispositif."""
    scheme = get_object_or_404(Scheme, pk=pk)
    version = queries.current_form(scheme)
    rows = sent_rows(request.POST) if request.method == "POST" else rows_of(version.form_fields if version else ())
    refused: list[str] = []
    if "add" in request.POST:
        rows = with_one_more(rows)
    elif request.method == "POST" and rows.is_valid():
        try:
            done = _publish(request, scheme, rows)
        except ValidationError as error:
            refused = error.messages
        else:
            messages.success(request, _published(done, version))
            return redirect("crm:settings_scheme", pk)
    context = {"scheme": scheme, "version": version, "rows": rows, "refused": refused}
    return render_page(request, "crm/settings/form_fields.html", {**context, **_around(scheme)})


def _publish(request: AgentRequest, scheme: Scheme, rows: FieldFormSet) -> FormVersion:
    versions = list(FormVersion.objects.filter(scheme=scheme).order_by("-number"))
    keys = [[field.key for field in version.form_fields] for version in versions]
    fields = rows.described(current=keys[0] if keys else (), retired=[key for older in keys for key in older])
    return operations.publish_form(scheme_id=scheme.pk, fields=fields, actor=request.actor, at=days.now())


def _published(done: FormVersion, before: FormVersion | None) -> str:
    if before is not None and done.pk == before.pk:
        return _("rien n’a changé : la version %(number)d reste en service.") % {"number": done.number}
    return _("la version %(number)d du formulaire est publiée. Les dossiers déjà déposés gardent la leur.") % {
        "number": done.number
    }


def _around(scheme: Scheme) -> dict[str, object]:
    return {
        "back": back_to("settings_scheme", scheme.name, scheme.pk),
        "dossier_count": Dossier.objects.filter(scheme=scheme).count(),
    }
