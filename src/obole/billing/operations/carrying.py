"""What is too small to be invoiced alone waits for the payer's next invoice of the same type."""

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from obole.billing.models import Carried, Invoice, InvoiceType
from obole.billing.operations.refusals import NotBillable, ReasonMissing
from obole.dossiers.models import Dossier
from obole.lib.transactions import whole
from obole.trail import operations as trail


def waiting(*, dossier: Dossier, invoice_type: InvoiceType) -> list[Carried]:
    """Return what waits for the payer's next invoice of this type, locked, oldest first: two invoices at once never both bill it."""
    rows = Carried.objects.waiting().locked().filter(payer=dossier.citizen_id, type=invoice_type)
    return list(rows.select_related("dossier").order_by("id"))


def described(carried: list[Carried]) -> list[dict[str, Any]]:
    """Return what an invoice keeps of what it bills besides: how each is called, and its result."""
    with translation.override("fr"):
        return [{"label": _label(one), "result": one.result} for one in carried]


def bill_with(carried: list[Carried], *, invoice: Invoice, actor: str, at: datetime) -> None:
    """Count what waited as billed by this invoice. The caller holds both."""
    for one in carried:
        one.invoice = invoice
        one.save(update_fields=["invoice"])
        trail.note("carried.bill", subject=one, actor=actor, at=at, cents=one.cents)


@whole
def give_up_carried(*, carried_id: int, reason: str, actor: str, at: datetime) -> Carried:
    """
    Give up what waits: it will never be invoiced.

    :raises ReasonMissing: if nothing is said.
    :raises NotBillable: if it was invoiced, or given up already.
    """
    said = " ".join(reason.split())[:200]
    if not said:
        raise ReasonMissing(_("Écrivez le motif : sans lui, l’usager ne comprendrait pas."))
    carried = Carried.objects.locked().get(pk=carried_id)
    if carried.invoice_id is not None or carried.reason:
        raise NotBillable(_("Ce report n’attend plus : il est facturé, ou abandonné."))
    carried.reason = said
    carried.save(update_fields=["reason"])
    trail.note("carried.give_up", subject=carried, actor=actor, at=at, cents=carried.cents, reason=said)
    return carried


def _label(one: Carried) -> str:
    place = one.dossier.reference
    return _("Report de %(what)s") % {"what": f"{one.period}, {place}" if one.period else place}
