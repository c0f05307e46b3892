"""The file of a list of invoices, whole or of the rows that were chosen: CSV, or a spreadsheet."""

from collections.abc import Iterable
from datetime import date

from django.contrib import messages
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log.models import Access
from obole.billing.models import Invoice
from obole.crm.bulk.selection import parse_ids
from obole.crm.invoices.invoice_list import kept_invoices, rows_of
from obole.crm.shared import exports, journal
from obole.crm.shared.exports import Column, in_euros
from obole.crm.shared.pages import file_answer
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, spreadsheets
from obole.lib.tables import Kind, TooLong
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.payments import display_status

XLSX = "xlsx"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export_columns(names: Iterable[str], *, today: date) -> list[Column]:
    """Return the columns of the file, in the order of the list."""
    known: dict[str, Column] = {
        "number": Column(gettext_lazy("Numéro"), lambda row: row.number),
        "type": Column(gettext_lazy("Type"), lambda row: row.type.name),
        "period": Column(gettext_lazy("Période"), lambda row: row.period),
        "payer": Column(gettext_lazy("Payeur"), lambda row: row.payer.display_name),
        "dossier": Column(gettext_lazy("Dossier"), lambda row: row.dossier.reference if row.dossier else ""),
        "regie": Column(gettext_lazy("Régie"), lambda row: row.regie.name),
        "issued_at": Column(gettext_lazy("Émise"), lambda row: row.issued_at, Kind.DAY),
        "due_date": Column(gettext_lazy("Échéance"), lambda row: row.due_date, Kind.DAY),
        "paid_at": Column(gettext_lazy("Payée"), lambda row: row.paid_at, Kind.DAY),
        "total_cents": Column(gettext_lazy("Montant €"), lambda row: in_euros(row.total_cents), Kind.AMOUNT),
        "received_cents": Column(gettext_lazy("Reçu €"), lambda row: in_euros(row.received_cents), Kind.AMOUNT),
        "remaining": Column(gettext_lazy("Reste dû €"), lambda row: in_euros(row.remaining_cents), Kind.AMOUNT),
        "status": Column(gettext_lazy("Statut"), lambda row: _status_of(row, today)),
    }
    return [known[name] for name in names]


def _status_of(invoice: Invoice, today: date) -> str:
    return str(display_status.display(invoice, today=today).status.label)


@for_agents(Right.READ)
@after_reauthentication(reading=True)
def invoices_export(request: AgentRequest, kind: str) -> HttpResponseBase:
    """Give the filtered list, or the rows of it that were chosen, in the order and with the columns of the screen."""
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    today = dates.day_of(dates.now())
    rows = rows_of(request, request.GET)
    if "ids" in request.GET:
        rows = rows_of(request, _order_of(request.GET)).filter(pk__in=parse_ids(request.GET["ids"]))
    said = ", ".join(sorted(request.GET))[:200]
    journal.keep(request, Access.Verb.EXPORT, what="invoices", kind=kind, rows=rows.count(), filters=said)
    columns = export_columns(kept_invoices(request).columns, today=today)
    name, found = f"factures-{today.isoformat()}.{kind}", display_status.with_progress(rows).iterator(chunk_size=1000)
    if kind != XLSX:
        return exports.as_csv(name, columns, found)
    try:
        content = spreadsheets.write(exports.as_table(_("Factures"), columns, found))
    except TooLong as refusal:
        words = _("Plus de %(most)s lignes : affinez les filtres, ou choisissez le fichier CSV.")
        messages.warning(request, words % {"most": refusal.most})
        return redirect("crm:invoices")
    return file_answer(content, name=name, content_type=SPREADSHEET, to_save=True)


def _order_of(query: QueryDict) -> QueryDict:
    return QueryDict(urlencode({"sort": query.getlist("sort")}, doseq=True))
