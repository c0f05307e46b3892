"""« Feuille de présence »: what the dossiers of a dispositif consumed, thing by thing, week by week."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.contrib import messages
from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _, ngettext

from obole.catalogue.forms import pricing_match
from obole.catalogue.models import Scheme, Service
from obole.consumption import operations, queries, rules
from obole.consumption.operations import CannotRecord, DayCount
from obole.consumption.rules import BadQuantity, Beneficiary, Cell
from obole.consumption.rules.file_lines import FARTHEST
from obole.consumption.rules.planning import ALWAYS, WEEK, Plan, PlannedDay, Stay
from obole.crm.shared.pages import page_of, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.pricing.model.parts import Pricing, Question

LONGEST_ID = 18
NOTHING_PLANNED = Plan()


@dataclass(frozen=True)
class Asked:
    """Which sheet: a dispositif, what is counted, and the days of a week."""

    scheme: Scheme
    pricing: Pricing
    questions: list[Question]
    question: Question
    days: list[date]

    @property
    def query(self) -> str:
        """What an address says of it."""
        return urlencode({"quoi": self.question.key, "semaine": self.days[0].isoformat()})


@dataclass
class SheetLine:
    """A beneficiary of a dossier: what was known when the page was shown, and what is typed."""

    dossier: Dossier
    beneficiary: Beneficiary
    seen: Mapping[date, Decimal]
    stay: Stay = ALWAYS
    planned: Mapping[date, PlannedDay] = field(default_factory=dict)
    """What was reserved: an empty box of such a day counts it."""
    typed: dict[date, str] = field(default_factory=dict)
    wrong: dict[date, str] = field(default_factory=dict)

    def input_name(self, day: date) -> str:
        """Name the field of a day."""
        row = "" if self.beneficiary.row is None else self.beneficiary.row
        return f"c-{self.dossier.pk}-{row}-{day:%Y%m%d}"

    @property
    def cells(self) -> Iterator[tuple[date, str, str, str, str]]:
        """Yield each day with the name of its field, what stands in it, what is wrong there, and what was planned."""
        for day in self.typed:
            yield day, self.input_name(day), self.typed[day], self.wrong.get(day, ""), self._note(day)

    @property
    def total(self) -> str:
        """What is due of the week as it was when the page was shown."""
        due = {day: one.due for day, one in self.planned.items()}
        return _shown(sum({**due, **self.seen}.values(), Decimal(0)))

    def _note(self, day: date) -> str:
        """Say what was planned of a day, in a few words."""
        if not self.stay.holds(day):
            return _("non inscrit")
        one = self.planned.get(day)
        if one is None:
            return ""
        if not one.absence:
            return _("%(n)s réservé") % {"n": _shown(one.quantity)}
        return _("absent, dû") if one.due else _("absent, excusé")


@for_agents(Right.REVIEW)
def attendance_schemes(request: AgentRequest) -> HttpResponse:
    """List the dispositifs whose agents count something day by day."""
    handled = Scheme.objects.filter(service__in=Service.objects.handled_by(request.agent), enabled=True)
    rows = [
        (scheme, ", ".join(question.label for question in found[1]))
        for scheme in handled.select_related("service").order_by("service__name", "name", "id")
        if (found := queries.countable(scheme))
    ]
    return render_page(request, "crm/dossiers/attendance_schemes.html", {"rows": rows})


@for_agents(Right.REVIEW)
def attendance(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a week of a dispositif, and write what is typed in it."""
    asked = _asked(request, pk)
    page = page_of(request, _dossiers(request, asked.scheme))
    seen = _seen(request)
    lines = list(_lines(asked, page, seen))
    if request.method == "POST":
        count = _record(request, asked, lines)
        if not any(line.wrong for line in lines):
            said = ngettext("%(n)d quantité est enregistrée.", "%(n)d quantités sont enregistrées.", count)
            messages.success(request, said % {"n": count})
            return redirect(f"{reverse('crm:attendance', args=[pk])}?{asked.query}&page={page.number}")
    closed = queries.town_calendar()
    context = {
        "asked": asked,
        "days": [(day, closed.why_closed(day)) for day in asked.days],
        "lines": lines,
        "page": page,
        "seen": seen,
        "before": asked.days[0] - timedelta(days=WEEK),
        "after": asked.days[0] + timedelta(days=WEEK),
        "wrong": [(line, day, line.input_name(day), said) for line in lines for day, said in line.wrong.items()],
    }
    return render_page(request, "crm/dossiers/attendance.html", context)


