"""The mails that tell a payer that an invoice went to the comptable, or came back."""

from datetime import datetime

from obole.billing.emails import invoice_variables
from obole.billing.models import Invoice
from obole.directory import queries as directory
from obole.lib import dates, money
from obole.mailing import operations as mailing
from obole.recovery.models import TransmissionLine


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
    if not invoice.payer.email:
        return
    letter = mailing.Email(
        cause=f"{kind}:{line.pk}",
        kind=kind,
        to=invoice.payer.email,
        rendered=mailing.compose(kind, {**invoice_variables(invoice), **more}),
        about=invoice,
    )
    mailing.queue(letter, at=at)
