"""How consumption is read: the last fact of each thing, day and beneficiary counts; and how its files are."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, F, QuerySet

from obole.catalogue import queries as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import pricing_match
from obole.catalogue.models import Scheme
from obole.consumption import rules
from obole.consumption.models import AttendanceFile, AttendanceLayout, Consumption, FileRemark, Sharing
from obole.consumption.rules import Cell
from obole.consumption.rules.file_lines import Countable, Remark, Said
from obole.consumption.rules.layouts import Layout
from obole.consumption.rules.roster import NO_GROUP, Person, Roster, identities, identity, names_in
from obole.directory import queries as directory
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates, sql, texts
from obole.lib.open_days import Calendar
from obole.pricing.model.parts import Pricing, Question

COUNTED_IN = frozenset({DossierState.IN_REVIEW, DossierState.ACCEPTED})
CHUNK = 500
_LAST = """
    SELECT said.n, fact.id, fact.quantity
    FROM json_to_recordset(%(said)s) AS said (n int, dossier bigint, "row" int, question text, day date)
    CROSS JOIN LATERAL (
        SELECT id, quantity FROM consumption_consumption AS known
        WHERE known.dossier_id = said.dossier AND known.question = said.question AND known.day = said.day
            AND known."row" IS NOT DISTINCT FROM said."row"
        ORDER BY id DESC LIMIT 1
    ) AS fact
