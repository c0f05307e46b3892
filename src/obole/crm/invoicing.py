"""The form that makes an invoice of a dossier, and what it would come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.forms.boundfield import BoundField
from django.http import QueryDict

from obole.billing import queries as billing
from obole.billing import rules
from obole.billing.models import InvoiceType
from obole.billing.operations import BILLABLE
from obole.crm import priced as pricing
from obole.crm.forms import GenerateForm, new_request_key, quantity_name
from obole.crm.rail import sees_money
from obole.directory.access import AgentRequest
from obole.dossiers import queries as dossiers
from obole.dossiers.models import Dossier
from obole.dossiers.rules import Priced
from obole.lib import days, money
from obole.lib.days import MONTHS


@dataclass(frozen=True)
class Row:
    """One line of the invoice to come; ``field`` is where the agent types its quantity."""

    label: str
    unit: str
    quantity: Decimal
    unit_price_cents: int
    amount_cents: int
    field: BoundField | None = None


def blank(request: AgentRequest, dossier: Dossier) -> dict[str, Any]:
    """Return what the sous-panel shows before anything is typed."""
    if dossier.state not in BILLABLE:
        return {"generate": None, "no_type": False}
    types = billing.types_for(dossier)
    first = types.filter(invoices__dossier=dossier).order_by("-invoices__id").first() or types.first()
    if first is None:
        return {"generate": None, "no_type": True}
    version = pricing.version_for(dossier, str(first.pk))
    if version is not None:
        return pricing.blank(request, dossier, version, first)
    today = days.day_of(days.now())
    start = {"type": first.pk, "period": f"{MONTHS[today.month - 1]} {today.year}", "request_key": new_request_key()}
    form = GenerateForm(initial=start, types=types, items=dossiers.items(dossier), regies=sees_money(request.agent))
    return shown(form, dossier, first, {})


def typed(request: AgentRequest, dossier: Dossier) -> GenerateForm:
    """Return the form as it was sent. A quantity that its page did not ask for (another type was chosen) stays as it is."""
    items = dossiers.items(dossier)
    data = request.POST.copy()
    for one in items:
        data.setdefault(quantity_name(one), money.quantity(one.quantity))
    return GenerateForm(data, types=billing.types_for(dossier), items=items, regies=sees_money(request.agent))


def shown_again(form: GenerateForm, dossier: Dossier) -> dict[str, Any]:
    """Return what the sous-panel shows of a form that was sent: the new sum, or what is to be corrected."""
    invoice_type = form.cleaned_data.get("type") or billing.types_for(dossier).first()
    return shown(form, dossier, invoice_type, form.quantities)


def shown(
    form: GenerateForm, dossier: Dossier, invoice_type: InvoiceType | None, quantities: Mapping[int, Decimal]
) -> dict[str, Any]:
    """Return the form, the lines that it makes, their total and the due date."""
    if invoice_type is None:
        return {"generate": None, "no_type": True}
    at = days.now()
    priced = billing.priced_with(dossier, quantities)
    cents = rules.total(rules.lines_for(invoice_type, priced))
    return {
        "generate": form, "form": form, "no_type": False, "priced": None, "rows": _rows(form, invoice_type, priced),
        "preview_cents": cents, "quoted_gap": pricing.quoted_gap(dossier, cents), "chosen_type": invoice_type,
        "due_on": days.due_date(at, term_days=invoice_type.payment_term), "year": days.day_of(at).year,
    }  # fmt: skip


def recalculates(post: QueryDict) -> bool:
    """Tell whether the agent asks for the sum only."""
    return "recalculer" in post


def _rows(form: GenerateForm, invoice_type: InvoiceType, priced: list[Priced]) -> list[Row]:
    """Return the lines; a product of the agent's that is at zero has a row too, to be typed in."""
    if invoice_type.amount_mode == InvoiceType.AmountMode.FIXED:
        lines = rules.lines_for(invoice_type, priced)
        return [Row(one.label, one.unit, one.quantity, one.unit_price_cents, one.amount_cents) for one in lines]
    return [
        Row(
            one.product.name, one.product.unit, one.quantity, one.unit_price_cents, one.cents,
            form[quantity_name(one)] if billing.is_agents(one) else None,
        )
        for one in priced
        if one.quantity or billing.is_agents(one)
    ]  # fmt: skip
