"""From a dossier to an invoice in the payer's account."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import emails, rules, states
from obole.billing.access import require_biller
from obole.billing.models import Invoice, InvoiceLine, InvoiceType
from obole.billing.operations.confirming import require_total
from obole.billing.operations.errors import EmptyInvoice, NotBillable
from obole.billing.wording import freeze
from obole.directory import queries as directory
from obole.directory.models import Authority
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates, sql
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.mailing import queries as mailing
from obole.regies import ledger, numbering
from obole.regies.accounts import Account
from obole.regies.models import Regie, Series

_ISSUE = """
    UPDATE billing_invoice SET
        state = issued.state, number = issued.number, year = issued.year, sequence = issued.sequence,
        issued_at = issued.issued_at, due_date = issued.due_date,
        payable_until = issued.payable_until, wording = issued.wording
    FROM json_to_recordset(%(issued)s) AS issued (
        id bigint, state text, number text, year smallint, sequence integer, issued_at timestamptz, due_date date,
        payable_until date, wording jsonb
    )
    WHERE billing_invoice.id = issued.id AND billing_invoice.id = ANY(%(ids)s)
"""
"""The ids are said twice, because the planner does not know how many rows a JSON text has."""
_ISSUED = ("id", "state", "number", "year", "sequence", "issued_at", "due_date", "payable_until", "wording")
BILLABLE = frozenset({DossierState.IN_REVIEW, DossierState.ACCEPTED})


@atomic_with_retry
def issue_invoice(
    *, invoice_id: int, shown_cents: int | None = None, tells: bool = True, actor: Actor, at: datetime
) -> Invoice:
    """
    Give a draft its number, make it due, and deposit it in the payer's account.

    :raises obole.lib.states.ForbiddenTransition: if it is not a draft.
    :param shown_cents: the total that was on the screen of who issues it, if one was.
    :param tells: whether its payer is told; not where another mail says it.
    :raises EmptyInvoice: if its total is zero.
    :raises AmountNotShown: if its total is not the one that was shown.
    """
    rows = Invoice.objects.locked().select_related("type", "regie", "dossier__scheme__service")
    invoice, authority = rows.get(pk=invoice_id), directory.the_authority()
    require_biller(invoice, actor=actor, at=at)
    require_total([invoice], shown_cents)
    make_due([invoice], authority=authority, actor=actor, at=at)
    if tells:
        email = invoice.payer.email if mailing.is_usable(invoice.payer.email) else ""
        emails.send_invoice_notice(invoice, email=email, authority=authority, at=at)
    defer("billing.render", invoice_id=invoice.pk)
    return invoice


def billable_regie(invoice_type: InvoiceType, dossier: Dossier) -> Regie:
    """
    Return the régie of an invoice of this type, of this dossier.

    :raises NotBillable: saying what is in the way.
    """
    if dossier.state not in BILLABLE:
        raise NotBillable(_("Ce dossier n’est pas en instruction ni accepté : prenez-le d’abord en charge."))
    return usable_regie(invoice_type, dossier)


def usable_regie(invoice_type: InvoiceType, dossier: Dossier) -> Regie:
    """
    Return the régie of a type that applies to a dossier, wherever the dossier stands.

    :raises NotBillable: saying what is in the way.
    """
    if not invoice_type.enabled or not invoice_type.schemes.filter(pk=dossier.scheme_id).exists():
        raise NotBillable(_("Ce type de facture ne s’applique pas à ce dispositif : choisissez-en un autre."))
    return open_regie(invoice_type)


def open_regie(invoice_type: InvoiceType) -> Regie:
    """
    Return the régie of a type, if it may issue.

    :raises NotBillable: if there is none, or it is off.
    """
    if invoice_type.regie is None:
        raise NotBillable(
            _(
                "Ce type de facture n’a pas de régie : un administrateur doit lui en donner une (Paramétrage › Types de"
                " factures)."
            )
        )
    if not invoice_type.regie.enabled:
        raise NotBillable(_("La régie de ce type de facture est désactivée : aucune facture ne peut être émise."))
    return invoice_type.regie


def add_lines(invoice: Invoice, lines: list[rules.DraftLine]) -> None:
    """Write the lines of a draft."""
    InvoiceLine.objects.bulk_create(lines_of(invoice, lines))


def lines_of(invoice: Invoice, lines: Iterable[rules.DraftLine]) -> list[InvoiceLine]:
    """Return the lines of a draft, which are not written yet."""
    return [
        InvoiceLine(
            invoice=invoice,
            position=position,
            label=line.label,
            detail=line.detail,
            quantity=line.quantity,
            unit=line.unit,
            unit_price_cents=line.unit_price_cents,
            amount_cents=line.amount_cents,
            nature=line.nature,
        )
        for position, line in enumerate(lines, start=1)
    ]


def make_due(invoices: Sequence[Invoice], *, authority: Authority, actor: Actor, at: datetime) -> range:
    """
    Number drafts of one régie, in this order, make them due and book them. The caller holds them, and tells the payers.

    Each kind of row is written in one statement, and the series and the régie are locked once, however many drafts
    there are.

    :returns: the numbers that they took in their series.
    :raises obole.lib.states.ForbiddenTransition: if one of them is not a draft.
    :raises EmptyInvoice: if the total of one of them is zero.
    """
    regie, year = invoices[0].regie, dates.day_of(at).year
    steps = [(states.ISSUE.apply(invoice), invoice) for invoice in invoices]
    if not all(invoice.total_cents for invoice in invoices):
        raise EmptyInvoice(_("Le total est de zéro : il n’y a rien à facturer."))

    numbers = numbering.take_numbers(regie=regie, kind=Series.Kind.INVOICE, year=year, count=len(invoices))
    for invoice, sequence in zip(invoices, numbers, strict=True):
        invoice.year, invoice.sequence, invoice.issued_at = year, sequence, at
        invoice.number = numbering.format_number(regie=regie, kind=Series.Kind.INVOICE, year=year, sequence=sequence)
        invoice.due_date = dates.due_date(at, term_days=invoice.type.payment_term)
        invoice.payable_until = rules.payable_until(invoice.due_date, delay=regie.transfer_delay)
        invoice.wording = freeze(invoice, authority)
    issued = [{name: getattr(invoice, name) for name in _ISSUED} for invoice in invoices]
    sql.execute(_ISSUE, issued=sql.as_json(issued), ids=[invoice.pk for invoice in invoices])

    ledger.post_many(regie_id=regie.pk, events=[_event(invoice) for invoice in invoices], at=at)
    said = ((step, item, {"number": item.number, "cents": item.total_cents}) for step, item in steps)
    audit_log.log_transitions(said, actor=actor, at=at)
    return numbers


def _event(invoice: Invoice) -> ledger.Event:
    cents = invoice.total_cents
    return ledger.Event(
        cause=ledger.Cause(kind="invoice", key=str(invoice.pk)),
        label=f"{invoice.number}",
        postings=ledger.transfer_postings(debit=Account.RECEIVABLE, credit=Account.CLAIMS, cents=cents),
    )
