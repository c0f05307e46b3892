"""What is done to the tasks that are chosen in « À traiter »."""

from django.db.models import QuerySet
from django.http import QueryDict

from obole.bulk_actions.models import BulkVerb
from obole.crm.bulk.selection import Source, selection_view
from obole.crm.money import anomaly_list, anomaly_table
from obole.crm.money.anomaly_forms import GiveManyForm
from obole.directory.access import AgentRequest
from obole.directory.rules import Right
from obole.lib import dates
from obole.payments import queries
from obole.payments.models import Anomaly


def narrowed_by(request: AgentRequest, query: QueryDict) -> anomaly_table.AnomalyFilter:
    """Return the filters that an address says, on what waits on the agent's régies."""
    waits = queries.open_anomalies(request.agent)
    kinds, today = anomaly_list.count_by_kind(waits), dates.day_of(dates.now())
    rows = anomaly_table.with_sort_keys(waits)
    return anomaly_table.AnomalyFilter(query, rows, agent=request.agent, today=today, waiting=kinds)


def rows_of(request: AgentRequest, query: QueryDict) -> QuerySet[Anomaly]:
    """Return the tasks that answer an address, in the order that it says."""
    found = narrowed_by(request, query).qs
    table = anomaly_table.AnomalyTable(found, at=dates.now(), order_by=query.getlist("sort"))
    rows: QuerySet[Anomaly] = table.data.data
    return rows


SOURCE = Source(
    page="crm:tasks",
    address="crm:tasks_selection",
    named="named",
    verbs=(BulkVerb.ASSIGN_TASKS, BulkVerb.RESEND_MAILS),
    rows=rows_of,
    asks={BulkVerb.ASSIGN_TASKS: GiveManyForm},
)
tasks_selection = selection_view(Right.MONEY, SOURCE)
