"""Transactions: every try to pay at the bank, and what was said."""

from collections.abc import Container
from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django_tables2.utils import Accessor

from obole.audit_log.models import Access
from obole.crm.money.bank_comparison import compare_facts, fact_names
from obole.crm.shared import badges, journal
from obole.crm.shared.columns import MAIN, SHORT, STATUS, AmountColumn, MomentColumn
from obole.crm.shared.filters import TICKS, DayFilter, ListFilter, offer_regies
from obole.crm.shared.lists import kept_list, keyset_table, list_page, tab
from obole.crm.shared.pages import regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import ListName
from obole.directory.rules import Right
from obole.gateways import registry
from obole.lib import dates
from obole.payments import operations as payments, queries as payment_queries, timeline
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.payments.operations.gateway_status import FINAL
from obole.payments.states import AttemptState
from obole.regies.models import Regie


class AttemptFilter(ListFilter):
    """Filters of the list of transactions."""

    q = filters.CharFilter(label=gettext_lazy("Référence, facture, payeur"), method="by_text")
    state = filters.MultipleChoiceFilter(label=gettext_lazy("Statut"), choices=AttemptState.choices, widget=TICKS)
    regie = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Régie"), queryset=lambda request: Regie.objects.none(), widget=TICKS
    )
    opened_from = DayFilter("opened_at", label=gettext_lazy("Ouverte depuis le"))
    opened_to = DayFilter("opened_at", last=True, label=gettext_lazy("Ouverte jusqu’au"))

    class Meta(ListFilter.Meta):
        model = Attempt
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_regies(self)

    def by_text(self, attempts: QuerySet[Attempt], name: str, value: str) -> QuerySet[Attempt]:
        """Keep what answers to a text."""
        return payment_queries.attempts_matching(attempts, value)


