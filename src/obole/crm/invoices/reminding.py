"""« Relancer » one invoice: what its payer will read, then the sending of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing.models import Invoice
from obole.crm.shared.pages import conflict_response, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.reminders import operations as reminders, queries


@for_agents(Right.REVIEW)
def invoice_remind(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the reminder that an invoice's payer would read today, then send it."""
    rows = Invoice.objects.handled_by(request.agent).select_related("payer", "type", "regie")
    one, at, url = get_object_or_404(rows, pk=pk), dates.now(), reverse("crm:invoice", args=[pk])
    if request.method == "POST":
        return _remind(request, pk, url)
    today = dates.day_of(at)
    why = queries.refusals([pk], today=today).get(pk)
    if why is not None:
        return conflict_response(request, str(why.label), url)
    context = {"invoice": one, "mail": reminders.next_words(one, today=today)}
    return render_page(request, "crm/invoices/invoice_remind.html", context)


def _remind(request: AgentRequest, pk: int, url: str) -> HttpResponse:
    try:
        reminder = reminders.remind_now(invoice_id=pk, actor=request.actor, at=dates.now())
    except reminders.ReminderRefused as refusal:
        return conflict_response(request, str(refusal), url)
    by_post = _("la relance est à poster : elle attend dans « Courriers à poster ».")
    messages.success(request, _("la relance part par courriel.") if reminder.message else by_post)
    return redirect(url)
