"""How dossiers are read."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, When
from django.utils.translation import gettext as _

from obole.audit_log.models import Record
from obole.catalogue import queries as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import conditions, pricing_match, questions
from obole.catalogue.forms.estimates import AmountEstimate
from obole.catalogue.models import Scheme
from obole.directory import queries as directory
from obole.directory.models import Agent, Citizen
from obole.directory.rules import Profile, Right, rights_of
from obole.dossiers import rules, states
from obole.dossiers.models import AGENT_KEY, ApplicationDraft, Attachment, DatedAnswer, Dossier, Estimate
from obole.dossiers.states import DossierState
from obole.lib import texts, typed_numbers
from obole.lib.typed_numbers import NumberKind
from obole.pricing.text.codec import parse_result

TO_REVIEW = (DossierState.SUBMITTED, DossierState.IN_REVIEW)


@dataclass(frozen=True)
class AnswerRow:
    """A question of the form as it was, and its answer as people read it."""

    field: FormField
    text: str
    attachments: tuple[Attachment, ...] = ()
    rows: tuple["AnswerGroupRow", ...] = ()
    """The rows of a group, each with its own answers."""
    since: date | None = None
    """The day from which it is so, where somebody said it."""


@dataclass(frozen=True)
class AnswerGroupRow:
    """A row of a group."""

    title: str
    answers: tuple[AnswerRow, ...]


@dataclass(frozen=True)
class AnswerSection:
    """A section of the form with what was answered in it; the first one may have no title."""

    title: str
    answers: list[AnswerRow]


def of_citizen(citizen: Citizen) -> QuerySet[Dossier]:
    """Return the citizen's dossiers, those that wait for the citizen first, then the newest."""
    waiting = Case(When(state=DossierState.INCOMPLETE, then=0), default=1, output_field=IntegerField())
    return (
        Dossier.objects.filter(citizen=citizen)
        .select_related("scheme__service")
        .order_by(waiting, "-created_at", "-id")
    )


def drafts_of(citizen: Citizen) -> QuerySet[ApplicationDraft]:
    """Return what the citizen began and may still finish, newest first."""
    open_ones = Scheme.objects.open().order_by("pk").values("pk")
    return (
        ApplicationDraft.objects.filter(citizen=citizen, scheme__in=open_ones)
        .select_related("scheme__service")
        .order_by("-kept_at", "-id")
    )


def draft_of(citizen: Citizen, scheme: Scheme) -> ApplicationDraft | None:
    """Return what the citizen began of a dispositif, if anything."""
    return ApplicationDraft.objects.filter(citizen=citizen, scheme=scheme).first()


def dossiers_to_list(agent: Agent) -> QuerySet[Dossier]:
    """
    Return what the CRM lists to this agent, with what its rows show; ``agent_key`` sorts by who has them.
    """
    rows = Dossier.objects.seen_by(agent).filter(number__isnull=False).annotate(agent_key=AGENT_KEY)
    return rows.select_related("scheme__service", "citizen", "agent")


def listed(dossiers: QuerySet[Dossier]) -> QuerySet[Dossier]:
    """Leave out of ``dossiers_to_list`` what no list shows and each row would read: answers, keys, descriptions."""
    return dossiers.defer(
        *("answers", "search_keys", "requests", "citizen__search_keys", "scheme__description"),
        "scheme__service__description",
    )


def reviewing_agents() -> QuerySet[Agent]:
    """Return the agents who review dossiers of some prestation, and can sign in."""
    reviewing = [profile for profile in Profile if Right.REVIEW in rights_of(profile)]
    return Agent.objects.filter(profile__in=reviewing, may_sign_in=True).order_by("name", "id")


def agents_to_assign(dossier: Dossier) -> QuerySet[Agent]:
    """Return who may be given a dossier: the agents who handle its prestation, and can sign in."""
    theirs = Q(all_services=True) | Q(accesses__service=dossier.scheme.service_id, accesses__handles=True)
    return reviewing_agents().filter(theirs).distinct()


