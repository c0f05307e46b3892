"""« Tarification par fichier »: a pricing tried before it is published, and its versions to be downloaded."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _

from obole.catalogue import operations, queries, rules
from obole.catalogue.models import PricingVersion, Scheme
from obole.crm import differences, fitting
from obole.crm.forms_settings.pricing import PricingForm, as_text
from obole.crm.pages import render_page
from obole.crm.views.settings.common import back_to, sent
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days


@for_agents(Right.CONFIGURE)
def pricing(request: AgentRequest, pk: int) -> HttpResponse:
    """Try a pricing: all that is wrong with it, or all that it would change; then publish it."""
    scheme = get_object_or_404(Scheme, pk=pk)
    current = queries.current_pricing(scheme)
    form = PricingForm(**sent(request), number=current.number if current else 0)
    if request.method == "POST" and form.is_valid() and "publier" in request.POST:
        try:
            return _publish(request, scheme, form, current)
        except rules.Refused:
            form.add_error(None, _("Rien n’est publié : corrigez d’abord ce qui suit."))
        except operations.PricingMoved:
            form.add_error(
                None, _("Une autre version a été publiée entre-temps : relisez ce qui change, puis publiez.")
            )
    tried = _try(form, current) if form.described is not None else {"problems": [], "difference": None}
    form.shows(current.number if current else 0)
    context = {"form": form, "scheme": scheme, "current": current}
    back = back_to("settings_pricing", _("Tarification"), scheme.pk)
    return render_page(request, "crm/settings/pricing.html", {**context, **tried, "back": back})


@for_agents(Right.CONFIGURE)
def pricing_file(request: AgentRequest, pk: int) -> HttpResponse:
    """Give a version as the file that can be published again."""
    version = get_object_or_404(PricingVersion.objects.select_related("scheme"), pk=pk)
    text = as_text(queries.compiled(version).pricing)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    name = f"tarification-{slugify(version.scheme.name)}-v{version.number}.json"
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def _publish(request: AgentRequest, scheme: Scheme, form: PricingForm, before: PricingVersion | None) -> HttpResponse:
    seen = form.cleaned_data["replaces"]
    done = operations.publish_pricing(
        scheme_id=scheme.pk, described=form.described, actor=request.actor, at=days.now(), replaces=seen
    )
    if before is not None and done.pk == before.pk:
        said = _("rien n’a changé : la version %(number)d reste en service.")
    else:
        said = _("la version %(number)d de la tarification est publiée. Les factures déjà émises gardent la leur.")
    messages.success(request, said % {"number": done.number})
    fitting.warn(request, scheme)
    return redirect("crm:settings_pricing", scheme.pk)


def _try(form: PricingForm, current: PricingVersion | None) -> dict[str, Any]:
    """Read and check what was sent: its problems, or what it changes."""
    try:
        read = operations.read_pricing(form.described)
    except rules.Refused as refusal:
        return {"problems": refusal.problems, "difference": None}
    before = queries.compiled(current).pricing if current else rules.Pricing()
    return {"problems": [], "difference": differences.shown(rules.differ(before, read))}
