"""
Invoices whose amount a pricing makes of answers: issued with the reasons of every line, or corrected by other answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import queries, rules
from obole.billing.models import CarryOver, Invoice, InvoiceExplanation, InvoiceLine, InvoiceType
from obole.billing.operations import carry_overs, instalments, security_deposits
from obole.billing.operations.confirming import NOTHING_SHOWN, Confirmed
from obole.billing.operations.drafts import lock_draft
from obole.billing.operations.errors import IsInstalment, NegativePrice, NotBillable, PricingChanged
from obole.billing.operations.issuing import billable_regie, issue_invoice, lines_of
from obole.billing.rules import dated_answers, shared_weeks
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion, Scheme
from obole.dossiers.access import require_reviewer
from obole.dossiers.models import Dossier
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.pricing.instalments import share
from obole.pricing.model.results import Result
from obole.pricing.text.codec import as_dict


@dataclass(frozen=True, kw_only=True)
class PricingAnswers:
    """Answers as they were typed, the version of the pricing that asked for them, and the day whose tariffs apply."""

    version_id: int
    answers: Mapping[str, Any]
    on: date
    since: Mapping[str, date] = field(default_factory=dict)
    """Since when some of them are so, by question: those that changed at a date."""
    weeks: Mapping[int | None, str] = field(default_factory=dict)
    """Which weeks are billed of children whom two payers share, by row."""


@atomic_with_retry
def generate_invoice(  # noqa: PLR0913 - one form, one call
    *,
    dossier_id: int,
    type_id: int,
    answered: PricingAnswers,
    period: str,
    request_key: str,
    later: Sequence[date] | None = None,
    confirmed: Confirmed = NOTHING_SHOWN,
    actor: Actor,
    at: datetime,
) -> Invoice:
    """
    Make an invoice of what a dossier's dispositif asks for its price, and issue it. The same ``request_key`` again
    returns it.

    The cautions of the price are asked for with it, once for a dossier; what was carried over for the payer and the
    type is billed with it, unless it is the first of several.

    :param later: the days of the other invoices of a price with an acompte or instalments, which are planned; the first
        is made now and returned. None makes one invoice of the whole.
    :raises BadDays: if there is not one day for each of the other invoices, to come, in their order.
    :raises NotBillable: if the type does not apply, has no régie, its régie is off, or the dossier is not under review
        or accepted.
    :raises PricingChanged: if another version of the pricing is in force.
    :raises obole.pricing.model.problems.Refused: with everything that keeps the answers from being priced.
    :raises EmptyInvoice: if there is nothing to pay.
    :raises AmountNotShown: if the amount is not the one that was confirmed.
    :raises AlreadyBilled: if this type is billed already for the period, and that was not confirmed.
    """
    dossier = Dossier.objects.locked().select_related("scheme").get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    if (twin := Invoice.objects.filter(request_key=request_key, dossier=dossier).first()) is not None:
        return twin
    invoice_type = InvoiceType.objects.select_related("regie").get(pk=type_id)
    regie = billable_regie(invoice_type, dossier)
    version, result = _price(dossier.scheme, answered, confirmed)
    confirmed.require_first(dossier, type_id=type_id, period=period)
    security_deposits.request_deposits(result.cautions, dossier=dossier, regie=regie, actor=actor, at=at)
    parts = () if later is None else share(result, first=catalogue.compiled_pricing_of(version).pricing.terms.first)
    if parts:
        planned = instalments.InstalmentDays(
            dossier=dossier,
            type_id=type_id,
            version_id=version.pk,
            answers=answered.answers,
            result=as_dict(result),
            period=period,
            parts=parts,
            later=later or (),
        )
        return instalments.open_plan(planned, request_key=request_key, actor=actor, at=at)
    waited = carry_overs.lock_pending_carry_overs(dossier=dossier, invoice_type=invoice_type)
    confirmed.require_beside(waited)
    invoice = Invoice.objects.create(
        request_key=request_key,
        type=invoice_type,
        regie=regie,
        dossier=dossier,
        payer=dossier.citizen,
        label=invoice_type.name,
        period=period,
        total_cents=result.total_cents + sum(item.cents for item in waited),
        created_at=at,
    )
    _write(invoice, version, answered, result, carried=carry_overs.carry_over_details(waited))
    carry_overs.bill_carry_overs(waited, invoice=invoice, actor=actor, at=at)
    return _issue(invoice, dossier, version, actor=actor, at=at)


@atomic_with_retry
def carry_price(  # noqa: PLR0913 - one form, one call
    *,
    dossier_id: int,
    type_id: int,
    answered: PricingAnswers,
    period: str,
    request_key: str,
    confirmed: Confirmed = NOTHING_SHOWN,
    actor: Actor,
    at: datetime,
) -> CarryOver:
    """
    Keep a price that is too small to be invoiced alone for the payer's next invoice of this type. Again with the same
    key, return it.

    :raises NotBillable: if the type does not apply, has no régie, or with what waits already the price is not under the
        threshold.
    :raises PricingChanged: if another version of the pricing is in force.
    :raises obole.pricing.model.problems.Refused: with everything that keeps the answers from being priced.
    :raises AmountNotShown, AlreadyBilled: if what was confirmed is another amount, or billed already.
    """
    dossier = Dossier.objects.locked().select_related("scheme").get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    twin = CarryOver.objects.filter(request_key=request_key, dossier=dossier).first()
    if twin is not None:
        return twin
    invoice_type = InvoiceType.objects.select_related("regie").get(pk=type_id)
    billable_regie(invoice_type, dossier)
    version, result = _price(dossier.scheme, answered, confirmed)
    confirmed.require_first(dossier, type_id=type_id, period=period)
    before = sum(
        over.cents for over in carry_overs.lock_pending_carry_overs(dossier=dossier, invoice_type=invoice_type)
    )
    below = catalogue.compiled_pricing_of(version).pricing.terms.carry_below
    if not rules.must_carry_over(result, before_cents=before, below_cents=below):
        raise NotBillable(_("Ce montant n’est pas sous le seuil de report : facturez-le."))
    carried = CarryOver.objects.create(
        dossier=dossier,
        type=invoice_type,
        payer=dossier.citizen,
        version=version,
        request_key=request_key,
        answers=dict(answered.answers),
        result=as_dict(result),
        period=period,
        cents=result.total_cents,
        carried_at=at,
    )
    audit_log.log_event(
        "carried.keep", subject=carried, actor=actor, at=at, cents=carried.cents, dossier=dossier.reference
    )
    return carried


@atomic_with_retry
def correct_draft(*, invoice_id: int, answered: PricingAnswers, period: str, actor: Actor, at: datetime) -> Invoice:
    """
    Price a draft again with other answers, by the pricing in force; its lines and their reasons follow.

    One without reasons (its lines came before the pricing) has them from then on.

    :raises NotADraft: if it was issued meanwhile.
    :raises NotBillable: if its lines are not of a price.
    :raises PartOfAPrice: if it is one of the several invoices of a price.
    :raises PricingChanged: if another version of the pricing is in force.
    :raises obole.pricing.model.problems.Refused: with everything that keeps the answers from being priced.
    """
    draft = lock_draft(invoice_id, actor=actor, at=at)
    before = InvoiceExplanation.objects.filter(invoice=draft).first()
    scheme = queries.scheme_pricing(draft)
    if scheme is None:
        raise NotBillable(_("Ces lignes ne viennent pas d’une tarification : émettez-les telles quelles."))
    if before is not None and before.part is not None:
        raise IsInstalment(
            _("Ce brouillon est une part d’un prix : il ne se recalcule pas seul. Émettez-le, ou abandonnez-le.")
        )
    version, result = _price(scheme, answered)
    carried = before.carried if before else []
    InvoiceLine.objects.filter(invoice=draft).delete()
    InvoiceExplanation.objects.filter(invoice=draft).delete()
    besides = sum(over.result.total_cents for over in rules.parse_carry_overs(carried))
    _write(draft, version, answered, result, carried=carried)
    draft.total_cents, draft.period = result.total_cents + besides, period.strip()[:60]
    draft.save(update_fields=["total_cents", "period"])
    audit_log.log_event("invoice.correct", subject=draft, actor=actor, at=at, cents=draft.total_cents)
    return draft


def _issue(invoice: Invoice, dossier: Dossier, version: PricingVersion, *, actor: Actor, at: datetime) -> Invoice:
    audit_log.log_event(
        "invoice.draft", subject=invoice, actor=actor, at=at, dossier=dossier.reference, pricing=version.number
    )
    return issue_invoice(invoice_id=invoice.pk, actor=actor, at=at)


def _price(
    scheme: Scheme, answered: PricingAnswers, confirmed: Confirmed = NOTHING_SHOWN
) -> tuple[PricingVersion, Result]:
    version = catalogue.current_pricing(scheme)
    if version is None or version.pk != answered.version_id:
        said = _(
            "La tarification de ce dispositif a changé entre-temps : vérifiez le montant, puis validez de nouveau."
        )
        raise PricingChanged(said)
    result = result_of(version, answered)
    confirmed.require_price(result)
    require_positive(result)
    return version, result


def result_of(version: PricingVersion, answered: PricingAnswers) -> Result:
    """
    Return what answers come to, each line with its reasons.

    :raises obole.pricing.model.problems.Refused: with everything that keeps them from being priced.
    """
    compiled = catalogue.compiled_pricing_of(version)
    result = compiled.price(compiled.read(answered.answers), on=answered.on)
    # What is kept in words is French, whatever the language of who makes it.
    with translation.override("fr"):
        told = dated_answers.with_days(result, compiled.pricing, answered.answers, answered.since)
        return shared_weeks.with_weeks(told, answered.weeks)


def require_positive(result: Result) -> None:
    """
    Refuse a price that is money to give back.

    :raises NegativePrice: if it is.
    """
    if result.total_cents < 0:
        raise NegativePrice(_("Le total est négatif : c’est de l’argent à rendre, qui ne se facture pas."))


def _write(
    invoice: Invoice,
    version: PricingVersion,
    answered: PricingAnswers,
    result: Result,
    *,
    carried: list[dict[str, Any]],
) -> None:
    lines, explanation = parts_of_draft(invoice, version=version, answered=answered, result=result, carried=carried)
    InvoiceLine.objects.bulk_create(lines)
    explanation.save(force_insert=True)


def parts_of_draft(
    invoice: Invoice,
    *,
    version: PricingVersion,
    answered: PricingAnswers,
    result: Result,
    carried: list[dict[str, Any]],
) -> tuple[list[InvoiceLine], InvoiceExplanation]:
    """Return the lines of a draft and their reasons, which are not written yet."""
    nature, besides = invoice.type.nature, rules.parse_carry_overs(carried)
    # What is kept and printed is French, whatever the language of who makes it.
    with translation.override("fr"):
        said = [*rules.priced_lines(result, nature=nature), *rules.carry_over_lines(besides, nature=nature)]
    explanation = InvoiceExplanation(
        invoice=invoice,
        version=version,
        answers=dict(answered.answers),
        result=as_dict(result),
        carried=carried,
        added_tax_cents=rules.added_tax(result) + sum(rules.added_tax(beside.result) for beside in besides),
    )
    return lines_of(invoice, said), explanation
