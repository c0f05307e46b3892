"""Every write about invoices."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from obole.billing import notices, rules, states
from obole.billing.models import Invoice, InvoiceLine, InvoiceType, NumberSeries
from obole.billing.wording import freeze
from obole.dossiers import operations as dossiers
from obole.dossiers import queries as dossier_queries
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import days
from obole.lib.queue import defer
from obole.mailing import rules as mail_rules
from obole.mailing.defaults import INVOICE
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Regie
from obole.trail import configuration
from obole.trail import operations as trail

BILLABLE = frozenset({DossierState.IN_REVIEW, DossierState.ACCEPTED})


class NotBillable(Exception):
    """An invoice cannot be made of this dossier with this type; the message is a French sentence for the agent."""


class EmptyInvoice(NotBillable):
    """Every quantity is zero: there is nothing to pay."""


@transaction.atomic
def generate_invoice(  # noqa: PLR0913 - one form, one call
    *,
    dossier_id: int,
    type_id: int,
    quantities: Mapping[int, Decimal],
    period: str,
    request_key: str,
    actor: str,
    at: datetime,
) -> Invoice:
    """
    Make an invoice of a dossier and issue it. The same ``request_key`` again returns the invoice that it made.

    :param quantities: the quantities that are the agent's to give, by product id.
    :raises NotBillable: if the type does not apply, has no régie, its régie is off, or the dossier is not under review or accepted.
    :raises EmptyInvoice: if there is nothing to pay.
    """
    # The dossier is locked first: a double click waits here, then finds the invoice of the first.
    dossier = Dossier.objects.locked().select_related("citizen").get(pk=dossier_id)
    twin = Invoice.objects.filter(request_key=request_key, dossier=dossier).first()
    if twin is not None:
        return twin
    invoice_type = InvoiceType.objects.select_related("regie").get(pk=type_id)
    regie = _billable_regie(invoice_type, dossier)
    dossiers.correct_quantities(dossier_id=dossier_id, quantities=quantities, actor=actor, at=at)
    lines = rules.lines_for(invoice_type, dossier_queries.items(dossier))
    invoice = Invoice.objects.create(
        request_key=request_key, type=invoice_type, regie=regie, dossier=dossier, payer=dossier.citizen,
        label=invoice_type.name, period=period, total_cents=rules.total(lines), created_at=at,
    )  # fmt: skip
    _add_lines(invoice, lines)
    trail.note("invoice.draft", subject=invoice, actor=actor, at=at, dossier=dossier.reference)
    return issue_invoice(invoice_id=invoice.pk, actor=actor, at=at)


@transaction.atomic
def issue_invoice(*, invoice_id: int, actor: str, at: datetime) -> Invoice:
    """
    Give a draft its number, make it due, and deposit it in the payer's account.

    :raises obole.lib.states.ForbiddenMove: if it is not a draft.
    :raises EmptyInvoice: if its total is zero.
    """
    invoice = Invoice.objects.locked().select_related("type", "regie", "payer", "dossier__scheme").get(pk=invoice_id)
    step = states.ISSUE.apply(invoice)
    if not invoice.total_cents:
        raise EmptyInvoice(_("Toutes les quantités sont à zéro : il n’y a rien à facturer."))

    _take_number(invoice, year=days.day_of(at).year)
    invoice.issued_at = at
    invoice.due_date = days.due_date(at, term_days=invoice.type.payment_term)
    invoice.wording = freeze(invoice)
    invoice.save()

    _post(invoice, "invoice", debit=Account.RECEIVABLE, credit=Account.CLAIMS, cents=invoice.total_cents, at=at)
    trail.record(step, subject=invoice, actor=actor, at=at, number=invoice.number, cents=invoice.total_cents)
    notices.announce(invoice, at=at)
    defer("billing.render", invoice_id=invoice.pk)
    return invoice


def settle_invoice(*, invoice: Invoice, cents: int, actor: str, at: datetime) -> None:
    """
    Count money that was received for an invoice; the last cent makes it paid. The caller holds its lock and books the money.

    :raises obole.lib.states.ForbiddenMove: if it is not due.
    :raises ValueError: if the money is more than what is due, or not positive.
    """
    if not 0 < cents <= invoice.total_cents - invoice.received_cents:
        raise ValueError(
            f"{cents} cents for {invoice}, which still needs {invoice.total_cents - invoice.received_cents}"
        )
    invoice.received_cents += cents
    if invoice.received_cents < invoice.total_cents:
        invoice.save(update_fields=["received_cents"])
        trail.note("invoice.part_paid", subject=invoice, actor=actor, at=at, cents=cents)
        return
    step = states.SETTLE.apply(invoice)
    invoice.paid_at = at
    invoice.save(update_fields=["state", "received_cents", "paid_at"])
    trail.record(step, subject=invoice, actor=actor, at=at, cents=cents)


@transaction.atomic
def cancel_invoice(*, invoice_id: int, reason: str, actor: str, at: datetime) -> Invoice:
    """
    Cancel what is still due; the payer reads ``reason``. Money that comes all the same goes to recettes à classer.

    :raises obole.lib.states.ForbiddenMove: if it is not due.
    :raises NotBillable: if part of it was received: that is a refund first.
    """
    invoice = Invoice.objects.locked().get(pk=invoice_id)
    step = states.CANCEL.apply(invoice)
    if invoice.received_cents:
        raise NotBillable(_("Une partie de cette facture est déjà payée : elle ne peut plus être annulée."))
    invoice.reason = reason.strip()[:300]
    invoice.save(update_fields=["state", "reason"])
    _post(invoice, "cancellation", debit=Account.CLAIMS, credit=Account.RECEIVABLE, cents=invoice.total_cents, at=at)
    trail.record(step, subject=invoice, actor=actor, at=at, reason=invoice.reason)
    return invoice


@transaction.atomic
def transfer_invoice(*, invoice_id: int, actor: str, at: datetime) -> Invoice:
    """
    Hand an unpaid invoice over to the comptable public: it cannot be paid here any more.

    :raises obole.lib.states.ForbiddenMove: if it is not due.
    """
    invoice = Invoice.objects.locked().get(pk=invoice_id)
    left = invoice.remaining_cents
    step = states.TRANSFER.apply(invoice)
    invoice.save(update_fields=["state"])
    _post(invoice, "transfer", debit=Account.CLAIMS, credit=Account.RECEIVABLE, cents=left, at=at)
    trail.record(step, subject=invoice, actor=actor, at=at, cents=left)
    return invoice


def configure_type(*, type_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> InvoiceType:
    """
    Create or change a type de facture; invoices that were issued keep what they say.

    :raises django.core.exceptions.ValidationError: if a value is refused, the words of the reminder included.
    """
    subject, body = values.get("reminder_subject", ""), values.get("reminder_body", "")
    if bool(subject) != bool(body):
        raise ValidationError(
            {"reminder_body": _("Donnez l’objet et le texte de la relance, ou laissez les deux vides.")}
        )
    try:
        mail_rules.check(subject, body, INVOICE)
    except mail_rules.BadTemplate as error:
        raise ValidationError({"reminder_body": str(error)}) from error
    return configuration.configure(InvoiceType, pk=type_id, values=values, actor=actor, at=at)


def _billable_regie(invoice_type: InvoiceType, dossier: Dossier) -> Regie:
    if dossier.state not in BILLABLE:
        raise NotBillable(_("Ce dossier n’est pas en instruction ni accepté : prenez-le d’abord en charge."))
    if not invoice_type.enabled or not invoice_type.schemes.filter(pk=dossier.scheme_id).exists():
        raise NotBillable(_("Ce type de facture ne s’applique pas à ce dispositif : choisissez-en un autre."))
    if invoice_type.regie is None:
        raise NotBillable(
            _(
                "Ce type de facture n’a pas de régie : un administrateur doit lui en donner une (Paramétrage › Types de factures)."
            )
        )
    if not invoice_type.regie.enabled:
        raise NotBillable(_("La régie de ce type de facture est désactivée : aucune facture ne peut être émise."))
    return invoice_type.regie


def _add_lines(invoice: Invoice, lines: list[rules.DraftLine]) -> None:
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice, position=position, label=line.label, detail=line.detail, quantity=line.quantity, unit=line.unit,
            unit_price_cents=line.unit_price_cents, amount_cents=line.amount_cents, nature=line.nature,
        )
        for position, line in enumerate(lines, start=1)
    )  # fmt: skip


def _take_number(invoice: Invoice, *, year: int) -> None:
    # Two first invoices of a year both find no row: the one that loses the race to make it waits for the other's.
    series, _created = NumberSeries.objects.select_for_update().get_or_create(regie=invoice.regie, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    invoice.year, invoice.sequence = year, series.last
    invoice.number = f"{invoice.regie.code}-{year}-{series.last:06d}"


def _post(invoice: Invoice, kind: str, *, debit: Account, credit: Account, cents: int, at: datetime) -> None:
    ledger.post(
        regie_id=invoice.regie_id, cause=ledger.Cause(kind=kind, key=str(invoice.pk)),
        postings=ledger.transfer(debit=debit, credit=credit, cents=cents), label=f"{invoice.number}", at=at,
    )  # fmt: skip
