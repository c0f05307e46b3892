"""One dossier: where it stands, what to do, and its sous-panels."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.catalogue.fields import FilledBy
from obole.crm import invoicing, looks, schedules, stories
from obole.crm.pages import file_answer, regies_seen, render_page
from obole.crm.steps import steps_of
from obole.crm.tables import AttemptTable, InvoiceTable, MessageTable
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import queries, rules, states
from obole.dossiers.models import Attachment, Dossier
from obole.lib import days, files
from obole.mailing import queries as mailing
from obole.payments import queries as payments
from obole.payments import standing

Panel = Callable[[AgentRequest, Dossier], dict[str, Any]]


@for_agents(Right.REVIEW)
def dossier(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a dossier and the sous-panel that the address names."""
    return panel_page(request, seen(pk), request.GET.get("panneau", "demande"))


@for_agents(Right.REVIEW)
def attachment(request: AgentRequest, pk: int, attachment_pk: int) -> HttpResponse:
    """Give a file that the citizen joined."""
    file = get_object_or_404(Attachment, pk=attachment_pk, dossier=seen(pk))
    return file_answer(files.get(file.digest), name=file.name, content_type=file.content_type)


def seen(pk: int) -> Dossier:
    """Return a dossier that was submitted, with what its page shows, or answer 404."""
    return get_object_or_404(queries.to_list().select_related("form"), pk=pk)


def panel_page(request: AgentRequest, one: Dossier, name: str, **more: Any) -> HttpResponse:
    """Draw the page of a dossier with one of its sous-panels open; ``more`` is added for it."""
    chosen = name if name in PANELS else "demande"
    context = {
        "dossier": one,
        "pill": looks.dossier_pill(one),
        "steps": steps_of(one, request.agent),
        "panels": _titles(one),
        "panel": chosen,
        "panel_template": f"crm/parts/dossier_{chosen}.html",
        "can": {move.verb.partition(".")[2]: move.allows(one) for move in states.MOVES},
        **PANELS[chosen](request, one),
        **more,
    }
    return render_page(request, "crm/dossier.html", context)


def _titles(one: Dossier) -> list[tuple[str, str]]:
    counts = {
        "factures": Invoice.objects.filter(dossier=one).count(),
        "transactions": payments.attempts_about(one).count(),
        "pieces": one.attachments.count(),
        "courriels": mailing.about(one, *_invoices(one)).count(),
    }
    labels = {
        "demande": _("Demande"), "factures": _("Factures"), "transactions": _("Transactions"), "pieces": _("Pièces"),
        "courriels": _("Courriels"), "historique": _("Historique"),
    }  # fmt: skip
    return [(name, f"{label} ({counts[name]})" if name in counts else label) for name, label in labels.items()]


def _invoices(one: Dossier) -> list[Invoice]:
    rows = Invoice.objects.filter(dossier=one).select_related("type", "regie", "payer", "dossier")
    return list(standing.with_progress(rows).exclude(state="draft").order_by("-issued_at", "-id"))


def _request(request: AgentRequest, one: Dossier) -> dict[str, Any]:
    items = queries.items(one)
    mine = any(field.by == FilledBy.AGENT and not field.is_holder for field in one.form.form_fields)
    return {
        "parts": queries.parts(one),
        "items": items,
        "total_cents": rules.total(items),
        "has_agent_questions": mine and one.state in states.OPEN,
        "quoted": billing.quoted(one),
    }


def _bills(request: AgentRequest, one: Dossier) -> dict[str, Any]:
    hidden = ("dossier", "payer", "regie", "period", "issued_at", "paid_at", "received_cents", "remaining")
    made = _invoices(one)
    table = InvoiceTable(made, today=days.day_of(days.now()), exclude=hidden, orderable=False)
    table.empty_text = _("Aucune facture n’a encore été faite de ce dossier.")
    beside = {
        "schedules": schedules.shown(one, made),
        "cautions": schedules.cautions(one),
        "carried": billing.carried_of(one),
    }
    return {"table": table, "drafts": billing.drafts_of(one), **beside, **invoicing.blank(request, one)}


def _attempts(request: AgentRequest, one: Dossier) -> dict[str, Any]:
    seen_regies = regies_seen(request)
    hidden = ("payer",) if seen_regies else ("payer", "regie")
    return {
        "table": AttemptTable(list(payments.attempts_about(one)), seen=seen_regies, exclude=hidden, orderable=False)
    }


def _files(request: AgentRequest, one: Dossier) -> dict[str, Any]:
    labels = {field.key: field.label for field in one.form.form_fields}
    return {"files": [(labels.get(file.field_key, ""), file) for file in one.attachments.order_by("id")]}


def _mails(request: AgentRequest, one: Dossier) -> dict[str, Any]:
    return {"table": MessageTable(list(mailing.about(one, *_invoices(one))), orderable=False)}


def _story(request: AgentRequest, one: Dossier) -> dict[str, Any]:
    return {"events": stories.of_dossier(one, _invoices(one))}


PANELS: dict[str, Panel] = {
    "demande": _request,
    "factures": _bills,
    "transactions": _attempts,
    "pieces": _files,
    "courriels": _mails,
    "historique": _story,
}
