"""What mails say about an invoice, and letters to who has no address for mails."""

from datetime import date, datetime

from django.conf import settings
from django.utils import translation

from obole.billing.models import CreditNote, Invoice, Letter
from obole.directory import queries as directory
from obole.directory.models import Authority
from obole.lib import money
from obole.mailing import operations as mailing, queries as mail_queries
from obole.mailing.models import Message
from obole.mailing.rules import RenderedMail, Values


def invoice_variables(invoice: Invoice, authority: Authority | None = None) -> dict[str, str | date]:
    """
    Return what every mail about this invoice may mention.

    :param authority: the town, for whoever looked it up already.
    """
    authority = authority or directory.the_authority()
    return {
        "nom": invoice.payer.display_name,
        **authority.variables(),
        "numero": invoice.number or "",
        "libelle": invoice.label,
        "montant": money.euros(invoice.total_cents),
        "reste_du": money.euros(invoice.remaining_cents),
        "echeance": invoice.due_date or "",
        "regie": invoice.regie.name,
        "comptable": authority.treasury,
        "date_transmission": invoice.payable_until or "",
        "url": f"{settings.BASE_URL}/mes-factures/{invoice.public_id}/",
    }


def compose(kind: str, invoice: Invoice, variables: Values) -> RenderedMail:
    """
    Fill the words of a mail about an invoice, in the language of its payer: those of its type, else the town's, else
    the original ones.
    """
    words = invoice.type.mail_words.get(kind)
    own = mail_queries.TemplateTexts(**words) if words else None
    return mailing.compose(kind, variables, own=own, language=invoice.payer.language)


def send_invoice_notice(invoice: Invoice, *, email: str, authority: Authority, at: datetime) -> None:
    """
    Queue the mail that says the invoice is in the payer's account; where none reaches them, write its letter.

    :param email: where a mail reaches the payer; nothing if none does.
    """
    if not email:
        _write(invoice, Letter.Kind.NOTICE, invoice_variables(invoice, authority), at=at)
        return
    letter = mailing.Email(
        cause=f"invoice_deposited:{invoice.pk}",
        kind="invoice_deposited",
        to=email,
        rendered=compose("invoice_deposited", invoice, invoice_variables(invoice, authority)),
        about=invoice,
    )
    mailing.queue(letter, at=at)


def tell(
    invoice: Invoice, kind: str, cause: str, variables: Values, *, at: datetime, to: str | None = None
) -> Message | Letter | None:
    """
    Queue a mail about an invoice; where none reaches who reads it, write its payer a letter that says the same.

    :param to: who reads it, where that is not the payer.
    :returns: what was written; None for who has no postal address either, and for a mail that was queued before.
    """
    email = invoice.payer.email if to is None else to
    words = compose(kind, invoice, variables)
    if not mail_queries.is_usable(email):
        return write_once(invoice, Letter.Kind.OTHER, words, cause=cause, at=at)
    letter = mailing.Email(cause=cause, kind=kind, to=email, rendered=words, about=invoice)
    return mailing.queue(letter, at=at)


def write_once(invoice: Invoice, kind: Letter.Kind, words: RenderedMail, *, cause: str, at: datetime) -> Letter | None:
    """Write the letter that stands for the mail of a cause; None for a payer who has no postal address."""
    if not invoice.payer.address:
        return None
    said = {"invoice": invoice, "kind": kind, "subject": words.subject, "text": words.text, "written_at": at}
    return Letter.objects.get_or_create(cause=cause, defaults=said)[0]


def send_due_date_notice(invoice: Invoice, *, at: datetime) -> None:
    """Tell until when the invoice may be paid from now on."""
    cause = f"due_date_changed:{invoice.pk}:{at.isoformat()}"
    tell(invoice, "due_date_changed", cause, invoice_variables(invoice), at=at)


def send_credit_note_notice(note: CreditNote, *, at: datetime) -> None:
    """Queue the mail that says an invoice is cancelled, and why; where no mail reaches them, write its letter."""
    invoice = note.invoice
    with translation.override(invoice.payer.language):
        variables = {**invoice_variables(invoice), "avoir": note.number, "motif": note.why}
    if not mail_queries.is_usable(invoice.payer.email):
        _write(invoice, Letter.Kind.CREDIT_NOTE, variables, at=at)
        return
    letter = mailing.Email(
        cause=f"invoice_cancelled:{invoice.pk}",
        kind="invoice_cancelled",
        to=invoice.payer.email,
        rendered=compose("invoice_cancelled", invoice, variables),
        about=invoice,
    )
    mailing.queue(letter, at=at)


def send_replacement_notice(note: CreditNote, made: Invoice, *, at: datetime) -> None:
    """Queue the one mail that says an invoice is cancelled, why, and which one stands for it."""
    with translation.override(made.payer.language):
        variables = {**invoice_variables(made), "remplacee": note.invoice.number or "", "motif": note.why}
    letter = mailing.Email(
        cause=f"invoice_replaced:{made.pk}",
        kind="invoice_replaced",
        to=made.payer.email,
        rendered=compose("invoice_replaced", made, variables),
        about=made,
        also_about=[note.invoice],
    )
    mailing.queue(letter, at=at)


def _write(invoice: Invoice, kind: Letter.Kind, variables: Values, *, at: datetime) -> None:
    """Write a letter once, in the transaction that decides it; nobody is written to without an address either."""
    if not invoice.payer.address:
        return
    words = compose(f"letter_{kind}", invoice, variables)
    letter = Letter(invoice=invoice, kind=kind, subject=words.subject, text=words.text, written_at=at)
    # As a mail with its cause: a worker that begins again finds the letter that it wrote.
    Letter.objects.bulk_create([letter], ignore_conflicts=True)
