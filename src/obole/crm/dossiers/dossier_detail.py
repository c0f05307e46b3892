"""One dossier: where it stands, what to do, and its sous-panels."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log.models import Access
from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.catalogue.fields import FilledBy
from obole.consumption import queries as consumption
from obole.consumption.operations.planning import LEFT_IN
from obole.consumption.queries import sharing
from obole.crm.dossiers.progress import is_billed, progress_of
from obole.crm.invoices import priced_panel, schedules
from obole.crm.invoices.invoice_table import InvoiceTable
from obole.crm.money.attempts import AttemptTable
from obole.crm.outbox.messages import MessageTable
from obole.crm.shared import badges, journal, timelines
from obole.crm.shared.pages import file_answer, regies_seen, render_page
from obole.crm.shared.sidebar import sees_money
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import queries, states
from obole.dossiers.models import Attachment, Dossier
from obole.lib import dates, files
from obole.mailing import queries as mailing
from obole.payments import display_status, queries as payments

Panel = Callable[[AgentRequest, Dossier], dict[str, Any]]


@for_agents(Right.READ)
def dossier(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a dossier and the sous-panel that the address names."""
    return panel_page(request, find_dossier(request, pk), request.GET.get("panneau", "demande"))


@for_agents(Right.READ)
def attachment(request: AgentRequest, pk: int, attachment_pk: int) -> HttpResponse:
    """Give a file that the citizen joined."""
    dossier = find_dossier(request, pk)
    file = get_object_or_404(Attachment, pk=attachment_pk, dossier=dossier)
    if file.field_key in _hidden_keys(request, dossier):
        raise Http404
    if any(field.is_sensitive for field in dossier.form.form_fields if field.key == file.field_key):
        journal.keep(request, Access.Verb.SENSITIVE, dossier, file=file.name[:120])
    return file_answer(files.get(file.digest), name=file.name, content_type=file.content_type, to_save=True)


def find_dossier(request: AgentRequest, pk: int) -> Dossier:
    """Return a dossier that was submitted and that the agent sees, with what its page shows, or answer 404."""
    return get_object_or_404(queries.dossiers_to_list(request.agent).select_related("form"), pk=pk)


def dossier_to_handle(request: AgentRequest, pk: int) -> Dossier:
    """Return a dossier that the agent may act on, or answer 404."""
    handled = Dossier.objects.handled_by(request.agent)
    return get_object_or_404(
        queries.dossiers_to_list(request.agent).filter(pk__in=handled).select_related("form"), pk=pk
    )


def panel_page(request: AgentRequest, dossier: Dossier, name: str, **more: Any) -> HttpResponse:
    """Draw the page of a dossier with one of its sous-panels open; ``more`` is added for it."""
    chosen = name if name in PANELS else "demande"
    handles = Dossier.objects.handled_by(request.agent).filter(pk=dossier.pk).exists()
    context = {
        "dossier": dossier,
        "pill": badges.dossier_badge(dossier),
        "steps": progress_of(dossier, request.agent),
        "panels": _titles(dossier),
        "panel": chosen,
        "panel_template": f"crm/dossiers/panel_{chosen}.html",
        "can": _may(dossier, handles=handles),
        "handles": handles,
        "reads_all": not _hidden_keys(request, dossier),
        **PANELS[chosen](request, dossier),
        **more,
    }
    return render_page(request, "crm/dossiers/dossier.html", context)


