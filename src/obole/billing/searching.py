"""How invoices are found by what people type."""

from django.db.models import Q, QuerySet

from obole.billing.models import CreditNote, Invoice, InvoiceType
from obole.directory import queries as directory
from obole.dossiers import queries as dossier_queries
from obole.lib import sql, texts, typed_numbers
from obole.lib.typed_numbers import NumberKind, TypedNumber
from obole.regies.models import Regie


def search(invoices: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    """
    Keep the invoices that answer to ``text``: a number or an amount, exactly; else a payer, else a name in the dossier
    (a child's), else a period or a type. A number of another kind answers for none.
    """
    number, cents = typed_numbers.parse_number(text), typed_numbers.parse_amount(text)
    if cents is not None:
        return invoices.filter(Q(total_cents=cents) | Q(due_cents=cents))
    if number is not None:
        return invoices.filter(_numbered(number))
    payers = directory.search_citizens(text)
    if payers.exists():
        return invoices.filter(payer__in=payers.order_by().values("pk"))
    about = dossier_queries.answering(text)
    if about.exists():
        return invoices.filter(dossier__in=about.order_by().values("pk"))
    typed = texts.clean_line(text)
    types = InvoiceType.objects.filter(name__icontains=typed).order_by().values("pk")
    return invoices.filter(
        Q(period__in=[item for item in periods() if typed.lower() in item.lower()]) | Q(type__in=types)
    )


def _numbered(number: TypedNumber) -> Q:
    if number.kind == NumberKind.SEQUENCE:
        return Q(sequence=number.sequence) | Q(dossier_number=number.sequence)
    if number.kind == NumberKind.DOSSIER:
        return Q(dossier_number=number.sequence)
    if number.kind == NumberKind.CREDIT_NOTE:
        return Q(pk__in=CreditNote.objects.filter(number=number.canonical).order_by().values("invoice"))
    if number.kind != NumberKind.INVOICE:
        return Q(pk__in=[])
    if number.canonical:
        return Q(number=number.canonical)
    wanted = Q(sequence=number.sequence)
    if number.code:
        wanted &= Q(regie__in=Regie.objects.filter(code__iexact=number.code).order_by().values("pk"))
    return wanted & Q(year=number.year) if number.year else wanted


_PERIODS = """
    WITH RECURSIVE known AS (
        (SELECT period FROM billing_invoice WHERE number IS NOT NULL ORDER BY period LIMIT 1)
        UNION ALL
        SELECT (
            SELECT period FROM billing_invoice WHERE number IS NOT NULL AND period > known.period
            ORDER BY period LIMIT 1
        ) FROM known WHERE period IS NOT NULL
    ) SELECT period FROM known WHERE period <> '' LIMIT 5000
"""


def periods() -> list[str]:
    """Return the periods that were ever invoiced, each found by one step in an index, however many invoices it has."""
    return [period for (period,) in sql.execute(_PERIODS)]
