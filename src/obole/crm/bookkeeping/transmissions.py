"""What was handed over to the comptable: the list, a transmission row by row, the file for the finance software."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy
from django_tables2.utils import Accessor

from obole.audit_log.models import Access
from obole.crm.shared import badges, exports, journal
from obole.crm.shared.columns import MAIN, STATUS, AmountColumn, DayColumn
from obole.crm.shared.exports import Column, in_euros
from obole.crm.shared.lists import sorted_table, tab
from obole.crm.shared.pages import conflict_response, regies_acted_on, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.states import ForbiddenTransition
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.recovery import operations as recovery, queries, states
from obole.recovery.line_states import LineState
from obole.recovery.models import Obstacle, Transmission, TransmissionLine
from obole.regies.models import Regie

GONE = (LineState.SENT, LineState.RETURNED)


@dataclass(frozen=True)
class Step:
    """A lawful step, and the form that asks for it."""

    action: str
    title: str
    text: str
    button: str
    form: forms.Form


class SendForm(forms.Form):
    """A transmission leaves: nothing is typed."""


class GiveUpForm(forms.Form):
    """Why a transmission is not sent."""

    reason = forms.CharField(
        label=gettext_lazy("Motif de l’abandon"),
        max_length=200,
        error_messages={"required": gettext_lazy("Écrivez pourquoi cette transmission est abandonnée.")},
    )


class TransmissionTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Transmissions of a régie."""

    number = tables.Column(
        verbose_name=gettext_lazy("Transmission"),
        attrs=MAIN,
        empty_values=(),
        linkify=("crm:transmission", {"pk": Accessor("regie_id"), "sent_pk": Accessor("pk")}),
        order_by=("number", "pk"),
    )
    requested_at = DayColumn(verbose_name=gettext_lazy("Demandée"), order_by=("requested_at", "pk"))
    requested_by = tables.Column(verbose_name=gettext_lazy("Par"), orderable=False)
    sent_at = DayColumn(verbose_name=gettext_lazy("Transmise"), default="", order_by=("sent_at", "pk"))
    sent_by = tables.Column(verbose_name=gettext_lazy("Par"), default="", orderable=False)
    chosen = tables.Column(
        verbose_name=gettext_lazy("Factures"), attrs={"th": {"class": "num"}, "td": {"class": "num"}}
    )
    handed_over_cents = AmountColumn(verbose_name=gettext_lazy("Transmis €"))
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "-requested_at", "pk"))

    caption = gettext_lazy("Transmissions au comptable public")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune transmission.")

    def render_number(self, record: Transmission) -> str:
        """Name it by its number, which it has once it is sent."""
        return record.number or _("sans numéro")

    def render_state(self, record: Transmission) -> SafeString:
        """Draw the state."""
        return badges.transmission_badge(record)


class LineTable(tables.Table):  # type: ignore[misc]  # untyped library
    """The invoices of a transmission."""

    invoice = tables.Column(
        verbose_name=gettext_lazy("Facture"),
        accessor="invoice__number",
        attrs=MAIN,
        linkify=("crm:invoice", {"pk": Accessor("invoice_id")}),
        order_by=("invoice__number", "pk"),
    )
    payer = tables.Column(
        verbose_name=gettext_lazy("Payeur"), accessor="invoice__payer", order_by=("invoice__payer__sort_key", "pk")
    )
    due_date = DayColumn(
        verbose_name=gettext_lazy("Échéance"), accessor="invoice__due_date", order_by=("invoice__due_date", "pk")
    )
    cents = AmountColumn(verbose_name=gettext_lazy("Transmis €"), order_by=("cents", "pk"))
    titre = tables.Column(
        verbose_name=gettext_lazy("Titre"),
        empty_values=(),
        linkify=(
            "crm:transmission_line",
            {
                "pk": Accessor("transmission__regie_id"),
                "sent_pk": Accessor("transmission_id"),
                "line_pk": Accessor("pk"),
            },
        ),
        order_by=("titre_year", "titre_number", "pk"),
    )
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "pk"))
    why = tables.Column(verbose_name=gettext_lazy("Motif"), empty_values=(), orderable=False)

    caption = gettext_lazy("Factures de la transmission")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune facture.")

    def render_titre(self, record: TransmissionLine) -> str:
        """Name the titre; its link leads to where it is written, and where the invoice is taken back."""
        return record.titre or _("Ouvrir")

    def render_state(self, record: TransmissionLine) -> SafeString:
        """Draw the state."""
        return badges.transmission_line_badge(record)

    def render_why(self, record: TransmissionLine) -> str:
        """Say why it stayed, or came back."""
        return str(Obstacle(record.obstacle).label) if record.obstacle else record.return_reason


