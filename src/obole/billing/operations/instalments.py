"""One price in several invoices: the first now, the others on their days, each of them once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import instalment_states as states, queries, rules
from obole.billing.instalment_states import InstalmentState
from obole.billing.models import BillingPlan, Invoice, InvoiceExplanation, PlannedInstalment
from obole.billing.operations.errors import BadDays, NotBillable, ReasonMissing
from obole.billing.operations.issuing import add_lines, issue_invoice, open_regie
from obole.billing.states import InvoiceState
from obole.dossiers.access import require_reviewer
from obole.dossiers.models import Dossier
from obole.lib import actors, dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.pricing.instalments import Instalment, InstalmentKind
from obole.pricing.text.codec import as_dict, parse_instalment, parse_result

CLOCK = Actor(actors.WORKER.id, "échéancier")
"""Who acts when the day of a part has come."""


@dataclass(frozen=True, kw_only=True)
class InstalmentDays:
    """
    What a plan is made of: whom it is billed to and with which type, what was priced, and the days of its parts after
    the first.
    """

    dossier: Dossier
    type_id: int
    version_id: int
    answers: Mapping[str, Any]
    result: Any
    """As ``pricing.text.codec`` writes it."""
    period: str
    parts: Sequence[Instalment]
    later: Sequence[date]


def open_plan(planned: InstalmentDays, *, request_key: str, actor: Actor, at: datetime) -> Invoice:
    """
    Keep the plan of a price, and issue its first invoice. The caller holds the dossier, in a transaction.

    :raises BadDays: if there is not one day for each later part, to come, in their order.
    """
    check_days(planned.later, count=len(planned.parts) - 1, today=dates.day_of(at))
    plan = BillingPlan.objects.create(
        dossier=planned.dossier,
        type_id=planned.type_id,
        payer_id=planned.dossier.citizen_id,
        version_id=planned.version_id,
        answers=dict(planned.answers),
        result=planned.result,
        period=planned.period,
        total_cents=planned.parts[0].total_cents,
        created_at=at,
    )
    all_days = [dates.day_of(at), *planned.later]
    PlannedInstalment.objects.bulk_create(
        PlannedInstalment(
            plan=plan, rank=part.rank, kind=part.kind, cents=part.cents, share=as_dict(part), issue_on=day
        )
        for part, day in zip(planned.parts, all_days, strict=True)
    )
    audit_log.log_event("plan.open", subject=plan, actor=actor, at=at, parts=len(planned.parts), cents=plan.total_cents)
    return _bill(plan.parts.locked().get(rank=1), request_key=request_key, actor=actor, at=at)


@atomic_with_retry
def bill_instalment(*, part_id: int, actor: Actor, at: datetime) -> Invoice:
    """
    Issue the invoice of a planned part now, before its day or after; done again, it returns that invoice.

    :raises NotBillable: saying what is in the way.
    :raises obole.lib.states.ForbiddenTransition: if it was abandoned.
    """
    part = _locked(part_id)
    require_reviewer(part.plan.dossier, actor=actor)
    if part.invoice is not None:
        return part.invoice
    in_the_way = queries.obstacle_to_instalment(part)
    if in_the_way:
        raise NotBillable(in_the_way)
    return _bill(part, request_key=f"part:{part.pk}", actor=actor, at=at)


@atomic_with_retry
def bill_due_instalment(*, part_id: int, at: datetime) -> Invoice | None:
    """
    Issue the invoice of a part whose day has come; None where it is held, was abandoned, or has another day by now.
    """
    part = _locked(part_id)
    if part.state != InstalmentState.PLANNED or part.issue_on > dates.day_of(at) or queries.reason_for_hold(part):
        return part.invoice
    return _bill(part, request_key=f"part:{part.pk}", actor=CLOCK, at=at)


@atomic_with_retry
def reschedule_instalment(*, part_id: int, issue_on: date, actor: Actor, at: datetime) -> PlannedInstalment:
    """
    Give a planned part another day.

    :raises NotBillable: if it is planned no more.
    :raises BadDays: if the day is not to come, or is not between those of its neighbours.
    """
    part = _locked(part_id)
    require_reviewer(part.plan.dossier, actor=actor)
    if part.state != InstalmentState.PLANNED:
        raise NotBillable(_("Cette part n’est plus prévue : sa date ne change plus."))
    before = part.issue_on
    others = list(part.plan.parts.filter(state=InstalmentState.PLANNED).order_by("rank"))
    later = [issue_on if other.pk == part.pk else other.issue_on for other in others]
    # A neighbour whose day has passed (it is held) is no reason to refuse a day to come.
    check_days([issue_on], count=1, today=dates.day_of(at))
    check_order(later)
    part.issue_on = issue_on
    part.save(update_fields=["issue_on"])
    audit_log.log_event(
        "part.move", subject=part, actor=actor, at=at, before=before.isoformat(), after=issue_on.isoformat()
    )
    return part


@atomic_with_retry
def abandon_instalments(*, part_id: int, reason: str, actor: Actor, at: datetime) -> list[PlannedInstalment]:
    """
    Abandon a planned part and those after it: they will never be billed. What was billed stays as it is.

    :raises ReasonMissing: if nothing is said.
    :raises obole.lib.states.ForbiddenTransition: if the part is planned no more.
    """
    said = " ".join(reason.split())[:200]
    if not said:
        raise ReasonMissing(_("Écrivez le motif : sans lui, l’usager ne comprendrait pas."))
    part = _locked(part_id)
    require_reviewer(part.plan.dossier, actor=actor)
    after = part.plan.parts.locked().filter(rank__gt=part.rank, state=InstalmentState.PLANNED).order_by("rank")
    gone = [part, *after]
    for item in gone:
        step = states.ABANDON.apply(item)
        item.reason = said
        item.save(update_fields=["state", "reason"])
        audit_log.log_transition(step, subject=item, actor=actor, at=at, cents=item.cents, reason=said)
    return gone


def require_no_balance(acompte: Invoice) -> None:
    """
    Refuse that an acompte be cancelled while a solde takes it away, a draft too. The caller holds the acompte, as
    whoever bills its solde does.

    :raises NotBillable: naming the solde.
    """
    part = PlannedInstalment.objects.filter(kind=InstalmentKind.ACOMPTE, invoice=_chain(acompte)[0]).first()
    solde = part.plan.parts.filter(kind=InstalmentKind.BALANCE, invoice__isnull=False).first() if part else None
    last = _chain(solde.invoice)[-1] if solde is not None and solde.invoice is not None else None
    if last is None or queries.is_cancelled_for_good(last):
        return
    if last.state == InvoiceState.DRAFT:
        raise NotBillable(_("Le solde, en brouillon, déduit cet acompte : abandonnez ce brouillon d’abord."))
    said = _("Le solde, facture %(number)s, déduit cet acompte : annulez-le d’abord, puis refaites les deux.")
    raise NotBillable(said % {"number": last.number})


def lock_with_acompte(invoice_id: int) -> Invoice:
    """Lock an invoice and, if it is a solde, the acompte that it takes away, by their ids: neither moves meanwhile."""
    acomptes = _acomptes_of(Invoice.objects.get(pk=invoice_id))
    wanted = {invoice_id, *(item.pk for item in acomptes[-1:])}
    rows = {item.pk: item for item in Invoice.objects.locked().filter(pk__in=wanted).order_by("pk")}
    return rows[invoice_id]


def renamed_acompte(solde: Invoice) -> tuple[frozenset[str], str]:
    """
    Return the numbers that the acompte of a solde had, and the one that it has now, if there is one. The caller holds
    both.

    :raises NotBillable: if the acompte was cancelled and nothing stands for it.
    """
    acomptes = _acomptes_of(solde)
    if not acomptes:
        return frozenset(), ""
    if queries.is_cancelled_for_good(acomptes[-1]):
        raise NotBillable(queries.acompte_cancelled(acomptes[-1]))
    return frozenset(item.number or "" for item in acomptes[:-1]), acomptes[-1].number or ""


def _acomptes_of(solde: Invoice) -> list[Invoice]:
    """Return the acompte that a solde takes away and those that did it again, the one that stands last."""
    part = PlannedInstalment.objects.filter(kind=InstalmentKind.BALANCE, invoice=_chain(solde)[0]).first()
    acompte = part.plan.parts.filter(kind=InstalmentKind.ACOMPTE).first() if part is not None else None
    if acompte is None or acompte.invoice is None:
        return []
    return [item for item in _chain(acompte.invoice) if item.number]


def _chain(invoice: Invoice) -> list[Invoice]:
    """Return an invoice with those that it does again before it, and those that do it again after it."""
    chain = [invoice]
    while chain[0].replaces is not None:
        chain.insert(0, chain[0].replaces)
    while (after := Invoice.objects.filter(replaces=chain[-1]).first()) is not None:
        chain.append(after)
    return chain


def check_days(later: Sequence[date], *, count: int, today: date) -> None:
    """
    Check the days of the parts after the first.

    :raises BadDays: if there are more or fewer than ``count``, or one is not to come, is years away, or is out of
        order.
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


