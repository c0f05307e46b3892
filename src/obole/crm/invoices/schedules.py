"""
A price in several invoices, on a dossier: its parts and their days before they are confirmed, then what became of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from obole.billing import operations as billing, queries
from obole.billing.models import Invoice, SecurityDeposit
from obole.billing.rules import instalment_title
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion
from obole.crm.invoices.priced_forms import BillForm, day_name
from obole.crm.shared import badges, pricing_preview
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.payments import display_status
from obole.pricing.instalments import Instalment, share
from obole.pricing.model.parts import Pricing
from obole.pricing.model.results import Result


@dataclass(frozen=True)
class InstalmentToConfirm:
    """A part that is about to be planned; ``field`` is where its day is typed, the first is issued at once."""

    title: str
    cents: int
    field: BoundField | None


@dataclass(frozen=True)
class Row:
    """A part of an échéancier, and where it stands."""

    one: queries.InstalmentRow
    pill: SafeString


@dataclass(frozen=True)
class Block:
    """An échéancier of a dossier."""

    label: str
    total_cents: int
    rows: list[Row]


def days_to_begin_with(pricing: Pricing, today: date) -> dict[str, date]:
    """Return the days that a form offers: a month between instalments; that of a solde is the agent's to say."""
    if pricing.terms.acompte:
        return {}
    return {day_name(rank): dates.months_later(today, rank - 1) for rank in range(2, pricing.terms.instalments + 1)}


def parts_of(version: PricingVersion, result: Result) -> tuple[Instalment, ...]:
    """Return the parts that a price would be billed in."""
    return share(result, first=catalogue.compiled_pricing_of(version).pricing.terms.first)


def instalments_to_confirm(form: BillForm, parts: Iterable[Instalment]) -> list[InstalmentToConfirm]:
    """Return the parts of a price as the agent confirms them, with the days to type."""
    return [
        InstalmentToConfirm(instalment_title(part), part.cents, form[day_name(part.rank)] if part.rank > 1 else None)
        for part in parts
    ]


def require(form: BillForm, version: PricingVersion) -> bool:
    """Say at its field which part has no day; tell whether none lacks one."""
    if form.cleaned_data["at_once"]:
        return True
    for name in _names(form, version):
        if name not in form.errors and not form.cleaned_data.get(name):
            form.add_error(name, _("Choisissez le jour où cette part sera facturée."))
    return not form.errors


def later_days(form: BillForm, version: PricingVersion) -> list[date] | None:
    """Return the days of the parts after the first; None where all is billed at once."""
    return None if form.cleaned_data["at_once"] else [form.cleaned_data[name] for name in _names(form, version)]


def refuse(form: BillForm, refusal: billing.BadDays) -> None:
    """Say at the field of a part why its day is refused."""
    name = day_name(refusal.rank)
    form.add_error(name if name in form.fields else None, str(refusal))


def _names(form: BillForm, version: PricingVersion) -> list[str]:
    result, _problems = pricing_preview.preview(version, form.answers, on=form.day)
    return [day_name(part.rank) for part in parts_of(version, result) if part.rank > 1]


def schedules_context(dossier: Dossier, invoices: Iterable[Invoice]) -> list[Block]:
    """Return the échéanciers of a dossier; ``invoices`` are its own, with what their pills show."""
    known, today = {invoice.pk: invoice for invoice in invoices}, dates.day_of(dates.now())
    return [
        Block(
            " – ".join(part for part in (schedule.plan.type.name, schedule.plan.period) if part),
            schedule.plan.total_cents,
            [row(part, known, today) for part in schedule.parts],
        )
        for schedule in queries.schedules_of(dossier)
    ]


def row(row: queries.InstalmentRow, known: dict[int, Invoice], today: date) -> Row:
    """Return a part with its pill: its own, or that of the invoice that stands for it."""
    invoice = known.get(row.invoice.pk) if row.invoice else None
    drawn = badges.instalment_badge(row.part, held=bool(row.held))
    if invoice is not None:
        drawn = badges.invoice_badge(display_status.display(invoice, today=today))
    return Row(row, drawn)


def deposits_context(dossier: Dossier) -> list[tuple[SecurityDeposit, Any]]:
    """Return the cautions of a dossier, with their pills."""
    return [(deposit, badges.deposit_badge(deposit)) for deposit in queries.security_deposits_of(dossier)]
