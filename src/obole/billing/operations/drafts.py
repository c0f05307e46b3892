"""Doing an invoice again: a draft that an agent corrects, then issues or gives up."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from obole.billing import rules
from obole.billing.models import Invoice, InvoiceExplanation, InvoiceLine
from obole.billing.operations.issuing import add_lines
from obole.billing.operations.refusals import NotADraft, NotBillable, PricedByAnswers
from obole.billing.states import InvoiceState
from obole.lib.transactions import whole
from obole.trail import operations as trail


@whole
def redo_invoice(*, invoice_id: int, actor: str, at: datetime) -> Invoice:
    """
    Make a draft of the same lines as a cancelled invoice; done again, it returns the invoice that it made.

    :raises NotBillable: if the invoice is not cancelled.
    """
    old = Invoice.objects.locked().get(pk=invoice_id)
    if old.state != InvoiceState.CANCELLED:
        raise NotBillable(_("Seule une facture annulée se refait : annulez-la d’abord."))
    twin = Invoice.objects.filter(replaces=old).first()
    if twin is not None:
        return twin
    draft = Invoice.objects.create(
        request_key=f"redo:{old.pk}", type_id=old.type_id, regie_id=old.regie_id, dossier_id=old.dossier_id, payer_id=old.payer_id,
        label=old.label, period=old.period, total_cents=old.total_cents, created_at=at, replaces=old,
    )  # fmt: skip
    add_lines(draft, [_as_draft(line) for line in old.lines.order_by("position")])
    _explain_alike(draft, old)
    trail.note("invoice.draft", subject=draft, actor=actor, at=at, replaces=old.number)
    trail.note("invoice.redo", subject=old, actor=actor, at=at)
    return draft


@whole
def correct_draft(
    *, invoice_id: int, quantities: Mapping[int, Decimal], period: str, actor: str, at: datetime
) -> Invoice:
    """
    Change the quantities of a draft's lines, by their position; the amounts follow.

    :raises NotADraft: if it was issued meanwhile.
    :raises PricedByAnswers: if a pricing made its lines: they are corrected by other answers.
    """
    draft = lock_draft(invoice_id)
    if InvoiceExplanation.objects.filter(invoice=draft).exists():
        raise PricedByAnswers(_("Une tarification a fait ces lignes : corrigez les réponses, pas les quantités."))
    lines = [_as_draft(line, quantities.get(line.position, line.quantity)) for line in draft.lines.order_by("position")]
    InvoiceLine.objects.filter(invoice=draft).delete()
    add_lines(draft, lines)
    draft.total_cents, draft.period = rules.total(lines), period.strip()[:60]
    draft.save(update_fields=["total_cents", "period"])
    trail.note("invoice.correct", subject=draft, actor=actor, at=at, cents=draft.total_cents)
    return draft


@whole
def discard_draft(*, invoice_id: int, actor: str, at: datetime) -> None:
    """
    Give up a draft: it has no number, so nothing is missing afterwards. The trail keeps that it was.

    :raises NotADraft: if it was issued meanwhile.
    """
    draft = lock_draft(invoice_id)
    if draft.replaces is not None:
        trail.note("invoice.redo_given_up", subject=draft.replaces, actor=actor, at=at, cents=draft.total_cents)
    InvoiceLine.objects.filter(invoice=draft).delete()
    InvoiceExplanation.objects.filter(invoice=draft).delete()
    draft.delete()


def lock_draft(invoice_id: int) -> Invoice:
    """
    Return a draft, locked.

    :raises NotADraft: if it was issued meanwhile.
    """
    draft = Invoice.objects.locked().get(pk=invoice_id)
    if draft.state != InvoiceState.DRAFT:
        raise NotADraft(_("Cette facture est déjà émise : elle ne change plus. Annulez-la et refaites-la."))
    return draft


def _explain_alike(draft: Invoice, old: Invoice) -> None:
    """Give a draft of the same lines the same reasons."""
    known = InvoiceExplanation.objects.filter(invoice=old).first()
    if known is not None:
        InvoiceExplanation.objects.create(
            invoice=draft, version_id=known.version_id, answers=known.answers, result=known.result,
            part=known.part, carried=known.carried, added_tax_cents=known.added_tax_cents,
        )  # fmt: skip


def _as_draft(line: InvoiceLine, quantity: Decimal | None = None) -> rules.DraftLine:
    return rules.DraftLine(
        label=line.label, detail=line.detail, quantity=line.quantity if quantity is None else quantity, unit=line.unit,
        unit_price_cents=line.unit_price_cents, nature=line.nature,
    )  # fmt: skip
