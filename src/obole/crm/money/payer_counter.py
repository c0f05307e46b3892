"""One cheque, one transfer or one handful of notes for several invoices of one payer, at one régie."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.cash_desk import operations as cash_desk, queries as drawers
from obole.crm.money.counter_forms import TakeForSeveralForm, taken
from obole.crm.shared import scopes
from obole.crm.shared.cash_refusals import no_open_drawer
from obole.crm.shared.pages import conflict_response, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Citizen
from obole.directory.rules import Right
from obole.lib import dates
from obole.payments import operations as payments, queries
from obole.payments.models import Receipt
from obole.regies.models import Regie


@for_agents(Right.MONEY)
def take_for_payer(request: AgentRequest, pk: int, regie_pk: int) -> HttpResponse:
    """Take one sum for the due invoices of a payer that are ticked, and give its quittance."""
    citizen = _payer(request, pk, regie_pk)
    twin = Receipt.objects.filter(request_key=_key(request, citizen), regie=regie_pk).first()
    if twin is not None:
        # The same form sent twice: what it ticked is paid.
        return redirect("crm:receipt", pk=twin.pk)
    due = due_invoices(citizen).filter(regie=regie_pk)
    if not due:
        return _nothing_due(request, citizen)
    form = TakeForSeveralForm(request.POST or None, due=due)
    if form.is_valid():
        try:
            receipt = _take(request, citizen, form)
        except payments.MoneyNotTaken as refusal:
            form.refuse(refusal)
        except cash_desk.NoOpenSession:
            form.add_error("means", no_open_drawer())
        else:
            messages.success(request, taken(receipt, change_cents=form.change_cents))
            return redirect("crm:receipt", pk=receipt.pk)
    return render_page(request, "crm/money/payer_counter.html", _context(request, citizen, due, form))


def _payer(request: AgentRequest, pk: int, regie_pk: int) -> Citizen:
    """Return a payer whom the agent knows, at a régie whose money they may move."""
    if regie_pk not in regies_acted_on(request):
        raise Http404
    return get_object_or_404(scopes.citizens_seen_by(request.agent, Citizen.objects.all()), pk=pk)


def _nothing_due(request: AgentRequest, citizen: Citizen) -> HttpResponse:
    sentence = _("Plus aucune facture n’est à payer ici : n’encaissez rien, regardez la fiche.")
    return conflict_response(request, sentence, reverse("crm:citizen", args=[citizen.pk]))


def _context(
    request: AgentRequest, citizen: Citizen, due: QuerySet[Invoice], form: TakeForSeveralForm
) -> dict[str, object]:
    regie = due[0].regie
    return {
        "citizen": citizen,
        "regie": regie,
        "form": form,
        "attempts": [found for found in map(queries.open_attempt_of, due) if found],
        "must_open": drawers.must_open(request.agent, regie.pk),
    }


def regies_owed(request: AgentRequest, citizen: Citizen) -> list[Regie]:
    """Return the régies whose money the agent may move, and to which somebody owes."""
    owed = due_invoices(citizen).filter(regie__in=regies_acted_on(request))
    return list(Regie.objects.filter(pk__in=owed.order_by().values("regie")).order_by("name", "pk"))


def due_invoices(citizen: Citizen) -> QuerySet[Invoice]:
    """Return what somebody has to pay, the first due first."""
    rows = Invoice.objects.of_payer(citizen).filter(state=InvoiceState.DUE)
    return rows.select_related("regie", "type", "payer").order_by("due_date", "pk")


def _key(request: AgentRequest, citizen: Citizen) -> str:
    """Return the key of the form, made of use for one payer only: nobody can hand in another's."""
    return f"p{citizen.pk}:{request.POST.get('request_key', '')[:40]}"


def _take(request: AgentRequest, citizen: Citizen, form: TakeForSeveralForm) -> Receipt:
    given = form.cleaned_data
    return cash_desk.take_for_invoices(
        invoice_ids=[invoice.pk for invoice in given["invoices"]],
        money=form.money,
        request_key=_key(request, citizen),
        actor=request.actor,
        at=dates.now(),
        handed_cents=given["handed"],
    )