class AttemptTable(tables.Table):  # type: ignore[misc]  # untyped library
    """
    Attempts to pay. They lead to their own page where the agent answers for their régie (``seen``; None: all of them).
    """

    reference = tables.Column(
        verbose_name=gettext_lazy("Référence, et celles de la banque"), attrs=MAIN, order_by=("reference",)
    )
    opened_at = MomentColumn(verbose_name=gettext_lazy("Ouverte"), order_by=("opened_at",))
    invoice = tables.Column(
        verbose_name=gettext_lazy("Facture"),
        accessor="invoice",
        attrs=SHORT,
        linkify=("crm:invoice", {"pk": Accessor("invoice_id")}),
        order_by=("invoice__number",),
    )
    payer = tables.Column(
        verbose_name=gettext_lazy("Payeur"), accessor="invoice__payer", order_by=("invoice__payer__sort_key",)
    )
    regie = tables.Column(verbose_name=gettext_lazy("Régie"), accessor="regie__name", order_by=("regie__name",))
    amount_cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("amount_cents",))
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "opened_at"))

    caption = gettext_lazy("Transactions")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune transaction.")

    def __init__(self, *args: Any, seen: Container[int] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen = seen

    def render_reference(self, record: Attempt) -> SafeString:
        """Lead to the attempt's page, with the bank's references under ours."""
        ours = format_html("{}", record.reference)
        if self.seen is None or record.regie_id in self.seen:
            ours = format_html('<a href="{}">{}</a>', reverse("crm:attempt", args=[record.pk]), record.reference)
        theirs = " · ".join(part for part in (record.gateway_reference, record.authorisation) if part)
        return format_html('{}<small class="long">{}</small>', ours, theirs)

    def render_invoice(self, record: Attempt) -> SafeString:
        """Name the first invoice, and how many more the same payment is for."""
        others: int = getattr(record, "others", 0)
        said = ngettext("et %(n)d autre", "et %(n)d autres", others) % {"n": others} if others else ""
        return format_html("{} <small>{}</small>", record.invoice, said) if said else format_html("{}", record.invoice)

    def render_state(self, record: Attempt) -> SafeString:
        """Draw the state."""
        return badges.attempt_badge(record)


PATIENCE = 5.0
"""Seconds: the agent is waiting for the page."""


@for_agents(Right.MONEY)
def attempts(request: AgentRequest) -> HttpResponse:
    """List the attempts on the agent's régies."""
    today = dates.day_of(dates.now())
    narrowed = AttemptFilter(
        request.GET, payment_queries.attempts_to_list(request.agent), agent=request.agent, today=today
    )
    kept = kept_list(request, ListName.ATTEMPTS, AttemptTable)
    table = keyset_table(request, AttemptTable(narrowed.qs, **kept.table_options), kept)
    tabs = [
        tab(request, _("Toutes")),
        tab(request, _("En attente du retour"), state=["opening", "waiting"]),
        tab(request, _("Refusées"), state=["refused"]),
        tab(request, _("Non ouvertes"), state=["failed"]),
        tab(request, _("Aujourd’hui"), opened_from=today.isoformat()),
    ]
    return render_page(request, "crm/money/attempts.html", list_page(request, table, narrowed, tabs, kept))


@for_agents(Right.MONEY)
def attempt(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what was sent to the bank, what it said, and every exchange."""
    one = _seen(request, pk)
    anomalies = list(payment_queries.anomalies(request.agent).filter(attempt=one).order_by("opened_at", "id"))
    receipt = Receipt.objects.select_related("entry", "reversal").filter(attempt=one).first()
    context = {
        "attempt": one,
        "shares": payment_queries.shares_of(one),
        "pill": badges.attempt_badge(one),
        "facts": compare_facts(one, receipt, anomalies),
        "receipt": receipt,
        "can_reject": bool(receipt and one.regie_id in regies_acted_on(request) and payments.reversal_reasons(receipt)),
        "reversal": getattr(receipt, "reversal", None),
        "anomalies": [(anomaly, fact_names(anomaly)) for anomaly in anomalies],
        "exchanges": [
            (exchange, timeline.describe_outcome(exchange)) for exchange in one.exchanges.order_by("at", "id")
        ],
        "can_ask": one.regie_id in regies_acted_on(request) and bool(one.gateway_reference) and one.state not in FINAL,
        "advice": _(advice) if (advice := registry.explain(one.gateway, one.bank_said)) else "",
    }
    return render_page(request, "crm/money/attempt.html", context)


@for_agents(Right.MONEY)
@require_POST
def attempt_ask(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask the bank again, now."""
    before = _seen(request, pk)
    if before.regie_id not in regies_acted_on(request):
        raise Http404
    after = payments.resolve_attempt(attempt_id=pk, actor=request.actor, at=dates.now(), seconds=PATIENCE)
    label = AttemptState(after.state).label
    if after.state != before.state:
        messages.success(request, _("la banque a répondu : « %(state)s ».") % {"state": label})
    elif after.state in FINAL:
        messages.info(request, _("il n’y a plus rien à demander : ce paiement est « %(state)s ».") % {"state": label})
    elif after.asked_at == before.asked_at:
        messages.warning(request, _("la banque n’a pas répondu ; elle sera interrogée de nouveau."))
    else:
        messages.info(request, _("la banque ne dit rien de nouveau : « %(state)s ».") % {"state": label})
    return redirect("crm:attempt", pk=pk)


@for_agents(Right.MONEY)
def exchange(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a question and its answer, word for word."""
    seen = Regie.objects.seen_by(request.agent)
    rows = BankExchange.objects.filter(attempt__regie__in=seen).select_related("attempt__invoice")
    one = get_object_or_404(rows, pk=pk)
    journal.keep(request, Access.Verb.EXCHANGE, one)
    return render_page(request, "crm/money/exchange.html", {"exchange": one, "outcome": timeline.describe_outcome(one)})


def _seen(request: AgentRequest, pk: int) -> Attempt:
    one = payment_queries.attempts_to_list(request.agent).filter(pk=pk).first()
    if one is None:
        raise Http404
    return one
