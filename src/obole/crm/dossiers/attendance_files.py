"""Files of attendance: sent, their columns said, seen before anything is written, followed while they are."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice, takewhile, zip_longest
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.audit_log.models import Access
from obole.consumption import operations, queries
from obole.consumption.models import AttendanceFile, FileRemark
from obole.consumption.operations import CannotRecord
from obole.consumption.operations.files import SentFile
from obole.consumption.rules import layouts
from obole.consumption.rules.layouts import FACTS, AttendanceTable, Layout
from obole.consumption.states import AT_WORK, CHECK, STOP
from obole.crm.dossiers.attendance import handled_scheme
from obole.crm.dossiers.attendance_forms import ColumnsForm, FileForm, started
from obole.crm.shared import exports, journal
from obole.crm.shared.pages import conflict_response, page_of, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, files
from obole.lib.states import ForbiddenTransition
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.pricing.model.parts import Question
from obole.ui.bodies import takes_files

REFRESH_SECONDS = 2
LONGEST_REVISION = 8
FIRST_LINES, SHOWN_CORRECTIONS = 5, 20


@takes_files(megabytes=12)
@for_agents(Right.REVIEW)
def attendance_files(request: AgentRequest, pk: int) -> HttpResponse:
    """List the files of a dispositif, and take another."""
    scheme = handled_scheme(request, pk)
    if queries.countable(scheme) is None:
        raise Http404
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        name = form.cleaned_data["file"].name or ""
        sent = SentFile(name=name, digest=files.put(form.content), line_count=form.line_count)
        file = operations.receive(scheme_id=scheme.pk, sent=sent, actor=request.actor, at=dates.now())
        return redirect("crm:attendance_file", pk, file.pk)
    context = {"scheme": scheme, "form": form, "page": page_of(request, queries.files_of(scheme))}
    return render_page(request, "crm/dossiers/attendance_files.html", context)


@for_agents(Right.REVIEW)
def attendance_file(request: AgentRequest, pk: int, file_pk: int) -> HttpResponse:
    """Show where a file is: its columns to say, how far the work is, what it would write, or what it wrote."""
    file = _file(request, pk, file_pk)
    return _shown(request, file, _columns_form(file, None) if CHECK.allows(file) else None)


@for_agents(Right.REVIEW)
@require_POST
def attendance_file_check(request: AgentRequest, pk: int, file_pk: int) -> HttpResponse:
    """Have a file read with the columns that were chosen."""
    file = _file(request, pk, file_pk)
    form = _columns_form(file, request.POST)
    if not form.is_valid():
        return _shown(request, file, form)
    who: dict[str, Any] = {"actor": request.actor, "at": dates.now()}
    return _done(request, file, lambda: operations.check(file_id=file_pk, layout=form.layout, **who))


@for_agents(Right.REVIEW)
@require_POST
def attendance_file_confirm(request: AgentRequest, pk: int, file_pk: int) -> HttpResponse:
    """Have the good lines of a file written."""
    file, seen = _file(request, pk, file_pk), request.POST.get("revision", "")
    revision = int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= LONGEST_REVISION else 0
    who: dict[str, Any] = {"actor": request.actor, "at": dates.now()}
    return _done(request, file, lambda: operations.confirm(file_id=file_pk, revision=revision, **who))


@for_agents(Right.REVIEW)
@require_POST
def attendance_file_stop(request: AgentRequest, pk: int, file_pk: int) -> HttpResponse:
    """Give a file up."""
    file = _file(request, pk, file_pk)
    return _done(request, file, lambda: operations.stop(file_id=file_pk, actor=request.actor, at=dates.now()))


@for_agents(Right.REVIEW)
@after_reauthentication(reading=True)
def attendance_file_csv(request: AgentRequest, pk: int, file_pk: int) -> HttpResponseBase:
    """Give the lines that are left out, as the file says them, each with its reason."""
    file = _file(request, pk, file_pk)
    left = queries.lines_left(file)
    if not file.digest or not left.exists():
        raise Http404
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    journal.keep(request, Access.Verb.EXPORT, file, what="attendance_left", rows=file.left_count)
    table = layouts.open_table(files.get(file.digest))
    titles = [_("Ligne"), *table.titles, _("Jour laissé de côté"), _("Pourquoi")]
    columns = [exports.Column(title, _at(place)) for place, title in enumerate(titles)]
    name = f"presences-{dates.day_of(file.uploaded_at).isoformat()}-{file.pk}-a-corriger.csv"
    return exports.as_csv(name, columns, _left_rows(table, left))


def _file(request: AgentRequest, pk: int, file_pk: int) -> AttendanceFile:
    scheme = handled_scheme(request, pk)
    return get_object_or_404(AttendanceFile.objects.select_related("scheme"), pk=file_pk, scheme=scheme)


def _done(request: AgentRequest, file: AttendanceFile, act: Callable[[], object]) -> HttpResponse:
    """Do something to a file, and lead to where it then is; what came too late is told."""
    here = reverse("crm:attendance_file", args=[file.scheme_id, file.pk])
    try:
        act()
    except ForbiddenTransition:
        return conflict_response(request, _("Ce fichier a changé entre-temps : regardez où il en est."), here)
    except CannotRecord as refusal:
        return conflict_response(request, str(refusal), here)
    return redirect(here)


def _columns_form(file: AttendanceFile, data: Mapping[str, Any] | None) -> ColumnsForm:
    table, questions = _table(file), _questions(file)
    known = Layout(**file.layout) if file.layout else queries.layout_of(file.scheme)
    given = {} if data is not None else {"initial": started(table, known, questions)}
    return ColumnsForm(data, table=table, questions=questions, file=file, **given)


def _questions(file: AttendanceFile) -> list[Question]:
    found = queries.countable(file.scheme)
    if found is None:
        raise Http404
    return found[1]


def _table(file: AttendanceFile) -> AttendanceTable:
    """Open a file that is still kept."""
    try:
        return layouts.open_table(files.get(file.digest))
    except (FileNotFoundError, layouts.NotReadable):
        raise Http404 from None


def _shown(request: AgentRequest, file: AttendanceFile, form: ColumnsForm | None) -> HttpResponse:
    at_work = file.state in AT_WORK
    # A page that shows itself again every other second opens no file.
    page = page_of(request, queries.lines_left(file) if not at_work else FileRemark.objects.none(), per_page=50)
    corrections = [] if at_work else list(queries.corrections(file)[:SHOWN_CORRECTIONS])
    table = form.table if form else _table(file) if file.digest and (page.object_list or corrections) else None
    said = _said_at(table, file, {remark.line for remark in (*page.object_list, *corrections)})
    context = {
        "file": file,
        "form": form,
        "first_lines": _first_lines(form.table) if form else [],
        "page": page,
        "reasons": queries.reasons_left(file),
        "left": [(remark, said.get(remark.line, "")) for remark in page.object_list],
        "corrections": [(remark, said.get(remark.line, "")) for remark in corrections],
        "good": file.new_count + file.changed_count,
        "twin": queries.twin_of(file),
        "refresh": REFRESH_SECONDS if at_work else 0,
        "stops": STOP.allows(file),
    }
    return render_page(request, "crm/dossiers/attendance_file.html", context)


def _first_lines(table: AttendanceTable) -> list[list[tuple[str, str]]]:
    """Return the cells of the first lines, each with its title."""
    rows = (row for _line, row in islice(table.rows(), FIRST_LINES))
    return [list(zip_longest(table.titles, row[: len(table.titles)], fillvalue="")) for row in rows]


def _said_at(table: AttendanceTable | None, file: AttendanceFile, lines: Collection[int]) -> dict[int, str]:
    """Return what some lines of a file say, in its own words: they are in no row."""
    if table is None or not lines or not file.layout:
        return {}
    columns = Layout(**file.layout).columns
    found = [table.place(columns[name]) for name in FACTS if name in columns]
    places = [at for at in found if at is not None]
    last = max(lines)
    rows = takewhile(lambda row: row[0] <= last, table.rows())
    return {
        line: ", ".join(row[at] for at in places if at < len(row) and row[at]) for line, row in rows if line in lines
    }


def _left_rows(table: AttendanceTable, left: QuerySet[FileRemark]) -> Iterator[list[str]]:
    """Yield the lines that are left out, in one walk through the file."""
    remarks = left.iterator(1000)
    remark = next(remarks, None)
    for line, row in table.rows():
        while remark is not None and remark.line == line:
            cells = [*row, *[""] * len(table.titles)][: len(table.titles)]
            day = "" if remark.day is None else dates.format_short(remark.day)
            yield [str(line), *cells, day, remark.sentence]
            remark = next(remarks, None)


def _at(place: int) -> Callable[[list[str]], str]:
    return lambda row: row[place]
