"""The cautions of the régies that an agent sees: which are held, since when, for whom; and their file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum, Value
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django_tables2.utils import Accessor

from obole.audit_log.models import Access
from obole.billing.models import SecurityDeposit
from obole.billing.models.security_deposits import SecurityDepositQuerySet
from obole.billing.security_deposit_states import SecurityDepositState
from obole.crm.bookkeeping.books import too_long
from obole.crm.bookkeeping.movements import with_query
from obole.crm.invoices.security_deposits import may_be_opened
from obole.crm.shared import badges, exports, journal
from obole.crm.shared.columns import MAIN, SHORT, STATUS, AmountColumn, DayColumn
from obole.crm.shared.filters import TICKS, AmountFilter, DayFilter, ListFilter, offer_regies
from obole.crm.shared.lists import list_page, sorted_table, tab
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates, money
from obole.lib.tables import Cell, Column, Kind, Table, TooLong
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.regies.models import Regie
from obole.ui.forms import DayInput

AGES = ((0, 30), (31, 90), (91, 365), (366, None))
"""Days since a caution was received, both included."""


class SecurityDepositFilter(ListFilter):
    """Filters of cautions."""

    q = filters.CharFilter(label=gettext_lazy("Payeur, dossier, caution, référence"), method="by_text")
    state = filters.MultipleChoiceFilter(
        label=gettext_lazy("Statut"), choices=SecurityDepositState.choices, widget=TICKS
    )
    regie = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Régie"), queryset=lambda request: Regie.objects.none(), widget=TICKS
    )
    means = filters.MultipleChoiceFilter(
        label=gettext_lazy("Moyen"), choices=SecurityDeposit.Means.choices, widget=TICKS
    )
    au = filters.DateFilter(label=gettext_lazy("Détenues au"), widget=DayInput, method="by_day")
    received_from = DayFilter("received_at", label=gettext_lazy("Reçues depuis le"))
    received_to = DayFilter("received_at", last=True, label=gettext_lazy("Reçues jusqu’au"))
    ended_from = DayFilter("ended_at", label=gettext_lazy("Rendues ou retenues depuis le"))
    ended_to = DayFilter("ended_at", last=True, label=gettext_lazy("Rendues ou retenues jusqu’au"))
    least = AmountFilter(field_name="cents", lookup_expr="gte", label=gettext_lazy("Montant, au moins"))
    most = AmountFilter(field_name="cents", lookup_expr="lte", label=gettext_lazy("Montant, au plus"))

    class Meta(ListFilter.Meta):
        model = SecurityDeposit
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_regies(self)

    def by_text(self, rows: SecurityDepositQuerySet, name: str, value: str) -> SecurityDepositQuerySet:
        """Keep what answers to a text."""
        return rows.matching(value)

    def by_day(self, rows: SecurityDepositQuerySet, name: str, value: date) -> SecurityDepositQuerySet:
        """Keep what was held when a day ended."""
        return rows.held_on(value)


class SecurityDepositTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Cautions; the rows say ``opens`` and ``dossier_seen``."""

    label = tables.Column(verbose_name=gettext_lazy("Caution"), attrs=MAIN, order_by=("label", "pk"))
    payer = tables.Column(
        verbose_name=gettext_lazy("Payeur"),
        linkify=("crm:citizen", {"pk": Accessor("payer_id")}),
        order_by=("payer__sort_key", "pk"),
    )
    dossier = tables.Column(verbose_name=gettext_lazy("Dossier"), attrs=SHORT, order_by=("dossier__number", "pk"))
    regie = tables.Column(verbose_name=gettext_lazy("Régie"), accessor="regie__name", order_by=("regie__name", "pk"))
    means = tables.Column(verbose_name=gettext_lazy("Moyen"), default="", order_by=("means", "pk"))
    received_at = DayColumn(verbose_name=gettext_lazy("Reçue"), default="", order_by=("received_at", "pk"))
    held = tables.Column(
        verbose_name=gettext_lazy("Détenue"), empty_values=(), attrs=SHORT, order_by=("-received_at", "pk")
    )
    ended_at = DayColumn(verbose_name=gettext_lazy("Rendue ou retenue"), default="", order_by=("ended_at", "pk"))
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("cents", "pk"))
    kept_cents = AmountColumn(verbose_name=gettext_lazy("Retenu €"), order_by=("kept_cents", "pk"))
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "pk"))

    caption = gettext_lazy("Cautions")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune caution ne répond à ces critères.")

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def render_label(self, record: Any) -> str | SafeString:
        """Lead to the caution, for who may open it."""
        return _linked(record.label, reverse("crm:caution", args=[record.pk])) if record.opens else record.label

    def render_dossier(self, record: Any) -> str | SafeString:
        """Lead to the dossier, for who sees it."""
        where = reverse("crm:dossier", args=[record.dossier_id])
        return _linked(record.dossier.reference, where) if record.dossier_seen else str(record.dossier.reference)

    def render_means(self, record: SecurityDeposit) -> str:
        """Write the means, and what names it."""
        return f"{record.get_means_display()} {record.reference}".strip()

    def render_held(self, record: SecurityDeposit) -> str:
        """Say for how long it was held."""
        days = _days_held(record, self.today)
        return "" if days is None else ngettext("%(n)d jour", "%(n)d jours", days) % {"n": days}

    def render_kept_cents(self, value: int) -> str:
        """Write what was kept; nothing where nothing was."""
        return money.plain(value) if value else ""

    def render_state(self, record: SecurityDeposit) -> SafeString:
        """Draw the state."""
        return badges.deposit_badge(record)


