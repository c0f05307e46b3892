"""The paper of an arrêté."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from obole.books import pdf_documents
from obole.crm.bookkeeping.books import seen_regie
from obole.crm.shared.pages import file_answer
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies import queries


@for_agents(Right.MONEY)
def closing_pdf(request: AgentRequest, pk: int, closing_pk: int) -> HttpResponse:
    """Give the paper of an arrêté, to sign; it is made now if the worker has not made it yet."""
    closing = get_object_or_404(queries.closings(seen_regie(request, pk)), pk=closing_pk)
    paper = pdf_documents.ensure_closing_pdf(closing_id=closing.pk, at=dates.now())
    name = f"arrete-{closing.regie.code.lower()}-{closing.until.isoformat()}.pdf"
    return file_answer(pdf_documents.read_pdf(paper), name=name, content_type="application/pdf")
