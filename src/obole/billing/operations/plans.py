"""One price in several invoices: the first now, the others on their days, each of them once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from obole.billing import part_states as states
from obole.billing import queries, rules
from obole.billing.models import BillingPlan, Invoice, InvoiceExplanation, PlanPart
from obole.billing.operations.issuing import add_lines, issue_invoice, open_regie
from obole.billing.operations.refusals import BadDays, NotBillable, ReasonMissing
from obole.billing.part_states import PartState
from obole.catalogue.rules import Part, PartKind, as_dict, parse_part, parse_result
from obole.dossiers.models import Dossier
from obole.lib import days
from obole.lib.transactions import whole
from obole.trail import operations as trail

CLOCK = "échéancier"
"""Who acts when the day of a part has come."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a plan is made of: whom it is billed to and with which type, what was priced, and the days of its parts after the first."""

    dossier: Dossier
    type_id: int
    version_id: int
    answers: Mapping[str, Any]
    result: Any
    """As ``catalogue.rules.codec`` writes it."""
    period: str
    parts: Sequence[Part]
    later: Sequence[date]


def open_plan(planned: Planned, *, request_key: str, actor: str, at: datetime) -> Invoice:
    """
    Keep the plan of a price, and issue its first invoice. The caller holds the dossier, in a transaction.

    :raises BadDays: if there is not one day for each later part, to come, in their order.
    """
    check_days(planned.later, count=len(planned.parts) - 1, today=days.day_of(at))
    plan = BillingPlan.objects.create(
        dossier=planned.dossier, type_id=planned.type_id, payer_id=planned.dossier.citizen_id, version_id=planned.version_id,
        answers=dict(planned.answers), result=planned.result, period=planned.period, total_cents=planned.parts[0].total_cents,
        created_at=at,
    )  # fmt: skip
    all_days = [days.day_of(at), *planned.later]
    PlanPart.objects.bulk_create(
        PlanPart(plan=plan, rank=one.rank, kind=one.kind, cents=one.cents, share=as_dict(one), issue_on=day)
        for one, day in zip(planned.parts, all_days, strict=True)
    )
    trail.note("plan.open", subject=plan, actor=actor, at=at, parts=len(planned.parts), cents=plan.total_cents)
    return _bill(plan.parts.locked().get(rank=1), request_key=request_key, actor=actor, at=at)


@whole
def bill_part(*, part_id: int, actor: str, at: datetime) -> Invoice:
    """
    Issue the invoice of a planned part now, before its day or after; done again, it returns that invoice.

    :raises NotBillable: saying what is in the way.
    :raises obole.lib.states.ForbiddenMove: if it was abandoned.
    """
    part = _locked(part_id)
    if part.invoice is not None:
        return part.invoice
    in_the_way = queries.in_the_way(part)
    if in_the_way:
        raise NotBillable(in_the_way)
    return _bill(part, request_key=f"part:{part.pk}", actor=actor, at=at)


@whole
def bill_part_on_its_day(*, part_id: int, at: datetime) -> Invoice | None:
    """Issue the invoice of a part whose day has come; None where it is held, was abandoned, or has another day by now."""
    part = _locked(part_id)
    if part.state != PartState.PLANNED or part.issue_on > days.day_of(at) or queries.held(part):
        return part.invoice
    return _bill(part, request_key=f"part:{part.pk}", actor=CLOCK, at=at)


@whole
def move_part(*, part_id: int, issue_on: date, actor: str, at: datetime) -> PlanPart:
    """
    Give a planned part another day.

    :raises NotBillable: if it is planned no more.
    :raises BadDays: if the day is not to come, or is not between those of its neighbours.
    """
    part = _locked(part_id)
    if part.state != PartState.PLANNED:
        raise NotBillable(_("Cette part n’est plus prévue : sa date ne change plus."))
    before = part.issue_on
    others = list(part.plan.parts.filter(state=PartState.PLANNED).order_by("rank"))
    later = [issue_on if one.pk == part.pk else one.issue_on for one in others]
    # A neighbour whose day has passed (it is held) is no reason to refuse a day to come.
    check_days([issue_on], count=1, today=days.day_of(at))
    check_order(later)
    part.issue_on = issue_on
    part.save(update_fields=["issue_on"])
    trail.note("part.move", subject=part, actor=actor, at=at, before=before.isoformat(), after=issue_on.isoformat())
    return part


