"""The mails about an invoice that went to the comptable, came back, or is paid in several times."""

from datetime import datetime, timedelta

from obole.billing.emails import compose, invoice_variables
from obole.billing.models import Invoice
from obole.directory import queries as directory
from obole.lib import dates, money
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from obole.recovery.models import Agreement, Dispute, InstalmentNotice, TransmissionLine
from obole.recovery.queries import AgreementStanding
from obole.recovery.rules.instalments import Due


def send_transfer_notice(line: TransmissionLine, *, at: datetime) -> None:
    """Queue the mail that says an invoice is with the comptable now, and how to pay; who has no e-mail gets none."""
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
    """Queue the mail that says an invoice is due to the régie again, and until when; who has no e-mail gets none."""
    _queue(line, "invoice_returned", {"motif": line.return_reason}, at=at)


def _queue(line: TransmissionLine, kind: str, more: dict[str, str], *, at: datetime) -> None:
    invoice = Invoice.objects.select_related("payer", "regie").get(pk=line.invoice_id)
    _about(invoice, kind, str(line.pk), more, at=at)


def send_agreement(agreement: Agreement, *, at: datetime) -> None:
    """Queue the mail that says what was agreed: each day and amount; who has no e-mail gets none."""
    rows = agreement.instalments.order_by("rank")
    told = "\n".join(f"- {dates.format_long(row.day)}\u00a0: {money.euros(row.cents)}" for row in rows)
    _about(agreement.invoice, "agreement_made", f"{agreement.pk}", {"echeancier": told}, at=at)


def send_broken_agreement(agreement: Agreement, *, at: datetime) -> None:
    """Queue the mail that says an agreement is broken: all that is left is due. Who has no e-mail gets none."""
    _about(agreement.invoice, "agreement_broken", f"{agreement.pk}", {}, at=at)


def send_instalment(standing: AgreementStanding, due: Due, kind: str, *, turn: int, at: datetime) -> Message | None:
    """
    Queue the mail that recalls an instalment, or asks for one that is late; None for who has no e-mail.

    :param turn: how many were left before it.
    """
    agreement = standing.agreement
    last = due.day + timedelta(days=agreement.grace_days)
    more = {
        "echeance_du": dates.format_long(due.day),
        "a_payer": money.euros(due.missing if kind == InstalmentNotice.Kind.SOON else standing.to_pay),
        "delai": dates.format_long(last),
    }
    cause = ":".join(str(part) for part in (agreement.pk, due.rank, turn))
    return _about(agreement.invoice, f"instalment_{kind}", cause, more, at=at, task="recovery.deliver_notice")


def send_answer(dispute: Dispute, *, at: datetime) -> None:
    """Queue the mail that answers who reported an error; who has no e-mail reads the answer beside the invoice."""
    more = {"signalement": dispute.reason, "reponse": dispute.answer}
    _about(dispute.invoice, "dispute_answered", f"{dispute.pk}", more, at=at)


def _about(
    invoice: Invoice, kind: str, cause: str, more: dict[str, str], *, at: datetime, task: str = "mailing.deliver"
) -> Message | None:
    if not invoice.payer.email:
        return None
    letter = mailing.Email(
        cause=f"{kind}:{cause}",
        kind=kind,
        to=invoice.payer.email,
        rendered=compose(kind, invoice, {**invoice_variables(invoice), **more}),
        about=invoice,
        at_most_once=task != "mailing.deliver",
        task=task,
    )
    return mailing.queue(letter, at=at)
