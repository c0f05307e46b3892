"""How consumption is read: the last fact of each thing, day and beneficiary counts; and how its files are."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from obole.catalogue import queries as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import pricing_match
from obole.catalogue.models import Scheme
from obole.consumption import rules
from obole.consumption.models import AttendanceFile, AttendanceLayout, Consumption, FileRemark, Sharing
from obole.consumption.queries.plans import (
    Change,
    booked_in,
    days_planned_later,
    known_later,
    open_days,
    plan_of,
    plan_version,
    planned_days,
    plans_of,
    standing_absences,
    stays_of,
    town_calendar,
    what_changes,
)
from obole.consumption.rules import Cell
from obole.consumption.rules.file_lines import Countable, Remark, Said
from obole.consumption.rules.layouts import Layout
from obole.consumption.rules.planning import ALWAYS, DayOf, Stay, Sums, with_plan
from obole.consumption.rules.roster import NO_GROUP, Person, Roster, identities, identity, names_in
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates, sql, texts
from obole.pricing.model.parts import Pricing, Question

__all__ = [
    "COUNTED_IN",
    "Change",
    "KnownFact",
    "Sums",
    "booked_in",
    "corrections",
    "countable",
    "countable_with_people",
    "days_planned_later",
    "files_of",
    "files_sent_before",
    "known",
    "known_later",
    "last_facts",
    "layout_of",
    "lines_left",
    "newest",
    "open_days",
    "plan_of",
    "plan_version",
    "planned_days",
    "plans_of",
    "quantities",
    "reasons_left",
    "standing_absences",
    "stays_of",
    "sums",
    "sums_of",
    "town_calendar",
    "twin_of",
    "what_changes",
]
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


def facts_that_count(dossiers: QuerySet[Dossier], first: date, last: date, *, after: int = 0) -> QuerySet[Consumption]:
    """
    Return the facts of some dossiers that count between two days, in the order in which they were written.

    :param after: the id of the last fact that was read before.
    """
    row = Coalesce("row", Value(-1))
    same = Consumption.objects.alias(of=row).filter(
        dossier=OuterRef("dossier"), question=OuterRef("question"), day=OuterRef("day"), of=OuterRef("of")
    )
    facts = Consumption.objects.alias(of=row).filter(dossier__in=dossiers, day__range=(first, last), pk__gt=after)
    facts = facts.exclude(Exists(same.filter(pk__gt=OuterRef("pk")))).select_related("dossier").order_by("pk")
    # The answers of a dossier are not read to say its number.
    return facts.only("row", "question", "day", "quantity", "recorded_at", "dossier__number")


def quantities(
    dossier_ids: Collection[int], question: str, first: date, last: date, *, until: int | None = None
) -> dict[Cell, Decimal]:
    """Return what was consumed of one thing between two days, with one query."""
    facts = last_facts(dossier_ids, first, last, question=question, until=until)
    return {Cell(fact.dossier_id, fact.row, fact.day): fact.quantity for fact in facts}


def sums(dossier_id: int, first: date, last: date) -> Sums:
    """Return what is due of a dossier between two days, by row and question: see ``sums_of``."""
    return sums_of([dossier_id], first, last).get(dossier_id, {})


def sums_of(dossier_ids: Collection[int], first: date, last: date) -> dict[int, Sums]:
    """
    Return what is due of dossiers between two days, each by row and question: what was counted, and what was reserved
    where nothing was; none that did neither. Two queries, and a third where something is reserved.
    """
    plans, found = plans_of(dossier_ids), dict[int, Sums]()
    counted: dict[int, dict[DayOf, Decimal]] = {pk: {} for pk in plans}
    facts = last_facts(dossier_ids, first, last).values_list("dossier_id", "row", "question", "day", "quantity")
    for dossier_id, row, question, day, quantity in facts:
        if dossier_id in counted:
            counted[dossier_id][row, question, day] = quantity
            continue
        of_one = found.setdefault(dossier_id, {})
        of_one[row, question] = of_one.get((row, question), Decimal(0)) + quantity
    days = open_days() if any(plan.reserved for plan in plans.values()) else None
    due = {pk: with_plan(counted[pk], plan, first, last, days=days) for pk, plan in plans.items()}
    return {**found, **{pk: of_one for pk, of_one in due.items() if of_one}}


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
    return countables([scheme.pk]).get(scheme.pk)


def countable_with_people(scheme: Scheme) -> Countable | None:
    """Return what a dispositif counts, and whom; its dossiers are read little by little."""
    found = countable(scheme)
    if found is None:
        return None
    dossiers = Dossier.objects.filter(scheme=scheme, number__isnull=False).select_related("citizen", "form")
    keys = dossiers.values("pk")
    return _with_people(*found, dossiers.order_by("id").iterator(CHUNK), stays_of(keys), counted_elsewhere(keys))


def countable_of(dossiers: Sequence[Dossier]) -> dict[int, Countable]:
    """
    Return what each dispositif of some dossiers counts, and whom of these dossiers: by the dispositif, and nothing for
    one that counts nothing. As many queries for one as for many.

    :param dossiers: read with their citizen and their form.
    """
    keys = [dossier.pk for dossier in dossiers]
    stays, elsewhere, found = stays_of(keys), counted_elsewhere(keys), dict[int, Countable]()
    for scheme_id, (pricing, questions) in countables([dossier.scheme_id for dossier in dossiers]).items():
        of_scheme = (dossier for dossier in dossiers if dossier.scheme_id == scheme_id)
        found[scheme_id] = _with_people(pricing, questions, of_scheme, stays, elsewhere)
    return found


def countables(scheme_ids: Collection[int]) -> dict[int, tuple[Pricing, list[Question]]]:
    """Return the pricing of each of these dispositifs with what it counts day by day; nothing of the others."""
    read = {
        scheme_id: catalogue.compiled_pricing_of(version).pricing
        for scheme_id, version in catalogue.current_pricings(set(scheme_ids)).items()
    }
    return {scheme_id: (pricing, found) for scheme_id, pricing in read.items() if (found := rules.countable(pricing))}


def beneficiaries_of(
    dossier: Dossier, pricing: Pricing, questions: Sequence[Question]
) -> dict[str, list[rules.Beneficiary]]:
    """Return for whom each group of questions is counted in a dossier; what is asked once is counted for nobody."""
    answers = pricing_match.engine_answers(pricing, dossier.form.form_fields, dossier.answers)
    by_group = {question.group: question for question in questions if question.group != NO_GROUP}
    return {group: rules.beneficiaries(pricing, question, answers) for group, question in by_group.items()}


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


def _with_people(
    pricing: Pricing,
    questions: Sequence[Question],
    dossiers: Iterable[Dossier],
    stays: Mapping[tuple[int, int | None], Stay],
    elsewhere: Collection[tuple[int, int | None]],
) -> Countable:
    roster = Roster()
    for dossier in dossiers:
        for group, person, names in _people(pricing, questions, dossier, stays):
            if (dossier.pk, person.row) not in elsewhere:
                roster.add(group, dossier.number, person, names)
    return Countable(pricing, questions, roster, town_calendar())


def _people(
    pricing: Pricing, questions: Sequence[Question], dossier: Dossier, stays: Mapping[tuple[int, int | None], Stay]
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
            stay = stays.get((dossier.pk, one.row), ALWAYS)
            yield group, Person(dossier.pk, one.row, dossier.state in COUNTED_IN, periods, stay), names


def _names_somebody(field: FormField) -> bool:
    return field.kind == FieldKind.TEXT and not {"nom", "prenom"}.isdisjoint(texts.fold(field.label).split())


def _periods(dossier: Dossier) -> Iterator[tuple[date, date]]:
    for field in dossier.form.form_fields:
        value = dossier.answers.get(field.key) if field.kind == FieldKind.PERIOD and not field.group else None
        ends = [dates.read_day(str(value.get(end) or "")) for end in ("from", "to")] if isinstance(value, dict) else []
        if len(ends) == 2 and ends[0] and ends[1]:
            yield ends[0], ends[1]