"""
"""The last fact of each, found by the index one by one: lines come in any order of days and dossiers."""


class KnownFact(NamedTuple):
    """A fact that counts."""

    pk: int
    quantity: Decimal


Sums = dict[tuple[int | None, str], Decimal]
"""Quantities by row and question."""


def last_facts(
    dossier_ids: Collection[int], first: date, last: date, *, question: str = "", until: int | None = None
) -> QuerySet[Consumption]:
    """
    Return the facts that count between two days.

    :param until: the id of the last fact that is looked at: what was known then.
    """
    facts = Consumption.objects.filter(dossier__in=dossier_ids, day__range=(first, last))
    facts = facts.filter(question=question) if question else facts
    facts = facts if until is None else facts.filter(pk__lte=until)
    return facts.order_by("dossier_id", "question", "day", "row", "-id").distinct(
        "dossier_id", "question", "day", "row"
    )


def quantities(
    dossier_ids: Collection[int], question: str, first: date, last: date, *, until: int | None = None
) -> dict[Cell, Decimal]:
    """Return what was consumed of one thing between two days, with one query."""
    facts = last_facts(dossier_ids, first, last, question=question, until=until)
    return {Cell(fact.dossier_id, fact.row, fact.day): fact.quantity for fact in facts}


def sums(dossier_id: int, first: date, last: date) -> Sums:
    """Return what a dossier consumed between two days, by row and question, with one query."""
    return sums_of([dossier_id], first, last).get(dossier_id, {})


def sums_of(dossier_ids: Collection[int], first: date, last: date) -> dict[int, Sums]:
    """Return what dossiers consumed between two days, each by row and question, with one query; none that did not."""
    found: dict[int, Sums] = {}
    facts = last_facts(dossier_ids, first, last).values_list("dossier_id", "row", "question", "quantity")
    for dossier_id, row, question, quantity in facts:
        of_one = found.setdefault(dossier_id, {})
        of_one[row, question] = of_one.get((row, question), Decimal(0)) + quantity
    return found


def known(said: Sequence[Said]) -> dict[tuple[str, Cell], KnownFact]:
    """Return the fact that counts of each of these quantities, where there is one, with one query."""
    wanted = [
        {"n": n, "dossier": one.cell.dossier_id, "row": one.cell.row, "question": one.question, "day": one.cell.day}
        for n, one in enumerate(said)
    ]
    found = sql.execute(_LAST, said=sql.as_json(wanted)) if wanted else []
    return {(said[n].question, said[n].cell): KnownFact(pk, quantity) for n, pk, quantity in found}


def newest() -> int:
    """Return the id of the last fact; 0 while there is none."""
    return Consumption.objects.order_by("-id").values_list("pk", flat=True).first() or 0


def countable(scheme: Scheme) -> tuple[Pricing, list[Question]] | None:
    """Return the pricing of a dispositif with what it counts day by day; nothing where it counts nothing."""
    version = catalogue.current_pricing(scheme)
    if version is None:
        return None
    pricing = catalogue.compiled_pricing_of(version).pricing
    questions = rules.countable(pricing)
    return (pricing, questions) if questions else None


def countable_with_people(scheme: Scheme) -> Countable | None:
    """Return what a dispositif counts, and whom; its dossiers are read little by little."""
    found = countable(scheme)
    if found is None:
        return None
    pricing, questions = found
    roster = Roster()
    dossiers = Dossier.objects.filter(scheme=scheme, number__isnull=False).select_related("citizen", "form")
    elsewhere = counted_elsewhere(dossiers.values("pk"))
    for dossier in dossiers.order_by("id").iterator(CHUNK):
        for group, person, names in _people(pricing, questions, dossier):
            if (dossier.pk, person.row) in elsewhere:
                continue
            roster.add(group, dossier.number, person, names)
    return Countable(pricing, questions, roster, Calendar(offices=True, territory=directory.the_authority().territory))


def counted_elsewhere(dossiers: Any) -> set[tuple[int, int | None]]:
    """Return the rows of dossiers of which nothing is counted, since another payer’s dossier counts it; one query."""
    rows = Sharing.objects.filter(guest__in=dossiers).exclude(last__lt=F("first")).order_by("id")
    return set(rows.values_list("guest", "guest_row"))


def files_of(scheme: Scheme) -> QuerySet[AttendanceFile]:
    """Return the files of a dispositif, newest first."""
    return AttendanceFile.objects.filter(scheme=scheme).order_by("-uploaded_at", "-id")


def twin_of(file: AttendanceFile) -> AttendanceFile | None:
    """Return the last file with the same content that was written, if there is one."""
    same = AttendanceFile.objects.filter(scheme=file.scheme_id, fingerprint=file.fingerprint, state="done")
    return same.exclude(pk=file.pk).order_by("-ended_at", "-id").first()


def layout_of(scheme: Scheme) -> Layout | None:
    """Return how the files of a dispositif are read, if somebody said it."""
    found = AttendanceLayout.objects.filter(scheme=scheme).first()
    return None if found is None else Layout(**found.layout)


def lines_left(file: AttendanceFile) -> QuerySet[FileRemark]:
    """Return why lines of a file are left out, in their order."""
    return FileRemark.objects.filter(file=file).exclude(reason=Remark.CORRECTION).order_by("line", "column")


def reasons_left(file: AttendanceFile) -> list[tuple[str, int]]:
    """Return why lines of a file are left out, each reason with how often it is, the most frequent first."""
    counted = lines_left(file).order_by().values("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    return [(str(Remark(row["reason"]).label), row["n"]) for row in counted]


def corrections(file: AttendanceFile) -> QuerySet[FileRemark]:
    """Return the quantities that a file corrects, in the order of its lines."""
    return FileRemark.objects.filter(file=file, reason=Remark.CORRECTION).order_by("line", "column")


def files_sent_before(at: datetime) -> QuerySet[AttendanceFile]:
    """Return the files that are still kept, and were sent before an instant."""
    return AttendanceFile.objects.filter(uploaded_at__lt=at).exclude(digest="", name="")


def _people(
    pricing: Pricing, questions: Sequence[Question], dossier: Dossier
) -> Iterator[tuple[str, Person, set[str]]]:
    """Yield who may be counted in a dossier, by the group of what is counted, with all the names that they have."""
    answers: dict[str, Any] = pricing_match.engine_answers(pricing, dossier.form.form_fields, dossier.answers)
    family, periods = dossier.citizen.last_name, tuple(_periods(dossier))
    for group, question in {question.group: question for question in questions}.items():
        naming = [field.key for field in dossier.form.form_fields if field.group == group and _names_somebody(field)]
        for one in rules.beneficiaries(pricing, question, answers):
            row = dossier.answers if one.row is None else answers[group][one.row]
            names = set(identities([one.name, names_in(row, naming)], family))
            if group == NO_GROUP:
                names.add(identity(dossier.citizen.first_name, family))
            yield group, Person(dossier.pk, one.row, dossier.state in COUNTED_IN, periods), names


def _names_somebody(field: FormField) -> bool:
    return field.kind == FieldKind.TEXT and not {"nom", "prenom"}.isdisjoint(texts.fold(field.label).split())


def _periods(dossier: Dossier) -> Iterator[tuple[date, date]]:
    for field in dossier.form.form_fields:
        value = dossier.answers.get(field.key) if field.kind == FieldKind.PERIOD and not field.group else None
        ends = [dates.read_day(str(value.get(end) or "")) for end in ("from", "to")] if isinstance(value, dict) else []
        if len(ends) == 2 and ends[0] and ends[1]:
            yield ends[0], ends[1]
