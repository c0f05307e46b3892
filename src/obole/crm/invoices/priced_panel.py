"""The sous-panel « Générer une facture »: the questions of the pricing, and what the answers come to."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing import queries as billing, rules
from obole.billing.models import Invoice, InvoiceType
from obole.billing.operations import BILLABLE, billed_before
from obole.billing.rules import periods
from obole.catalogue import queries as catalogue
from obole.catalogue.forms.pricing_questions import initial_answers
from obole.catalogue.models import PricingVersion
from obole.consumption.queries import sharing
from obole.consumption.rules import by_question, with_consumption, written
from obole.crm.invoices import answers_in_force, schedules
from obole.crm.invoices.priced_forms import BillForm, PricedForm
from obole.crm.shared import badges, pricing_preview
from obole.crm.shared.forms import new_request_key
from obole.crm.shared.sidebar import sees_money
from obole.directory.access import AgentRequest
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates, money
from obole.lib.dates import MONTHS
from obole.payments import display_status
from obole.pricing.model.parts import Pricing, QuestionKind
from obole.pricing.model.problems import Problem
from obole.pricing.model.results import Result


def blank_panel(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    """
    Return what the sous-panel shows before anything is typed: what the citizen answered already, and what it comes to;
    or what keeps it from asking anything.
    """
    types, version = billing.types_for(dossier), catalogue.current_pricing(dossier.scheme)
    chosen = types.filter(invoices__dossier=dossier).order_by("-invoices__id").first() or types.first()
    if dossier.state not in BILLABLE or chosen is None or version is None:
        url = reverse("crm:settings_pricing", args=[dossier.scheme_id]) if request.agent.may(Right.CONFIGURE) else ""
        return {"billable": dossier.state in BILLABLE, "no_type": chosen is None, "pricing_url": url}
    today = dates.day_of(dates.now())
    pricing = catalogue.compiled_pricing_of(version).pricing
    period = _period_counted(dossier, chosen, today) or _period_to_offer(pricing, today)
    first = {"type": chosen.pk, "period": period, "request_key": new_request_key()}
    return panel_context(_form(request, dossier, version, None, first), dossier, version)


def _period_counted(dossier: Dossier, chosen: InvoiceType, today: date) -> str:
    """Return last month, if something was counted in it and this type was not billed for it; else nothing."""
    last = today.replace(day=1) - timedelta(days=1)
    period = _month_of(last)
    counted = sharing.billed_of([dossier.pk], last.replace(day=1), last).get(dossier.pk, {})
    return period if any(counted.values()) and not billed_before(dossier, type_id=chosen.pk, period=period) else ""


def _month_of(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def _period_to_offer(pricing: Pricing, today: date) -> str:
    """
    Return this month for what is counted again and again; nothing for what is billed once: it has days of its own, is
    paid in several times, or depends on no answer.
    """
    days = any(question.kind == QuestionKind.DAY for question in pricing.questions)
    once = days or bool(pricing.terms.acompte) or pricing.terms.instalments > 1 or not pricing.questions
    return "" if once else _month_of(today)


def sent_form(request: AgentRequest, dossier: Dossier, version: PricingVersion) -> BillForm:
    """Return the form as it was sent; of a page that asked no question (another type was chosen), the questions."""
    if "version" in request.POST:
        sent = _with_counted(request, dossier, version) if "presences" in request.POST else request.POST
        form = _form(request, dossier, version, sent, {})
        if answers_in_force.BUTTON not in request.POST:
            return form
        return _form(request, dossier, version, answers_in_force.taken(sent, form, dossier, version), {})
    known = {name: request.POST.get(name, "") for name in ("type", "period", "request_key")}
    return _form(request, dossier, version, None, known)


def _with_counted(request: AgentRequest, dossier: Dossier, version: PricingVersion) -> Any:
    """Return what was sent with what was counted in its period in the place of the same quantities, and no other."""
    sent, pricing = request.POST.copy(), catalogue.compiled_pricing_of(version).pricing
    groups = {question.key: question.group for question in pricing.questions}
    counted = by_question(pricing, _counted(dossier, request.POST.get("period", "")))
    for (row, key), quantity in counted.items():
        name = f"r-{key}" if row is None else f"r-{groups.get(key, '')}-{row}-{key}"
        if name in sent:
            sent[name] = written(quantity).replace(".", ",")
    return sent


def _form(
    request: AgentRequest, dossier: Dossier, version: PricingVersion, sent: Any, initial: dict[str, Any]
) -> BillForm:
    pricing = catalogue.compiled_pricing_of(version).pricing
    offered: dict[str, Any] = {
        "pricings": [pricing],
        "types": billing.types_for(dossier),
        "regies": sees_money(request.agent),
    }
    today = dates.day_of(dates.now())
    offered_days = schedules.days_to_begin_with(pricing, today)
    counted = _counted(dossier, str((initial if sent is None else sent).get("period", "")))
    if sent is not None:
        # A page that showed no part yet, its answers making none, asked for no day.
        data = sent.copy()
        for name, day in offered_days.items():
            data.setdefault(name, day.isoformat())
        return _told_of(BillForm.sent(data, **offered), counted)
    days = periods.days_of(str(initial.get("period", "")))
    answers = answers_in_force.engine_answers(pricing, dossier, days.last if days else today)
    answers = with_consumption(pricing, answers, counted)
    begun = {"version": version.pk, **offered_days}
    return _told_of(BillForm(initial={**begun, **initial_answers(pricing, answers), **initial}, **offered), counted)


def _told_of(form: BillForm, counted: Mapping[tuple[int | None, str], Decimal]) -> BillForm:
    form.counted = counted
    return form


def _counted(dossier: Dossier, period: str) -> dict[tuple[int | None, str], Decimal]:
    """Return what a dossier consumed in the days of a period; nothing for one that says no day."""
    days = periods.days_of(period)
    return sharing.billed_of([dossier.pk], days.first, days.last).get(dossier.pk, {}) if days else {}


def panel_context(form: BillForm, dossier: Dossier, version: PricingVersion) -> dict[str, Any]:
    """Return the form, the lines that its answers make, what they lack, their total and the due date."""
    chosen = (
        billing.types_for(dossier).filter(pk__in=_ids(form["type"].value())).first()
        or billing.types_for(dossier).first()
    )
    term = chosen.payment_term if chosen else 0
    at, made = dates.now(), find_result(form, version)
    parts = schedules.instalments_to_confirm(form, schedules.parts_of(version, made["result"]))
    carrying = _carrying(dossier, version, chosen, made["result"])
    return {
        "generate": form,
        "form": form,
        "chosen_type": chosen,
        "pricing_version": version,
        "due_on": dates.due_date(at, term_days=term),
        "year": dates.day_of(at).year,
        "parts": parts,
        "shown_cents": made["result"].total_cents,
        "shown_beside": 0 if parts and not form["at_once"].value() else carrying["carried_cents"],
        **_before(form, dossier, chosen),
        **made,
        "counted": form.counted,
        "otherwise": answers_in_force.others_than(form, dossier, version),
        "quoted_gap": quoted_gap(dossier, made["priced"].total_cents) if made["sure"] else "",
        **carrying,
    }


def _before(form: BillForm, dossier: Dossier, chosen: InvoiceType | None) -> dict[str, Any]:
    """Return what of this type and period was billed already, with its pills."""
    period = str(form["period"].value() or "")
    before = billed_before(dossier, type_id=chosen.pk, period=period) if chosen else None
    if not before:
        return {"billed_before": None, "bills_before": []}
    rows = Invoice.objects.filter(pk__in=[one.pk for one in before.invoices]).select_related("dossier")
    today = dates.day_of(dates.now())
    known = display_status.with_progress(rows).order_by("issued_at", "id")
    bills = [(one, badges.invoice_badge(display_status.display(one, today=today))) for one in known]
    return {"billed_before": before, "bills_before": bills}


def _carrying(dossier: Dossier, version: PricingVersion, chosen: InvoiceType | None, result: Result) -> dict[str, Any]:
    """Return what was carried over to the invoice to come, and whether its price can be carried over in its turn."""
    waiting = list(billing.carry_overs_to_bill(dossier, chosen)) if chosen else []
    before, below = (
        sum(item.cents for item in waiting),
        catalogue.compiled_pricing_of(version).pricing.terms.carry_below,
    )
    return {
        "carried_to": waiting,
        "carried_cents": before,
        "carry_below": below,
        "with_carried": result.total_cents + before,
        "can_carry": rules.must_carry_over(result, before_cents=before, below_cents=below),
    }


def quoted_gap(dossier: Dossier, cents: int) -> str:
    """
    Say by how much an amount, in cents, is not what the citizen was told; nothing where it is, or where no total was
    told.
    """
    quoted = billing.quoted_estimate(dossier)
    gap = 0 if quoted is None else quoted.gap(cents)
    if quoted is None or not gap:
        return ""
    said = (
        _("L’usager a lu une estimation de %(told)s le %(day)s : cette facture serait de %(gap)s plus élevée.")
        if gap > 0
        else _("L’usager a lu une estimation de %(told)s le %(day)s : cette facture serait de %(gap)s moins élevée.")
    )
    told = money.euros(quoted.estimate.total_cents or 0)
    return said % {"told": told, "day": dates.format_short(dates.day_of(quoted.at)), "gap": money.euros(abs(gap))}


def find_result(form: PricedForm, version: PricingVersion) -> dict[str, Any]:
    """Return what the answers come to so far; what is wrong is said at its field, and what lacks above the lines."""
    result, problems = pricing_preview.preview(version, form.answers, on=form.day)
    lacking = _told(form, problems)
    return {
        "priced": pricing_preview.bill(result),
        "lacking": lacking,
        # Lines made without an answer that cannot be read would be those of another answer.
        "unreadable": _is_unreadable(form, problems),
        "sure": not problems,
        "result": result,
    }


def _is_unreadable(form: PricedForm, problems: Iterable[Problem]) -> bool:
    misread = form.is_bound and any(form.is_misread(problem) for problem in problems)
    return misread or any(name.startswith("r-") or name == "on" for name in form.errors)


def _told(form: PricedForm, problems: Iterable[Problem]) -> list[str]:
    """Tell a form that was sent what is wrong at a field; return the rest."""
    if form.is_bound:
        form.tell([problem for problem in problems if form.is_untold(problem)])
    return list(dict.fromkeys(problem.message for problem in problems if not form.stands_at(problem)))


def _ids(value: object) -> list[int]:
    text = str(value or "")
    return [int(text)] if text.isascii() and text.isdigit() and len(text) < 18 else []