@whole
def abandon_parts(*, part_id: int, reason: str, actor: str, at: datetime) -> list[PlanPart]:
    """
    Abandon a planned part and those after it: they will never be billed. What was billed stays as it is.

    :raises ReasonMissing: if nothing is said.
    :raises obole.lib.states.ForbiddenMove: if the part is planned no more.
    """
    said = " ".join(reason.split())[:200]
    if not said:
        raise ReasonMissing(_("Écrivez le motif : sans lui, l’usager ne comprendrait pas."))
    part = _locked(part_id)
    after = part.plan.parts.locked().filter(rank__gt=part.rank, state=PartState.PLANNED).order_by("rank")
    gone = [part, *after]
    for one in gone:
        step = states.ABANDON.apply(one)
        one.reason = said
        one.save(update_fields=["state", "reason"])
        trail.record(step, subject=one, actor=actor, at=at, cents=one.cents, reason=said)
    return gone


def check_days(later: Sequence[date], *, count: int, today: date) -> None:
    """
    Check the days of the parts after the first.

    :raises BadDays: if there are more or fewer than ``count``, or one is not to come, is years away, or is out of order.
    """
    if len(later) != count:
        raise BadDays(_("Le nombre de parts a changé entre-temps : vérifiez leurs dates, puis validez de nouveau."))
    for rank, day in enumerate(later, start=2):
        if day <= today:
            raise BadDays(_("Une part se facture un jour à venir : choisissez une date après aujourd’hui."), rank=rank)
        if (day - today).days > queries.FARTHEST_DAYS:
            raise BadDays(_("Cette date est trop lointaine : trois ans au plus."), rank=rank)
    check_order(later)


def check_order(later: Sequence[date]) -> None:
    """
    Check that parts follow each other.

    :raises BadDays: if one is before the one before it.
    """
    for rank, (before, after) in enumerate(pairwise(later), start=3):
        if after < before:
            raise BadDays(_("Les parts se suivent : cette date est avant celle de la part précédente."), rank=rank)


def _locked(part_id: int) -> PlanPart:
    """Lock the dossier, then the part: as whoever generates an invoice of the dossier does."""
    Dossier.objects.locked().get(plans__parts=part_id)
    rows = PlanPart.objects.locked().select_related("plan__type__regie", "plan__dossier", "invoice")
    return rows.get(pk=part_id)


def _bill(part: PlanPart, *, request_key: str, actor: str, at: datetime) -> Invoice:
    step = states.BILL.apply(part)
    plan, share, result = part.plan, parse_part(part.share), parse_result(part.plan.result)
    regie = open_regie(plan.type)
    # What is kept and printed is French, whatever the language of who makes it.
    with translation.override("fr"):
        number = _acompte_number(plan) if share.kind == PartKind.BALANCE else ""
        lines = rules.part_lines(result, share, nature=plan.type.nature, acompte=number)
        label = rules.part_label(plan.type.name, share)
    invoice = Invoice.objects.create(
        request_key=request_key, type=plan.type, regie=regie, dossier_id=plan.dossier_id, payer_id=plan.payer_id,
        label=label, period=plan.period, total_cents=part.cents, created_at=at,
    )  # fmt: skip
    add_lines(invoice, lines)
    InvoiceExplanation.objects.create(
        invoice=invoice, version_id=plan.version_id, answers=plan.answers, result=plan.result, part=part.share,
        added_tax_cents=share.added_tax_cents,
    )  # fmt: skip
    part.invoice = invoice
    part.save(update_fields=["state", "invoice"])
    trail.note("invoice.draft", subject=invoice, actor=actor, at=at, dossier=plan.dossier.reference, part=str(part))
    trail.record(step, subject=part, actor=actor, at=at, cents=part.cents)
    return issue_invoice(invoice_id=invoice.pk, actor=actor, at=at)


def _acompte_number(plan: BillingPlan) -> str:
    """Return the number of the invoice that stands for the acompte; it is locked, so that it is not cancelled meanwhile."""
    acompte = plan.parts.select_related("invoice").get(kind=PartKind.ACOMPTE).invoice
    if acompte is None:
        raise NotBillable(_("L’acompte n’est pas facturé : le solde ne peut pas l’être."))
    locked = Invoice.objects.locked().get(pk=queries.standings(plan.dossier)[acompte.pk].pk)
    if queries.is_gone(locked):
        raise NotBillable(queries.acompte_gone(locked))
    return locked.number or ""
