"""How invoices are found by what people type, and what lists read of them."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from obole.billing.models import CreditNote, Invoice, InvoiceType
from obole.directory import queries as directory
from obole.directory.models import Citizen
from obole.dossiers import queries as dossier_queries
from obole.dossiers.models import Dossier
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
        known = Invoice.objects.filter(number__isnull=False).order_by().values("pk")
        return invoices.filter(pk__in=known.filter(total_cents=cents).union(known.filter(due_cents=cents)))
    if number is not None:
        return invoices.filter(_numbered(number))
    return next((found for found in _by_name(invoices, text) if found is not None), invoices.none())


def _by_name(invoices: QuerySet[Invoice], text: str) -> Iterator[QuerySet[Invoice] | None]:
    people = Citizen.objects.all()
    yield _of_payers(invoices, directory.answering(people, text))
    yield _about(invoices, dossier_queries.answering(text))
    yield _called(invoices, texts.clean_line(text).lower())
    yield _of_payers(invoices, directory.nearly_answering(people, text))


def _of_payers(invoices: QuerySet[Invoice], payers: QuerySet[Citizen]) -> QuerySet[Invoice] | None:
    keys = directory.keys_of(payers)
    return invoices.filter(payer__in=keys) if keys else None


def _about(invoices: QuerySet[Invoice], dossiers: QuerySet[Dossier]) -> QuerySet[Invoice] | None:
    keys = directory.keys_of(dossiers)
    return invoices.filter(dossier__in=keys) if keys else None


def _called(invoices: QuerySet[Invoice], typed: str) -> QuerySet[Invoice] | None:
    """Return the invoices whose period or type has this in its name."""
    named = [period for period in periods() if typed in period.lower()]
    types = [pk for pk, name in InvoiceType.objects.order_by("id").values_list("pk", "name") if typed in name.lower()]
    if named:
        return invoices.filter(period__in=named)
    return invoices.filter(type__in=types) if types else None


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


def listed(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Leave out of ``invoices_to_list`` what no list shows and each row would read: documents, answers, keys, texts."""
    texts = ("introduction", "closing", "payment_instructions", "legal_mentions", "reminder_steps", "mail_words")
    return invoices.defer(
        *("wording", "payer__search_keys", "dossier__answers", "dossier__search_keys", "dossier__requests"),
        *(f"type__{name}" for name in texts),
        *("regie__gateway_settings", "regie__former_settings"),
    )
