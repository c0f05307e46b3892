"""The journal of accesses, for who answers for personal data: sign-ins, refusals, what was consulted and exported."""

from collections.abc import Mapping

import django_filters as filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log.models import Access
from obole.crm.shared import exports, journal
from obole.crm.shared.columns import TITLE, MomentColumn
from obole.crm.shared.exports import Column
from obole.crm.shared.filters import TICKS, DayFilter, ListFilter
from obole.crm.shared.lists import list_page, sorted_table
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import settings_home
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS

SUBJECTS: Mapping[str, str | Promise] = {
    "directory.user": gettext_lazy("compte"),
    "directory.citizen": gettext_lazy("usager"),
    "dossiers.dossier": gettext_lazy("dossier"),
    "payments.bankexchange": gettext_lazy("échange"),
}


class AccessFilter(ListFilter):
    """Filters of the journal."""

    q = filters.CharFilter(label=gettext_lazy("Qui"), method="by_name")
    verb = filters.MultipleChoiceFilter(label=gettext_lazy("Quoi"), choices=Access.Verb.choices, widget=TICKS)
    at_from = DayFilter("at", label=gettext_lazy("Depuis le"))
    at_to = DayFilter("at", last=True, label=gettext_lazy("Jusqu’au"))

    class Meta(ListFilter.Meta):
        model = Access
        fields: tuple[str, ...] = ()

    def by_name(self, rows: QuerySet[Access], name: str, value: str) -> QuerySet[Access]:
        """Keep who is called so, or comes from that address."""
        return rows.filter(Q(actor__name__icontains=value) | Q(address=value))


class AccessTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Accesses."""

    at = MomentColumn(verbose_name=gettext_lazy("Quand"), order_by=("at", "pk"), attrs=TITLE)
    actor = tables.Column(verbose_name=gettext_lazy("Qui"), order_by=("actor__name", "pk"))
    verb = tables.Column(verbose_name=gettext_lazy("Quoi"), accessor="get_verb_display", order_by=("verb", "pk"))
    about = tables.Column(verbose_name=gettext_lazy("De quoi"), empty_values=(), orderable=False)
    address = tables.Column(verbose_name=gettext_lazy("Adresse réseau"), order_by=("address", "pk"), default="")

    caption = gettext_lazy("Journal des accès")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Rien ne répond à ces filtres.")

    def render_about(self, record: Access) -> str:
        """Say what it is about."""
        return subject_of(record)


def subject_of(access: Access) -> str:
    """Return what an access is about, in words."""
    said = str(SUBJECTS.get(access.subject_kind, access.subject_kind))
    more = " ".join(str(access.details[name]) for name in ("what", "file", "rows") if name in access.details)
    return " ".join(part for part in (said, str(access.subject_id or ""), more) if part)


@for_agents(Right.CONFIGURE)
def access_journal(request: AgentRequest) -> HttpResponse:
    """List the accesses, the last first."""
    narrowed = _narrowed(request)
    table = sorted_table(request, AccessTable(narrowed.qs))
    context = list_page(request, table, narrowed, journal.tabs("accesses"))
    return render_page(request, "crm/settings/access_journal.html", {**context, "back": settings_home()})


@for_agents(Right.CONFIGURE)
@after_reauthentication(reading=True)
def access_journal_export(request: AgentRequest) -> StreamingHttpResponse:
    """Give the filtered journal as a file."""
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    rows = _narrowed(request).qs
    journal.keep(request, Access.Verb.EXPORT, what="journal", rows=rows.count())
    columns = [
        Column(_("Quand"), lambda row: row.at.isoformat(timespec="seconds")),
        Column(_("Qui"), lambda row: row.actor.name),
        Column(_("Identifiant"), lambda row: row.actor.id),
        Column(_("Quoi"), lambda row: row.get_verb_display()),
        Column(_("De quoi"), subject_of),
        Column(_("Adresse réseau"), lambda row: row.address),
    ]
    today = dates.day_of(dates.now())
    return exports.as_csv(f"journal-{today.isoformat()}.csv", columns, rows.iterator(chunk_size=1000))


def _narrowed(request: AgentRequest) -> AccessFilter:
    rows = Access.objects.order_by("-at", "-id")
    return AccessFilter(request.GET, rows, agent=request.agent, today=dates.day_of(dates.now()))
