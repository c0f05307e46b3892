"""Doing an invoice again: a draft that an agent corrects, then issues or gives up."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import rules
from obole.billing.access import require_biller
from obole.billing.models import CarryOver, Invoice, InvoiceExplanation, InvoiceLine
from obole.billing.operations import instalments
from obole.billing.operations.errors import NotADraft, NotBillable
from obole.billing.operations.issuing import add_lines
from obole.billing.states import InvoiceState
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry, require_transaction


@atomic_with_retry
def redo_invoice(*, invoice_id: int, actor: Actor, at: datetime) -> Invoice:
    """
    Make a draft of the same lines as a cancelled invoice; done again, it returns the invoice that it made.

    :raises NotBillable: if the invoice is not cancelled, or is a solde whose acompte is.
    """
    old = instalments.lock_with_acompte(invoice_id)
    require_biller(old, actor=actor, at=at)
    if old.state != InvoiceState.CANCELLED:
        raise NotBillable(_("Seule une facture annulée se refait : annulez-la d’abord."))
    twin = Invoice.objects.filter(replaces=old).first()
    if twin is not None:
        return twin
    renamed, number = instalments.renamed_acompte(old)
    draft = Invoice.objects.create(
        request_key=f"redo:{old.pk}",
        type_id=old.type_id,
        regie_id=old.regie_id,
        dossier_id=old.dossier_id,
        payer_id=old.payer_id,
        label=old.label,
        period=old.period,
        total_cents=old.total_cents,
        created_at=at,
        replaces=old,
    )
    lines = [_as_draft(line) for line in old.lines.order_by("position")]
    add_lines(draft, [_with_acompte(line, renamed, number) for line in lines])
    _explain_alike(draft, old)
    audit_log.log_event("invoice.draft", subject=draft, actor=actor, at=at, replaces=old.number)
    audit_log.log_event("invoice.redo", subject=old, actor=actor, at=at)
    return draft


@atomic_with_retry
def discard_draft(*, invoice_id: int, actor: Actor, at: datetime) -> None:
    """
    Give up a draft: it has no number, so nothing is missing afterwards. The trail keeps that it was.

    :raises NotADraft: if it was issued meanwhile.
    """
    draft = lock_draft(invoice_id, actor=actor, at=at)
    if draft.replaces is not None:
        audit_log.log_event(
            "invoice.redo_given_up", subject=draft.replaces, actor=actor, at=at, cents=draft.total_cents
        )
    _delete([draft.pk])


def discard_many(invoice_ids: Collection[int]) -> None:
    """
    Give up those of some invoices that are still drafts, in the transaction of who made them, which keeps why.

    :raises RuntimeError: outside a transaction.
    """
    require_transaction("a draft")
    drafts = Invoice.objects.locked().filter(pk__in=invoice_ids, state=InvoiceState.DRAFT).order_by("pk")
    _delete(list(drafts.values_list("pk", flat=True)))


def _delete(draft_ids: Collection[int]) -> None:
    """Delete drafts; what was carried over to them waits again."""
    CarryOver.objects.filter(invoice__in=draft_ids).update(invoice=None)
    InvoiceLine.objects.filter(invoice__in=draft_ids).delete()
    InvoiceExplanation.objects.filter(invoice__in=draft_ids).delete()
    Invoice.objects.filter(pk__in=draft_ids).delete()


def lock_draft(invoice_id: int, *, actor: Actor, at: datetime) -> Invoice:
    """
    Return a draft, locked, to who may change it.

    :raises NotADraft: if it was issued meanwhile.
    """
    draft = Invoice.objects.locked().get(pk=invoice_id)
    require_biller(draft, actor=actor, at=at)
    if draft.state != InvoiceState.DRAFT:
        raise NotADraft(_("Cette facture est déjà émise : elle ne change plus. Annulez-la et refaites-la."))
    return draft


def _explain_alike(draft: Invoice, old: Invoice) -> None:
    """Give a draft of the same lines the same reasons."""
    known = InvoiceExplanation.objects.filter(invoice=old).first()
    if known is not None:
        InvoiceExplanation.objects.create(
            invoice=draft,
            version_id=known.version_id,
            answers=known.answers,
            result=known.result,
            part=known.part,
            carried=known.carried,
            added_tax_cents=known.added_tax_cents,
        )


def _with_acompte(line: rules.DraftLine, renamed: frozenset[str], number: str) -> rules.DraftLine:
    """Let a line that takes an acompte away name the invoice that stands for it now."""
    for old in renamed:
        line = replace(line, label=line.label.replace(old, number))
    return line


def _as_draft(line: InvoiceLine) -> rules.DraftLine:
    return rules.DraftLine(
        label=line.label,
        detail=line.detail,
        quantity=line.quantity,
        unit=line.unit,
        unit_price_cents=line.unit_price_cents,
        nature=line.nature,
    )
