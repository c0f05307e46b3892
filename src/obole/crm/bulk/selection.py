"""The rows that an agent chose in a list: which they are, what will happen to them, and the start of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from obole.billing.operations import BadDays, ReasonMissing
from obole.bulk_actions import operations, queries
from obole.bulk_actions.models import BulkVerb
from obole.bulk_actions.operations import VERBS, BulkRequest, EmptySelection, TooManyRows
from obole.crm.shared import exports
from obole.crm.shared.pages import render_page
from obole.directory import rules
from obole.directory.access import AgentRequest, View, for_agents
from obole.directory.rules import Right
from obole.lib import dates, texts
from obole.recovery.operations import CannotHold
from obole.ui.tables import SelectColumn

CHOSEN = "chosen"
LONGEST_ID = 18
MOST_SHOWN = 50


@dataclass(frozen=True)
class Source:
    """
    A list whose rows can be chosen.

    ``rows`` gives those that answer an address, in its order; ``named`` is what a row is called by.
    """

    page: str
    address: str
    named: str
    rows: Callable[[AgentRequest, QueryDict], QuerySet[Any]]
    verbs: Sequence[BulkVerb] = ()
    file: str = ""
    """The address of the file of such rows, where there is one."""
    asks: Mapping[BulkVerb, type[forms.Form]] = field(default_factory=dict)
    """What a verb asks besides."""

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of files that can be made of the rows."""
        return exports.KINDS if self.file else ()


@dataclass(frozen=True)
class Chosen:
    """Which rows, in which order, and how they were chosen; ``left_out``: those that answer no more, and why."""

    ids: Sequence[int]
    scope: str
    query: QueryDict
    left_out: Mapping[int, str] = field(default_factory=dict)

    @property
    def ids_in_one(self) -> str:
        """The rows as one field of a form says them."""
        return ".".join(map(str, self.ids))


