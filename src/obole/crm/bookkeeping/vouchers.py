"""The vouchers of a bordereau: on screen, as CSV, and on its PDF."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log.models import Access
from obole.crm.bookkeeping.remittances import UntilForm
from obole.crm.shared import journal
from obole.crm.shared.exports import Column, as_csv, in_euros
from obole.crm.shared.pages import file_answer, page_of, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies.models import Means, Regie
from obole.remittances import pdf_documents, queries
from obole.remittances.models import Remittance

A_PAGE = 50
COLUMNS = (
    Column(gettext_lazy("Encaissement"), lambda line: line.receipt_number),
    Column(gettext_lazy("Écriture"), lambda line: str(line.entry.number)),
    Column(gettext_lazy("Date"), lambda line: line.entry.booked_at),
    Column(gettext_lazy("Moyen"), lambda line: pdf_documents.means_label(line.means)),
    Column(gettext_lazy("Imputation"), lambda line: line.nature),
    Column(gettext_lazy("Montant €"), lambda line: in_euros(line.cents)),
)


@for_agents(Right.MONEY)
def vouchers_to_sign(request: AgentRequest, pk: int) -> HttpResponse:
    """List what would be paid over, or what waits for the bank, of a nature and by a means."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    form = UntilForm(request.GET)
    until = form.cleaned_data["until"] if form.is_valid() else dates.day_of(dates.now())
    entries, waits = queries.entries_to_remit(regie, until=until), "instance" in request.GET
    wanted = queries.waiting(entries, until=until) if waits else queries.ready(entries, until=until)
    context = {"regie": regie, "remittance": None, "until": until, "waits": waits}
    return _listed(request, queries.vouchers(wanted), context)


@for_agents(Right.MONEY)
def vouchers(request: AgentRequest, pk: int, remittance_pk: int) -> HttpResponse:
    """List the vouchers of a bordereau, of a nature and by a means."""
    one = _remittance(request, pk, remittance_pk)
    context = {"regie": one.regie, "remittance": one, "until": one.until, "waits": False}
    return _listed(request, queries.vouchers_of(one), context)


@for_agents(Right.MONEY)
def vouchers_csv(request: AgentRequest, pk: int, remittance_pk: int) -> HttpResponseBase:
    """Give the vouchers of a bordereau as a file."""
    one = _remittance(request, pk, remittance_pk)
    journal.keep(request, Access.Verb.EXPORT, one, what="vouchers", rows=one.entry_count)
    lines = queries.vouchers_of(one).iterator(chunk_size=pdf_documents.CHUNK)
    return as_csv(f"{one.number}-pieces.csv", COLUMNS, lines)


@for_agents(Right.MONEY)
def remittance_pdf(request: AgentRequest, pk: int, remittance_pk: int) -> HttpResponse:
    """Show the document of a bordereau."""
    one = _remittance(request, pk, remittance_pk)
    paper = pdf_documents.ensure_remittance_pdf(remittance_id=one.pk, at=dates.now())
    return file_answer(pdf_documents.read_pdf(paper), name=f"{one.number}.pdf", content_type="application/pdf")


def _remittance(request: AgentRequest, pk: int, remittance_pk: int) -> Remittance:
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    return get_object_or_404(queries.remittances_of(regie).select_related("regie"), pk=remittance_pk)


def _listed(request: AgentRequest, lines: queries.Vouchers, context: dict[str, Any]) -> HttpResponse:
    nature, means = request.GET.get("nature"), request.GET.get("moyen", "")
    nature = nature[:20].replace("\x00", "") if nature is not None else None
    known = means if means in Means.values or means == queries.REFUNDED else None
    found = queries.only(lines, nature=nature, means=known)
    if means == "tous":
        found = found.exclude(entry__cause_kind=queries.REFUNDED)
    page = page_of(request, found, per_page=A_PAGE)
    for line in page:
        line.means_label = Means(line.means).label if line.means else _("Remboursement")
    shown = {"page": page, "nature": nature, "means": known, "cents": sum(s.cents for s in queries.shares(found))}
    return render_page(request, "crm/bookkeeping/vouchers.html", {**context, **shown})
