"""The file of a list: all that answers its filters, or the rows that were ticked, with the columns of the screen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from obole.audit_log.models import Access
from obole.crm.bulk.selection import Source, parse_ids
from obole.crm.shared import exports, journal
from obole.directory.access import AgentRequest, View, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.tables import TooLong
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS

CHUNK = 1000


@dataclass(frozen=True)
class ListFile:
    """
    What the file of a list is made of.

    ``name`` begins the name of the file, ``what`` is how the journal calls it; ``table`` shows the rows of the
    ``source`` in the columns that the agent keeps.
    """

    source: Source
    name: str
    what: str
    table: Callable[[AgentRequest, QuerySet[Any]], Any]


def file_view(right: Right, listed: ListFile) -> View[[str]]:
    """Return the view that gives the files of a list to who holds ``right``, and keeps that they were taken away."""

    @for_agents(right)
    @after_reauthentication(reading=True)
    def list_file(request: AgentRequest, kind: str) -> HttpResponseBase:
        return _file(request, listed, kind)

    return list_file


def _file(request: AgentRequest, listed: ListFile, kind: str) -> HttpResponseBase:
    if kind not in exports.KINDS:
        raise Http404
    at = dates.now()
    limits.use(EXPORTS, request.agent.pk, at=at)
    rows = _rows(request, listed.source)
    said = ", ".join(sorted(request.GET))[:200]
    journal.keep(request, Access.Verb.EXPORT, what=listed.what, kind=kind, rows=rows.count(), filters=said)
    table = listed.table(request, rows)
    columns, read = exports.read(table)
    found = read.iterator(chunk_size=CHUNK)
    named = f"{listed.name}-{dates.day_of(at).isoformat()}.{kind}"
    if kind == exports.CSV:
        return exports.as_csv(named, columns, found)
    try:
        return exports.answer(kind, named, exports.as_table(str(table.caption), columns, found))
    except TooLong as refusal:
        words = _("Plus de %(most)s lignes : affinez les filtres, ou choisissez le fichier CSV ou ODS.")
        messages.warning(request, words % {"most": refusal.most})
        return redirect(f"{reverse(listed.source.page)}?{request.GET.urlencode()}")


def _rows(request: AgentRequest, source: Source) -> QuerySet[Any]:
    if "ids" not in request.GET:
        return source.rows(request, request.GET)
    order = QueryDict(urlencode({"sort": request.GET.getlist("sort")}, doseq=True))
    return source.rows(request, order).filter(pk__in=parse_ids(request.GET["ids"]))
