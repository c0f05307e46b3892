"""The list of invoices: filters, columns, totals, and what is done to those that are chosen."""

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing import queries as billing
from obole.billing.models import Invoice, InvoiceType
from obole.bulk_actions.models import BulkVerb
from obole.campaigns import queries as campaigns
from obole.campaigns.models import Campaign
from obole.campaigns.queries import perimeter
from obole.catalogue.models import Scheme
from obole.crm.bookkeeping.holds import UntilForm
from obole.crm.bulk.list_file import ListFile, file_view
from obole.crm.bulk.selection import Source, selection_of, selection_view
from obole.crm.invoices.cancel_and_redo import CancelForm
from obole.crm.invoices.due_dates import DueDateForm
from obole.crm.invoices.invoice_table import InvoiceTable
from obole.crm.shared.filters import (
    TICKS,
    AmountFilter,
    DayFilter,
    ListFilter,
    offer_regies,
    offer_schemes,
    offer_types,
)
from obole.crm.shared.lists import KeptList, Tab, invoices_in_words, kept_list, keyset_table, list_page, tab
from obole.crm.shared.pages import render_page
from obole.crm.shared.sidebar import sees_money
from obole.directory import rules
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import ListName
from obole.directory.rules import Right
from obole.lib import dates, sql
from obole.lib.sql import COUNTED
from obole.payments import display_status, queries as payments
from obole.payments.display_status import DisplayStatus
from obole.payments.models import Attempt
from obole.payments.states import AttemptState
from obole.recovery import queries as recovery
from obole.regies.models import Regie
from obole.reminders.models import Reminder
from obole.ui.forms import DayInput

REMINDED = [
    ("1", gettext_lazy("Une fois au moins")),
    ("2", gettext_lazy("Deux fois au moins")),
    ("3", gettext_lazy("Trois fois au moins")),
    ("0", gettext_lazy("Jamais")),
]
OLD_CAMPAIGN, LONGEST_ID = timedelta(days=800), 18
SHOWN_STATUSES = [(value, label) for value, label in DisplayStatus.choices if value != DisplayStatus.DRAFT]


