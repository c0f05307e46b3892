"""
A file of attendance gone over by shares of its lines, once to look and once to write: a share and how far it goes are
one transaction, so that a worker that dies leaves a share done and counted, or neither.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.catalogue.access import handles_service
from obole.consumption import queries, states
from obole.consumption.models import AttendanceFile, FileRemark
from obole.consumption.operations.files import give_up
from obole.consumption.operations.recording import Source, is_known, record_many
from obole.consumption.queries import KnownFact
from obole.consumption.rules import layouts
from obole.consumption.rules.file_lines import LineReader, Remark, Said, Wrong
from obole.consumption.rules.layouts import Layout, NotReadable
from obole.consumption.states import AT_WORK, FileState
from obole.lib import dates, files
from obole.lib.actors import WORKER
from obole.lib.files import DamagedFile
from obole.lib.transactions import atomic_with_retry

SHARE = 500
AT_ONCE = 40
"""Shares done by one task: whoever waits behind a long file has their turn after them."""
Row = tuple[int, tuple[str, ...]]


@dataclass
class Share:
    """Some lines of a file that were read: how far they go, and what they say."""

    last_line: int
    line_count: int
    said: list[Said] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


@dataclass(frozen=True)
class Turn:
    """Where a pass over a file is: which one, and after which line."""

    file_id: int
    revision: int
    state: str
    after: int


def run_shares(*, file_id: int, at: datetime) -> bool:
    """Go over the next shares of a file, to check it or to write it; say whether there are more."""
    file = AttendanceFile.objects.select_related("scheme").get(pk=file_id)
    if file.state not in AT_WORK:
        return False
    try:
        reader = _reader(file)
    except (NotReadable, FileNotFoundError, DamagedFile) as problem:
        gone = _("Le fichier n’est plus là : envoyez-le de nouveau.")
        said = str(problem) if isinstance(problem, NotReadable) else gone
        _give_up(file_id=file_id, problem=said, at=at)
        return False
    is_check = file.state == FileState.CHECKING
    skipped = reader.doubles() if is_check else _left(file)
    rows = (row for row in reader.table.rows() if row[0] > file.last_line)
    turn = Turn(file.pk, file.revision, file.state, file.last_line)
    act = _check_share if is_check else _write_share
    for _share in range(AT_ONCE):
        share = _read(reader, list(islice(rows, SHARE)), skipped, is_check=is_check)
        if share is None:
            _end(turn=turn, at=at)
            return False
        if not act(turn=turn, share=share, at=at):
            return False
        turn = replace(turn, after=share.last_line)
    return True


def _reader(file: AttendanceFile) -> LineReader:
    countable = queries.countable_with_people(file.scheme)
    if countable is None:
        raise NotReadable(_("Ce dispositif ne compte plus rien jour par jour."))
    table = layouts.open_table(files.get(file.digest))
    return LineReader(table, Layout(**file.layout), countable, dates.day_of(file.uploaded_at))


def _left(file: AttendanceFile) -> set[tuple[int, int]]:
    return set(queries.lines_left(file).values_list("line", "column").iterator())


def _read(reader: LineReader, rows: Sequence[Row], skipped: set[tuple[int, int]], *, is_check: bool) -> Share | None:
    if not rows:
        return None
    share = Share(rows[-1][0], len(rows))
    for found in _each(reader, rows):
        place = (found.line, found.column)
        if isinstance(found, Said) and place not in skipped:
            share.said.append(found)
        elif isinstance(found, Said) and is_check:
            share.wrong.append(Wrong(*place, Remark.DOUBLE, found.cell.day))
        elif isinstance(found, Wrong) and place not in skipped:
            share.wrong.append(found)
    return share


def _each(reader: LineReader, rows: Sequence[Row]) -> Iterator[Said | Wrong]:
    for line, row in rows:
        yield from reader.read(line, row)


@atomic_with_retry
def _check_share(*, turn: Turn, share: Share, at: datetime) -> bool:
    """Count what a share would change, and tell what is wrong in it."""
    file = _held(turn)
    if file is None:
        return False
    known = queries.known(share.said)
    changed = []
    for one in share.said:
        fact = known.get((one.question, one.cell))
        if is_known(one, fact):
            file.known_count += 1
        elif fact is None:
            file.new_count += 1
        else:
            changed.append(_correction(file, one, fact))
    file.changed_count += len(changed)
    _count(file, share, [*changed, *_remarks(file, share.wrong)], "new_count", "changed_count", "known_count")
    return True


@atomic_with_retry
def _write_share(*, turn: Turn, share: Share, at: datetime) -> bool:
    """Write the good lines of a share, and tell what became wrong in it since it was checked."""
    file = _held(turn)
    if file is None:
        return False
    if file.confirmed_by is None or not handles_service(service_id=file.scheme.service_id, actor=file.confirmed_by):
        give_up(file, problem=_("Qui l’a confirmé ne gère plus cette prestation."), actor=WORKER, at=at)
        return False
    source = Source(file.confirmed_by, file, file.known_until or 0)
    done = record_many(share.said, source=source, at=at)
    file.written_count += len(done.facts)
    _count(file, share, _remarks(file, [*share.wrong, *done.left]), "written_count")
    return True


@atomic_with_retry
def _end(*, turn: Turn, at: datetime) -> None:
    """Show a file that is checked to its end, or close one that is written to its end."""
    file = _held(turn)
    if file is None:
        return
    if file.state == FileState.CHECKING:
        step = states.SHOW.apply(file)
    else:
        step, file.ended_at = states.FINISH.apply(file), at
    file.save(update_fields=["state", "ended_at"])
    counts = {"written": file.written_count, "left": file.left_count}
    audit_log.log_transition(step, subject=file, actor=file.confirmed_by or WORKER, at=at, **counts)


@atomic_with_retry
def _give_up(*, file_id: int, problem: str, at: datetime) -> None:
    file = AttendanceFile.objects.select_for_update(of=("self",)).get(pk=file_id)
    if file.state in AT_WORK:
        give_up(file, problem=problem, actor=WORKER, at=at)


def _held(turn: Turn) -> AttendanceFile | None:
    """Hold a file whose turn it is; none where it was stopped, another did that share, or it is looked at anew."""
    file = AttendanceFile.objects.select_for_update(of=("self",)).select_related("scheme").get(pk=turn.file_id)
    return file if Turn(file.pk, file.revision, file.state, file.last_line) == turn else None


def _count(file: AttendanceFile, share: Share, remarks: Sequence[FileRemark], *counted: str) -> None:
    """Keep how far the file is, with what is told of its lines."""
    # What was told when it was checked, a correction, gives way to why it is left now.
    FileRemark.objects.bulk_create(
        remarks,
        update_conflicts=True,
        unique_fields=["file", "line", "column"],
        update_fields=["reason", "day", "before", "after"],
    )
    file.left_count += sum(remark.reason != Remark.CORRECTION for remark in remarks)
    file.last_line, file.line_done = share.last_line, file.line_done + share.line_count
    file.save(update_fields=["last_line", "line_done", "left_count", *counted])


def _remarks(file: AttendanceFile, wrong: Sequence[Wrong]) -> list[FileRemark]:
    return [FileRemark(file=file, line=one.line, column=one.column, reason=one.reason, day=one.day) for one in wrong]


def _correction(file: AttendanceFile, one: Said, fact: KnownFact) -> FileRemark:
    return FileRemark(
        file=file,
        line=one.line,
        column=one.column,
        reason=Remark.CORRECTION,
        day=one.cell.day,
        before=fact.quantity,
        after=one.quantity,
    )
