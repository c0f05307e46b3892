"""« Réservations »: what is planned of a dossier, its absences, its departures; seen before they are confirmed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.catalogue.models import BilledOn
from obole.consumption import operations, queries
from obole.consumption.models import Absence
from obole.consumption.operations import CannotPlan
from obole.consumption.operations.planning import check_absence, check_booking, check_stay
from obole.consumption.rules import written
from obole.consumption.rules.planning import Plan, Reserved, Stay
from obole.crm.dossiers.dossier_detail import dossier_to_handle
from obole.crm.dossiers.planning_forms import (
    WEEK_DAYS,
    AbsenceForm,
    BookingForm,
    Countables,
    EnrolmentForm,
    PlanningForm,
    code_of,
    countables_of,
    started_week,
)
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates

LONGEST = 18


@dataclass(frozen=True)
class Asked:
    """What a page is about: a dossier, what is counted in it, and what it planned."""

    dossier: Dossier
    known: Countables
    plan: Plan
    version: int
    """How often it planned something, read before the plan."""
    seen: int
    """The same, when the page that was sent was shown."""
    today: date


@dataclass(frozen=True)
class Screen:
    """One of the three pages: what it is called, what it asks, how it is looked at, and how it is done."""

    title: str
    form: PlanningForm
    look: Callable[[], tuple[Plan, date]]
    """What would be planned, and from which day on it differs; refuses what cannot be."""
    act: Callable[[], object]
    done: str

    @property
    def is_week(self) -> bool:
        """Whether it has a box for each day."""
        return isinstance(self.form, BookingForm)


@for_agents(Right.REVIEW)
def planning(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the weeks that are reserved, the absences, and who left."""
    asked = _asked(request, pk)
    known = asked.known
    absences = [
        (one, known.whose(one.row), known.what(one.question)) for one in queries.standing_absences(asked.dossier)
    ]
    stays = [(code_of(row), known.whose(row), stay) for row, stay in asked.plan.stays.items() if stay != Stay()]
    context = {
        "dossier": asked.dossier,
        "weeks": list(_weeks(asked)),
        "absences": absences,
        "stays": stays,
        "takes": asked.dossier.scheme.takes_bookings,
    }
    return render_page(request, "crm/dossiers/planning.html", context)


@for_agents(Right.REVIEW)
def planning_booking(request: AgentRequest, pk: int) -> HttpResponse:
    """Reserve a week that comes again."""
    asked = _asked(request, pk)
    things = {code_of(*thing): thing for thing in asked.known.names}
    chosen = _chosen(request, "thing", things)
    begun = {"first": asked.today, **(started_week(asked.plan, things[chosen], asked.today) if chosen else {})}
    form = BookingForm(_sent(request), initial={"thing": chosen, **begun}, known=asked.known)

    screen = Screen(
        _("Réserver une semaine"),
        form,
        lambda: _with_week(asked, form),
        lambda: operations.book(asked=form.asked, **_who(request, asked)),
        _("la réservation est enregistrée."),
    )
    return _page(request, asked, screen)


@for_agents(Right.REVIEW)
def planning_absence(request: AgentRequest, pk: int) -> HttpResponse:
    """Note an absence."""
    asked = _asked(request, pk)
    who = _chosen(request, "who", [code_of(row) for row in asked.known.people])
    reasons = asked.dossier.scheme.absence_reasons
    form = AbsenceForm(_sent(request), initial={"who": who, "first": asked.today}, known=asked.known, reasons=reasons)

    screen = Screen(
        _("Noter une absence"),
        form,
        lambda: _with_absence(asked, form),
        lambda: operations.announce_absence(asked=form.asked, **_who(request, asked)),
        _("l’absence est notée."),
    )
    return _page(request, asked, screen)


@for_agents(Right.REVIEW)
@require_POST
def planning_absence_cancel(request: AgentRequest, pk: int, absence_pk: int) -> HttpResponse:
    """Say that an absence was none."""
    absence = get_object_or_404(Absence, pk=absence_pk, dossier=dossier_to_handle(request, pk), cancels=None)
    operations.cancel_absence(absence_id=absence.pk, actor=request.actor, at=dates.now())
    messages.success(request, _("l’absence est annulée : ce qui était réservé est de nouveau dû."))
    return redirect("crm:planning", pk)


@for_agents(Right.REVIEW)
def planning_enrolment(request: AgentRequest, pk: int) -> HttpResponse:
    """Note an arrival or a departure."""
    asked = _asked(request, pk)
    rows = {code_of(row): row for row in asked.known.people}
    chosen = _chosen(request, "who", rows)
    now = asked.plan.stay(rows[chosen]) if chosen else Stay()
    form = EnrolmentForm(
        _sent(request), initial={"who": chosen, "first": now.first, "last": now.last}, known=asked.known
    )

    screen = Screen(
        _("Arrivée ou départ"),
        form,
        lambda: _with_stay(asked, form),
        lambda: operations.enrol(row=form.row, stay=form.stay, **_who(request, asked)),
        _("les jours d’inscription sont enregistrés."),
    )
    return _page(request, asked, screen)