class NoteForm(forms.Form):
    """A note."""

    text = forms.CharField(
        label=gettext_lazy("Nouvelle note"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Pour les agents seulement : l’usager ne la voit pas. Elle ne se modifie plus ensuite."),
        error_messages={"required": gettext_lazy("Écrivez la note avant de la garder.")},
    )


def _may(dossier: Dossier, *, handles: bool) -> dict[str, bool]:
    """Return what the agent may do now, by the verbs of the moves and of what moves nothing."""
    moves = {move.verb.partition(".")[2]: handles and move.allows(dossier) for move in states.MOVES}
    accepted = handles and dossier.state == states.DossierState.ACCEPTED
    bill = accepted and billing.types_for(dossier).exists()
    return {
        **moves,
        "assign": handles and dossier.state in states.OPEN,
        "bill": bill,
        "plan": handles and dossier.state in LEFT_IN and consumption.countable(dossier.scheme) is not None,
        "bill_first": bill and not is_billed(dossier),
    }


def _titles(dossier: Dossier) -> list[tuple[str, str]]:
    counts = {
        "factures": Invoice.objects.filter(dossier=dossier).count(),
        "transactions": payments.attempts_about(dossier).count(),
        "pieces": dossier.attachments.count(),
        "notes": dossier.notes.count(),
        "courriels": mailing.about(dossier, *_invoices(dossier)).count(),
    }
    labels = {
        "demande": _("Demande"),
        "factures": _("Factures"),
        "transactions": _("Transactions"),
        "pieces": _("Pièces"),
        "notes": _("Notes"),
        "courriels": _("Courriels"),
        "historique": _("Historique"),
    }
    return [(name, f"{label} ({counts[name]})" if name in counts else label) for name, label in labels.items()]


def _invoices(dossier: Dossier) -> list[Invoice]:
    rows = Invoice.objects.filter(dossier=dossier).select_related("type", "regie", "payer", "dossier")
    return list(display_status.with_progress(rows).exclude(state="draft").order_by("-issued_at", "-id"))


def _request(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    if request.agent.sees_sensitive and any(field.is_sensitive for field in dossier.form.form_fields):
        journal.keep(request, Access.Verb.SENSITIVE, dossier)
    mine = any(field.by == FilledBy.AGENT and not field.is_holder for field in dossier.form.form_fields)
    handles = Dossier.objects.handled_by(request.agent).filter(pk=dossier.pk).exists()
    return {
        "parts": queries.answer_sections(dossier, sensitive=request.agent.sees_sensitive, on=dates.day_of(dates.now())),
        "changes": handles and bool(queries.fields_to_date(dossier)),
        "may_share": handles and bool(sharing.children(dossier)),
        "has_agent_questions": mine and dossier.state in states.OPEN,
        "quoted": billing.quoted_estimate(dossier),
    }


def _bills(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    hidden = ("dossier", "payer", "regie", "issued_at", "paid_at", "received_cents", "remaining")
    made = _invoices(dossier)
    table = InvoiceTable(made, today=dates.day_of(dates.now()), exclude=hidden, orderable=False)
    table.empty_text = _("Aucune facture n’a encore été faite de ce dossier.")
    beside = {
        "schedules": schedules.schedules_context(dossier, made),
        "cautions": schedules.deposits_context(dossier),
        "sees_money": sees_money(request.agent),
        "carried": billing.carry_overs_of(dossier),
    }
    return {
        "table": table,
        "drafts": billing.drafts_of(dossier),
        **beside,
        **priced_panel.blank_panel(request, dossier),
    }


def _attempts(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    hidden = ("payer",) if regies_seen(request) else ("payer", "regie")
    return {"table": AttemptTable(list(payments.attempts_about(dossier)), exclude=hidden, orderable=False)}


def _files(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    labels = {field.key: field.label for field in dossier.form.form_fields}
    hidden = _hidden_keys(request, dossier)
    rows = [file for file in dossier.attachments.order_by("id") if file.field_key not in hidden]
    return {"files": [(labels.get(file.field_key, ""), file) for file in rows]}


def _hidden_keys(request: AgentRequest, dossier: Dossier) -> set[str]:
    """Return the keys of the questions whose answers this agent may not read."""
    if request.agent.sees_sensitive:
        return set()
    return {field.key for field in dossier.form.form_fields if field.is_sensitive}


def _mails(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    return {"table": MessageTable(list(mailing.about(dossier, *_invoices(dossier))), orderable=False)}


def _notes(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    return {"notes": dossier.notes.order_by("-at", "-id"), "note_form": NoteForm()}


def _story(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    return {"events": timelines.of_dossier(dossier, _invoices(dossier))}


PANELS: dict[str, Panel] = {
    "demande": _request,
    "factures": _bills,
    "transactions": _attempts,
    "pieces": _files,
    "notes": _notes,
    "courriels": _mails,
    "historique": _story,
}
