"""What is asked of a reservation, an absence, an enrolment: for whom, what, which days."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue.forms import pricing_match
from obole.catalogue.rules import absence_reasons
from obole.consumption import queries, rules
from obole.consumption.operations import AbsenceRequest, BookingRequest
from obole.consumption.rules import BadQuantity
from obole.consumption.rules.planning import EVERYTHING, Plan, Stay, Thing
from obole.dossiers.models import Dossier
from obole.pricing.model.parts import Pricing, Question
from obole.ui.fields import DayField

WEEK_DAYS = (
    gettext_lazy("Lundi"),
    gettext_lazy("Mardi"),
    gettext_lazy("Mercredi"),
    gettext_lazy("Jeudi"),
    gettext_lazy("Vendredi"),
    gettext_lazy("Samedi"),
    gettext_lazy("Dimanche"),
)
LONGEST = 20


@dataclass(frozen=True)
class Countables:
    """What is counted in a dossier, and for whom."""

    pricing: Pricing
    questions: dict[str, Question]
    names: dict[Thing, str]
    """« Léa – Repas »."""
    people: dict[int | None, str]

    def named(self, thing: Thing) -> str:
        """Name something, be it of a question or a row that is not there any more."""
        question = self.questions.get(thing[1])
        kept = question.label if question else thing[1]
        return self.names.get(
            thing, f"{_('n° %(n)d') % {'n': thing[0] + 1}} – {kept}" if thing[0] is not None else kept
        )

    def what(self, question: str) -> str:
        """Name what an absence is from."""
        known = self.questions.get(question)
        return known.label if known else question or _("Tout ce qui est réservé")

    def whose(self, row: int | None) -> str:
        """Name somebody."""
        return self.people.get(row, "") or _("Le dossier")


def countables_of(dossier: Dossier) -> Countables:
    """
    Return what is counted in a dossier.

    :raises Http404: where nothing is.
    """
    found = queries.countable(dossier.scheme)
    if found is None:
        raise Http404
    pricing, questions = found
    answers = pricing_match.engine_answers(pricing, dossier.form.form_fields, dossier.answers)
    names, people = dict[Thing, str](), dict[int | None, str]()
    for question in questions:
        for one in rules.beneficiaries(pricing, question, answers):
            names[one.row, question.key] = f"{one.name} – {question.label}" if one.name else question.label
            people[one.row] = one.name or _("Le dossier")
    return Countables(pricing, {question.key: question for question in questions}, names, people)


def code_of(row: int | None, question: str = "") -> str:
    """Write who and what as an address and a form say it: « 0:repas »."""
    return f"{'' if row is None else row}:{question}" if question else ("" if row is None else str(row)) + ":"


class PlanningForm(forms.Form):
    """What is planned: seen before it is confirmed."""

    @property
    def signature(self) -> str:
        """What was typed, so that what is confirmed is what was shown."""
        return "|".join(f"{value}" for value in self.cleaned_data.values())


class BookingForm(PlanningForm):
    """A week that comes again."""

    mark_optional = False

    thing = forms.ChoiceField(label=gettext_lazy("Pour qui, et quoi"))
    first = DayField(label=gettext_lazy("À partir du"))
    last = DayField(
        label=gettext_lazy("Jusqu’au"),
        required=False,
        help_text=gettext_lazy("Vide\u00a0: jusqu’à la prochaine réservation. Ensuite, plus rien n’est réservé."),
    )

    def __init__(self, *args: Any, known: Countables, **options: Any) -> None:
        super().__init__(*args, **options)
        self.known = known
        chosen: forms.ChoiceField = self.fields["thing"]  # type: ignore[assignment]  # declared above
        chosen.choices = [(code_of(*thing), name) for thing, name in known.names.items()]
        for n, label in enumerate(WEEK_DAYS):
            widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
            self.fields[f"day_{n}"] = forms.CharField(label=label, required=False, max_length=LONGEST, widget=widget)

    def clean(self) -> dict[str, Any]:
        """Read each quantity, and say what is wrong at its day."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        things = {code_of(*thing): thing for thing in self.known.names}
        if (thing := things.get(given.get("thing", ""))) is None:
            return given
        question = self.known.questions[thing[1]]
        most = rules.most_in_a_day(self.known.pricing, question)
        for n in range(len(WEEK_DAYS)):
            try:
                given[f"day_{n}"] = rules.read_quantity(given.get(f"day_{n}") or "0", question, most)
            except BadQuantity as refusal:
                self.add_error(f"day_{n}", str(refusal))
        return {**given, "row": thing[0], "question": thing[1]}

    @property
    def days(self) -> list[forms.BoundField]:
        """The boxes of the week, side by side."""
        return [self[f"day_{n}"] for n in range(len(WEEK_DAYS))]

    @property
    def beside(self) -> list[forms.BoundField]:
        """The other fields."""
        return [self[name] for name in ("thing", "first", "last")]

    @property
    def asked(self) -> BookingRequest:
        """What was typed."""
        given = self.cleaned_data
        quantities = tuple(Decimal(given[f"day_{n}"]) for n in range(len(WEEK_DAYS)))
        return BookingRequest(
            row=given["row"],
            question=given["question"],
            first=given["first"],
            last=given["last"],
            quantities=quantities,
        )


