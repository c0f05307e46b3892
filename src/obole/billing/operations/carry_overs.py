"""What is too small to be invoiced alone waits for the payer's next invoice of the same type."""

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing.models import CarryOver, Invoice, InvoiceType
from obole.billing.operations.errors import NotBillable, ReasonMissing
from obole.dossiers.access import require_reviewer
from obole.dossiers.models import Dossier
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


def lock_pending_carry_overs(*, dossier: Dossier, invoice_type: InvoiceType) -> list[CarryOver]:
    """
    Return what waits for the payer's next invoice of this type, locked, oldest first: two invoices at once never both
    bill it.
    """
    rows = CarryOver.objects.waiting().locked().filter(payer=dossier.citizen_id, type=invoice_type)
    return list(rows.select_related("dossier").order_by("id"))


def carry_over_details(carried: list[CarryOver]) -> list[dict[str, Any]]:
    """Return what an invoice keeps of what it bills besides: how each is called, and its result."""
    with translation.override("fr"):
        return [{"label": _label(item), "result": item.result} for item in carried]


def bill_carry_overs(carried: list[CarryOver], *, invoice: Invoice, actor: Actor, at: datetime) -> None:
    """Count what waited as billed by this invoice. The caller holds both."""
    for item in carried:
        item.invoice = invoice
        item.save(update_fields=["invoice"])
        audit_log.log_event("carried.bill", subject=item, actor=actor, at=at, cents=item.cents)


@atomic_with_retry
def give_up_carry_over(*, carried_id: int, reason: str, actor: Actor, at: datetime) -> CarryOver:
    """
    Give up what waits: it will never be invoiced.

    :raises ReasonMissing: if nothing is said.
    :raises NotBillable: if it was invoiced, or given up already.
    """
    said = " ".join(reason.split())[:200]
    if not said:
        raise ReasonMissing(_("Écrivez le motif : sans lui, l’usager ne comprendrait pas."))
    carried = CarryOver.objects.locked().get(pk=carried_id)
    require_reviewer(carried.dossier, actor=actor)
    if carried.invoice_id is not None or carried.reason:
        raise NotBillable(_("Ce report n’attend plus : il est facturé, ou abandonné."))
    carried.reason = said
    carried.save(update_fields=["reason"])
    audit_log.log_event("carried.give_up", subject=carried, actor=actor, at=at, cents=carried.cents, reason=said)
    return carried


def _label(over: CarryOver) -> str:
    place = over.dossier.reference
    return _("Report de %(what)s") % {"what": f"{over.period}, {place}" if over.period else place}
