"""A price in several invoices, on a dossier: its parts and their days before they are confirmed, then what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from obole.billing import operations as billing
from obole.billing import queries
from obole.billing.models import Caution, Invoice
from obole.billing.rules import part_title
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion
from obole.catalogue.rules import Part, Pricing, Result, share
from obole.crm import looks, pricings
from obole.crm.pricing_forms import BillForm, day_name
from obole.dossiers.models import Dossier
from obole.lib import days
from obole.payments import standing


@dataclass(frozen=True)
class ToCome:
    """A part that is about to be planned; ``field`` is where its day is typed, the first is issued at once."""

    title: str
    cents: int
    field: BoundField | None


@dataclass(frozen=True)
class Row:
    """A part of an échéancier, and where it stands."""

    one: queries.Scheduled
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
    return {day_name(rank): days.months_later(today, rank - 1) for rank in range(2, pricing.terms.instalments + 1)}


def parts_of(version: PricingVersion, result: Result) -> tuple[Part, ...]:
    """Return the parts that a price would be billed in."""
    return share(result, first=catalogue.compiled(version).pricing.terms.first)


def to_come(form: BillForm, parts: Iterable[Part]) -> list[ToCome]:
    """Return the parts of a price as the agent confirms them, with the days to type."""
    return [ToCome(part_title(one), one.cents, form[day_name(one.rank)] if one.rank > 1 else None) for one in parts]


def require(form: BillForm, version: PricingVersion) -> bool:
    """Say at its field which part has no day; tell whether none lacks one."""
    if form.cleaned_data["at_once"]:
        return True
    for name in _names(form, version):
        if name not in form.errors and not form.cleaned_data.get(name):
            form.add_error(name, _("Choisissez le jour où cette part sera facturée."))
    return not form.errors


def later(form: BillForm, version: PricingVersion) -> list[date] | None:
    """Return the days of the parts after the first; None where all is billed at once."""
    return None if form.cleaned_data["at_once"] else [form.cleaned_data[name] for name in _names(form, version)]


def refuse(form: BillForm, refusal: billing.BadDays) -> None:
    """Say at the field of a part why its day is refused."""
    name = day_name(refusal.rank)
    form.add_error(name if name in form.fields else None, str(refusal))


def _names(form: BillForm, version: PricingVersion) -> list[str]:
    result, _problems = pricings.preview(version, form.answers, on=form.day)
    return [day_name(one.rank) for one in parts_of(version, result) if one.rank > 1]


def shown(dossier: Dossier, invoices: Iterable[Invoice]) -> list[Block]:
    """Return the échéanciers of a dossier; ``invoices`` are its own, with what their pills show."""
    known, today = {one.pk: one for one in invoices}, days.day_of(days.now())
    return [
        Block(
            " – ".join(part for part in (schedule.plan.type.name, schedule.plan.period) if part),
            schedule.plan.total_cents,
            [row(one, known, today) for one in schedule.parts],
        )
        for schedule in queries.schedules_of(dossier)
    ]


def row(one: queries.Scheduled, known: dict[int, Invoice], today: date) -> Row:
    """Return a part with its pill: its own, or that of the invoice that stands for it."""
    invoice = known.get(one.invoice.pk) if one.invoice else None
    drawn = looks.part_pill(one.part, held=bool(one.held))
    if invoice is not None:
        drawn = looks.invoice_pill(standing.show(invoice, today=today))
    return Row(one, drawn)


def cautions(dossier: Dossier) -> list[tuple[Caution, Any]]:
    """Return the cautions of a dossier, with their pills."""
    return [(one, looks.caution_pill(one)) for one in queries.cautions_of(dossier)]