@dataclass(frozen=True)
class Part:
    """A part of the cautions that are held, and the address of its list."""

    label: str
    url: str
    count: int
    cents: int


@for_agents(Right.MONEY)
def security_deposits(request: AgentRequest) -> HttpResponse:
    """List the cautions of the régies that the agent sees, with what is held of them."""
    today = dates.day_of(dates.now())
    narrowed = _narrowed(request, today)
    table = sorted_table(
        request, SecurityDepositTable(_shown(request, narrowed.qs), today=today, exclude=_hidden(request))
    )
    held = narrowed.qs.filter(state=SecurityDepositState.RECEIVED)
    ages = _by_age(request, held, today)
    count, cents = _sums(held)
    words = ngettext("%(n)d caution détenue, %(sum)s", "%(n)d cautions détenues, %(sum)s", count)
    context = {
        **list_page(request, table, narrowed, _tabs(request)),
        "summary": words % {"n": count, "sum": money.euros(cents)} if count else _("aucune caution détenue"),
        "parts": [(_("Ancienneté"), ages), (_("Moyen"), _by_means(request, held))] if count else [],
        "count": count,
        "cents": cents,
    }
    return render_page(request, "crm/invoices/security_deposit_list.html", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def security_deposits_file(request: AgentRequest, kind: str) -> HttpResponseBase:
    """Give the filtered list as a file."""
    if kind not in exports.KINDS:
        raise Http404
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    journal.keep(
        request, Access.Verb.EXPORT, what="security_deposits", kind=kind, filters=request.GET.urlencode()[:200]
    )
    today = dates.day_of(dates.now())
    rows = _narrowed(request, today).qs
    table = SecurityDepositTable(rows, today=today, order_by=request.GET.getlist("sort"))
    try:
        return exports.answer(kind, f"cautions-{today.isoformat()}.{kind}", _as_table(table.data.data, rows, today))
    except TooLong as refusal:
        messages.warning(request, too_long(refusal))
        return redirect("crm:cautions")


def _narrowed(request: AgentRequest, today: date) -> SecurityDepositFilter:
    rows = SecurityDeposit.objects.filter(regie__in=Regie.objects.seen_by(request.agent))
    rows = rows.select_related("payer", "dossier", "regie").order_by("received_at", "id")
    return SecurityDepositFilter(request.GET, rows, agent=request.agent, today=today)


def _hidden(request: AgentRequest) -> tuple[str, ...]:
    """Leave out the régie where there is one only."""
    one = len(request.GET.getlist("regie")) == 1 or Regie.objects.seen_by(request.agent).count() == 1
    return ("regie",) if one else ()


def _shown(request: AgentRequest, rows: QuerySet[SecurityDeposit]) -> QuerySet[Any]:
    """Say of each whether this agent opens it, and its dossier."""
    own, dossier = may_be_opened(request).filter(pk=OuterRef("pk")), Dossier.objects.seen_by(request.agent)
    opens = Exists(own) if request.agent.may(Right.REVIEW) else Value(False)
    return rows.annotate(opens=opens, dossier_seen=Exists(dossier.filter(pk=OuterRef("dossier"))))


def _tabs(request: AgentRequest) -> list[Any]:
    regie = {"regie": request.GET.getlist("regie")} if "regie" in request.GET else {}
    states = SecurityDepositState
    named = [
        (_("Détenues"), states.RECEIVED),
        (_("À recevoir"), states.ASKED),
        (_("Restituées"), states.RETURNED),
        (_("Retenues"), states.KEPT),
    ]
    return [tab(request, _("Toutes"), **regie), *(tab(request, label, **regie, state=state) for label, state in named)]


def _linked(text: str, url: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)


def _days_held(one: SecurityDeposit, today: date) -> int | None:
    if one.received_at is None:
        return None
    until = dates.day_of(one.ended_at) if one.ended_at else today
    return (until - dates.day_of(one.received_at)).days


def _sums(held: QuerySet[SecurityDeposit]) -> tuple[int, int]:
    found = held.order_by().aggregate(n=Count("pk"), cents=Sum("cents"))
    return found["n"], found["cents"] or 0


def _by_age(request: AgentRequest, held: QuerySet[SecurityDeposit], today: date) -> list[Part]:
    names = (_("30 jours au plus"), _("31 à 90 jours"), _("91 jours à un an"), _("plus d’un an"))
    bounds = [(_before(today, oldest), _before(today, newest)) for newest, oldest in AGES]
    conditions = [_between(first, last) for first, last in bounds]
    sums = {f"n{n}": Count("pk", filter=within) for n, within in enumerate(conditions)}
    found = held.order_by().aggregate(**sums, **{f"c{n}": Sum("cents", filter=of) for n, of in enumerate(conditions)})
    parts = []
    for n, (first, last) in enumerate(bounds):
        said = {"received_from": first.isoformat() if first else "", "received_to": last.isoformat() if last else ""}
        url = with_query(request.GET, state=SecurityDepositState.RECEIVED, **said)
        parts.append(Part(names[n], url, found[f"n{n}"], found[f"c{n}"] or 0))
    return parts


def _before(today: date, days: int | None) -> date | None:
    return None if days is None else today - timedelta(days=days)


def _between(first: date | None, last: date | None) -> Q:
    within = Q(received_at__date__gte=first) if first else Q()
    return within & Q(received_at__date__lte=last)


def _by_means(request: AgentRequest, held: QuerySet[SecurityDeposit]) -> list[Part]:
    rows = held.order_by("means").values("means").annotate(n=Count("pk"), sum=Sum("cents"))
    labels = dict(SecurityDeposit.Means.choices)
    return [
        Part(
            str(labels[row["means"]]),
            with_query(request.GET, state=SecurityDepositState.RECEIVED, means=row["means"]),
            row["n"],
            row["sum"],
        )
        for row in rows
    ]


def _as_table(rows: QuerySet[SecurityDeposit], all_rows: QuerySet[SecurityDeposit], today: date) -> Table:
    columns = [
        Column(_("Régie")),
        Column(_("Caution")),
        Column(_("Payeur")),
        Column(_("Dossier")),
        Column(_("Statut")),
        Column(_("Moyen")),
        Column(_("Référence")),
        Column(_("Demandée"), Kind.DAY),
        Column(_("Reçue"), Kind.DAY),
        Column(_("Détenue (jours)"), Kind.NUMBER),
        Column(_("Rendue ou retenue"), Kind.DAY),
        Column(_("Motif")),
        Column(_("Montant €"), Kind.AMOUNT),
        Column(_("Retenu €"), Kind.AMOUNT),
        Column(_("Détenu €"), Kind.AMOUNT),
    ]
    held = Q(state=SecurityDepositState.RECEIVED)
    sums = all_rows.order_by().aggregate(all=Sum("cents"), kept=Sum("kept_cents"), held=Sum("cents", filter=held))
    totals: list[Cell] = [_("Total"), *[None] * 11, *(sums[name] or 0 for name in ("all", "kept", "held"))]
    return Table(_("Cautions"), columns, _cells(rows, today), totals)


def _cells(rows: QuerySet[SecurityDeposit], today: date) -> Iterable[Sequence[Cell]]:
    for row in rows.iterator(chunk_size=1000):
        yield [
            row.regie.name,
            row.label,
            row.payer.display_name,
            row.dossier.reference,
            row.get_state_display(),
            row.get_means_display(),
            row.reference,
            dates.day_of(row.asked_at),
            dates.day_of(row.received_at) if row.received_at else None,
            _days_held(row, today),
            dates.day_of(row.ended_at) if row.ended_at else None,
            row.reason,
            row.cents,
            row.kept_cents,
            row.cents if row.state == SecurityDepositState.RECEIVED else 0,
        ]
