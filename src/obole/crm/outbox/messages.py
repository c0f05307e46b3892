"""The outbox: every mail that was decided, and what became of it."""

from datetime import datetime

import django_filters as filters
import django_tables2 as tables
from django.contrib import messages as django_messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST
from django_tables2.utils import Accessor

from obole.billing.models import Invoice
from obole.crm.bulk.list_file import ListFile, file_view
from obole.crm.bulk.selection import Source, selection_of, selection_view
from obole.crm.shared import badges, scopes
from obole.crm.shared.columns import STATUS, TITLE, MomentColumn
from obole.crm.shared.filters import TICKS, DayFilter, ListFilter
from obole.crm.shared.lists import kept_list, keyset_table, list_page, tab
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import ListName
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates, sql
from obole.mailing import operations as mail_operations, queries as mailing, rules, states
from obole.mailing.models import Message
from obole.mailing.states import NOT_ARRIVED, MessageState
from obole.payments import operations as payments


class MessageFilter(ListFilter):
    """Filters of the outbox."""

    q = filters.CharFilter(label=gettext_lazy("Objet ou destinataire"), method="by_text")
    state = filters.MultipleChoiceFilter(label=gettext_lazy("Statut"), choices=MessageState.choices, widget=TICKS)
    created_from = DayFilter("created_at", label=gettext_lazy("Depuis le"))
    created_to = DayFilter("created_at", last=True, label=gettext_lazy("Jusqu’au"))

    class Meta(ListFilter.Meta):
        model = Message
        fields: tuple[str, ...] = ()

    def by_text(self, messages: QuerySet[Message], name: str, value: str) -> QuerySet[Message]:
        """Keep what answers to a text."""
        return mailing.search(messages, value)


GIVEN = (MessageState.SENT, MessageState.BOUNCED)


class DeliveredColumn(MomentColumn):
    """When the mail server took a mail: what was kept here was given to nobody."""

    def render(self, value: datetime, record: Message) -> str:  # type: ignore[override]  # the library looks at names
        """Write ``25/11/2026 14 h 05``, or nothing."""
        return super().render(value) if record.state in GIVEN else ""


class MessageTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Mails."""

    subject = tables.Column(
        verbose_name=gettext_lazy("Objet"),
        attrs=TITLE,
        linkify=("crm:message", {"pk": Accessor("pk")}),
        order_by=("subject",),
    )
    kind = tables.Column(verbose_name=gettext_lazy("Modèle"), order_by=("kind",))
    to = tables.Column(verbose_name=gettext_lazy("Destinataire"), order_by=("to",))
    created_at = MomentColumn(verbose_name=gettext_lazy("Décidé"), order_by=("created_at",))
    sent_at = DeliveredColumn(verbose_name=gettext_lazy("Remis"), order_by=("sent_key",), default="")
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "created_at"))

    caption = gettext_lazy("Courriels")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucun courriel.")

    def render_kind(self, value: str) -> str:
        """Name the model that agents can edit."""
        return mailing.label_of(value)

    def value_kind(self, record: Message) -> str:
        """Name the model, for a file."""
        return self.render_kind(record.kind)

    def value_sent_at(self, record: Message) -> datetime | None:
        """Return when the mail server took it, as clocks show it."""
        return dates.local(record.sent_at) if record.sent_at and record.state in GIVEN else None

    def value_state(self, record: Message) -> str:
        """Write the state."""
        return states.label_of(record.state, record.channel)

    def render_state(self, record: Message) -> SafeString:
        """Draw the state."""
        return badges.message_badge(record)


@for_agents(Right.READ)
def messages(request: AgentRequest) -> HttpResponse:
    """List the mails, newest first."""
    narrowed, selection = _narrowed_by(request, request.GET), selection_of(request, SOURCE)
    kept = kept_list(request, ListName.MESSAGES, MessageTable)
    table = keyset_table(request, MessageTable(narrowed.qs, **selection.with_boxes(kept.table_options)), kept)
    tabs = [
        tab(request, _("Tous")),
        tab(request, _("Non remis"), state=sorted(NOT_ARRIVED)),
        tab(request, _("En attente"), state=["queued", "sending"]),
    ]
    may_bill = request.agent.may(Right.REVIEW)
    context = {**list_page(request, table, narrowed, tabs, kept), "selection": selection, "may_bill": may_bill}
    return render_page(request, "crm/outbox/messages.html", context)


def _narrowed_by(request: AgentRequest, query: QueryDict) -> MessageFilter:
    rows = scopes.messages_seen_by(request.agent).defer("text", "html", "attachments").order_by("-created_at", "-id")
    rows = rows.annotate(sent_key=sql.never_first("sent_at"))
    return MessageFilter(query, rows, agent=request.agent, today=dates.day_of(dates.now()))


def _rows_of(request: AgentRequest, query: QueryDict) -> QuerySet[Message]:
    rows: QuerySet[Message] = MessageTable(_narrowed_by(request, query).qs, order_by=query.getlist("sort")).data.data
    return rows


def _file_table(request: AgentRequest, rows: QuerySet[Message]) -> MessageTable:
    return MessageTable(rows, **kept_list(request, ListName.MESSAGES, MessageTable).table_options)


SOURCE = Source(
    page="crm:messages", address="crm:messages_selection", named="subject", rows=_rows_of, file="crm:messages_file"
)
messages_file = file_view(Right.READ, ListFile(SOURCE, "courriels", "messages", _file_table))
messages_selection = selection_view(Right.READ, SOURCE)


@for_agents(Right.READ)
def message(request: AgentRequest, pk: int) -> HttpResponse:
    """Show one mail; one that signs in or resets a password keeps its text to itself."""
    one = get_object_or_404(scopes.messages_seen_by(request.agent), pk=pk)
    handled, mark = scopes.handles_message(request.agent, one), mailing.mark_of(one.to)
    context = {
        "explained": rules.explain(one.state, one.last_error),
        "resend_to": payments.address_to_resend(one) if handled else "",
        "mark": mark,
        "may_trust": mark is not None and handled,
        "reader": payments.reader_of(one) if handled and one.state in NOT_ARRIVED else None,
        "copy": mailing.copy_of(one),
        "original": mailing.original_of(one),
        "message_shown": one,
        "pill": badges.message_badge(one),
        "kind": mailing.label_of(one.kind),
        "text": "" if one.confidential else one.text,
        "about": _about(one),
    }
    return render_page(request, "crm/outbox/message.html", context)


@for_agents(Right.REVIEW)
@require_POST
def message_resend(request: AgentRequest, pk: int) -> HttpResponse:
    """Send a mail that did not arrive once more, to the address that its reader has now."""
    one = get_object_or_404(scopes.messages_seen_by(request.agent), pk=pk)
    try:
        copy = payments.resend_message(message_id=one.pk, actor=request.actor, at=dates.now())
    except payments.NotResendable:
        said = _("ce courriel n’a pas à être renvoyé, ou n’a plus personne à qui l’être.")
        django_messages.warning(request, said)
        return redirect("crm:message", pk=pk)
    django_messages.success(request, _("le courriel est renvoyé à %(to)s.") % {"to": copy.to})
    return redirect("crm:message", pk=copy.pk)


@for_agents(Right.REVIEW)
@require_POST
def message_trust(request: AgentRequest, pk: int) -> HttpResponse:
    """
    Let mails leave again to the address of a mail, since the agent says that it is good.

    :raises Http404: to who does not work on what it is about.
    """
    one = get_object_or_404(scopes.messages_seen_by(request.agent), pk=pk)
    if not scopes.handles_message(request.agent, one):
        raise Http404
    if mail_operations.trust_address(address=one.to, actor=request.actor, at=dates.now()):
        django_messages.success(request, _("les prochains courriels à %(to)s partiront.") % {"to": one.to})
    return redirect("crm:message", pk=pk)


def _about(message: Message) -> tuple[str, str] | None:
    places = {"billing.invoice": (Invoice, "crm:invoice"), "dossiers.dossier": (Dossier, "crm:dossier")}
    if message.about_kind not in places:
        return None
    model, view = places[message.about_kind]
    subject = model._default_manager.filter(pk=message.about_id).first()
    return (str(subject), reverse(view, args=[subject.pk])) if subject else None