def handled_scheme(request: AgentRequest, pk: int) -> Scheme:
    """Return a dispositif that the agent handles; others are not there."""
    return get_object_or_404(Scheme.objects.filter(service__in=Service.objects.handled_by(request.agent)), pk=pk)


def _asked(request: AgentRequest, pk: int) -> Asked:
    """Return the sheet that an address asks for; the first thing that is counted, and this week, where it says none."""
    scheme = handled_scheme(request, pk)
    found = queries.countable(scheme)
    if found is None:
        raise Http404
    pricing, questions = found
    wanted = request.GET.get("quoi", "")
    question = next((one for one in questions if one.key == wanted), questions[0])
    monday = _monday(request.GET.get("semaine", ""))
    days = [monday + timedelta(days=n) for n in range(WEEK)]
    return Asked(scheme, pricing, questions, question, days)


def _monday(typed: str) -> date:
    today = dates.day_of(dates.now())
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        day = today
    day = day if abs(day - today) <= FARTHEST else today
    return day - timedelta(days=day.weekday())


def _dossiers(request: AgentRequest, scheme: Scheme) -> QuerySet[Dossier]:
    """Return the dossiers that count, by the names of who sent them."""
    rows = Dossier.objects.handled_by(request.agent).filter(scheme=scheme, state__in=operations.COUNTED_IN)
    names = ("citizen__last_name", "citizen__first_name", "citizen__organisation", "id")
    return rows.select_related("citizen", "form").order_by(*names)


def _seen(request: AgentRequest) -> int:
    """Return the last fact that the page shows, or showed when it was sent."""
    told = request.POST.get("seen", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) <= LONGEST_ID else queries.newest()


def _lines(asked: Asked, page: Page[Dossier], seen: int) -> Iterator[SheetLine]:
    ids, (first, last) = [dossier.pk for dossier in page], (asked.days[0], asked.days[-1])
    known = queries.quantities(ids, asked.question.key, first, last, until=seen)
    plans = queries.plans_of(ids)
    planned = queries.planned_days(plans, first, last)
    elsewhere = queries.counted_elsewhere(ids)
    for dossier in page:
        answers = pricing_match.engine_answers(asked.pricing, dossier.form.form_fields, dossier.answers)
        for one in rules.beneficiaries(asked.pricing, asked.question, answers):
            if (dossier.pk, one.row) in elsewhere:
                continue
            cells = {day: known.get(Cell(dossier.pk, one.row, day)) for day in asked.days}
            shown = {day: quantity for day, quantity in cells.items() if quantity is not None}
            typed = {day: "" if quantity is None else _shown(quantity) for day, quantity in cells.items()}
            of_day = planned.get(dossier.pk, {})
            due = {day: of_day[at] for day in asked.days if (at := (one.row, asked.question.key, day)) in of_day}
            yield SheetLine(dossier, one, shown, plans.get(dossier.pk, NOTHING_PLANNED).stay(one.row), due, typed)


def _record(request: AgentRequest, asked: Asked, lines: list[SheetLine]) -> int:
    """Write what was typed, dossier after dossier, and return how many facts that made; one stops no other."""
    by_dossier: dict[int, list[SheetLine]] = {}
    for line in lines:
        by_dossier.setdefault(line.dossier.pk, []).append(line)
    return sum(_record_dossier(request, asked, of_one) for of_one in by_dossier.values())


def _record_dossier(request: AgentRequest, asked: Asked, lines: list[SheetLine]) -> int:
    counted = [one for line in lines for one in _changed(request, asked, line)]
    if not counted or any(line.wrong for line in lines):
        return 0
    try:
        return operations.record(
            dossier_id=lines[0].dossier.pk,
            question=asked.question.key,
            counted=counted,
            actor=request.actor,
            at=dates.now(),
        )
    except CannotRecord as refusal:
        lines[0].wrong[counted[0].day] = str(refusal)
        return 0


def _changed(request: AgentRequest, asked: Asked, line: SheetLine) -> Iterator[DayCount]:
    """Yield what was typed that the page did not show, and note what cannot be read."""
    most = rules.most_in_a_day(asked.pricing, asked.question)
    for day, shown in list(line.typed.items()):
        typed = request.POST.get(line.input_name(day), shown).strip()[:20]
        line.typed[day] = typed
        if typed == shown:
            continue
        try:
            if not typed:
                raise BadQuantity(_("Écrivez 0 pour retirer ce qui était compté."))
            quantity = rules.read_quantity(typed, asked.question, most)
        except BadQuantity as refusal:
            line.wrong[day] = str(refusal)
        else:
            yield DayCount(line.beneficiary, day, quantity, line.seen.get(day))


def _shown(quantity: Decimal) -> str:
    return rules.written(quantity).replace(".", ",")
