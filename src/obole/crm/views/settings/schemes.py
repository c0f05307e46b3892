"""A dispositif: what it is, its form, what it bills, and where it is used."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.billing.models import InvoiceType
from obole.catalogue import operations, queries
from obole.catalogue.models import Product, Scheme
from obole.configuration import operations as configuration
from obole.configuration.queries import usage
from obole.crm import usages
from obole.crm.forms_settings.catalogue import SchemeForm
from obole.crm.forms_settings.copying import CopyForm
from obole.crm.forms_settings.preview import PreviewForm
from obole.crm.pages import render_page
from obole.crm.views.settings.common import back_to, find, save, sent
from obole.crm.views.settings.history import history
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days


@for_agents(Right.CONFIGURE)
def scheme(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Create or change a dispositif."""
    known = find(Scheme, pk)
    form = SchemeForm(**sent(request), instance=known, initial=_chosen_service(request))
    if request.method == "POST" and (
        done := save(
            form,
            lambda: operations.configure_scheme(scheme_id=pk, values=form.values, actor=request.actor, at=days.now()),
        )
    ):
        messages.success(request, _("le dispositif « %(name)s » est enregistré.") % {"name": done})
        return redirect("crm:settings_scheme", done.pk)
    title, back = known or _("Nouveau dispositif"), back_to("settings_services", _("Prestations et dispositifs"))
    context = {"form": form, "title": title, "back": back, "scheme": known, "usage": None}
    return render_page(request, "crm/settings/scheme.html", {**context, **(_about(known) if known else {})})


@for_agents(Right.CONFIGURE)
def scheme_copy(request: AgentRequest, pk: int) -> HttpResponse:
    """Make next year's dispositif of this one."""
    source = get_object_or_404(Scheme, pk=pk)
    has_types = InvoiceType.objects.filter(schemes=source).exists()
    form = CopyForm(request.POST if request.method == "POST" else None, source=source, has_types=has_types)
    if request.method == "POST" and (done := save(form, lambda: _copy(request, source, form))):
        messages.success(
            request, _("le dispositif « %(name)s » est créé, fermé. Relisez-le, puis ouvrez-le.") % {"name": done}
        )
        return redirect("crm:settings_scheme", done.pk)
    title = _("Dupliquer « %(name)s »") % {"name": source.name}
    context = {
        "form": form, "title": title, "back": back_to("settings_scheme", source.name, pk), "history": [], "usage": None,
        "version": queries.current_form(source), "pricing": queries.current_pricing(source),
        "product_count": Product.objects.filter(scheme=source).count(),
    }  # fmt: skip
    return render_page(request, "crm/settings/scheme_copy.html", context)


def _copy(request: AgentRequest, source: Scheme, form: CopyForm) -> Scheme:
    given = form.cleaned_data
    return configuration.copy_scheme(
        scheme_id=source.pk, name=given["name"], with_types=given.get("with_types", False), actor=request.actor, at=days.now()
    )  # fmt: skip


def _chosen_service(request: AgentRequest) -> dict[str, Any]:
    chosen = request.GET.get("prestation", "")
    return {"service": chosen} if chosen.isdecimal() else {}


def _about(known: Scheme) -> dict[str, Any]:
    version = queries.current_form(known)
    products = list(Product.objects.filter(scheme=known).order_by("position", "id"))
    fields = version.form_fields if version else ()
    return {
        "version": version,
        "field_count": len(fields),
        "pricing": queries.current_pricing(known),
        "products": products,
        "preview": PreviewForm(fields, list(queries.products_of(known))),
        "usage": usages.shown(usage.of_scheme(known), scheme=known.pk),
        "history": history(known, *products),
    }
