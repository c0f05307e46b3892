"""The views and the columns of lists that agents keep: theirs alone to write, their service's to read."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.http import QueryDict

from obole.directory.models import Agent, ListLayout, ListName, SavedList
from obole.lib import texts
from obole.lib.transactions import atomic_with_retry

LEFT_OUT = frozenset({"page", "columns", "rows"})
MOST = 40
"""Views of one list that one agent keeps."""


class TooManyViews(Exception):
    """An agent keeps as many views of a list as there may be."""


def query_to_keep(query: QueryDict) -> str:
    """Return what a view keeps of an address: filters and order."""
    kept = query.copy()
    for name in LEFT_OUT:
        kept.pop(name, None)
    return kept.urlencode()[:2000]


def views_of(agent: Agent, name: ListName) -> QuerySet[SavedList]:
    """Return the views of a list that an agent sees: their own, and those that their service shares."""
    theirs = Q(agent=agent)
    if agent.service_name:
        theirs |= Q(is_shared=True, agent__service_name=agent.service_name)
    return SavedList.objects.filter(theirs, list_name=name).select_related("agent").order_by("name", "id")


@atomic_with_retry
def save_view(*, agent: Agent, name: ListName, title: str, query: str, is_shared: bool) -> SavedList:
    """
    Keep a view of a list under a name; the same name again is the same view, as it is now.

    :raises TooManyViews: if the agent keeps ``MOST`` of them.
    """
    Agent.objects.select_for_update().get(pk=agent.pk)
    kept, wanted = query_to_keep(QueryDict(query)), texts.clean_line(title)[:60]
    mine = SavedList.objects.filter(agent=agent, list_name=name)
    if mine.count() >= MOST and not mine.filter(name=wanted).exists():
        raise TooManyViews
    return SavedList.objects.update_or_create(
        agent=agent, list_name=name, name=wanted, defaults={"query": kept, "is_shared": is_shared}
    )[0]


def drop_view(*, agent: Agent, view_id: int) -> None:
    """Forget a view; one of somebody else stays."""
    SavedList.objects.filter(agent=agent, pk=view_id).delete()


def layout_of(agent: Agent, name: ListName) -> ListLayout | None:
    """Return how an agent wants a list; None if they never said."""
    return ListLayout.objects.filter(agent=agent, list_name=name).first()


def keep_layout(*, agent: Agent, name: ListName, columns: Sequence[str], rows: int) -> ListLayout:
    """Keep which columns of a list an agent wants, in their order, and how many rows."""
    values = {"columns": [column[:30] for column in columns][:40], "rows": rows}
    return ListLayout.objects.update_or_create(agent=agent, list_name=name, defaults=values)[0]
