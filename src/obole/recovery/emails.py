"""What is told, by mail or on paper, of an invoice that went to the comptable, came back, or is paid in parts."""

from datetime import datetime, timedelta

from obole.billing.emails import compose, invoice_variables, tell, write_once
from obole.billing.models import Invoice, Letter
from obole.directory import queries as directory
from obole.lib import dates, money
from obole.mailing import operations as mailing, queries as mail_queries
from obole.mailing.models import Message
from obole.recovery.models import Agreement, Dispute, InstalmentNotice, TransmissionLine
from obole.recovery.queries import AgreementStanding
from obole.recovery.rules.instalments import Due

Notice = Message | Letter | None


def send_transfer_notice(line: TransmissionLine, *, at: datetime) -> None:
    """Tell that an invoice is with the comptable now, and how to pay."""
    authority = directory.the_authority()
    more = {
        "reste_du": money.euros(line.cents),
        "date": dates.format_long(dates.day_of(at)),
        "comptable": authority.treasury or f"Le comptable public {authority.variables()['de_la_ville']}",
        "adresse_comptable": ", ".join(part.strip() for part in authority.treasury_address.splitlines()),
        "telephone_comptable": authority.treasury_phone,
    }
    _queue(line, "invoice_transferred", more, at=at)


def send_return_notice(line: TransmissionLine, *, at: datetime) -> None:
    """Tell that an invoice is due to the régie again, and until when."""
    _queue(line, "invoice_returned", {"motif": line.return_reason}, at=at)


def _queue(line: TransmissionLine, kind: str, more: dict[str, str], *, at: datetime) -> None:
    invoice = Invoice.objects.select_related("payer", "regie").get(pk=line.invoice_id)
    _about(invoice, kind, str(line.pk), more, at=at)


def send_agreement(agreement: Agreement, *, at: datetime) -> None:
    """Tell what was agreed: each day and amount."""
    rows = agreement.instalments.order_by("rank")
    told = "\n".join(f"- {dates.format_long(row.day)}\u00a0: {money.euros(row.cents)}" for row in rows)
    _about(agreement.invoice, "agreement_made", f"{agreement.pk}", {"echeancier": told}, at=at)


def send_broken_agreement(agreement: Agreement, *, at: datetime) -> None:
    """Tell that an agreement is broken: all that is left is due."""
    _about(agreement.invoice, "agreement_broken", f"{agreement.pk}", {}, at=at)


def send_instalment(standing: AgreementStanding, due: Due, kind: str, *, turn: int, at: datetime) -> Notice:
    """
    Queue the mail that recalls an instalment, or asks for one that is late; or write its letter.

    :param turn: how many were left before it.
    """
    agreement = standing.agreement
    last = due.day + timedelta(days=agreement.grace_days)
    more = {
        "echeance_du": dates.format_long(due.day),
        "a_payer": money.euros(due.missing if kind == InstalmentNotice.Kind.SOON else standing.to_pay),
        "delai": dates.format_long(last),
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


def _about(invoice: Invoice, kind: str, cause: str, more: dict[str, str], *, at: datetime) -> None:
    tell(invoice, kind, f"{kind}:{cause}", {**invoice_variables(invoice), **more}, at=at)
