"""Many drafts of one type made at once, of what the dossiers of a period come to: those of a campaign."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import rules
from obole.billing.models import CarryOver, Invoice, InvoiceExplanation, InvoiceLine, InvoiceType
from obole.billing.operations import carry_overs
from obole.billing.operations.errors import EmptyInvoice, NotBillable
from obole.billing.operations.issuing import open_regie
from obole.billing.operations.pricing import PricingAnswers, parts_of_draft, require_positive, result_of
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion
from obole.dossiers.models import Dossier
from obole.lib.actors import Actor
from obole.lib.states import TransitionRecord
from obole.lib.transactions import require_transaction
from obole.pricing.instalments import share
from obole.pricing.model.results import Result
from obole.regies.models import Regie


class BilledAlone(NotBillable):
    """This price asks for more than an amount: a caution, or days to be paid in several times."""


@dataclass(frozen=True, kw_only=True)
class DraftWanted:
    """What is asked of a dossier, by a version of its pricing."""

    dossier: Dossier
    version: PricingVersion
    answered: PricingAnswers
    request_key: str
    besides: tuple[dict[str, Any], ...] = ()
    """What is billed with the price: how each is called, and its result as it is kept."""


@dataclass(frozen=True)
class Priced:
    """What is asked of a dossier, and what it comes to."""

    wanted: DraftWanted
    result: Result


@dataclass(frozen=True)
class _Draft:
    """A draft to be written, with what was carried over to it."""

    invoice: Invoice
    priced: Priced
    waited: list[CarryOver]


def price_alone(wanted: DraftWanted) -> Priced:
    """
    Price what is asked of a dossier, if a draft can be made of it with nobody in front of it.

    :raises obole.pricing.model.problems.Refused: with everything that keeps the answers from being priced.
    :raises EmptyInvoice: if there is nothing to pay, or money to give back.
    :raises BilledAlone: if the price has a caution, an acompte or instalments, which somebody decides.
    """
    compiled = catalogue.compiled_pricing_of(wanted.version)
    result = result_of(wanted.version, wanted.answered)
    require_positive(result)
    if not result.total_cents:
        raise EmptyInvoice(_("Le total est de zéro : il n’y a rien à facturer."))
    if result.cautions:
        raise BilledAlone(_("Ce prix demande une caution : facturez ce dossier depuis sa page."))
    if share(result, first=compiled.pricing.terms.first):
        raise BilledAlone(_("Ce prix se paie en plusieurs fois : facturez ce dossier depuis sa page."))
    return Priced(wanted, result)


def draft_many(
    priced: Sequence[Priced], *, invoice_type: InvoiceType, period: str, actor: Actor, at: datetime
) -> dict[int, Invoice]:
    """
    Make a draft of each price, with what was carried over for its payer, and return them by their dossiers; none where
    the pricing has it carried over. The caller holds the dossiers, one price of each, and answers
    for who may bill them.

    :raises NotBillable: if the type has no régie, or its régie is off.
    :raises RuntimeError: outside a transaction.
    """
    require_transaction("a draft")
    regie, waiting = open_regie(invoice_type), _waiting(priced, invoice_type)
    drafts = [
        _Draft(_invoice(one, waited, invoice_type=invoice_type, regie=regie, period=period, at=at), one, waited)
        for one, waited in _with_waiting(priced, waiting)
    ]
    Invoice.objects.bulk_create(one.invoice for one in drafts)
    parts = [_parts(one) for one in drafts]
    InvoiceLine.objects.bulk_create(line for lines, _why in parts for line in lines)
    InvoiceExplanation.objects.bulk_create(why for _lines, why in parts)
    for one in drafts:
        carry_overs.bill_carry_overs(one.waited, invoice=one.invoice, actor=actor, at=at)
    step = TransitionRecord("invoice.draft", "", "")
    said = [(step, one.invoice, {"dossier": one.priced.wanted.dossier.reference}) for one in drafts]
    audit_log.log_transitions(said, actor=actor, at=at)
    return {one.priced.wanted.dossier.pk: one.invoice for one in drafts}


def _waiting(priced: Sequence[Priced], invoice_type: InvoiceType) -> dict[int, list[CarryOver]]:
    """Return what waits for the payers, locked, oldest first."""
    payers = [one.wanted.dossier.citizen_id for one in priced]
    rows = CarryOver.objects.waiting().locked().filter(payer__in=payers, type=invoice_type).order_by("id")
    found: dict[int, list[CarryOver]] = {}
    for item in rows.select_related("dossier"):
        found.setdefault(item.payer_id, []).append(item)
    return found


def _with_waiting(
    priced: Sequence[Priced], waiting: dict[int, list[CarryOver]]
) -> Iterator[tuple[Priced, list[CarryOver]]]:
    """Yield each price that is billed, with what its payer was carried over: their first invoice takes it."""
    for one in priced:
        waited = waiting.get(one.wanted.dossier.citizen_id, [])
        below = catalogue.compiled_pricing_of(one.wanted.version).pricing.terms.carry_below
        before = sum(item.cents for item in waited)
        if not rules.must_carry_over(one.result, before_cents=before, below_cents=below):
            yield one, waiting.pop(one.wanted.dossier.citizen_id, [])


def _invoice(
    one: Priced, waited: Sequence[CarryOver], *, invoice_type: InvoiceType, regie: Regie, period: str, at: datetime
) -> Invoice:
    dossier = one.wanted.dossier
    return Invoice(
        request_key=one.wanted.request_key,
        type=invoice_type,
        regie=regie,
        dossier=dossier,
        payer_id=dossier.citizen_id,
        label=invoice_type.name,
        period=period,
        total_cents=one.result.total_cents
        + sum(item.cents for item in waited)
        + sum(item["result"]["total_cents"] for item in one.wanted.besides),
        created_at=at,
    )


def _parts(draft: _Draft) -> tuple[list[InvoiceLine], InvoiceExplanation]:
    wanted, carried = draft.priced.wanted, [*carry_overs.carry_over_details(draft.waited), *draft.priced.wanted.besides]
    result = draft.priced.result
    return parts_of_draft(
        draft.invoice, version=wanted.version, answered=wanted.answered, result=result, carried=carried
    )