def _asked(request: AgentRequest, pk: int) -> Asked:
    dossier = dossier_to_handle(request, pk)
    typed = request.POST.get("seen", "")
    is_told = typed.isascii() and typed.isdigit() and len(typed) <= LONGEST
    version = queries.plan_version(pk)
    seen, today = int(typed) if is_told else version, dates.day_of(dates.now())
    return Asked(dossier, countables_of(dossier), queries.plan_of(dossier), version, seen, today)


def _chosen(request: AgentRequest, name: str, known: Iterable[str]) -> str:
    """
    Return whom the address or the form is about.

    :raises Http404: if the dossier has nobody of that name.
    """
    chosen: str = (request.POST if request.method == "POST" else request.GET).get(name, "")
    if chosen and chosen not in known:
        raise Http404
    return chosen


def _sent(request: AgentRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _who(request: AgentRequest, asked: Asked) -> dict[str, Any]:
    return {"dossier_id": asked.dossier.pk, "seen": asked.seen, "actor": request.actor, "at": dates.now()}


def _page(request: AgentRequest, asked: Asked, screen: Screen) -> HttpResponse:
    """Ask, show what it changes, then do it: what is confirmed is what was shown."""
    changes: list[tuple[str, str, str]] | None = None
    if screen.form.is_valid():
        try:
            if request.POST.get("shown") == screen.form.signature:
                screen.act()
                messages.success(request, screen.done)
                return redirect("crm:planning", asked.dossier.pk)
            changes = _changes(asked, *screen.look())
        except CannotPlan as refusal:
            screen.form.add_error(refusal.field, str(refusal))
    context = {"asked": asked, "dossier": asked.dossier, "screen": screen, "form": screen.form, "changes": changes}
    return render_page(request, "crm/dossiers/planning_form.html", context)


def _changes(asked: Asked, after: Plan, first: date) -> list[tuple[str, str, str]]:
    """Return what is due otherwise, month by month: of what, and how much instead of how much."""
    found = queries.what_changes(asked.dossier, asked.plan, after, first=first)
    return [
        (
            f"{asked.known.named(one.thing)}, {dates.MONTHS[one.month.month - 1]} {one.month.year}",
            shown(one.after),
            shown(one.before),
        )
        for one in found
    ]


def _with_week(asked: Asked, form: BookingForm) -> tuple[Plan, date]:
    check_booking(asked.dossier, form.asked, plan=asked.plan, today=asked.today)
    all_year = asked.dossier.scheme.billed_on == BilledOn.BOOKED_ALL_YEAR
    week = Reserved(**vars(form.asked), all_year=all_year)
    return replace(asked.plan, reserved=[*asked.plan.reserved, week]), week.first


def _with_absence(asked: Asked, form: AbsenceForm) -> tuple[Plan, date]:
    away = check_absence(asked.dossier, form.asked, plan=asked.plan, today=asked.today)
    return replace(asked.plan, away=[*asked.plan.away, away]), away.first


def _with_stay(asked: Asked, form: EnrolmentForm) -> tuple[Plan, date]:
    check_stay(asked.dossier, form.row, stay=form.stay, plan=asked.plan, today=asked.today)
    now, then = asked.plan.stay(form.row), form.stay
    moved = [pair for pair in ((now.first, then.first), (now.last, then.last)) if pair[0] != pair[1]]
    first = min((day for pair in moved for day in pair if day), default=asked.today)
    return replace(asked.plan, stays={**asked.plan.stays, form.row: then}), first


def _weeks(asked: Asked) -> Iterator[tuple[str, str, list[tuple[str, str]], list[tuple[str, str]]]]:
    """Yield the code and the name of each thing, with the week that is reserved today, and those that are to come."""
    for thing, name in asked.known.names.items():
        now = asked.plan.on(thing, asked.today)
        coming = [one for one in asked.plan.reserved if one.thing == thing and one.first > asked.today]
        yield code_of(*thing), name, [_week(now)] if now else [], [_week(one) for one in coming]


def _week(one: Reserved) -> tuple[str, str]:
    """Write a week: its days, and from when until when."""
    said = ", ".join(
        f"{str(day).lower()}\u00a0{shown(quantity)}"
        for day, quantity in zip(WEEK_DAYS, one.quantities, strict=True)
        if quantity
    )
    first = dates.format_short(one.first)
    if one.last is None:
        return said or _("rien"), _("depuis le %(first)s") % {"first": first}
    last = dates.format_short(one.last)
    return said or _("rien"), _("du %(first)s au %(last)s") % {"first": first, "last": last}


def shown(quantity: Decimal) -> str:
    """Write a quantity as it is read."""
    return written(quantity).replace(".", ",")
