"""How payments, and the invoices that they are for, are found by what people type."""

from django.db.models import QuerySet

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.directory import queries as directory
from obole.lib import texts, typed_numbers
from obole.lib.typed_numbers import NumberKind
from obole.payments.models import Allocation, Attempt, AttemptLine, Receipt

SHORTEST_REFERENCE = 6
"""A bank's reference is looked up from so many characters on: shorter ones are numbers of something else."""


def attempts_matching(attempts: QuerySet[Attempt], text: str) -> QuerySet[Attempt]:
    """
    Keep the attempts that answer to ``text``: their own reference, the bank's, an authorisation, an amount or an
    invoice, exactly or by its beginning; else a payer.
    """
    cents = typed_numbers.parse_amount(text)
    if cents is not None:
        return attempts.filter(amount_cents=cents)
    known = with_reference(attempts, text)
    if known.exists():
        return known
    invoices = billing.search(Invoice.objects.filter(number__isnull=False), text).order_by().values("pk")
    return attempts.filter(pk__in=AttemptLine.objects.filter(invoice__in=invoices).order_by().values("attempt"))


def with_reference(attempts: QuerySet[Attempt], text: str) -> QuerySet[Attempt]:
    """Keep the attempts whose own reference, bank's reference or authorisation is ``text``, or begins so."""
    typed = texts.clean_line(text)
    if not typed:
        return attempts.none()
    known = Attempt.objects.all()
    parts = [known.filter(authorisation=typed)]
    if len(typed) >= SHORTEST_REFERENCE:
        ours = typed.replace("-", "").upper()
        parts += [known.filter(reference__startswith=ours), known.filter(gateway_reference__startswith=typed)]
    # Each part by its own index, read first: one condition for all of them would read every attempt.
    return attempts.filter(pk__in={key for part in parts for key in directory.keys_of(part)})


def receipts_numbered(text: str) -> QuerySet[Receipt]:
    """Return the receipt or the quittance whose number a text is."""
    number = typed_numbers.parse_number(text)
    if number is None or number.kind not in (NumberKind.QUITTANCE, NumberKind.RECEIPT) or not number.canonical:
        return Receipt.objects.none()
    return Receipt.objects.filter(number=number.canonical)


def search_invoices(invoices: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    """Keep the invoices that answer to ``text`` as in ``billing``, or by what was paid for them: receipt, reference."""
    receipts = receipts_numbered(text)
    if receipts.exists():
        counted = Allocation.objects.filter(receipt__in=receipts.order_by().values("pk")).values("invoice")
        return invoices.filter(pk__in=counted)
    tried = with_reference(Attempt.objects.all(), text)
    if tried.exists():
        shares = AttemptLine.objects.filter(attempt__in=tried.order_by().values("pk")).values("invoice")
        return invoices.filter(pk__in=shares)
    return billing.search(invoices, text)