class AbsenceForm(PlanningForm):
    """Who is away, when and why."""

    who = forms.ChoiceField(label=gettext_lazy("Qui"))
    question = forms.ChoiceField(label=gettext_lazy("De quoi"), required=False)
    first = DayField(label=gettext_lazy("Premier jour d’absence"))
    last = DayField(label=gettext_lazy("Dernier jour d’absence"))
    reason = forms.ChoiceField(
        label=gettext_lazy("Motif"), error_messages={"required": gettext_lazy("Choisissez un motif.")}
    )

    def __init__(self, *args: Any, known: Countables, reasons: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.known = known
        listed = [(one.name, _described(one)) for one in absence_reasons.parse(reasons)]
        questions = [(key, one.label) for key, one in known.questions.items()]
        _choose(self.fields["who"], [(code_of(row), name) for row, name in known.people.items()])
        _choose(self.fields["question"], [(EVERYTHING, _("Tout ce qui est réservé")), *questions])
        _choose(self.fields["reason"], [("", _("Choisissez")), *listed])

    @property
    def asked(self) -> AbsenceRequest:
        """What was typed."""
        given = self.cleaned_data
        return AbsenceRequest(
            row=_row_of(given["who"]),
            question=given["question"],
            first=given["first"],
            last=given["last"],
            reason=given["reason"],
        )


class EnrolmentForm(PlanningForm):
    """When somebody arrives and leaves."""

    who = forms.ChoiceField(label=gettext_lazy("Qui"))
    first = DayField(
        label=gettext_lazy("Premier jour d’inscription"),
        required=False,
        help_text=gettext_lazy("Seulement pour une arrivée en cours d’année."),
    )
    last = DayField(
        label=gettext_lazy("Dernier jour d’inscription"),
        required=False,
        help_text=gettext_lazy("Le départ\u00a0: après ce jour, rien n’est réservé ni compté. Vide\u00a0: reste."),
    )

    def __init__(self, *args: Any, known: Countables, **options: Any) -> None:
        super().__init__(*args, **options)
        _choose(self.fields["who"], [(code_of(row), name) for row, name in known.people.items()])

    @property
    def row(self) -> int | None:
        """Who."""
        return _row_of(self.cleaned_data["who"])

    @property
    def stay(self) -> Stay:
        """What was typed."""
        return Stay(self.cleaned_data["first"], self.cleaned_data["last"])


def started_week(plan: Plan, thing: Thing, day: date) -> dict[str, Any]:
    """Return the week that is reserved now, to begin with."""
    now = plan.on(thing, day)
    quantities = now.quantities if now else ()
    return {f"day_{n}": rules.written(one).replace(".", ",") for n, one in enumerate(quantities) if one}


def _described(reason: absence_reasons.AbsenceReason) -> str:
    if not reason.is_excused:
        return _("%(reason)s (reste dû)") % {"reason": reason.name}
    if not reason.waiting_days:
        return _("%(reason)s (excusée)") % {"reason": reason.name}
    said = {"reason": reason.name, "days": reason.waiting_days}
    return _("%(reason)s (excusée, carence\u00a0: %(days)d j)") % said


def _choose(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    field.choices = choices  # type: ignore[attr-defined]  # those that a dossier has


def _row_of(code: str) -> int | None:
    row = code.removesuffix(":")
    return int(row) if row else None
