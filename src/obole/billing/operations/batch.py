"""Many drafts of one régie issued at once: numbers that follow each other, or none at all."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from obole.billing import emails
from obole.billing.access import require_biller
from obole.billing.models import Invoice
from obole.billing.operations.confirming import require_total
from obole.billing.operations.errors import NotBillable
from obole.billing.operations.issuing import make_due
from obole.billing.states import InvoiceState
from obole.directory import queries as directory
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.mailing import queries as mailing

DEPOSITED_AT_ONCE = 50
"""Invoices whose mail and document are asked for in one transaction of the worker."""


@atomic_with_retry
def issue_batch(
    *, invoice_ids: Sequence[int], shown_cents: int | None = None, actor: Actor, at: datetime
) -> list[Invoice]:
    """
    Issue drafts of one régie together, all or none, numbered in the order of their ids; the worker then deposits them.

    Locks the invoices by id, then the series, then the régie, once each. Returns the invoices, in the order of their
    numbers.

    :param shown_cents: what they come to on the screen of who issues them, if somebody does.
    :raises obole.lib.states.ForbiddenTransition: if one of them is not a draft.
    :raises obole.billing.models.Invoice.DoesNotExist: if one of them does not exist.
    :raises NotBillable: if they are not all of the same régie.
    :raises EmptyInvoice: if the total of one of them is zero.
    :raises AmountNotShown: if they come to another total than the one that was shown.
    """
    invoices = _locked(invoice_ids)
    if not invoices:
        return []
    if len({invoice.regie_id for invoice in invoices}) > 1:
        raise NotBillable(_("Ces brouillons ne sont pas tous de la même régie : émettez-les régie par régie."))
    # Invoices issued together are of few prestations: one question for each.
    for one in {invoice.dossier and invoice.dossier.scheme.service_id: invoice for invoice in invoices}.values():
        require_biller(one, actor=actor, at=at)
    require_total(invoices, shown_cents)

    numbers = make_due(invoices, authority=directory.the_authority(), actor=actor, at=at)
    defer(
        "billing.deposit", regie_id=invoices[0].regie_id, year=dates.day_of(at).year, first=numbers[0], last=numbers[-1]
    )
    return invoices


@atomic_with_retry
def deposit_batch(*, regie_id: int, year: int, first: int, last: int, at: datetime) -> None:
    """
    Ask for the mails and documents of invoices issued together, some at a time: the rest waits in the queue with them.

    A worker that dies loses nothing: what was not committed is asked again, and a mail that was queued has its cause.

    :param first: the number in the series from which nothing was asked yet.
    """
    until = min(last, first + DEPOSITED_AT_ONCE - 1)
    some = Invoice.objects.filter(regie=regie_id, year=year, sequence__range=(first, until)).order_by("sequence")
    authority = directory.the_authority()
    invoices = list(some.select_related("payer", "regie"))
    reached = mailing.usable([invoice.payer.email for invoice in invoices])
    for invoice in invoices:
        if invoice.state == InvoiceState.DUE:
            # One that was cancelled meanwhile has the mail of its avoir, and needs no other.
            email = invoice.payer.email if invoice.payer.email in reached else ""
            emails.send_invoice_notice(invoice, email=email, authority=authority, at=at)
    defer("billing.render_many", invoice_ids=".".join(str(invoice.pk) for invoice in invoices))
    if until < last:
        defer("billing.deposit", regie_id=regie_id, year=year, first=until + 1, last=last)


def _locked(invoice_ids: Sequence[int]) -> list[Invoice]:
    wanted = set(invoice_ids)
    # Invoices issued together have few types and régies: one object of each, not one for each invoice.
    rows = Invoice.objects.locked().prefetch_related("type", "regie", "payer", "dossier__scheme__service")
    invoices = list(rows.filter(pk__in=wanted).order_by("pk"))
    if len(invoices) < len(wanted):
        raise Invoice.DoesNotExist(f"{sorted(wanted - {invoice.pk for invoice in invoices})}")
    return invoices