def search(dossiers: QuerySet[Dossier], text: str) -> QuerySet[Dossier]:
    """
    Keep the dossiers that answer to ``text``: by their number, exactly; else by their citizen, else by a name in their
    answers (a child's), else by their dispositif. A number of another kind answers for none.
    """
    number = typed_numbers.parse_number(text)
    if number is not None:
        known = number.kind in (NumberKind.DOSSIER, NumberKind.SEQUENCE)
        return dossiers.filter(number=number.sequence) if known else dossiers.none()
    citizens = directory.keys_of(directory.answering(Citizen.objects.all(), text))
    about = directory.keys_of(answering(text))
    if citizens or about:
        theirs = directory.keys_of(Dossier.objects.filter(citizen__in=citizens))
        return dossiers.filter(pk__in=sorted({*theirs, *about}))
    typed = texts.clean_line(text).lower()
    schemes = [pk for pk, name in Scheme.objects.order_by("id").values_list("pk", "name") if typed in name.lower()]
    if schemes:
        return dossiers.filter(scheme__in=schemes)
    nearly = directory.keys_of(directory.nearly_answering(Citizen.objects.all(), text))
    return dossiers.filter(citizen__in=nearly) if nearly else dossiers.none()


def answering(text: str) -> QuerySet[Dossier]:
    """Return the dossiers in whose short answers a name is: those of a child, of a beneficiary."""
    return directory.answering(Dossier.objects.all(), text)


def completed_since(dossiers: QuerySet[Dossier]) -> QuerySet[Dossier]:
    """Keep the dossiers that are under review again, since what was missing came."""
    brought = Record.objects.filter(
        subject_kind="dossiers.dossier",
        subject_id=OuterRef("pk"),
        verb__in=(states.COMPLETE.verb, states.COMPLETE_FOR.verb),
    )
    return dossiers.filter(Exists(brought), state=DossierState.IN_REVIEW)


def to_review(agent: Agent) -> QuerySet[Dossier]:
    """Return the dossiers that wait for an agent, in the prestations that this one sees."""
    return Dossier.objects.seen_by(agent).filter(state__in=TO_REVIEW)


def count_by_state(agent: Agent) -> dict[str, int]:
    """Return how many dossiers there are in each state, in the prestations that the agent sees."""
    rows = Dossier.objects.seen_by(agent).order_by("state").values("state").annotate(n=Count("id"))
    return {**dict.fromkeys(DossierState.values, 0), **{row["state"]: row["n"] for row in rows}}


@dataclass(frozen=True)
class KeptEstimate:
    """What an application was estimated at when it was sent, and why."""

    row: Estimate
    estimated: AmountEstimate


def estimate(dossier: Dossier) -> KeptEstimate | None:
    """Return the last estimate of a dossier, with what it said; None where no pricing made one."""
    row = Estimate.objects.filter(dossier=dossier).order_by("-id").first()
    if row is None:
        return None
    lists = {name: tuple(row.told[name]) for name in ("waiting", "pending", "wrong")}
    told = AmountEstimate(
        result=parse_result(row.result), partial=row.told["partial"], doubtful=row.told["doubtful"], **lists
    )
    return KeptEstimate(row, told)


@dataclass(frozen=True)
class InForce:
    """What a dossier answers on a day; of what changed at a date, the fact that counts, by question."""

    answers: Mapping[str, Any]
    dated: Mapping[str, DatedAnswer]
    moving: Collection[str] = ()
    """The questions of which something was ever dated."""

    @property
    def days(self) -> dict[str, date]:
        """Since when each of these is so."""
        return {key: fact.since for key, fact in self.dated.items()}


def in_force(dossiers: Collection[Dossier], on: date) -> dict[int, InForce]:
    """
    Return what dossiers answer on a day, with one query for all of them: of each question, the last day said until
    then, and the last that was said of that day.
    """
    found: dict[int, list[DatedAnswer]] = {}
    for fact in DatedAnswer.objects.filter(dossier__in=dossiers).order_by("since", "id"):
        found.setdefault(fact.dossier_id, []).append(fact)
    return {one.pk: _in_force(one, found.get(one.pk, []), on) for one in dossiers}