class InvoiceFilter(ListFilter):
    """Filters of the list of invoices."""

    q = filters.CharFilter(label=gettext_lazy("Numéro, payeur, dossier, période"), method="by_text")
    status = filters.MultipleChoiceFilter(
        label=gettext_lazy("Statut"), choices=SHOWN_STATUSES, widget=TICKS, method="by_status"
    )
    type = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Type"), queryset=lambda request: InvoiceType.objects.none(), widget=TICKS
    )
    regie = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Régie"), queryset=lambda request: Regie.objects.none(), widget=TICKS
    )
    issued_from = DayFilter("issued_at", label=gettext_lazy("Émise depuis le"))
    issued_to = DayFilter("issued_at", last=True, label=gettext_lazy("Émise jusqu’au"))
    due_from = filters.DateFilter(
        field_name="due_date", lookup_expr="gte", widget=DayInput, label=gettext_lazy("Échéance depuis le")
    )
    due_to = filters.DateFilter(
        field_name="due_date", lookup_expr="lte", widget=DayInput, label=gettext_lazy("Échéance jusqu’au")
    )
    paid_from = DayFilter("paid_at", label=gettext_lazy("Payée depuis le"))
    paid_to = DayFilter("paid_at", last=True, label=gettext_lazy("Payée jusqu’au"))
    amount_from = AmountFilter(field_name="total_cents", lookup_expr="gte", label=gettext_lazy("Montant à partir de"))
    amount_to = AmountFilter(field_name="total_cents", lookup_expr="lte", label=gettext_lazy("Montant jusqu’à"))
    scheme = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Dispositif"),
        field_name="dossier__scheme",
        queryset=lambda request: Scheme.objects.none(),
        widget=TICKS,
    )
    no_email = filters.BooleanFilter(
        label=gettext_lazy("Payeur sans adresse électronique"), widget=forms.CheckboxInput, method="without_email"
    )
    refused_from = filters.DateFilter(
        widget=DayInput, label=gettext_lazy("Carte refusée depuis le"), method="by_refusal"
    )

    reminded = filters.ChoiceFilter(
        label=gettext_lazy("Relancée"), choices=REMINDED, method="by_reminder", empty_label=gettext_lazy("Peu importe")
    )

    held = filters.BooleanFilter(
        label=gettext_lazy("Relances suspendues"), widget=forms.CheckboxInput, method="by_hold"
    )

    disputed = filters.BooleanFilter(
        label=gettext_lazy("Contestées, sans réponse"), widget=forms.CheckboxInput, method="by_dispute"
    )

    campaign = filters.ModelChoiceFilter(
        label=gettext_lazy("Campagne"), queryset=lambda request: Campaign.objects.none(), method="by_campaign"
    )

    place = filters.ChoiceFilter(label=gettext_lazy("École, classe…"), method="by_place")

    class Meta(ListFilter.Meta):
        model = Invoice
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_types(self)
        offer_regies(self)
        offer_schemes(self)
        self._campaign = _offer_campaigns(self)

    def without_email(self, invoices: QuerySet[Invoice], name: str, value: bool) -> QuerySet[Invoice]:
        """Keep those that no mail reaches: they are handed over on paper."""
        return invoices.filter(payer__email="") if value else invoices

    def by_text(self, invoices: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep what answers to a text."""
        return payments.search_invoices(invoices, value)

    def by_status(self, invoices: QuerySet[Invoice], name: str, value: list[str]) -> QuerySet[Invoice]:
        """Keep some statuses."""
        return display_status.filter_by(invoices, value, today=self.today) if value else invoices

    def by_reminder(self, invoices: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep those whose payer was reminded so many times, or never."""
        return reminded(invoices, times=int(value)) if int(value) else never_reminded(invoices)

    def by_hold(self, invoices: QuerySet[Invoice], name: str, value: bool) -> QuerySet[Invoice]:
        """Keep those whose payer is left in peace until a day."""
        return invoices.filter(recovery.is_held(self.today)) if value else invoices

    def by_dispute(self, invoices: QuerySet[Invoice], name: str, value: bool) -> QuerySet[Invoice]:
        """Keep those that their payer contests, and that nobody answered yet."""
        return invoices.filter(recovery.is_disputed()) if value else invoices

    def by_campaign(self, invoices: QuerySet[Invoice], name: str, value: Campaign) -> QuerySet[Invoice]:
        """Keep those that a campaign issued."""
        return campaigns.invoices_of(value, invoices)

    def by_place(self, invoices: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep those of a school or a class, among those of the campaign."""
        return campaigns.invoices_of(self._campaign, invoices, place=value) if self._campaign else invoices

    def by_refusal(self, invoices: QuerySet[Invoice], name: str, value: date) -> QuerySet[Invoice]:
        """Keep the invoices for which a bank refused a payment since that day."""
        return refused_since(invoices, value)


def _offer_campaigns(chosen: InvoiceFilter) -> Campaign | None:
    """Offer the campaigns that were deposited lately; of the one that is chosen, its schools and classes too."""
    since = dates.midnight(chosen.today - OLD_CAMPAIGN)
    offered = Campaign.objects.handled_by(chosen.agent).filter(deposited_at__gte=since).select_related("type")
    chosen.filters["campaign"].queryset = offered
    key = chosen.data.get("campaign", "")
    found = offered.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) < LONGEST_ID else None
    if found is None:
        del chosen.filters["place"]
    else:
        chosen.filters["place"].extra["choices"] = perimeter.places(found.schemes.order_by("name", "id"))
    return found


def reminded(invoices: QuerySet[Invoice], *, times: int = 1) -> QuerySet[Invoice]:
    """Keep the invoices of which so many reminders were sent, or more."""
    return invoices.filter(Exists(Reminder.objects.filter(invoice=OuterRef("pk"), step__gte=times, dropped_at=None)))


def never_reminded(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Keep the invoices of which no reminder was sent."""
    return invoices.exclude(Exists(Reminder.objects.filter(invoice=OuterRef("pk"), dropped_at=None)))


def refused_since(invoices: QuerySet[Invoice], day: date) -> QuerySet[Invoice]:
    """Keep the invoices for which a bank refused a payment on a day or later."""
    since = datetime.combine(day, time.min, dates.PARIS)
    refused = Attempt.objects.filter(state=AttemptState.REFUSED, ended_at__gte=since).order_by()
    return invoices.filter(pk__in=refused.values("shares__invoice"))


DEFAULT = ("number", "type", "payer", "dossier", "issued_at", "due_date", "total_cents", "remaining", "status")


@for_agents(Right.READ)
def invoices(request: AgentRequest) -> HttpResponse:
    """List the invoices that were issued, newest first."""
    today = dates.day_of(dates.now())
    kept, narrowed = kept_invoices(request), narrowed_by(request, request.GET)
    selection = selection_of(request, SOURCE)
    options = selection.with_boxes(kept.table_options)
    table = InvoiceTable(display_status.with_progress(narrowed.qs), today=today, **options)
    keyset_table(request, table, kept)
    table.list_query = rules.query_to_keep(request.GET)
    counted = [billing.drafts(request.agent), billing.overdue_instalments(today, request.agent)]
    drafts, held = sql.count_each(counted, most=COUNTED)
    table.count_label = summary = invoices_in_words(table, narrowed.qs)
    context = {
        **list_page(request, table, narrowed, _tabs(request, today), kept),
        "selection": selection,
        "summary": summary,
        "drafts": drafts,
        "held": held,
    }
    return render_page(request, "crm/invoices/invoices.html", context)


def narrowed_by(request: AgentRequest, query: QueryDict) -> InvoiceFilter:
    """Return the filters that an address says, on the invoices that the agent sees."""
    rows = billing.listed(billing.invoices_to_list(request.agent)).order_by("-issued_at", "-id")
    return InvoiceFilter(query, rows, agent=request.agent, today=dates.day_of(dates.now()))


def rows_of(request: AgentRequest, query: QueryDict) -> QuerySet[Invoice]:
    """Return the invoices that answer an address, in the order that it says."""
    found = narrowed_by(request, query)
    rows: QuerySet[Invoice] = InvoiceTable(found.qs, today=found.today, order_by=query.getlist("sort")).data.data
    return rows


def kept_invoices(request: AgentRequest) -> KeptList:
    """Return how the agent keeps the list; a régie is named to those only who see money."""
    hidden = () if sees_money(request.agent) else ("regie",)
    return kept_list(request, ListName.INVOICES, InvoiceTable, default=DEFAULT, hidden=hidden)


SOURCE = Source(
    page="crm:invoices",
    address="crm:invoices_selection",
    named="number",
    verbs=(
        BulkVerb.REMIND,
        BulkVerb.HOLD,
        BulkVerb.CHANGE_DUE_DATE,
        BulkVerb.PRINT_INVOICES,
        BulkVerb.CANCEL_INVOICES,
        BulkVerb.REDO_INVOICES,
    ),
    rows=rows_of,
    file="crm:invoices_file",
    asks={
        BulkVerb.CANCEL_INVOICES: CancelForm,
        BulkVerb.REDO_INVOICES: CancelForm,
        BulkVerb.HOLD: UntilForm,
        BulkVerb.CHANGE_DUE_DATE: DueDateForm,
    },
)
invoices_selection = selection_view(Right.READ, SOURCE)


def _file_table(request: AgentRequest, rows: QuerySet[Invoice]) -> InvoiceTable:
    today, kept = dates.day_of(dates.now()), kept_invoices(request)
    return InvoiceTable(display_status.with_progress(rows), today=today, **kept.table_options)


invoices_file = file_view(Right.READ, ListFile(SOURCE, "factures", "invoices", _file_table))


def _tabs(request: AgentRequest, today: date) -> list[Tab]:
    def one(label: str, **query: Any) -> Tab:
        return tab(request, label, **query)

    return [
        one(_("Toutes")),
        one(_("À payer"), status=["due", "part_paid"]),
        one(_("En retard"), status=["late"], sort=["due_date"]),
        one(_("En cours de paiement"), status=["in_progress"]),
        one(_("Payées aujourd’hui"), paid_from=today.isoformat(), sort=["-paid_at"]),
        one(_("Sans adresse électronique"), no_email="true", status=["due", "late", "part_paid"]),
        one(_("Refus de la semaine"), refused_from=(today - timedelta(days=6)).isoformat()),
    ]
