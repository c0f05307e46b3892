"""The list « À traiter »: its filters, and a line for each thing that waits."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django_tables2.utils import Accessor

from obole.crm.money.anomaly_list import Task
from obole.crm.shared.columns import TITLE, AmountColumn, MomentColumn
from obole.crm.shared.filters import TICKS, DayFilter, ListFilter, offer_regies
from obole.directory.models import Agent
from obole.lib import dates
from obole.payments.models import Anomaly
from obole.regies.models import Regie

NOBODY = "0"
AGES = [("7", gettext_lazy("Plus de sept jours")), ("30", gettext_lazy("Plus de trente jours"))]


def with_sort_keys(anomalies: QuerySet[Anomaly]) -> QuerySet[Anomaly]:
    """Add what the list sorts by: the amount that each is about, and its régie; a mail may have neither."""
    return anomalies.annotate(
        amount=Coalesce("receipt__cents", "refund__cents", "attempt__amount_cents", Value(0)),
        regie_key=Coalesce("regie__name", Value("")),
        assignee_key=Coalesce("assignee__name", Value("")),
    )


class AnomalyFilter(ListFilter):
    """Filters of what waits; the kinds that are offered are those of which some do (``waiting``)."""

    kind = filters.MultipleChoiceFilter(label=gettext_lazy("Quoi"), choices=Anomaly.Kind.choices, widget=TICKS)
    regie = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Régie"), queryset=lambda request: Regie.objects.none(), widget=TICKS
    )
    assignee = filters.ChoiceFilter(
        label=gettext_lazy("Confié à"), method="by_assignee", empty_label=gettext_lazy("N’importe qui")
    )
    age = filters.ChoiceFilter(
        label=gettext_lazy("Attend depuis"), choices=AGES, method="by_age", empty_label=gettext_lazy("Toujours")
    )
    opened_from = DayFilter("opened_at", label=gettext_lazy("Depuis le"))
    opened_to = DayFilter("opened_at", last=True, label=gettext_lazy("Jusqu’au"))

    class Meta(ListFilter.Meta):
        model = Anomaly
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, waiting: Collection[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offer_regies(self)
        self.filters["assignee"].extra["choices"] = _assignees(self.queryset, self.agent)
        known = {*waiting, *self.data.getlist("kind")}
        self.filters["kind"].extra["choices"] = [kind for kind in Anomaly.Kind.choices if kind[0] in known]

    def by_assignee(self, rows: QuerySet[Anomaly], name: str, value: str) -> QuerySet[Anomaly]:
        """Keep what is in somebody's hands, or in nobody's."""
        return rows.filter(assignee=None if value == NOBODY else int(value))

    def by_age(self, rows: QuerySet[Anomaly], name: str, value: str) -> QuerySet[Anomaly]:
        """Keep what has waited for longer."""
        return rows.filter(opened_at__lt=dates.now() - timedelta(days=int(value)))


def _assignees(rows: QuerySet[Anomaly], agent: Agent) -> list[tuple[str, Any]]:
    """Return who has something, nobody, and the agent: « Les miens » is a list too while it is empty."""
    given = Agent.objects.filter(Q(pk=agent.pk) | Q(pk__in=rows.order_by().values("assignee"))).order_by("name", "id")
    return [(NOBODY, gettext_lazy("Personne")), *((str(agent.pk), agent.name) for agent in given)]


class AnomalyTable(tables.Table):  # type: ignore[misc]  # untyped library
    """What waits; the rows come through ``with_sort_keys``, and ``know`` is told what else they show."""

    kind = tables.Column(
        verbose_name=gettext_lazy("Quoi"),
        attrs=TITLE,
        linkify=("crm:task", {"pk": Accessor("pk")}),
        order_by=("kind", "opened_at"),
    )
    subject = tables.Column(verbose_name=gettext_lazy("De quoi il s’agit"), empty_values=(), orderable=False)
    amount = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("amount",))
    regie = tables.Column(verbose_name=gettext_lazy("Régie"), accessor="regie_key", order_by=("regie_key",), default="")
    assignee = tables.Column(
        verbose_name=gettext_lazy("Confié à"), accessor="assignee_key", order_by=("assignee_key",), default=""
    )
    opened_at = MomentColumn(verbose_name=gettext_lazy("Depuis"), order_by=("opened_at",))
    age = tables.Column(
        verbose_name=gettext_lazy("Attend"),
        accessor="opened_at",
        order_by=("-opened_at",),
        attrs={"td": {"class": "nowrap"}},
    )

    caption = gettext_lazy("À traiter")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Rien n’attend qui réponde à ces critères.")

    def __init__(self, *args: Any, at: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.at = at
        self.tasks: dict[int, Task] = {}

    def know(self, tasks: Iterable[Task]) -> None:
        """Take the money that waits for each row of the page: one query for all of them."""
        self.tasks = {task.anomaly.pk: task for task in tasks}

    def render_subject(self, record: Anomaly) -> SafeString:
        """Say whom and which invoice it is about, and what has changed since."""
        shown = {"task": self.tasks[record.pk], "anomaly": record}
        return render_to_string("crm/money/anomaly_line.html", shown)

    def render_amount(self, value: int) -> str:
        """Write the amount; nothing where it is about none."""
        return AmountColumn.render(self.columns["amount"].column, value) if value else ""

    def render_age(self, value: datetime) -> str:
        """Say for how long it has waited."""
        days = (dates.day_of(self.at) - dates.day_of(value)).days
        if days < 1:
            return _("aujourd’hui")
        return ngettext("%(n)d jour", "%(n)d jours", days) % {"n": days}