@for_agents(Right.MONEY)
def transmissions(request: AgentRequest, pk: int) -> HttpResponse:
    """List the transmissions of a régie, and say how much could be handed over now."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    rows, state = queries.transmissions(request.agent, regie), request.GET.get("state", "")
    kept = rows.filter(state=state) if state in states.S.values else rows
    table = sorted_table(request, TransmissionTable(kept, order_by=request.GET.getlist("sort")))
    tabs = [tab(request, _("Toutes")), *(tab(request, str(known.label), state=known.value) for known in states.S)]
    context = {
        "regie": regie,
        "table": table,
        "tabs": tabs,
        "ready": queries.proposals(regie, dates.day_of(dates.now())).count(),
        "acts": regie.pk in regies_acted_on(request),
    }
    return render_page(request, "crm/bookkeeping/transmissions.html", context)


@for_agents(Right.MONEY)
@after_reauthentication()
def transmission(request: AgentRequest, pk: int, sent_pk: int) -> HttpResponse:
    """Show a transmission row by row, and do the step that is asked."""
    one, acts = find(request, pk, sent_pk), pk in regies_acted_on(request)
    steps = _steps(one, request.actor, request.POST if request.method == "POST" else None) if acts else []
    if request.method == "POST":
        if not acts:
            raise Http404
        done = _do(request, one, steps)
        if done is not None:
            return done
    context = {
        "regie": one.regie,
        "transmission": one,
        "pill": badges.transmission_badge(one),
        "steps": steps,
        "acts": acts,
        "is_mine": one.by_two and states.SEND.allows(one) and request.actor.is_same_as(one.requested_by),
        "table": sorted_table(request, LineTable(_lines(request, one))),
        "tabs": [
            tab(request, _("Toutes")),
            *(tab(request, str(known.label), state=known.value) for known in LineState),
        ],
    }
    return render_page(request, "crm/bookkeeping/transmission.html", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def transmission_export(request: AgentRequest, pk: int, sent_pk: int) -> HttpResponseBase:
    """Give what was handed over as a file for the finance software; its columns are in the handbook."""
    one = find(request, pk, sent_pk)
    rows = queries.lines_of(one).filter(state__in=GONE)
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    journal.keep(request, Access.Verb.EXPORT, one, what="transmission", rows=one.handed_over)
    natures = queries.natures_of(rows.values_list("invoice", flat=True))
    return exports.as_csv(f"transmission-{one}.csv", _columns(one, natures), rows.iterator(chunk_size=1000))


def find(request: AgentRequest, pk: int, sent_pk: int) -> Any:
    """Return a transmission of a régie that the agent sees, with its sums."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    return get_object_or_404(queries.transmissions(request.agent, regie), pk=sent_pk)


def _lines(request: AgentRequest, one: Transmission) -> QuerySet[TransmissionLine]:
    rows, state = queries.lines_of(one), request.GET.get("state", "")
    return rows.filter(state=state) if state in LineState.values else rows


def _steps(one: Transmission, actor: Actor, data: Mapping[str, Any] | None) -> list[Step]:
    """Return the steps that are lawful now for this person, with their forms."""

    def options(action: str) -> dict[str, Any]:
        sent = data is not None and data.get("action") == action
        return {"data": data if sent else None, "auto_id": f"id_{action}_%s"}

    by_two = one.by_two or one.regie.transfer_by_two
    made = []
    if states.SEND.allows(one) and not (by_two and actor.is_same_as(one.requested_by)):
        text = _(
            "Chaque facture passe au comptable et sort de la régie ; son payeur est prévenu. Elle ne peut plus être"
            " payée ici."
        )
        made.append(Step("send", _("Transmettre au comptable"), text, _("Transmettre"), SendForm(**options("send"))))
    if states.GIVE_UP.allows(one):
        text, form = _("Les factures restent à la régie, comme elles sont."), GiveUpForm(**options("give_up"))
        made.append(Step("give_up", _("Abandonner"), text, _("Abandonner la transmission"), form))
    return made


def _do(request: AgentRequest, one: Transmission, steps: list[Step]) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    action = request.POST.get("action")
    step = next((step for step in steps if step.action == action), None)
    if step is not None and not step.form.is_valid():
        return None
    who: dict[str, Any] = {"transmission_id": one.pk, "actor": request.actor, "at": dates.now()}
    try:
        if action == "give_up" and step is not None:
            recovery.give_up_transmission(reason=step.form.cleaned_data["reason"], **who)
            messages.success(request, _("la transmission est abandonnée."))
        elif action == "send":
            recovery.send_transmission(**who)
            messages.success(request, _("la transmission est partie : les factures passent une à une au comptable."))
        else:
            raise ForbiddenTransition(f"transmission.{action}", one.state)
    except recovery.SamePerson:
        sentence = _("Vous avez demandé cette transmission : une autre personne doit la transmettre.")
        return conflict_response(request, sentence, request.path)
    except ForbiddenTransition:
        sentence = _("Cette transmission a changé entre-temps : rien n’a été enregistré. Regardez où elle en est.")
        return conflict_response(request, sentence, request.path)
    return redirect("crm:transmission", pk=one.regie_id, sent_pk=one.pk)


def _columns(one: Transmission, natures: Mapping[int, str]) -> list[Column]:
    return [
        Column("transmission", lambda row: one.number),
        Column("date", lambda row: row.decided_at),
        Column("regie", lambda row: one.regie.code),
        Column("facture", lambda row: row.invoice.number),
        Column("emise_le", lambda row: row.invoice.issued_at),
        Column("echeance", lambda row: row.invoice.due_date),
        Column("objet", lambda row: row.invoice.label),
        Column("periode", lambda row: row.invoice.period),
        Column("imputations", lambda row: natures.get(row.invoice_id, "")),
        Column("debiteur_type", lambda row: row.invoice.payer.kind),
        Column("debiteur_civilite", lambda row: row.invoice.payer.civility),
        Column("debiteur_nom", lambda row: row.invoice.payer.last_name),
        Column("debiteur_prenom", lambda row: row.invoice.payer.first_name),
        Column("debiteur_raison_sociale", lambda row: row.invoice.payer.organisation),
        Column("debiteur_adresse", lambda row: ", ".join(row.invoice.payer.address.splitlines())),
        Column("montant_facture", lambda row: in_euros(row.invoice.total_cents)),
        Column("montant_transmis", lambda row: in_euros(row.cents)),
        Column("exercice_titre", lambda row: str(row.titre_year or "")),
        Column("numero_titre", lambda row: row.titre_number),
        Column("revenue_le", lambda row: row.returned_at),
    ]
