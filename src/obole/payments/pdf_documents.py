"""
The PDF of a receipt: rendered once, by the worker or by who asks first, then served as it is.

And what is of the moment when it is made, and kept nowhere: the état of the refunds to pay, what a payer paid in a
year, their account. Money that is taken back tomorrow is in tomorrow's.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation

from obole.billing import wording
from obole.billing.documents import letter
from obole.billing.models import Invoice
from obole.directory import queries as directory
from obole.directory.models import Citizen
from obole.lib import files, iban, papers, texts
from obole.payments import emails, queries, wording as words
from obole.payments.documents.account import AccountDocument, AccountLine, render_account
from obole.payments.documents.attestation import (
    ActivityRow,
    AttestationDocument,
    PaymentRow,
    RegiePayments,
    render_attestation,
)
from obole.payments.documents.receipt import ReceiptDocument, render_receipt
from obole.payments.documents.refund_statement import StatementDocument, StatementLine, render_refund_statement
from obole.payments.models import Receipt, ReceiptPdf, Refund
from obole.payments.queries import accounts, years
from obole.payments.queries.years import YearPayment
from obole.regies import queries as regies
from obole.regies.models import Regie


def send_receipt(*, receipt_id: int, at: datetime) -> None:
    """Make the receipt's document and mail it; doing it again changes nothing."""
    paper = ensure_receipt_pdf(receipt_id=receipt_id, at=at)
    with transaction.atomic():
        receipt = Receipt.objects.select_related("invoice__payer", "invoice__regie", "attempt").get(pk=receipt_id)
        emails.send_receipt(receipt, paper, at=at)


def ensure_receipt_pdf(*, receipt_id: int, at: datetime) -> ReceiptPdf:
    """Return the receipt's document, and make it the first time. Two at once make the same bytes, and one row."""
    return papers.keep_once(ReceiptPdf, of={"receipt_id": receipt_id}, render=lambda: _rendered(receipt_id), at=at)


def _rendered(receipt_id: int) -> bytes:
    rows = Receipt.objects.select_related("invoice", "attempt__invoice", "regie")
    return render_receipt(_described(rows.get(pk=receipt_id)))


def render_statement(regie: Regie, refunds: Sequence[Refund], *, at: datetime) -> bytes:
    """Make the état of the refunds that wait to be paid: it is of a moment, and kept nowhere."""
    act = regies.act_of(regie.pk)
    lines = [
        StatementLine(
            number=refund.receipt.number,
            holder=refund.account_holder,
            iban=iban.grouped(refund.iban),
            reason=refund.reason,
            approved_by=refund.decided_by.name if refund.decided_by else "",
            cents=refund.cents,
        )
        for refund in refunds
    ]
    document = StatementDocument(
        letterhead=wording.letterhead_of(regie),
        at=at,
        treasury=directory.the_authority().treasury,
        paid_by_regie=act is not None and act.pays_refunds,
        lines=lines,
    )
    return render_refund_statement(document)


def read_pdf(paper: ReceiptPdf) -> bytes:
    """Return the bytes that were stored, checked against their digest."""
    return files.get(paper.digest)


def _described(receipt: Receipt) -> ReceiptDocument:
    attempt = receipt.attempt
    invoice = receipt.invoice or (attempt.invoice if attempt else None)
    paid = queries.numbers_paid(receipt)
    return ReceiptDocument(
        letterhead=wording.letterhead(invoice.wording) if invoice else wording.letterhead_of(receipt.regie),
        recipient=wording.recipient(invoice.wording) if invoice else letter.Recipient(receipt.payer_name),
        number=receipt.number,
        invoice_number=(invoice.number or "") if invoice else "",
        invoice_label=invoice.label if invoice else "",
        amount_cents=receipt.cents,
        paid_at=receipt.received_at,
        means_label=texts.in_french(Receipt.Means(receipt.means).label),
        bank_authorisation=attempt.authorisation if attempt else "",
        is_quittance=receipt.is_quittance,
        reference=attempt.reference if attempt else receipt.reference,
        bank=receipt.bank,
        valued_on=receipt.valued_on,
        remaining_cents=receipt.remaining_cents,
        paid=paid if len(paid) > 1 else (),
        payer_name=receipt.payer_name,
    )


