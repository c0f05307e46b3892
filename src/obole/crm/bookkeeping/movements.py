"""What came in and what was taken back, as lists show it: filters, rows, totals by means and by day, files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _, gettext_lazy

from obole.books.queries import received
from obole.books.queries.received import Received
from obole.books.rules import last_of_month
from obole.crm.shared.columns import MAIN, SHORT, AmountColumn, MomentColumn
from obole.crm.shared.filters import TICKS, AmountFilter, DayFilter, ListFilter
from obole.crm.shared.lists import is_count_capped
from obole.directory.models import Agent
from obole.lib import dates, money
from obole.lib.sql import COUNTED
from obole.lib.tables import Cell, Column, Kind, Table
from obole.payments.models import Receipt, Reversal
from obole.regies.models import Entry, Regie
from obole.regies.queries import TAKEN_BACK

BY_DAY_UP_TO = 62
"""Days: the totals of a longer period are those of its months."""
CHUNK = 1000
ORDER = ("q", "first", "last", "means", "least", "most", "taken_by", "came_back", "why", "regie")
"""Of the filters."""
Bounds = tuple[date | None, date | None]


class MoneyFilter(ListFilter):
    """What lists of money received are narrowed by; ``path`` leads from a row to its day."""

    means = filters.MultipleChoiceFilter(
        label=gettext_lazy("Moyen de paiement"), choices=Receipt.Means.choices, widget=TICKS
    )
    taken_by = filters.ModelChoiceFilter(
        label=gettext_lazy("Agent au guichet"), queryset=lambda request: Agent.objects.none(), method="by_agent"
    )
    came_back = filters.ChoiceFilter(
        label=gettext_lazy("Repris"),
        choices=[("no", gettext_lazy("Ni repris ni rejetés")), ("yes", gettext_lazy("Repris ou rejetés"))],
        method="by_fate",
        empty_label=gettext_lazy("Tous"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in sorted(self.filters, key=ORDER.index):
            self.filters[name] = self.filters.pop(name)
        seen = Regie.objects.seen_by(self.agent)
        agents = Agent.objects.filter(mandates__regie__in=seen).distinct().order_by("name", "id")
        self.filters["taken_by"].queryset = agents

    def by_fate(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep the money that was taken back, with what took it back; or the money that stays."""
        return rows.filter(came_back=value == "yes")


def reversal_reasons() -> dict[str, Any]:
    """Return why money is taken back, as people read it: the kind, and what a bank says of a direct debit."""
    kinds = {f"{kind.value}.": kind.label for kind in Reversal.Kind}
    rejected = Reversal.Kind.REJECTED
    return kinds | {f"{rejected.value}.{code.value}": f"{rejected.label}, {code.label}" for code in Reversal.Code}


