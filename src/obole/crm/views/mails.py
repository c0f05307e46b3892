"""The outbox: every mail that was decided, and what became of it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing.models import Invoice
from obole.crm import looks
from obole.crm.filters import MessageFilter
from obole.crm.lists import configured, listed, tab
from obole.crm.pages import render_page
from obole.crm.tables import MessageTable
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import days
from obole.mailing.defaults import KINDS
from obole.mailing.models import Message


@for_agents(Right.REVIEW)
def messages(request: AgentRequest) -> HttpResponse:
    """List the mails, newest first."""
    rows = Message.objects.defer("text", "html", "attachments").order_by("-created_at", "-id")
    narrowed = MessageFilter(request.GET, rows, agent=request.agent, today=days.day_of(days.now()))
    table = configured(request, MessageTable(narrowed.qs))
    tabs = [
        tab(request, _("Tous")),
        tab(request, _("Non remis"), state=["failed", "doubtful"]),
        tab(request, _("En attente"), state=["queued", "sending"]),
    ]
    return render_page(request, "crm/messages.html", listed(request, table, narrowed, tabs))


@for_agents(Right.REVIEW)
def message(request: AgentRequest, pk: int) -> HttpResponse:
    """Show one mail; one that signs in or resets a password keeps its text to itself."""
    one = get_object_or_404(Message, pk=pk)
    context = {
        "message_shown": one,
        "pill": looks.message_pill(one),
        "kind": KINDS[one.kind].label if one.kind in KINDS else _("Compte"),
        "text": "" if one.confidential else one.text,
        "about": _about(one),
    }
    return render_page(request, "crm/message.html", context)


def _about(one: Message) -> tuple[str, str] | None:
    places = {"billing.invoice": (Invoice, "crm:invoice"), "dossiers.dossier": (Dossier, "crm:dossier")}
    if one.about_kind not in places:
        return None
    model, view = places[one.about_kind]
    subject = model._default_manager.filter(pk=one.about_id).first()
    return (str(subject), reverse(view, args=[subject.pk])) if subject else None
