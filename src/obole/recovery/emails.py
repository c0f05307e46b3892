"""What is told, by mail or on paper, of an invoice that went to the comptable, came back, or is paid in parts."""

from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from obole.billing.emails import compose, invoice_variables, tell, write_once
from obole.billing.models import Invoice, Letter
from obole.directory import queries as directory
from obole.directory.models import Authority
from obole.lib import dates, money
from obole.mailing import operations as mailing, queries as mail_queries
from obole.mailing.models import Message
from obole.mailing.rules import Values
from obole.recovery.models import Agreement, Dispute, InstalmentNotice, TransmissionLine
from obole.recovery.queries import AgreementStanding
from obole.recovery.rules.instalments import Due

Notice = Message | Letter | None


def send_transfer_notice(line: TransmissionLine, *, at: datetime) -> None:
    """Tell that an invoice is with the comptable now, and how to pay."""
    authority, invoice = directory.the_authority(), _invoice_of(line)
    more: Values = {
        "reste_du": money.euros(line.cents),
        "date": dates.day_of(at),
        "comptable": authority.treasury or _the_comptable(authority, invoice.payer.language),
        "adresse_comptable": ", ".join(part.strip() for part in authority.treasury_address.splitlines()),
        "telephone_comptable": authority.treasury_phone,
    }
    _about(invoice, "invoice_transferred", str(line.pk), more, at=at)


def send_return_notice(line: TransmissionLine, *, at: datetime) -> None:
    """Tell that an invoice is due to the régie again, and until when."""
    _about(_invoice_of(line), "invoice_returned", str(line.pk), {"motif": line.return_reason}, at=at)


def _invoice_of(line: TransmissionLine) -> Invoice:
    return Invoice.objects.select_related("payer", "regie").get(pk=line.invoice_id)


def _the_comptable(authority: Authority, language: str) -> str:
    """Name the comptable of a town that gave no name for it."""
    with translation.override(language):
        return _("Le comptable public %(of_the_town)s") % {"of_the_town": authority.of}


def send_agreement(agreement: Agreement, *, at: datetime) -> None:
    """Tell what was agreed: each day and amount."""
    language, rows = agreement.invoice.payer.language, agreement.instalments.order_by("rank")
    with translation.override(language):
        told = [
            _("- %(day)s : %(amount)s")
            % {"day": dates.format_long(row.day, language), "amount": money.euros(row.cents)}
            for row in rows
        ]
    _about(agreement.invoice, "agreement_made", f"{agreement.pk}", {"echeancier": "\n".join(told)}, at=at)


def send_broken_agreement(agreement: Agreement, *, at: datetime) -> None:
    """Tell that an agreement is broken: all that is left is due."""
    _about(agreement.invoice, "agreement_broken", f"{agreement.pk}", {}, at=at)


def send_instalment(standing: AgreementStanding, due: Due, kind: str, *, turn: int, at: datetime) -> Notice:
    """
    Queue the mail that recalls an instalment, or asks for one that is late; or write its letter.

    :param turn: how many were left before it.
    """
    agreement = standing.agreement
    more: Values = {
        "echeance_du": due.day,
        "a_payer": money.euros(due.missing if kind == InstalmentNotice.Kind.SOON else standing.to_pay),
        "delai": due.day + timedelta(days=agreement.grace_days),
    }
    invoice, name = agreement.invoice, f"instalment_{kind}"
    cause = ":".join(str(part) for part in (name, agreement.pk, due.rank, turn))
    words = compose(name, invoice, {**invoice_variables(invoice), **more})
    if not mail_queries.is_usable(invoice.payer.email):
        return write_once(invoice, Letter.Kind.INSTALMENT, words, cause=cause, at=at)
    mail = mailing.Email(
        cause=cause,
        kind=name,
        to=invoice.payer.email,
        rendered=words,
        about=invoice,
        at_most_once=True,
        task="recovery.deliver_notice",
    )
    return mailing.queue(mail, at=at)


def send_answer(dispute: Dispute, *, at: datetime) -> None:
    """Answer who reported an error; the answer is read beside the invoice too."""
    more = {"signalement": dispute.reason, "reponse": dispute.answer}
    _about(dispute.invoice, "dispute_answered", f"{dispute.pk}", more, at=at)


def _about(invoice: Invoice, kind: str, cause: str, more: Values, *, at: datetime) -> None:
    tell(invoice, kind, f"{kind}:{cause}", {**invoice_variables(invoice), **more}, at=at)