def _locked(part_id: int) -> PlannedInstalment:
    """Lock the dossier, then the part: as whoever generates an invoice of the dossier does."""
    Dossier.objects.locked().get(plans__parts=part_id)
    rows = PlannedInstalment.objects.locked().select_related("plan__type__regie", "plan__dossier", "invoice")
    return rows.get(pk=part_id)


def _bill(part: PlannedInstalment, *, request_key: str, actor: Actor, at: datetime) -> Invoice:
    step = states.BILL.apply(part)
    plan, share, result = part.plan, parse_instalment(part.share), parse_result(part.plan.result)
    regie = open_regie(plan.type)
    # What is kept and printed is French, whatever the language of who makes it.
    with translation.override("fr"):
        number = _acompte_number(plan) if share.kind == InstalmentKind.BALANCE else ""
        lines = rules.instalment_lines(result, share, nature=plan.type.nature, acompte=number)
        label = rules.instalment_label(plan.type.name, share)
    invoice = Invoice.objects.create(
        request_key=request_key,
        type=plan.type,
        regie=regie,
        dossier_id=plan.dossier_id,
        payer_id=plan.payer_id,
        label=label,
        period=plan.period,
        total_cents=part.cents,
        created_at=at,
    )
    add_lines(invoice, lines)
    InvoiceExplanation.objects.create(
        invoice=invoice,
        version_id=plan.version_id,
        answers=plan.answers,
        result=plan.result,
        part=part.share,
        added_tax_cents=share.added_tax_cents,
    )
    part.invoice = invoice
    part.save(update_fields=["state", "invoice"])
    audit_log.log_event(
        "invoice.draft", subject=invoice, actor=actor, at=at, dossier=plan.dossier.reference, part=str(part)
    )
    audit_log.log_transition(step, subject=part, actor=actor, at=at, cents=part.cents)
    return issue_invoice(invoice_id=invoice.pk, actor=actor, at=at)


def _acompte_number(plan: BillingPlan) -> str:
    """
    Return the number of the invoice that stands for the acompte; it is locked, so that it is not cancelled meanwhile.
    """
    acompte = plan.parts.select_related("invoice").get(kind=InstalmentKind.ACOMPTE).invoice
    if acompte is None:
        raise NotBillable(_("L’acompte n’est pas facturé : le solde ne peut pas l’être."))
    locked = Invoice.objects.locked().get(pk=queries.replacements_by_invoice(plan.dossier)[acompte.pk].pk)
    if queries.is_cancelled_for_good(locked):
        raise NotBillable(queries.acompte_cancelled(locked))
    return locked.number or ""
