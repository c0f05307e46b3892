"""The sous-panel « Générer une facture » of a dispositif that has a pricing: its questions, and what the answers come to."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from obole.billing import queries as billing
from obole.billing import rules
from obole.billing.models import InvoiceType
from obole.catalogue import queries as catalogue
from obole.catalogue.forms import matching
from obole.catalogue.forms.answering import start
from obole.catalogue.models import PricingVersion
from obole.catalogue.rules import Problem, Result
from obole.crm import pricings, schedules
from obole.crm.forms import new_request_key
from obole.crm.pricing_forms import BillForm, PricedForm
from obole.crm.rail import sees_money
from obole.directory.access import AgentRequest
from obole.dossiers.models import Dossier
from obole.lib import days, money
from obole.lib.days import MONTHS


def version_for(dossier: Dossier, typed: str) -> PricingVersion | None:
    """Return the pricing of an invoice of this type, typed as it may be; None if it is not a pricing that makes its amount."""
    version = catalogue.current_pricing(dossier.scheme)
    if version is None:
        return None
    types = billing.types_for(dossier)
    is_id = typed.isascii() and typed.isdigit() and len(typed) < 18
    chosen = (types.filter(pk=int(typed)).first() if is_id else None) or types.first()
    return version if chosen and chosen.amount_mode == InvoiceType.AmountMode.COMPUTED else None


def blank(request: AgentRequest, dossier: Dossier, version: PricingVersion, chosen: InvoiceType) -> dict[str, Any]:
    """Return what the sous-panel shows before anything is typed: what the citizen answered already, and what it comes to."""
    today = days.day_of(days.now())
    first = {"type": chosen.pk, "period": f"{MONTHS[today.month - 1]} {today.year}", "request_key": new_request_key()}
    return shown(_form(request, dossier, version, None, first), dossier, version)


def typed(request: AgentRequest, dossier: Dossier, version: PricingVersion) -> BillForm:
    """Return the form as it was sent; of a page that asked no question (another type was chosen), the questions."""
    if "version" in request.POST:
        return _form(request, dossier, version, request.POST, {})
    known = {name: request.POST.get(name, "") for name in ("type", "period", "request_key")}
    return _form(request, dossier, version, None, known)


def _form(
    request: AgentRequest, dossier: Dossier, version: PricingVersion, sent: Any, initial: dict[str, Any]
) -> BillForm:
    pricing = catalogue.compiled(version).pricing
    offered: dict[str, Any] = {
        "pricings": [pricing],
        "types": billing.types_for(dossier),
        "regies": sees_money(request.agent),
    }
    today = days.day_of(days.now())
    offered_days = schedules.days_to_begin_with(pricing, today)
    if sent is not None:
        # A page that showed no part yet, its answers making none, asked for no day.
        data = sent.copy()
        for name, day in offered_days.items():
            data.setdefault(name, day.isoformat())
        return BillForm.sent(data, **offered)
    answers = matching.answers(pricing, dossier.form.form_fields, dossier.answers)
    begun = {"on": today, "version": version.pk, **offered_days}
    return BillForm(initial={**begun, **start(pricing, answers), **initial}, **offered)


def shown(form: BillForm, dossier: Dossier, version: PricingVersion) -> dict[str, Any]:
    """Return the form, the lines that its answers make, what they lack, their total and the due date."""
    chosen = (
        billing.types_for(dossier).filter(pk__in=_ids(form["type"].value())).first()
        or billing.types_for(dossier).first()
    )
    term = chosen.payment_term if chosen else 0
    at, made = days.now(), found(form, version)
    return {
        "generate": form, "form": form, "no_type": False, "chosen_type": chosen, "pricing_version": version,
        "due_on": days.due_date(at, term_days=term), "year": days.day_of(at).year,
        "parts": schedules.to_come(form, schedules.parts_of(version, made["result"])), **made,
        "quoted_gap": quoted_gap(dossier, made["priced"].total_cents) if made["sure"] else "",
        **_carrying(dossier, version, chosen, made["result"]),
    }  # fmt: skip


def _carrying(dossier: Dossier, version: PricingVersion, chosen: InvoiceType | None, result: Result) -> dict[str, Any]:
    """Return what was carried over to the invoice to come, and whether its price can be carried over in its turn."""
    waiting = list(billing.carried_to(dossier, chosen)) if chosen else []
    before, below = sum(one.cents for one in waiting), catalogue.compiled(version).pricing.terms.carry_below
    return {
        "carried_to": waiting, "carried_cents": before, "carry_below": below, "with_carried": result.total_cents + before,
        "can_carry": rules.is_carried(result, before_cents=before, below_cents=below),
    }  # fmt: skip


def quoted_gap(dossier: Dossier, cents: int) -> str:
    """Say by how much an amount, in cents, is not what the citizen was told; nothing where it is, or where no total was told."""
    quoted = billing.quoted(dossier)
    gap = 0 if quoted is None else quoted.gap(cents)
    if quoted is None or not gap:
        return ""
    said = (
        _("L’usager a lu une estimation de %(told)s le %(day)s : cette facture serait de %(gap)s plus élevée.")
        if gap > 0
        else _("L’usager a lu une estimation de %(told)s le %(day)s : cette facture serait de %(gap)s moins élevée.")
    )
    told = money.euros(quoted.estimate.total_cents or 0)
    return said % {"told": told, "day": days.short(days.day_of(quoted.at)), "gap": money.euros(abs(gap))}


def found(form: PricedForm, version: PricingVersion) -> dict[str, Any]:
    """Return what the answers come to so far; what is wrong is said at its field, and what lacks above the lines."""
    result, problems = pricings.preview(version, form.answers, on=form.day)
    return {"priced": pricings.bill(result), "lacking": _told(form, problems), "sure": not problems, "result": result}


def _told(form: PricedForm, problems: Iterable[Problem]) -> list[str]:
    """Tell a form that was sent what is wrong at a field; return the rest."""
    if form.is_bound and not form.errors:
        form.tell(one for one in problems if form.stands_at(one))
    return list(dict.fromkeys(one.message for one in problems if not form.stands_at(one)))


def _ids(value: object) -> list[int]:
    text = str(value or "")
    return [int(text)] if text.isascii() and text.isdigit() and len(text) < 18 else []
