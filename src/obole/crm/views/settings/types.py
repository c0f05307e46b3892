"""Types de factures: their list, one of them, its copy and its specimen."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.billing import operations
from obole.billing.documents.invoice import render_invoice
from obole.billing.models import InvoiceType
from obole.configuration.queries import usage
from obole.crm import usages
from obole.crm.forms_settings import logos
from obole.crm.forms_settings.samples import preview, variables
from obole.crm.forms_settings.specimen import specimen
from obole.crm.forms_settings.types import InvoiceTypeForm
from obole.crm.pages import file_answer, render_page
from obole.crm.views.settings.common import back_to, find, save, sent, settings_home
from obole.crm.views.settings.history import history
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days, pdf
from obole.mailing.defaults import INVOICE

COPIED = tuple(name for name in InvoiceTypeForm.Meta.fields if name != "name") + ("logo_digest", "logo_format")
LONGEST_NAME = 120


@for_agents(Right.CONFIGURE)
def types(request: AgentRequest) -> HttpResponse:
    """List the types de factures, and which ones cannot serve."""
    rows = (
        InvoiceType.objects.select_related("regie")
        .prefetch_related("schemes")
        .annotate(invoice_count=Count("invoices"))
        .order_by("name", "id")
    )
    return render_page(request, "crm/settings/types.html", {"rows": rows, "back": settings_home()})


@for_agents(Right.CONFIGURE)
def invoice_type(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Create or change a type de facture, or only look at its reminder."""
    known = find(InvoiceType, pk)
    form = InvoiceTypeForm(**sent(request), instance=known)
    if "preview" in request.POST:
        form = form.unjudged()
    elif request.method == "POST" and (done := save(form, lambda: _configure(request, form, pk))):
        messages.success(request, _("le type de facture « %(name)s » est enregistré.") % {"name": done})
        return redirect("crm:settings_type", done.pk)
    shown = usages.shown(usage.of_type(known), type=known.pk) if known else None
    title = known or _("Nouveau type de facture")
    context = {"form": form, "type": known, "title": title, "back": back_to("settings_types", _("Types de factures"))}
    return render_page(
        request,
        "crm/settings/type.html",
        {
            **context,
            "variables": variables(INVOICE),
            "mail": _reminder(form),
            "history": history(known),
            "usage": shown,
        },
    )


@for_agents(Right.CONFIGURE)
@require_POST
def copy_type(request: AgentRequest, pk: int) -> HttpResponse:
    """Make a type de facture with the same settings, not in use yet."""
    source = get_object_or_404(InvoiceType, pk=pk)
    values: dict[str, Any] = {name: getattr(source, name) for name in COPIED if name != "schemes"}
    values |= {"name": _free_name(source.name), "enabled": False, "schemes": list(source.schemes.order_by("id"))}
    copy = operations.configure_type(type_id=None, values=values, actor=request.actor, at=days.now())
    messages.success(request, _("la copie est faite. Donnez-lui son nom, puis rendez-la utilisable."))
    return redirect("crm:settings_type", copy.pk)


@for_agents(Right.CONFIGURE)
def specimen_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Show how an invoice of this type prints."""
    known = get_object_or_404(InvoiceType.objects.select_related("regie"), pk=pk)
    schemes = list(known.schemes.select_related("service").order_by("id"))
    logo = logos.stored(known.logo_digest, known.logo_format)
    try:
        content = render_invoice(specimen(known, schemes, logo, at=days.now()))
    except pdf.DocumentNotRendered:
        messages.error(request, _("le document ne peut pas être fabriqué : changez le logo ou la couleur."))
        return redirect("crm:settings_type", pk)
    return file_answer(content, name="specimen.pdf", content_type="application/pdf")


def _configure(request: AgentRequest, form: InvoiceTypeForm, pk: int | None) -> InvoiceType:
    values = {**form.values, **form.logo_values()}
    return operations.configure_type(type_id=pk, values=values, actor=request.actor, at=days.now())


def _reminder(form: InvoiceTypeForm) -> object:
    subject, body = (form[name].value() or "" for name in ("reminder_subject", "reminder_body"))
    return preview(subject, body, INVOICE) if subject and body else None


def _free_name(name: str) -> str:
    taken = set(InvoiceType.objects.order_by("id").values_list("name", flat=True))
    copies = (_(" (copie)"), *(_(" (copie %(n)d)") % {"n": n} for n in range(2, len(taken) + 3)))
    return next(free for free in (name[: LONGEST_NAME - len(end)] + end for end in copies) if free not in taken)
