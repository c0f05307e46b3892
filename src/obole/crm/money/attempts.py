"""Transactions: every try to pay at the bank, and what was said."""

from collections.abc import Container, Iterable
from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django_tables2.utils import Accessor

from obole.crm.bulk.list_file import ListFile, file_view
from obole.crm.bulk.selection import Source, selection_of, selection_view
from obole.crm.shared import badges
from obole.crm.shared.columns import MAIN, SHORT, STATUS, AmountColumn, MomentColumn
from obole.crm.shared.filters import TICKS, DayFilter, ListFilter, offer_regies
from obole.crm.shared.lists import KeptList, kept_list, keyset_table, list_page, tab
from obole.crm.shared.pages import regies_seen, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import ListName
from obole.directory.rules import Right
from obole.lib import dates
from obole.payments import queries as payment_queries
from obole.payments.models import Attempt, AttemptLine
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
    regie = tables.Column(verbose_name=gettext_lazy("Régie"), accessor="regie__name", order_by=("regie_id",))
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

    def value_reference(self, record: Attempt) -> str:
        """Write our reference, and those of the bank after it."""
        return " ".join(part for part in (record.reference, record.gateway_reference, record.authorisation) if part)

    def value_state(self, record: Attempt) -> str:
        """Write the state."""
        return str(AttemptState(record.state).label)

    def render_invoice(self, record: Attempt) -> SafeString:
        """Name the first invoice, and how many more the same payment is for."""
        others: int = getattr(record, "others", 0)
        said = ngettext("et %(n)d autre", "et %(n)d autres", others) % {"n": others} if others else ""
        return format_html("{} <small>{}</small>", record.invoice, said) if said else format_html("{}", record.invoice)

    def render_state(self, record: Attempt) -> SafeString:
        """Draw the state."""
        return badges.attempt_badge(record)


class SeenAttemptTable(AttemptTable):
    """
    Attempts to pay invoices that the agent sees: of those that one payment is for, the ones of others are not named;
    nor is a régie whose money is not theirs to see.
    """

    invoice = tables.Column(
        verbose_name=gettext_lazy("Facture"),
        accessor="invoice",
        attrs=SHORT,
        linkify=lambda record: reverse("crm:invoice", args=[record.seen_shares[0].invoice_id]),
        order_by=("invoice__number",),
    )

    class Meta(AttemptTable.Meta):
        pass

    def __init__(self, *args: Any, regies: Container[int], **options: Any) -> None:
        super().__init__(*args, **options)
        self.regies_named = regies

    def render_invoice(self, record: Attempt) -> SafeString:
        """Name the first invoice that the agent sees, and how many more the same payment is for."""
        record.invoice = record.seen_shares[0].invoice  # type: ignore[attr-defined]  # prefetched
        return super().render_invoice(record)

    def value_invoice(self, record: Attempt) -> str:
        """Write the invoices that the agent sees."""
        shares: Iterable[AttemptLine] = record.seen_shares  # type: ignore[attr-defined]  # prefetched
        return ", ".join(share.invoice.number or "" for share in shares)

    def value_payer(self, record: Attempt) -> str:
        """Write who the first of them is for."""
        payer: str = record.seen_shares[0].invoice.payer.display_name  # type: ignore[attr-defined]  # prefetched
        return payer

    def value_regie(self, record: Attempt) -> str:
        """Name the régie to who sees its money."""
        return self.render_regie(record)

    def render_regie(self, record: Attempt) -> str:
        """Name the régie to who sees its money."""
        return record.regie.name if record.regie_id in self.regies_named else ""


@for_agents(Right.READ)
def attempts(request: AgentRequest) -> HttpResponse:
    """List the attempts to pay what the agent sees."""
    today, narrowed = dates.day_of(dates.now()), _narrowed_by(request, request.GET)
    kept, selection = _kept(request), selection_of(request, SOURCE)
    options = selection.with_boxes(kept.table_options)
    table = keyset_table(request, SeenAttemptTable(narrowed.qs, regies=regies_seen(request), **options), kept)
    tabs = [
        tab(request, _("Toutes")),
        tab(request, _("En attente du retour"), state=["opening", "waiting"]),
        tab(request, _("Refusées"), state=["refused"]),
        tab(request, _("Non ouvertes"), state=["failed"]),
        tab(request, _("Aujourd’hui"), opened_from=today.isoformat()),
    ]
    context = {**list_page(request, table, narrowed, tabs, kept), "selection": selection}
    return render_page(request, "crm/money/attempts.html", context)


def _narrowed_by(request: AgentRequest, query: QueryDict) -> AttemptFilter:
    # What no list shows, and each row would read.
    seen = payment_queries.attempts_seen_by(request.agent).defer(
        *("sent", "invoice__wording", "invoice__payer__search_keys"),
        *("regie__gateway_settings", "regie__former_settings"),
    )
    return AttemptFilter(query, seen, agent=request.agent, today=dates.day_of(dates.now()))


def _kept(request: AgentRequest) -> KeptList:
    hidden = () if regies_seen(request) else ("regie",)
    return kept_list(request, ListName.ATTEMPTS, SeenAttemptTable, hidden=hidden)


def _rows_of(request: AgentRequest, query: QueryDict) -> QuerySet[Attempt]:
    found, order = _narrowed_by(request, query).qs, query.getlist("sort")
    rows: QuerySet[Attempt] = SeenAttemptTable(found, regies=(), order_by=order).data.data
    return rows


def _file_table(request: AgentRequest, rows: QuerySet[Attempt]) -> SeenAttemptTable:
    return SeenAttemptTable(rows, regies=regies_seen(request), **_kept(request).table_options)


SOURCE = Source(
    page="crm:attempts", address="crm:attempts_selection", named="reference", rows=_rows_of, file="crm:attempts_file"
)
attempts_file = file_view(Right.READ, ListFile(SOURCE, "transactions", "attempts", _file_table))
attempts_selection = selection_view(Right.READ, SOURCE)
