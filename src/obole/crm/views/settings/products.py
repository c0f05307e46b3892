"""A product: what a dispositif bills."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.catalogue import operations
from obole.catalogue.models import Product, Scheme
from obole.configuration.queries import usage
from obole.crm import usages
from obole.crm.forms_settings.catalogue import ProductForm
from obole.crm.pages import render_page
from obole.crm.views.settings.common import back_to, save, sent
from obole.crm.views.settings.history import history
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days


@for_agents(Right.CONFIGURE)
def new_product(request: AgentRequest, scheme_pk: int) -> HttpResponse:
    """Add a product to a dispositif."""
    return _edit(request, get_object_or_404(Scheme, pk=scheme_pk), None)


@for_agents(Right.CONFIGURE)
def product(request: AgentRequest, pk: int) -> HttpResponse:
    """Change a product."""
    known = get_object_or_404(Product.objects.select_related("scheme"), pk=pk)
    return _edit(request, known.scheme, known)


def _edit(request: AgentRequest, scheme: Scheme, known: Product | None) -> HttpResponse:
    form = ProductForm(**sent(request), instance=known)
    if request.method == "POST" and (done := save(form, lambda: _configure(request, form, scheme, known))):
        messages.success(request, _("le produit « %(name)s » est enregistré.") % {"name": done})
        return redirect("crm:settings_scheme", scheme.pk)
    shown = usages.shown(usage.of_product(known)) if known else None
    title, back = known or _("Nouveau produit"), back_to("settings_scheme", scheme.name, scheme.pk)
    context = {"form": form, "title": title, "back": back, "history": history(known), "usage": shown}
    return render_page(request, "crm/settings/product.html", context)


def _configure(request: AgentRequest, form: ProductForm, scheme: Scheme, known: Product | None) -> Product:
    values = {**form.values, "scheme": scheme}
    return operations.configure_product(
        product_id=known.pk if known else None, values=values, actor=request.actor, at=days.now()
    )