class MovementFilter(MoneyFilter):
    """Filters of what came in and was taken back."""

    q = filters.CharFilter(label=gettext_lazy("Numéro, facture, référence, payeur"), method="by_text")
    first = DayFilter("booked_at", label=gettext_lazy("Du"))
    last = DayFilter("booked_at", last=True, label=gettext_lazy("Au"))
    least = AmountFilter(label=gettext_lazy("Montant, au moins"), method="by_least")
    most = AmountFilter(label=gettext_lazy("Montant, au plus"), method="by_most")

    why = filters.MultipleChoiceFilter(
        label=gettext_lazy("Motif du rejet"),
        choices=lambda: reversal_reasons().items(),
        widget=TICKS,
        method="by_reason",
    )

    class Meta(ListFilter.Meta):
        model = Entry
        fields: tuple[str, ...] = ()

    def by_reason(self, rows: QuerySet[Entry], name: str, value: list[str]) -> QuerySet[Entry]:
        """Keep what took money back, for some reasons."""
        wanted = Q(pk__in=[])
        for one in value:
            kind, _dot, code = one.partition(".")
            wanted |= Q(reversal__kind=kind, reversal__code=code)
        return rows.filter(wanted) if value else rows

    def by_text(self, rows: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep what answers to a text."""
        return received.movements_matching(rows, value)

    def by_agent(self, rows: QuerySet[Entry], name: str, value: Agent) -> QuerySet[Entry]:
        """Keep what an agent took at the counter."""
        theirs = Q(receipt__taken_by__id=value.actor.id) | Q(reversal__receipt__taken_by__id=value.actor.id)
        return rows.filter(theirs)

    def by_least(self, rows: QuerySet[Entry], name: str, value: int) -> QuerySet[Entry]:
        """Keep receipts of so much or more, taken back or not."""
        return rows.filter(Q(receipt__cents__gte=value) | Q(reversal__receipt__cents__gte=value))

    def by_most(self, rows: QuerySet[Entry], name: str, value: int) -> QuerySet[Entry]:
        """Keep receipts of so much or less, taken back or not."""
        return rows.filter(Q(receipt__cents__lte=value) | Q(reversal__receipt__cents__lte=value))


class MovementTable(tables.Table):  # type: ignore[misc]  # untyped library
    """What came in and was taken back."""

    booked_at = MomentColumn(verbose_name=gettext_lazy("Le"), order_by=("booked_at", "pk"), attrs=SHORT)
    number = tables.Column(verbose_name=gettext_lazy("Numéro"), empty_values=(), attrs=MAIN, orderable=False)
    payer = tables.Column(verbose_name=gettext_lazy("Payé par"), empty_values=(), orderable=False)
    invoice = tables.Column(verbose_name=gettext_lazy("Facture"), empty_values=(), attrs=SHORT, orderable=False)
    means = tables.Column(verbose_name=gettext_lazy("Moyen"), order_by=("means", "pk"))
    regie = tables.Column(verbose_name=gettext_lazy("Régie"), accessor="regie__name", order_by=("regie__name", "pk"))
    taken_by = tables.Column(verbose_name=gettext_lazy("Agent"), empty_values=(), orderable=False)
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("cents", "pk"))

    caption = gettext_lazy("Encaissements")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucun encaissement.")

    def render_number(self, record: Entry) -> SafeString:
        """Lead to the receipt, and say when the line takes it back."""
        receipt = received.receipt_of(record)
        link = format_html('<a href="{}">{}</a>', reverse("crm:receipt", args=[receipt.pk]), receipt.number)
        return format_html("{}<small>{}</small>", link, _fate(record)) if _fate(record) else link

    def render_payer(self, record: Entry) -> str:
        """Write who paid."""
        return received.payer_of(received.receipt_of(record))

    def render_invoice(self, record: Entry) -> str | SafeString:
        """Lead to the invoice that it was sent for."""
        invoice = received.receipt_of(record).invoice
        if invoice is None:
            return ""
        return format_html('<a href="{}">{}</a>', reverse("crm:invoice", args=[invoice.pk]), invoice.number)

    def render_means(self, value: str, record: Entry) -> str:
        """Write the means, with the number of the cheque or of the transfer."""
        return " ".join(part for part in (means_name(value), received.receipt_of(record).reference) if part)

    def render_taken_by(self, record: Entry) -> str:
        """Write who took it at the counter."""
        taken_by = received.receipt_of(record).taken_by
        return taken_by.name if taken_by else ""


def _fate(movement: Entry) -> str:
    if movement.cause_kind == TAKEN_BACK:
        return str(movement.reversal.get_kind_display())
    return _("repris depuis") if movement.came_back else ""  # type: ignore[attr-defined]  # annotated


def means_name(value: str) -> str:
    """Write a means of payment."""
    return str(capfirst(Receipt.Means(value).label))


@dataclass(frozen=True)
class TotalRow:
    """What a part of a list comes to, and the address of that part."""

    label: str
    sums: Received
    url: str


@dataclass(frozen=True)
class Totals:
    """What a list comes to: in all, by means, by day."""

    whole: Received
    means: Sequence[TotalRow]
    days: Sequence[TotalRow]


def totals(rows: QuerySet[Entry], asked: QueryDict, *, bounds: Bounds) -> Totals:
    """Return the totals of a filtered list, each with the address of the list that comes to it."""
    first, last = bounds
    monthly = first is None or last is None or (last - first).days > BY_DAY_UP_TO
    means = [TotalRow(means_name(one.key), one, with_query(asked, means=one.key)) for one in received.by_means(rows)]
    days = [day_row(one, asked, bounds=bounds, monthly=monthly) for one in received.by_day(rows, monthly=monthly)]
    return Totals(received.summed(row.sums for row in means), means, days)


def day_row(one: Received, asked: QueryDict, *, bounds: Bounds, monthly: bool) -> TotalRow:
    """Return what a day or a month comes to, with the address of its list: no wider than the list above it."""
    first = dates.day_of(one.key) if isinstance(one.key, datetime) else one.key
    last = last_of_month(first) if monthly else first
    label = f"{first:%m/%Y}" if monthly else dates.format_short(first)
    first, last = max(first, bounds[0] or first), min(last, bounds[1] or last)
    return TotalRow(label, one, with_query(asked, first=first.isoformat(), last=last.isoformat()))


def bounds_of(narrowed: ListFilter) -> Bounds:
    """Return the first and the last day that a list is narrowed to."""
    return narrowed.active.get("first"), narrowed.active.get("last")


def with_query(asked: QueryDict, **changes: str) -> str:
    """Return the address of the same list, narrowed."""
    query = asked.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"


def in_words(table: Any, whole: Received | None) -> str:
    """Write how many lines the filters keep, and what they come to where that was added up."""
    count = f"{COUNTED:,}+".replace(",", money.NARROW_SPACE) if is_count_capped(table) else str(table.paginator.count)
    if whole is None:
        return _("%(n)s mouvements – choisissez une période pour leur total") % {"n": count}
    words = {"n": count, "net": money.euros(whole.net), "back": money.euros(whole.back)}
    if whole.back:
        return _("%(n)s mouvements — net %(net)s, dont %(back)s repris") % words
    return _("%(n)s mouvements — net %(net)s") % words


def file_table(title: str, rows: QuerySet[Entry], *, with_regie: bool) -> Table:
    """Return the list as a table for a file."""
    columns = [
        Column(_("Date"), Kind.DAY),
        Column(_("Numéro")),
        *([Column(_("Régie"))] if with_regie else []),
        Column(_("Payé par")),
        Column(_("Facture")),
        Column(_("Moyen")),
        Column(_("Référence")),
        Column(_("Agent")),
        Column(_("Observation")),
        Column(_("Montant €"), Kind.AMOUNT),
    ]
    net = received.total(rows).net
    blank: list[Cell] = [None] * (len(columns) - 2)
    return Table(title, columns, _file_rows(rows, with_regie=with_regie), [_("Total"), *blank, net])


def _file_rows(rows: QuerySet[Entry], *, with_regie: bool) -> Iterable[Sequence[Cell]]:
    for row in rows.iterator(chunk_size=CHUNK):
        receipt = received.receipt_of(row)
        yield [
            dates.day_of(row.booked_at),
            receipt.number,
            *([row.regie.name] if with_regie else []),
            received.payer_of(receipt),
            (receipt.invoice.number or "") if receipt.invoice else "",
            means_name(receipt.means),
            receipt.reference,
            receipt.taken_by.name if receipt.taken_by else "",
            _fate(row),
            row.cents,  # type: ignore[attr-defined]  # annotated
        ]