def _in_force(dossier: Dossier, facts: Collection[DatedAnswer], on: date) -> InForce:
    dated = {fact.question: fact for fact in facts if fact.since <= on}
    said = {**dossier.answers, **{key: fact.value for key, fact in dated.items()}}
    known = {key: value for key, value in said.items() if value is not None}
    return InForce(known, dated, {fact.question for fact in facts})


def dated_answers(dossier: Dossier, question: str) -> QuerySet[DatedAnswer]:
    """Return what a question was said to be answered from which days, the last day first."""
    rows = DatedAnswer.objects.filter(dossier=dossier, question=question).select_related("proof")
    return rows.order_by("-since", "-id")


def fields_to_date(dossier: Dossier) -> list[FormField]:
    """Return the questions of a dossier whose answer may change at a date: those, asked once, that make its price."""
    version = catalogue.current_pricing(dossier.scheme)
    if version is None:
        return []
    return pricing_match.priced_fields(catalogue.compiled_pricing_of(version).pricing, dossier.form.form_fields)


def answers(dossier: Dossier) -> list[AnswerRow]:
    """Return the questions of the form that the dossier was filled with, and the answers; not what was not asked."""
    return [answer for part in answer_sections(dossier) for answer in part.answers]


def answer_sections(
    dossier: Dossier, *, by: str = "", sensitive: bool = True, on: date | None = None
) -> list[AnswerSection]:
    """
    Return the same, section by section.

    :param by: who answers, if only the questions of one are wanted.
    :param sensitive: whether the reader may read what the form marks so.
    :param on: the day whose answers are wanted; those of the application where none is given.
    """
    form = dossier.form.form_fields
    given = InForce(dossier.answers, {}) if on is None else in_force([dossier], on)[dossier.pk]
    reading = _Reading(form, given, sorted(dossier.attachments.all(), key=lambda file: file.pk), sensitive=sensitive)
    found = [AnswerSection("", [])]
    for field in form:
        if field.kind == FieldKind.SECTION:
            found.append(AnswerSection(field.label, []))
        elif not field.group and reading.decided.shows(field.key) and by in ("", field.by):
            found[-1].answers.append(reading.answered(field))
    return [part for part in found if part.answers]


class _Reading:
    """Reads the answers of one dossier."""

    def __init__(
        self, form: tuple[FormField, ...], given: InForce, files: list[Attachment], *, sensitive: bool
    ) -> None:
        self.form, self.given, self.files, self.sensitive = form, given.answers, files, sensitive
        self.days = given.days
        self.decided = conditions.decide(form, given.answers)

    def answered(self, field: FormField) -> AnswerRow:
        """Return one question with its answer."""
        if field.kind == FieldKind.GROUP:
            return AnswerRow(field, "", rows=tuple(self._rows(field)))
        if self._hides(field):
            return AnswerRow(field, _("Réponse sensible : votre profil ne la montre pas."))
        # What proves a number is no answer of its own.
        files = tuple(file for file in self.files if rules.is_file(field) and file.field_key == field.key)
        text = questions.to_text(field, self.given.get(field.key))
        return AnswerRow(field, text, files, since=self.days.get(field.key))

    def _rows(self, group: FormField) -> Iterator[AnswerGroupRow]:
        inside = [item for item in self.form if item.group == group.key]
        word = group.row_name or _("ligne")
        for n, row in enumerate(self.given.get(group.key, ())):
            asked = [item for item in inside if self.decided.shows(item.key, n)]
            title = f"{word[:1].upper()}{word[1:]} {n + 1}"
            yield AnswerGroupRow(title, tuple(self._in_row(item, row.get(item.key)) for item in asked))

    def _hides(self, field: FormField) -> bool:
        return field.is_sensitive and not self.sensitive

    def _in_row(self, field: FormField, value: Any) -> AnswerRow:
        if self._hides(field):
            return AnswerRow(field, _("Réponse sensible : votre profil ne la montre pas."))
        if field.kind != FieldKind.FILE:
            return AnswerRow(field, questions.to_text(field, value))
        return AnswerRow(
            field, "", tuple(file for file in self.files if (file.field_key, file.digest) == (field.key, value))
        )
