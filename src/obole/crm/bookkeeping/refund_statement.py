"""The état of the refunds that wait to be paid, for who pays them: with the payees' accounts, whole."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy

from obole.audit_log.models import Access
from obole.crm.shared import journal
from obole.crm.shared.exports import Column, as_csv, in_euros
from obole.crm.shared.pages import file_answer
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, iban
from obole.payments import pdf_documents, queries
from obole.payments.models import Refund
from obole.regies.models import Regie

COLUMNS = (
    Column(gettext_lazy("Encaissement"), lambda refund: refund.receipt.number),
    Column(gettext_lazy("Titulaire du compte"), lambda refund: refund.account_holder),
    Column(gettext_lazy("IBAN"), lambda refund: iban.grouped(refund.iban)),
    Column(gettext_lazy("Motif"), lambda refund: refund.reason),
    Column(gettext_lazy("Demandé par"), lambda refund: refund.requested_by.name),
    Column(gettext_lazy("Approuvé par"), lambda refund: refund.decided_by.name if refund.decided_by else ""),
    Column(gettext_lazy("Montant €"), lambda refund: in_euros(refund.cents)),
)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def statement_csv(request: AgentRequest, pk: int) -> HttpResponseBase:
    """Give the état as a file."""
    regie, rows = _asked(request, pk)
    return as_csv(f"remboursements-{regie.code}.csv", COLUMNS, rows)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def statement_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the état, to print and sign."""
    regie, rows = _asked(request, pk)
    content = pdf_documents.render_statement(regie, rows, at=dates.now())
    return file_answer(content, name=f"remboursements-{regie.code}.pdf", content_type="application/pdf")


def _asked(request: AgentRequest, pk: int) -> tuple[Regie, list[Refund]]:
    """
    Return what is on the état, and keep that its accounts were read.

    :raises Http404: if who asks does not move the money of the régie.
    """
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    rows = list(queries.refunds_to_pay(regie))
    if not rows:
        raise Http404
    journal.keep(request, Access.Verb.SENSITIVE, regie, what="refunds", rows=len(rows))
    return regie, rows
