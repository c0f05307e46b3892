"""The mails that tell a payer what became of a payment."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _, ngettext

from obole.billing.emails import compose, invoice_variables, tell
from obole.billing.models import Invoice
from obole.lib import dates, money, texts
from obole.mailing import operations as mailing
from obole.payments import queries
from obole.payments.models import Attempt, Receipt, ReceiptPdf, Refund, Reversal


def send_refusal(attempt: Attempt, *, at: datetime) -> None:
    """Queue the mail that says a card was refused and that nothing was taken; once for each attempt."""
    invoice = Invoice.objects.select_related("payer", "regie").get(pk=attempt.invoice_id)
    numbers = [share.invoice.number or "" for share in queries.shares_of(attempt)]
    named = _named(numbers, invoice.payer.language)
    variables = {**invoice_variables(invoice), "numero": named, "date": dates.day_of(at)}
    letter = mailing.Email(
        cause=f"payment_refused:{attempt.pk}",
        kind="payment_refused",
        to=attempt.email,
        rendered=compose("payment_refused", invoice, variables),
        about=invoice,
    )
    mailing.queue(letter, at=at)


def send_receipt(receipt: Receipt, paper: ReceiptPdf, *, at: datetime) -> None:
    """Queue the mail that carries a receipt or a quittance; once. Runs in the caller's transaction."""
    invoice, to = receipt.invoice, _address(receipt)
    if invoice is None or not to:
        return
    paid, language = queries.numbers_paid(receipt), invoice.payer.language
    variables = {
        **invoice_variables(invoice),
        "numero": _named([number for number, _cents in paid], language),
        "date": dates.day_of(receipt.received_at),
        "heure": dates.format_time(receipt.received_at, language),
        "moyen": texts.in_language(Receipt.Means(receipt.means).label, language),
        "precisions": describe_means(receipt, language),
        "autorisation": (receipt.attempt.authorisation if receipt.attempt else "") or "—",
        "reference": receipt.attempt.reference if receipt.attempt else receipt.number,
        "paye": money.euros(receipt.cents),
        "solde": _what_it_paid(receipt, paid, language),
    }
    letter = mailing.Email(
        cause=f"payment_receipt:{receipt.pk}",
        kind="payment_receipt",
        to=to,
        rendered=compose("payment_receipt", invoice, variables),
        about=invoice,
        attachments=[{"name": f"recu-{receipt.number}.pdf", "type": "application/pdf", "digest": paper.digest}],
    )
    mailing.queue(letter, at=at)


def send_surplus(
    receipt: Receipt, invoices: Sequence[Invoice], *, cents: int, at: datetime, different: bool = False
) -> None:
    """
    Tell that money came for invoices that did not need it, and that it is not lost.

    :param different: it is not what the bank was asked for; what the invoices need is not said.
    """
    kind = "payment_different" if different else "payment_surplus"
    invoice = invoices[0]
    variables = {
        **invoice_variables(invoice),
        "numero": ", ".join(invoice.number or "" for invoice in invoices),
        "date": dates.day_of(at),
        "paye": money.euros(cents),
        "reference": receipt.attempt.reference if receipt.attempt else receipt.number,
    }
    tell(invoice, kind, f"payment_surplus:{receipt.pk}", variables, to=_address(receipt), at=at)


def send_too_late(receipt: Receipt, invoices: Sequence[Invoice], *, cents: int, at: datetime) -> None:
    """Tell that money came after its invoices went to the comptable, and that it follows them."""
    invoice = invoices[0]
    variables = {
        **invoice_variables(invoice),
        "numero": ", ".join(invoice.number or "" for invoice in invoices),
        "date": dates.day_of(at),
        "paye": money.euros(cents),
        "reference": receipt.attempt.reference if receipt.attempt else receipt.number,
    }
    tell(invoice, "payment_too_late", f"payment_too_late:{receipt.pk}", variables, to=_address(receipt), at=at)


def send_reversal(reversal: Reversal, invoice: Invoice, *, cents: int, at: datetime) -> None:
    """
    Tell that a payment counts no more and the invoice is due again. Runs after the invoice was
    unsettled.

    Who bears a quittance that was a mistake is told too: they may have paid all the same.
    """
    receipt, language = reversal.receipt, invoice.payer.language
    kind = "quittance_cancelled" if reversal.kind == Reversal.Kind.MISTAKE else "payment_reversed"
    variables = {
        **invoice_variables(invoice),
        "date": dates.day_of(receipt.received_at),
        "paye": money.euros(cents),
        "moyen": texts.in_language(Receipt.Means(receipt.means).label, language),
        "motif": reversal.why_in(language),
    }
    if reversal.kind == Reversal.Kind.MISTAKE:
        variables["quittance"] = receipt.number
    to = _address(receipt) or invoice.payer.email
    tell(invoice, kind, f"payment_reversed:{receipt.pk}:{invoice.pk}", variables, to=to, at=at)


def send_refund(refund: Refund, *, at: datetime) -> None:
    """
    Tell that a refund was paid, or that the comptable has the money now; a payer whom nobody knows is told nothing.
    """
    receipt = refund.receipt
    invoice = receipt.attempt.invoice if receipt.attempt else receipt.invoice
    if invoice is None:
        return
    numbers = queries.numbers_not_paid(receipt) or [invoice.number or ""]
    named = _named(numbers, invoice.payer.language)
    variables = {**invoice_variables(invoice), "numero": named, "paye": money.euros(refund.cents)}
    kind = "payment_refunded" if refund.payee == Refund.Payee.PAYER else "payment_handed_over"
    tell(invoice, kind, f"{kind}:{refund.pk}", variables, to=_address(receipt), at=at)


def describe_means(receipt: Receipt, language: str) -> str:
    """Say how money came: the means, then what identifies it."""
    with translation.override(language):
        means = str(Receipt.Means(receipt.means).label)
        if receipt.attempt is None:
            number = _("quittance %(number)s") % {"number": receipt.number}
            return ", ".join(part for part in (means, receipt.reference, receipt.bank, number) if part)
        code = receipt.attempt.authorisation
        authorisation = _("autorisation %(code)s") % {"code": code} if code else ""
        reference = _("référence %(reference)s") % {"reference": receipt.attempt.reference}
    return ", ".join(part for part in (means, authorisation, reference) if part)


def _named(numbers: Sequence[str], language: str) -> str:
    """Name the invoices of one payment where there is room for few words: the first, and how many more."""
    others = len(numbers) - 1
    if not others:
        return numbers[0]
    with translation.override(language):
        said = ngettext("%(number)s et %(others)d autre", "%(number)s et %(others)d autres", others)
        return said % {"number": numbers[0], "others": others}


def _what_it_paid(receipt: Receipt, paid: Sequence[tuple[str, int]], language: str) -> str:
    with translation.override(language):
        if receipt.remaining_cents:
            return _("Il reste %(amount)s à payer.") % {"amount": money.euros(receipt.remaining_cents)}
        if len(paid) < 2:
            return _("Votre facture est soldée.")
        said = _("n° %(number)s (%(amount)s)")
        named = [said % {"number": number, "amount": money.euros(cents)} for number, cents in paid]
        return _("Il solde vos factures %(invoices)s.") % {"invoices": ", ".join(named)}


def _address(receipt: Receipt) -> str:
    """Return where the payer of a receipt is written to; empty when nobody knows."""
    if receipt.attempt is not None:
        return receipt.attempt.email
    return receipt.invoice.payer.email if receipt.invoice else ""
