"""The mails that tell a payer what became of a payment."""

from collections.abc import Sequence
from datetime import datetime

from obole.billing.models import Invoice
from obole.billing.notices import variables_of
from obole.lib import days, money, words
from obole.mailing import operations as mailing
from obole.payments import queries
from obole.payments.models import Attempt, Receipt, ReceiptPaper, Refund


def send_refusal(attempt: Attempt, *, at: datetime) -> None:
    """Queue the mail that says a card was refused and that nothing was taken; once for each attempt."""
    invoice = Invoice.objects.select_related("payer", "regie").get(pk=attempt.invoice_id)
    numbers = [one.invoice.number or "" for one in queries.shares_of(attempt)]
    variables = {**variables_of(invoice), "numero": _named(numbers), "date": days.long(days.day_of(at))}
    letter = mailing.Letter(
        cause=f"payment_refused:{attempt.pk}", kind="payment_refused", to=attempt.email,
        rendered=mailing.compose("payment_refused", variables), about=invoice,
    )  # fmt: skip
    mailing.queue(letter, at=at)


def send_receipt(receipt: Receipt, paper: ReceiptPaper, *, at: datetime) -> None:
    """Queue the mail that carries a receipt or a quittance; once. Runs in the caller's transaction."""
    invoice, to = receipt.invoice, _address(receipt)
    if invoice is None or not to:
        return
    paid = queries.paid_at_once(receipt)
    variables = {
        **variables_of(invoice), "numero": _named([number for number, _cents in paid]),
        "date": days.long(days.day_of(receipt.received_at)), "heure": days.clock(receipt.received_at),
        "moyen": words.in_french(Receipt.Means(receipt.means).label), "precisions": means_in_words(receipt),
        "autorisation": (receipt.attempt.authorisation if receipt.attempt else "") or "—",
        "reference": receipt.attempt.reference if receipt.attempt else receipt.number,
        "paye": money.euros(receipt.cents),
        "solde": _what_it_paid(receipt, paid),
    }  # fmt: skip
    letter = mailing.Letter(
        cause=f"payment_receipt:{receipt.pk}", kind="payment_receipt", to=to,
        rendered=mailing.compose("payment_receipt", variables), about=invoice,
        attachments=[{"name": f"recu-{receipt.number}.pdf", "type": "application/pdf", "digest": paper.digest}],
    )  # fmt: skip
    mailing.queue(letter, at=at)


def send_surplus(receipt: Receipt, invoices: Sequence[Invoice], *, cents: int, at: datetime) -> None:
    """Queue the mail that says money came for invoices that did not need it, and that it is not lost."""
    to, invoice = _address(receipt), invoices[0]
    if not to:
        return
    variables = {
        **variables_of(invoice), "numero": ", ".join(one.number or "" for one in invoices),
        "date": days.long(days.day_of(at)), "paye": money.euros(cents),
        "reference": receipt.attempt.reference if receipt.attempt else receipt.number,
    }  # fmt: skip
    letter = mailing.Letter(
        cause=f"payment_surplus:{receipt.pk}", kind="payment_surplus", to=to,
        rendered=mailing.compose("payment_surplus", variables), about=invoice,
    )  # fmt: skip
    mailing.queue(letter, at=at)


def send_reversal(receipt: Receipt, invoice: Invoice, *, cents: int, reason: str, at: datetime) -> None:
    """Queue the mail that says a payment was sent back and the invoice is due again. Runs after the invoice was unsettled."""
    to = _address(receipt) or invoice.payer.email
    if not to:
        return
    variables = {
        **variables_of(invoice), "date": days.long(days.day_of(receipt.received_at)), "paye": money.euros(cents),
        "moyen": words.in_french(Receipt.Means(receipt.means).label), "motif": reason,
    }  # fmt: skip
    letter = mailing.Letter(
        cause=f"payment_reversed:{receipt.pk}:{invoice.pk}", kind="payment_reversed", to=to,
        rendered=mailing.compose("payment_reversed", variables), about=invoice,
    )  # fmt: skip
    mailing.queue(letter, at=at)


def send_refund(refund: Refund, *, at: datetime) -> None:
    """Queue the mail that says the comptable paid a refund; a payer whom nobody knows gets none."""
    receipt = refund.receipt
    invoice, to = receipt.attempt.invoice if receipt.attempt else receipt.invoice, _address(receipt)
    if invoice is None or not to:
        return
    numbers = queries.in_vain(receipt) or [invoice.number or ""]
    variables = {**variables_of(invoice), "numero": _named(numbers), "paye": money.euros(refund.cents)}
    letter = mailing.Letter(
        cause=f"payment_refunded:{refund.pk}", kind="payment_refunded", to=to, about=invoice,
        rendered=mailing.compose("payment_refunded", variables),
    )  # fmt: skip
    mailing.queue(letter, at=at)


def means_in_words(receipt: Receipt) -> str:
    """Say how money came: the means, then what identifies it."""
    means = words.in_french(Receipt.Means(receipt.means).label)
    if receipt.attempt is None:
        return ", ".join(part for part in (means, receipt.reference, f"quittance {receipt.number}") if part)
    authorisation = f"autorisation {receipt.attempt.authorisation}" if receipt.attempt.authorisation else ""
    return ", ".join(part for part in (means, authorisation, f"référence {receipt.attempt.reference}") if part)


def _named(numbers: Sequence[str]) -> str:
    """Name the invoices of one payment where there is room for few words: the first, and how many more."""
    others = len(numbers) - 1
    return f"{numbers[0]} et {others} autre{'s' if others > 1 else ''}" if others else numbers[0]


def _what_it_paid(receipt: Receipt, paid: Sequence[tuple[str, int]]) -> str:
    if receipt.remaining_cents:
        return f"Il reste {money.euros(receipt.remaining_cents)} à payer."
    if len(paid) < 2:
        return "Votre facture est soldée."
    return "Il solde vos factures " + ", ".join(f"n° {number} ({money.euros(cents)})" for number, cents in paid) + "."


def _address(receipt: Receipt) -> str:
    """Return where the payer of a receipt is written to; empty when nobody knows."""
    if receipt.attempt is not None:
        return receipt.attempt.email
    return receipt.invoice.payer.email if receipt.invoice else ""
