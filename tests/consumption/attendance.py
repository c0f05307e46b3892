"""Files of attendance, for tests: children of families, what a school's software gives, and each step of a file."""

from datetime import datetime
from typing import Any

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.consumption import operations
from obole.consumption.models import AttendanceFile, Consumption, FileRemark
from obole.consumption.operations.files import SentFile
from obole.consumption.rules import layouts
from obole.consumption.rules.layouts import Layout
from obole.dossiers.models import Dossier
from obole.lib import files
from tests.billing.priced import publish
from tests.world import WHO, Town, later, make_citizen, make_dossier, run_tasks

COLUMNS = {"last_name": "Nom", "first_name": "Prénom", "day": "Jour", "quantity": "Repas"}
LAYOUT = Layout(COLUMNS, "repas")
HEAD = "Nom;Prénom;Jour;Repas\n"


def make_school(town: Town) -> None:
    """Have the dispositif count meals and evenings, child by child."""
    publish(town)
    children = FormField(key="enfants", label="Enfants", kind=FieldKind.GROUP, row_name="enfant")
    names = FormField(key="prenom", label="Prénom", group="enfants")
    town.form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=[children, names], actor=WHO, at=later())


def make_family(town: Town, last_name: str, *children: str, **answers: Any) -> Dossier:
    """Have a family with some children under review."""
    citizen = make_citizen(f"{last_name.lower()}-{town.scheme.dossiers.count()}@example.org", last_name=last_name)
    dossier = make_dossier(town, form=plain_form(town), citizen=citizen)
    given = {"enfants": [{"prenom": name} for name in children], **answers}
    Dossier.objects.filter(pk=dossier.pk).update(form=town.form, answers=given)
    dossier.refresh_from_db()
    return dossier


def plain_form(town: Town) -> Any:
    """Return the first form of the town: what it asks is answered by ``make_dossier``."""
    return town.scheme.forms.order_by("number")[0]


def send(town: Town, said: str | bytes, *, name: str = "presences.csv", at: datetime | None = None) -> AttendanceFile:
    """Send a file, as the page does."""
    content = said.encode() if isinstance(said, str) else said
    count = layouts.count_lines(layouts.open_table(content))
    sent = SentFile(name=name, digest=files.put(content), line_count=count)
    return operations.receive(scheme_id=town.scheme.pk, sent=sent, actor=town.agent.actor, at=at or later())


def look_at(town: Town, said: str, *, layout: Layout) -> AttendanceFile:
    """Send a file, and look at it here and now: what else waits for the worker goes on waiting."""
    file = send(town, said)
    operations.check(file_id=file.pk, layout=layout, actor=town.agent.actor, at=later())
    operations.run_shares(file_id=file.pk, at=later())
    return file


def check(town: Town, said: str | bytes, *, layout: Layout = LAYOUT, at: datetime | None = None) -> AttendanceFile:
    """Send a file, and have it looked at."""
    file = send(town, said, at=at)
    operations.check(file_id=file.pk, layout=layout, actor=town.agent.actor, at=at or later())
    run_tasks()
    file.refresh_from_db()
    return file


def confirm(town: Town, file: AttendanceFile) -> AttendanceFile:
    """Have the good lines of a file written."""
    operations.confirm(file_id=file.pk, revision=file.revision, actor=town.agent.actor, at=later(5))
    run_tasks()
    file.refresh_from_db()
    return file


def keep(town: Town, said: str | bytes, *, layout: Layout = LAYOUT) -> AttendanceFile:
    """Do it all."""
    return confirm(town, check(town, said, layout=layout))


def counts(file: AttendanceFile) -> tuple[int, int, int, int]:
    """Return what is new, corrected, known, left."""
    return file.new_count, file.changed_count, file.known_count, file.left_count


def left(file: AttendanceFile) -> list[tuple[int, str]]:
    """Return which lines are left, and why."""
    rows = FileRemark.objects.filter(file=file).exclude(reason="correction").order_by("line", "column")
    return list(rows.values_list("line", "reason"))


def facts() -> list[tuple[int, int | None, str, str, str]]:
    """Return all that was counted."""
    rows = Consumption.objects.order_by("id")
    return [(one.dossier_id, one.row, one.question, one.day.isoformat(), f"{one.quantity:f}"[:-4]) for one in rows]
