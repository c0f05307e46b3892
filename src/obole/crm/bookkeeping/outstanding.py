"""What is left to recover by a régie at a date: on screen, as a file, as a paper to sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django_tables2.utils import Accessor

from obole.audit_log.models import Access
from obole.billing import queries as billing
from obole.billing.models import Invoice, InvoiceType
from obole.crm.bookkeeping.books import too_long
from obole.crm.shared import exports, journal
from obole.crm.shared.columns import MAIN, AmountColumn, DayColumn
from obole.crm.shared.filters import TICKS, AmountFilter, ListFilter
from obole.crm.shared.lists import list_page, sorted_table, tab
from obole.crm.shared.pages import file_answer, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.lib.pdf import DocumentNotRendered
from obole.lib.tables import Cell, Column, Kind, Table, TooLong
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.recovery import pdf_documents, queries
from obole.recovery.rules import Age
from obole.regies.models import Regie
from obole.ui.forms import DayInput
from obole.ui.plots import Bar, BarPlot

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2200, 1, 1)
AGES = [(age.name.lower(), age.label) for age in Age]


class OutstandingFilter(ListFilter):
    """Filters of what is left to recover; the day comes first, since the rows are those of that day."""

    au = filters.DateFilter(label=gettext_lazy("Au"), widget=DayInput, method="as_it_is")
    q = filters.CharFilter(label=gettext_lazy("Numéro, payeur, dossier, période"), method="by_text")
    age = filters.MultipleChoiceFilter(label=gettext_lazy("Retard"), choices=AGES, widget=TICKS, method="by_age")
    type = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Type"), queryset=lambda request: InvoiceType.objects.none(), widget=TICKS
    )
    rest_from = AmountFilter(field_name="rest", lookup_expr="gte", label=gettext_lazy("Reste à partir de"))
    rest_to = AmountFilter(field_name="rest", lookup_expr="lte", label=gettext_lazy("Reste jusqu’à"))

    class Meta(ListFilter.Meta):
        model = Invoice
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, regie: Regie, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["type"].queryset = InvoiceType.objects.filter(invoices__regie=regie).distinct().order_by("name")

    def as_it_is(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep all: the rows are of that day already."""
        return rows

    def by_text(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep what answers to a text."""
        return billing.search(rows, value)

    def by_age(self, rows: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep some ages."""
        kept = rows.none()
        for chosen in value:
            kept = kept | queries.in_age(rows, Age[chosen.upper()], self.today)
        return kept if value else rows


class OutstandingTable(tables.Table):  # type: ignore[misc]  # untyped library
    """What is left to recover."""

    number = tables.Column(
        verbose_name=gettext_lazy("Facture"),
        attrs=MAIN,
        linkify=("crm:invoice", {"pk": Accessor("pk")}),
        order_by=("number", "pk"),
    )
    payer = tables.Column(
        verbose_name=gettext_lazy("Payeur"),
        linkify=("crm:citizen", {"pk": Accessor("payer_id")}),
        order_by=("payer__sort_key", "pk"),
    )
    type = tables.Column(verbose_name=gettext_lazy("Type"), accessor="type__name", order_by=("type__name", "pk"))
    due_date = DayColumn(verbose_name=gettext_lazy("Échéance"), order_by=("due_date", "pk"))
    late = tables.Column(verbose_name=gettext_lazy("Retard"), empty_values=(), order_by=("-due_date", "pk"))
    reminded = tables.Column(
        verbose_name=gettext_lazy("Relances"),
        attrs={"th": {"class": "num"}, "td": {"class": "num"}},
        order_by=("reminded", "pk"),
    )
    total_cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("total_cents", "pk"))
    received_then = AmountColumn(verbose_name=gettext_lazy("Reçu €"), order_by=("received_then", "pk"))
    rest = AmountColumn(verbose_name=gettext_lazy("Reste €"), order_by=("rest", "pk"))

    caption = gettext_lazy("Restes à recouvrer")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Rien n’est à recouvrer ici ce jour-là.")

    def __init__(self, *args: Any, day: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.day = day

    def render_late(self, record: Invoice) -> str:
        """Say how late it was."""
        late = (self.day - record.due_date).days if record.due_date else 0
        said = ngettext("%(n)d jour", "%(n)d jours", late) % {"n": late} if late > 0 else _("pas encore")
        return f"{said} – {_('contestée')}" if record.disputed else said  # type: ignore[attr-defined]  # annotated


@dataclass(frozen=True)
class Asked:
    """What the address asks for: the régie, the day, what is left then, and how it is narrowed."""

    regie: Regie
    day: date
    today: date
    narrowed: OutstandingFilter

    @property
    def rows(self) -> QuerySet[Any]:
        kept: QuerySet[Any] = self.narrowed.qs
        return queries.with_dispute(kept, self.day)


@for_agents(Right.MONEY)
def outstanding(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what was left to recover on a day, by age, beside what the ledger says."""
    asked = _asked(request, pk)
    sums, ages = queries.sum_rests(asked.narrowed.qs), queries.rests_by_age(asked.narrowed.qs, asked.day)
    table = sorted_table(request, OutstandingTable(asked.rows, day=asked.day))
    table.count_label = _counted(sums)
    whole = queries.sum_rests(queries.outstanding(asked.regie, asked.day)).rest if _narrows(asked) else sums.rest
    receivable = queries.receivable_on(asked.regie, asked.day, today=asked.today)
    context = {
        **list_page(request, table, asked.narrowed, _tabs(request, asked)),
        "regie": asked.regie,
        "day": asked.day,
        "summary": table.count_label,
        "sums": sums,
        "ages": [(age, cents, _link(request, age)) for age, cents in ages.items()],
        "plot": _plot(ages),
        "whole": whole,
        "receivable": receivable,
        "query": _query(request),
    }
    return render_page(request, "crm/bookkeeping/outstanding.html", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def outstanding_file(request: AgentRequest, pk: int, kind: str) -> HttpResponseBase:
    """Give what is shown as a file."""
    if kind not in exports.KINDS:
        raise Http404
    asked = _asked(request, pk)
    _keep(request, asked)
    try:
        return exports.answer(kind, f"restes-{asked.regie.code}-{asked.day.isoformat()}.{kind}", _as_table(asked))
    except TooLong as refusal:
        return _refused(request, pk, too_long(refusal))


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def outstanding_pdf(request: AgentRequest, pk: int) -> HttpResponseBase:
    """Give what is shown as a paper to sign."""
    asked = _asked(request, pk)
    said = ", ".join(f"{chip.label}\u00a0: {chip.text}" for chip in asked.narrowed.chips())
    try:
        content = pdf_documents.outstanding_pdf(asked.regie, asked.rows, asked.day, filters=said, at=dates.now())
    except pdf_documents.TooManyRows:
        return _refused(request, pk, _("Il y a trop de factures pour un état à signer : filtrez, ou prenez le CSV."))
    except DocumentNotRendered:
        return _refused(request, pk, _("Le document ne peut pas être produit pour le moment : réessayez plus tard."))
    _keep(request, asked)
    name = f"restes-{asked.regie.code}-{asked.day.isoformat()}.pdf"
    return file_answer(content, name=name, content_type="application/pdf")


def _refused(request: AgentRequest, pk: int, sentence: str) -> HttpResponse:
    messages.warning(request, sentence)
    answer = redirect("crm:outstanding", pk=pk)
    answer["Location"] += f"?{request.GET.urlencode()}" if request.GET else ""
    return answer


def _asked(request: AgentRequest, pk: int) -> Asked:
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    today = dates.day_of(dates.now())
    day = _day(request, today)
    rows = queries.outstanding(regie, day)
    return Asked(regie, day, today, OutstandingFilter(request.GET, rows, agent=request.agent, today=day, regie=regie))


def _day(request: HttpRequest, today: date) -> date:
    """Return the day that the address asks for; today if it asks for none, or for one that is not there."""
    try:
        day = date.fromisoformat(request.GET.get("au", ""))
    except ValueError:
        return today
    return day if FIRST_DAY <= day <= LAST_DAY else today


def _narrows(asked: Asked) -> bool:
    return bool(set(asked.narrowed.active) - {"au"})


def _keep(request: AgentRequest, asked: Asked) -> None:
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    rows = asked.rows.count()
    journal.keep(request, Access.Verb.EXPORT, asked.regie, what="outstanding", rows=rows, day=asked.day.isoformat())


def _counted(sums: queries.Rests) -> str:
    words = ngettext("%(n)d facture, reste %(rest)s", "%(n)d factures, reste %(rest)s", sums.count)
    return words % {"n": sums.count, "rest": money.euros(sums.rest)}


def _tabs(request: AgentRequest, asked: Asked) -> list[Any]:
    of_day = {"au": request.GET["au"]} if request.GET.get("au") else {}
    late = [age.name.lower() for age in Age if age is not Age.NOT_DUE]
    return [
        tab(request, _("Toutes"), **of_day),
        tab(request, _("Échues"), **of_day, age=late),
        tab(request, _("Plus de 90 jours"), **of_day, age=["older"]),
    ]


def _link(request: AgentRequest, age: Age) -> str:
    """Return the address of the list behind a total."""
    left = request.GET.copy()
    left.pop("page", None)
    left.setlist("age", [age.name.lower()])
    return f"?{left.urlencode()}"


def _query(request: AgentRequest) -> str:
    left = request.GET.copy()
    for name in ("page", "sort"):
        left.pop(name, None)
    return f"?{left.urlencode()}" if left else ""


def _plot(ages: Mapping[Age, int]) -> BarPlot:
    total = money.euros(sum(ages.values()))
    bars = [Bar(str(age.label), cents, strong=age is Age.OLDER) for age, cents in ages.items()]
    return BarPlot(
        title=_("Ancienneté : %(total)s à recouvrer") % {"total": total},
        description=_("Restes à recouvrer, par nombre de jours de retard."),
        bars=bars,
    )


def _as_table(asked: Asked) -> Table:
    columns = [
        Column(_("Facture")),
        Column(_("Payeur")),
        Column(_("Type")),
        Column(_("Objet")),
        Column(_("Période")),
        Column(_("Émise"), Kind.DAY),
        Column(_("Échéance"), Kind.DAY),
        Column(_("Montant €"), Kind.AMOUNT),
        Column(_("Reçu €"), Kind.AMOUNT),
        Column(_("Reste €"), Kind.AMOUNT),
        Column(_("Retard")),
        Column(_("Relances"), Kind.NUMBER),
        Column(_("Contestée")),
    ]
    sums = queries.sum_rests(asked.narrowed.qs)
    totals: list[Cell] = [_("Total"), *[None] * 6, sums.total, sums.received, sums.rest, *[None] * 3]
    rows = (_cells(row, asked.day) for row in asked.rows.iterator(chunk_size=1000))
    return Table(_("Restes à recouvrer"), columns, rows, totals)


def _cells(row: Any, day: date) -> list[Cell]:
    return [
        row.number,
        row.payer.display_name,
        row.type.name,
        row.label,
        row.period,
        dates.day_of(row.issued_at),
        row.due_date,
        row.total_cents,
        row.received_then,
        row.rest,
        str(Age.of(row.due_date, day).label),
        row.reminded,
        _("oui") if row.disputed else "",
    ]
