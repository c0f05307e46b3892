"""
A caution: asked with a price, received, then given back or kept. It never reaches the ledger; what is kept is invoiced.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import rules, security_deposit_states as states
from obole.billing.access import require_biller
from obole.billing.models import Invoice, InvoiceType, SecurityDeposit
from obole.billing.operations.errors import NoSecurityDeposit, ReasonMissing
from obole.billing.operations.issuing import add_lines, usable_regie
from obole.billing.security_deposit_states import SecurityDepositState
from obole.dossiers.models import Dossier
from obole.lib import money
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.pricing.model.results import CautionAsked
from obole.pricing.wording import LONGEST_DETAIL, LONGEST_LABEL, cut
from obole.regies.access import require_mandate
from obole.regies.models import Regie


def request_deposits(
    asked: Iterable[CautionAsked], *, dossier: Dossier, regie: Regie, actor: Actor, at: datetime
) -> None:
    """
    Ask for the cautions of a price; those that the dossier has already stay as they are. The caller holds the dossier.

    A month later the same hall is billed to the same dossier: it is the same caution.
    """
    known = set(SecurityDeposit.objects.filter(dossier=dossier).values_list("key", flat=True))
    for item in asked:
        if item.key not in known and item.cents > 0:
            caution = SecurityDeposit.objects.create(
                dossier=dossier,
                regie=regie,
                payer_id=dossier.citizen_id,
                key=item.key,
                label=item.label,
                cents=item.cents,
                asked_at=at,
            )
            audit_log.log_event("caution.ask", subject=caution, actor=actor, at=at, cents=item.cents, label=item.label)


@atomic_with_retry
def receive_security_deposit(
    *, caution_id: int, means: str, reference: str, actor: Actor, at: datetime
) -> SecurityDeposit:
    """
    Write down that a caution was handed over; nothing is cashed and nothing is booked.

    :param means: one of ``Caution.Means``.
    :param reference: the number of the cheque, of the receipt given, of the transfer.
    :raises NoCaution: if the régie may hold none.
    :raises obole.lib.states.ForbiddenTransition: if it is not asked for.
    """
    caution = _locked(caution_id)
    require_mandate(regie_id=caution.regie_id, actor=actor, at=at)
    step = states.RECEIVE.apply(caution)
    if not caution.regie.holds_cautions:
        raise NoSecurityDeposit(
            _(
                "La régie %(regie)s n’est pas habilitée à garder des cautions : un administrateur l’indique dans"
                " Paramétrage › Régies."
            )
            % {"regie": caution.regie.name}
        )
    caution.means, caution.reference = SecurityDeposit.Means(means).value, " ".join(reference.split())[:60]
    caution.received_at = at
    caution.save(update_fields=["state", "means", "reference", "received_at"])
    audit_log.log_transition(
        step, subject=caution, actor=actor, at=at, cents=caution.cents, means=means, reference=caution.reference
    )
    return caution


@atomic_with_retry
def return_security_deposit(*, caution_id: int, actor: Actor, at: datetime) -> SecurityDeposit:
    """
    Write down that a caution was given back whole.

    :raises obole.lib.states.ForbiddenTransition: if it is not held.
    """
    caution = _locked(caution_id)
    require_mandate(regie_id=caution.regie_id, actor=actor, at=at)
    step = states.GIVE_BACK.apply(caution)
    caution.ended_at = at
    caution.save(update_fields=["state", "ended_at"])
    audit_log.log_transition(step, subject=caution, actor=actor, at=at, cents=caution.cents)
    return caution


@atomic_with_retry
def keep_security_deposit(
    *, caution_id: int, cents: int, reason: str, type_id: int, actor: Actor, at: datetime
) -> Invoice:
    """
    Keep a caution, whole or in part, and prepare the invoice of what is kept: a draft for the same payer. The rest is
    given back.

    :param cents: what is kept.
    :raises NoCaution: if it is nothing, or more than the caution.
    :raises ReasonMissing: if nothing is said.
    :raises NotBillable: if the type does not apply to the dossier, or its régie is off.
    :raises obole.lib.states.ForbiddenTransition: if it is not held.
    """
    caution = _locked(caution_id)
    require_mandate(regie_id=caution.regie_id, actor=actor, at=at)
    step = states.KEEP.apply(caution)
    if not 0 < cents <= caution.cents:
        raise NoSecurityDeposit(_("Retenez entre 0,01 € et %(most)s.") % {"most": money.euros(caution.cents)})
    caution.reason = _said(reason)
    caution.kept_cents, caution.ended_at = cents, at
    caution.invoice = _draft(caution, type_id, actor=actor, at=at)
    caution.save(update_fields=["state", "reason", "kept_cents", "ended_at", "invoice"])
    audit_log.log_transition(
        step, subject=caution, actor=actor, at=at, cents=cents, returned=caution.returned_cents, reason=caution.reason
    )
    return caution.invoice


@atomic_with_retry
def bill_kept_security_deposit(*, caution_id: int, type_id: int, actor: Actor, at: datetime) -> Invoice:
    """
    Prepare again the invoice of what was kept, where its draft was given up; if there is one, return it.

    :raises NoCaution: if nothing was kept.
    :raises NotBillable: if the type does not apply to the dossier, or its régie is off.
    """
    caution = _locked(caution_id)
    require_biller(caution, actor=actor, at=at)
    if caution.state != SecurityDepositState.KEPT:
        raise NoSecurityDeposit(_("Cette caution n’est pas retenue : il n’y a rien à facturer."))
    if caution.invoice is not None:
        return caution.invoice
    caution.invoice = _draft(caution, type_id, actor=actor, at=at)
    caution.save(update_fields=["invoice"])
    audit_log.log_event("caution.bill", subject=caution, actor=actor, at=at, cents=caution.kept_cents)
    return caution.invoice


@atomic_with_retry
def cancel_security_deposit(*, caution_id: int, reason: str, actor: Actor, at: datetime) -> SecurityDeposit:
    """
    Ask for a caution no more.

    :raises ReasonMissing: if nothing is said.
    :raises obole.lib.states.ForbiddenTransition: if it was received, or is over.
    """
    caution = _locked(caution_id)
    require_biller(caution, actor=actor, at=at)
    step = states.DROP.apply(caution)
    caution.reason, caution.ended_at = _said(reason), at
    caution.save(update_fields=["state", "reason", "ended_at"])
    audit_log.log_transition(step, subject=caution, actor=actor, at=at, reason=caution.reason)
    return caution


def _locked(caution_id: int) -> SecurityDeposit:
    """Lock a caution; before any invoice, as a dossier is."""
    return SecurityDeposit.objects.locked().select_related("regie", "dossier", "invoice").get(pk=caution_id)


def _said(reason: str) -> str:
    said = " ".join(reason.split())[:200]
    if not said:
        raise ReasonMissing(_("Écrivez le motif : sans lui, l’usager ne comprendrait pas."))
    return said


def _draft(caution: SecurityDeposit, type_id: int, *, actor: Actor, at: datetime) -> Invoice:
    invoice_type = InvoiceType.objects.select_related("regie").get(pk=type_id)
    regie = usable_regie(invoice_type, caution.dossier)
    with translation.override("fr"):
        label = cut(_("Caution retenue : %(label)s") % {"label": caution.label}, LONGEST_LABEL)
    line = rules.DraftLine(
        label=label,
        detail=cut(caution.reason, LONGEST_DETAIL),
        quantity=Decimal(1),
        unit="",
        unit_price_cents=caution.kept_cents,
        nature=invoice_type.nature,
    )
    draft = Invoice.objects.create(
        request_key=f"caution:{caution.pk}",
        type=invoice_type,
        regie=regie,
        dossier=caution.dossier,
        payer_id=caution.payer_id,
        label=label,
        total_cents=caution.kept_cents,
        created_at=at,
    )
    add_lines(draft, [line])
    audit_log.log_event("invoice.draft", subject=draft, actor=actor, at=at, caution=caution.label)
    return draft
