"""How dossiers are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When
from django.utils.translation import gettext as _

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import conditions, questions
from obole.catalogue.forms.estimating import Estimated
from obole.catalogue.models import Scheme
from obole.catalogue.rules import parse_result
from obole.directory.models import Citizen
from obole.dossiers.models import Attachment, Dossier, Estimate, Sketch
from obole.dossiers.rules import Priced
from obole.dossiers.states import DossierState
from obole.lib import words

TO_REVIEW = (DossierState.SUBMITTED, DossierState.IN_REVIEW)


@dataclass(frozen=True)
class Answered:
    """A question of the form as it was, and its answer as people read it."""

    field: FormField
    text: str
    attachments: tuple[Attachment, ...] = ()
    rows: tuple["AnsweredRow", ...] = ()
    """The rows of a group, each with its own answers."""


@dataclass(frozen=True)
class AnsweredRow:
    """A row of a group."""

    title: str
    answers: tuple[Answered, ...]


@dataclass(frozen=True)
class Part:
    """A section of the form with what was answered in it; the first one may have no title."""

    title: str
    answers: list[Answered]


def of_citizen(citizen: Citizen) -> QuerySet[Dossier]:
    """Return the citizen's dossiers, those that wait for the citizen first, then the newest."""
    waiting = Case(When(state=DossierState.INCOMPLETE, then=0), default=1, output_field=IntegerField())
    return (
        Dossier.objects.filter(citizen=citizen)
        .select_related("scheme__service")
        .order_by(waiting, "-created_at", "-id")
    )


def sketches_of(citizen: Citizen) -> QuerySet[Sketch]:
    """Return what the citizen began and may still finish, newest first."""
    open_ones = Scheme.objects.open().order_by("pk").values("pk")
    return (
        Sketch.objects.filter(citizen=citizen, scheme__in=open_ones)
        .select_related("scheme__service")
        .order_by("-kept_at", "-id")
    )


def sketch_of(citizen: Citizen, scheme: Scheme) -> Sketch | None:
    """Return what the citizen began of a dispositif, if anything."""
    return Sketch.objects.filter(citizen=citizen, scheme=scheme).first()


def to_list() -> QuerySet[Dossier]:
    """Return what the CRM lists, with what its rows show."""
    return Dossier.objects.exclude(state=DossierState.DRAFT).select_related("scheme__service", "citizen", "agent")


def matching(dossiers: QuerySet[Dossier], text: str) -> QuerySet[Dossier]:
    """Keep the dossiers whose number, dispositif or citizen answers to ``text``."""
    wanted = Q(scheme__name__icontains=words.clean_line(text))
    digits = words.clean_line(text).rsplit("-", 1)[-1].lstrip("0")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        wanted |= Q(number=int(digits))
    by_name = Q()
    for word in words.fold(text).split():
        by_name &= Q(citizen__sort_key__regex=rf"\m{word}")
    return dossiers.filter(wanted | by_name if by_name else wanted)


def count_to_review() -> int:
    """Return how many dossiers wait for an agent."""
    return Dossier.objects.filter(state__in=TO_REVIEW).count()


def count_by_state() -> dict[str, int]:
    """Return how many dossiers there are in each state."""
    rows = Dossier.objects.order_by("state").values("state").annotate(n=Count("id"))
    return {row["state"]: row["n"] for row in rows}


def items(dossier: Dossier) -> list[Priced]:
    """Return what the dossier asks for, priced as it was promised."""
    rows = dossier.items.select_related("product").order_by("product__position", "product_id")
    return [Priced(product=row.product, quantity=row.quantity, unit_price_cents=row.unit_price_cents) for row in rows]


@dataclass(frozen=True)
class Kept:
    """What an application was estimated at when it was sent, and why."""

    row: Estimate
    estimated: Estimated


def estimate(dossier: Dossier) -> Kept | None:
    """Return the last estimate of a dossier, with what it said; None where no pricing made one."""
    row = Estimate.objects.filter(dossier=dossier).order_by("-id").first()
    if row is None:
        return None
    lists = {name: tuple(row.told[name]) for name in ("waiting", "pending", "wrong")}
    told = Estimated(
        result=parse_result(row.result), partial=row.told["partial"], doubtful=row.told["doubtful"], **lists
    )
    return Kept(row, told)


def answers(dossier: Dossier) -> list[Answered]:
    """Return the questions of the form that the dossier was filled with, and the answers; not what was not asked."""
    return [one for part in parts(dossier) for one in part.answers]


def parts(dossier: Dossier, *, by: str = "") -> list[Part]:
    """
    Return the same, section by section.

    :param by: who answers, if only the questions of one are wanted.
    """
    form = dossier.form.form_fields
    reading = _Reading(form, dossier.answers, list(dossier.attachments.order_by("id")))
    found = [Part("", [])]
    for field in form:
        if field.kind == FieldKind.SECTION:
            found.append(Part(field.label, []))
        elif not field.group and reading.decided.shows(field.key) and by in ("", field.by):
            found[-1].answers.append(reading.answered(field))
    return [part for part in found if part.answers]


class _Reading:
    """Reads the answers of one dossier."""

    def __init__(self, form: tuple[FormField, ...], given: dict[str, Any], files: list[Attachment]) -> None:
        self.form, self.given, self.files = form, given, files
        self.decided = conditions.decide(form, given)

    def answered(self, field: FormField) -> Answered:
        """Return one question with its answer."""
        if field.kind == FieldKind.GROUP:
            return Answered(field, "", rows=tuple(self._rows(field)))
        files = tuple(file for file in self.files if file.field_key == field.key)
        return Answered(field, questions.told(field, self.given.get(field.key)), files)

    def _rows(self, group: FormField) -> Iterator[AnsweredRow]:
        inside = [one for one in self.form if one.group == group.key]
        word = group.row_name or _("ligne")
        for n, row in enumerate(self.given.get(group.key, ())):
            asked = [one for one in inside if self.decided.shows(one.key, n)]
            title = f"{word[:1].upper()}{word[1:]} {n + 1}"
            yield AnsweredRow(title, tuple(self._in_row(one, row.get(one.key)) for one in asked))

    def _in_row(self, field: FormField, value: Any) -> Answered:
        if field.kind != FieldKind.FILE:
            return Answered(field, questions.told(field, value))
        return Answered(
            field, "", tuple(one for one in self.files if (one.field_key, one.digest) == (field.key, value))
        )