@dataclass(frozen=True)
class Selection:
    """What a list shows so that its rows can be chosen."""

    url: str
    verbs: Sequence[BulkVerb]
    file: str
    kinds: Sequence[str]
    query: str
    named: str

    def with_boxes(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a table is made with, boxes before its first column."""
        boxes = (CHOSEN, SelectColumn(accessor="pk", named=self.named))
        return {**options, "sequence": [CHOSEN, *options["sequence"]], "extra_columns": [boxes]}


def selection_of(request: AgentRequest, source: Source) -> Selection:
    """Return what the agent may do with the rows of a list."""
    return Selection(
        url=reverse(source.address),
        verbs=_verbs(request, source),
        file=source.file,
        kinds=source.kinds,
        query=rules.query_to_keep(request.GET),
        named=source.named,
    )


def selection_view(right: Right, source: Source) -> View[[]]:
    """
    Return the view of what was chosen in a list, for who holds ``right``: it shows what will happen to the rows, then
    starts it; or it leads to the file of them.
    """

    @for_agents(right)
    def selection(request: AgentRequest) -> HttpResponse:
        return _selection(request, source)

    return selection


def _selection(request: AgentRequest, source: Source) -> HttpResponse:
    wanted, kinds = request.POST.get("verb", ""), source.kinds
    if request.method != "POST" or wanted not in {*_verbs(request, source), *kinds}:
        return redirect(source.page)
    is_file = wanted in kinds
    try:
        chosen = _chosen(request, source, most=operations.MOST if is_file else VERBS[BulkVerb(wanted)].most)
    except EmptySelection:
        return _back(request, source, _("Cochez au moins une ligne, ou choisissez toutes celles qui répondent."))
    except TooManyRows as refusal:
        said = _("Plus de %(most)s lignes : affinez les filtres, puis recommencez.") % {"most": refusal.most}
        return _back(request, source, said)
    if is_file:
        return _file(reverse(source.file, args=[wanted]), chosen)
    return _preview_or_start(request, source, BulkVerb(wanted), chosen)


def parse_ids(typed: str) -> list[int]:
    """Return the ids that a text names, each once; what is none is left out."""
    found = [part for part in typed.split(".") if part.isascii() and part.isdigit() and len(part) <= LONGEST_ID]
    return list(dict.fromkeys(map(int, found)))


def _verbs(request: AgentRequest, source: Source) -> list[BulkVerb]:
    return [verb for verb in source.verbs if request.agent.may(VERBS[verb].right)]


def _preview_or_start(request: AgentRequest, source: Source, verb: BulkVerb, chosen: Chosen) -> HttpResponse:
    form = source.asks.get(verb, forms.Form)(request.POST if "confirm" in request.POST else None)
    key = request.POST.get("request_key", "")[:64] or texts.token()
    if form.is_valid():
        asked = BulkRequest(verb, chosen.ids, form.cleaned_data, chosen.left_out)
        try:
            action = operations.start(asked=asked, request_key=key, actor=request.actor, at=dates.now())
        except (ReasonMissing, BadDays, CannotHold) as refusal:
            form.add_error(_field_of(refusal), str(refusal))
        else:
            return redirect("crm:bulk_action", pk=action.pk)
    seen = queries.forecast(verb, chosen.ids, request.agent, today=dates.day_of(dates.now()))
    refused = [(seen.names[pk], pk, seen.refused[pk]) for pk in chosen.ids if pk in seen.refused]
    context = {
        "verb": verb,
        "form": form,
        "key": key,
        "chosen": chosen,
        "seen": seen,
        "refused": refused[:MOST_SHOWN],
        "not_shown": max(0, len(refused) - MOST_SHOWN),
        "list_url": _list_url(source, chosen.query),
        "address": reverse(source.address),
    }
    return render_page(request, "crm/bulk/preview.html", context)


def _field_of(refusal: Exception) -> str:
    """Return the field of a form that a refusal is about."""
    if isinstance(refusal, CannotHold):
        return "comment" if refusal.of_comment else "until"
    return "comment" if isinstance(refusal, ReasonMissing) else "due_date"


def _chosen(request: AgentRequest, source: Source, *, most: int) -> Chosen:
    """
    Return the rows that the form means, read again with the agent's eyes.

    :raises EmptySelection: if there is none.
    :raises TooManyRows: if there are more than ``most``.
    """
    post, query = request.POST, QueryDict(request.POST.get("query", "")[:2000])
    scope = "all" if post.get("scope") == "all" else "chosen"
    any_of_them = source.rows(request, QueryDict(urlencode({"sort": query.getlist("sort")}, doseq=True)))
    left_out: dict[int, str] = {}
    if "ids" in post:
        shown = parse_ids(post["ids"])
        seen = frozenset(any_of_them.filter(pk__in=shown).values_list("pk", flat=True))
        ids = [pk for pk in shown if pk in seen]
        if scope == "all":
            answering = frozenset(source.rows(request, query).filter(pk__in=ids).values_list("pk", flat=True))
            left_out = {pk: _("Ne répond plus aux filtres de la liste.") for pk in ids if pk not in answering}
    elif scope == "all":
        ids = list(source.rows(request, query).values_list("pk", flat=True)[: most + 1])
    else:
        ticked = parse_ids(".".join(post.getlist(CHOSEN)))
        ids = list(any_of_them.filter(pk__in=ticked).values_list("pk", flat=True)[: most + 1])
    if not ids:
        raise EmptySelection
    if len(ids) > most:
        raise TooManyRows(most)
    return Chosen(ids, scope, query, left_out)


def _file(address: str, chosen: Chosen) -> HttpResponse:
    """Lead to the file of the whole filtered list, or of the rows that were ticked."""
    if chosen.scope == "all":
        return redirect(f"{address}?{rules.query_to_keep(chosen.query)}")
    asked = {"ids": chosen.ids_in_one, "sort": chosen.query.getlist("sort")}
    return redirect(f"{address}?{urlencode(asked, doseq=True)}")


def _back(request: AgentRequest, source: Source, said: str) -> HttpResponse:
    messages.error(request, said)
    return redirect(_list_url(source, QueryDict(request.POST.get("query", "")[:2000])))


def _list_url(source: Source, query: QueryDict) -> str:
    kept = rules.query_to_keep(query)
    return f"{reverse(source.page)}?{kept}" if kept else reverse(source.page)
