"""Usagers: who they are, what they asked for, what they owe and paid."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.billing import queries as invoice_queries
from obole.billing.models import Invoice
from obole.crm.forms import CitizenForm, SearchForm
from obole.crm.lists import configured
from obole.crm.pages import render_page
from obole.crm.tables import CitizenTable, DossierTable, InvoiceTable
from obole.directory import operations as directory
from obole.directory import queries
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Citizen
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.lib import days
from obole.payments import queries as payments
from obole.payments import standing

MOST = 50


@for_agents(Right.REVIEW)
def citizens(request: AgentRequest) -> HttpResponse:
    """List the citizens, by name."""
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    table = configured(request, CitizenTable(queries.search_citizens(text).order_by("sort_key", "id")))
    return render_page(request, "crm/citizens.html", {"table": table, "text": text})


@for_agents(Right.REVIEW)
def citizen(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a citizen's file."""
    one = get_object_or_404(Citizen.objects.select_related("user"), pk=pk)
    invoices = standing.with_progress(
        Invoice.objects.of_payer(one).select_related("type", "payer", "dossier").order_by("-issued_at", "-id")
    )
    hidden = ("payer", "regie", "period", "received_cents", "paid_at")
    mine = list(dossiers.to_list().filter(citizen=one).order_by("-submitted_at", "-id")[:MOST])
    context = {
        "citizen": one,
        "due_cents": invoice_queries.totals(Invoice.objects.of_payer(one))[1],
        "invoices": InvoiceTable(list(invoices[:MOST]), today=days.day_of(days.now()), exclude=hidden, orderable=False),
        "dossiers": DossierTable(mine, exclude=("citizen",), orderable=False),
        "receipts": payments.receipts_from(one)[:MOST],
        "most": MOST,
    }
    return render_page(request, "crm/citizen.html", context)


@for_agents(Right.REVIEW)
def citizen_new(request: AgentRequest) -> HttpResponse:
    """Open the file of somebody at the counter, who has no account."""
    form = CitizenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = directory.register_citizen(values=form.cleaned_data, actor=request.actor, at=days.now())
        messages.success(request, _("la fiche est ouverte."))
        return redirect("crm:citizen", pk=made.pk)
    return render_page(request, "crm/citizen_form.html", {"form": form, "citizen": None})


@for_agents(Right.REVIEW)
def citizen_edit(request: AgentRequest, pk: int) -> HttpResponse:
    """Change a citizen's name, address or ways to be reached."""
    one = get_object_or_404(Citizen, pk=pk)
    form = CitizenForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        directory.update_citizen(citizen_id=pk, values=form.cleaned_data, actor=request.actor, at=days.now())
        messages.success(request, _("la fiche est à jour. Les factures déjà émises gardent l’ancienne adresse."))
        return redirect("crm:citizen", pk=pk)
    return render_page(request, "crm/citizen_form.html", {"form": form, "citizen": get_object_or_404(Citizen, pk=pk)})