class NothingPaid(Exception):
    """Nothing was paid in that year: there is nothing to attest."""


def render_year(
    payer: Citizen,
    invoices: QuerySet[Invoice],
    year: int,
    *,
    childcare: bool = False,
    partial: bool = False,
    at: datetime,
) -> bytes:
    """
    Make the PDF that says what was paid in a year for these invoices of a payer.

    :param childcare: only what may give a right to the tax credit, for children under six.
    :param partial: whether the payer may have others: the document then names the types that it is about.
    :raises NothingPaid: if nothing was.
    """
    paid = years.paid_in_year(invoices, year)
    counted = years.childcare_of(paid, year) if childcare else paid
    if sum(one.cents for one in counted) <= 0:
        raise NothingPaid(year)
    regies = list(dict.fromkeys(one.receipt.regie for one in counted))
    with translation.override("fr"):
        document = AttestationDocument(
            letterhead=wording.letterhead_of(regies[0] if len(regies) == 1 else None),
            recipient=_recipient(payer),
            year=year,
            at=at,
            regies=[
                _received(regie, counted, payer) for regie in sorted(regies, key=lambda regie: (regie.name, regie.pk))
            ],
            activities=_activities(counted),
            is_childcare=childcare,
            too_old=_too_old(paid, year) if childcare else (),
            scope=_scope("Cette attestation porte", [one.invoice for one in counted]) if partial else "",
        )
    return render_attestation(document)


def render_payer_account(
    payer: Citizen, invoices: QuerySet[Invoice], days: tuple[date, date], *, partial: bool = False, at: datetime
) -> bytes:
    """
    Make the PDF of the account that these invoices of a payer make between two days.

    :param partial: whether the payer may have others: the document then names the types that it is about.
    """
    found = accounts.account_of(invoices, *days)
    with translation.override("fr"):
        lines = [
            AccountLine(one.day, words.movement_title(one), one.label, one.cents, balance)
            for one, balance in found.lines
        ]
        of_them = invoices.select_related("type").order_by("pk")
        document = AccountDocument(
            letterhead=wording.letterhead_of(None),
            recipient=_recipient(payer),
            first=found.first,
            last=found.last,
            at=at,
            opening_cents=found.opening_cents,
            closing_cents=found.closing_cents,
            due_cents=found.due_cents,
            kept_cents=found.kept_cents,
            lines=lines,
            scope=_scope("Ce relevé porte", list(of_them)) if partial else "",
        )
    return render_account(document)


def _recipient(payer: Citizen) -> letter.Recipient:
    return letter.Recipient(payer.display_name, tuple(payer.address.splitlines()))


def _scope(begins: str, invoices: Sequence[Invoice | None]) -> str:
    names = sorted({invoice.type.name for invoice in invoices if invoice is not None})
    return f"{begins} sur ces seules factures\u00a0: {', '.join(names)}."


def _received(regie: Regie, payments: Sequence[YearPayment], payer: Citizen) -> RegiePayments:
    theirs = [one for one in payments if one.receipt.regie_id == regie.pk]
    return RegiePayments(regie.name, [_paid_row(one, payer) for one in theirs])


def _paid_row(one: YearPayment, payer: Citizen) -> PaymentRow:
    receipt, invoice = one.receipt, one.invoice
    means = texts.in_french(Receipt.Means(receipt.means).label)
    title = invoice.number or "" if invoice else words.kept_title(one)
    label = " – ".join(part for part in (invoice.label, invoice.period) if part) if invoice else ""
    by = f"par {receipt.payer_name}" if receipt.payer_name not in ("", payer.display_name) else ""
    how = ", ".join(part for part in (means, f"n°\u00a0{receipt.number}", by) if part)
    return PaymentRow(one.paid_on, title, label, how, one.cents)


def _activities(payments: Sequence[YearPayment]) -> list[ActivityRow]:
    return [
        ActivityRow(child.name, child.born, activity, cents)
        for (child, activity), cents in years.summed(payments).items()
    ]


def _too_old(payments: Sequence[YearPayment], year: int) -> list[str]:
    of_childcare = [one for one in payments if one.invoice is not None and one.invoice.type.is_childcare]
    children = dict.fromkeys(share.child for one in of_childcare for share in one.shares)
    return [child.name for child in children if not years.is_young(child, year)]
