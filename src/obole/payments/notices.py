"""The mails that tell a payer what became of a payment."""

from datetime import datetime

from obole.billing.models import Invoice
from obole.billing.notices import variables_of
from obole.lib import days, money, words
from obole.mailing import operations as mailing
from obole.payments.models import Attempt, Receipt, ReceiptPaper


def send_refusal(attempt: Attempt, *, at: datetime) -> None:
    """Queue the mail that says a card was refused and that nothing was taken; once for each attempt."""
    invoice = Invoice.objects.select_related("payer", "regie").get(pk=attempt.invoice_id)
    variables = {**variables_of(invoice), "date": days.long(days.day_of(at))}
    letter = mailing.Letter(
        cause=f"payment_refused:{attempt.pk}", kind="payment_refused", to=attempt.email,
        rendered=mailing.compose("payment_refused", variables), about=invoice,
    )  # fmt: skip
    mailing.queue(letter, at=at)


def send_receipt(receipt: Receipt, paper: ReceiptPaper, *, at: datetime) -> None:
    """Queue the mail that carries a receipt; once. Runs in the caller's transaction."""
    invoice, attempt = receipt.invoice, receipt.attempt
    if invoice is None:
        return
    left = receipt.remaining_cents
    variables = {
        **variables_of(invoice), "date": days.long(days.day_of(receipt.received_at)), "heure": days.clock(receipt.received_at),
        "moyen": words.in_french(Receipt.Means(receipt.means).label), "autorisation": attempt.authorisation or "—",
        "reference": attempt.reference,
        "paye": money.euros(receipt.cents),
        "solde": f"Il reste {money.euros(left)} à payer." if left else "Votre facture est soldée.",
    }  # fmt: skip
    letter = mailing.Letter(
        cause=f"payment_receipt:{receipt.pk}", kind="payment_receipt", to=attempt.email,
        rendered=mailing.compose("payment_receipt", variables), about=invoice,
        attachments=[{"name": f"recu-{receipt.number}.pdf", "type": "application/pdf", "digest": paper.digest}],
    )  # fmt: skip
    mailing.queue(letter, at=at)
