"""How invoices are read."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from obole.billing.models import Invoice, InvoiceType
from obole.billing.states import InvoiceState
from obole.directory.models import Citizen
from obole.dossiers.models import Dossier
from obole.lib import words
from obole.lib.days import PARIS


def types_for(dossier: Dossier) -> QuerySet[InvoiceType]:
    """Return the types de facture that can be used for this dossier."""
    return (
        InvoiceType.objects.filter(enabled=True, schemes=dossier.scheme_id)
        .select_related("regie")
        .order_by("name", "id")
    )


def waiting(citizen: Citizen) -> QuerySet[Invoice]:
    """Return the citizen's invoices that are to be paid, the most urgent first."""
    return (
        Invoice.objects.of_payer(citizen)
        .filter(state=InvoiceState.DUE)
        .select_related("type", "regie")
        .order_by("due_date", "id")
    )


def settled(citizen: Citizen) -> QuerySet[Invoice]:
    """Return the citizen's invoices that were paid, the latest payment first."""
    return (
        Invoice.objects.of_payer(citizen)
        .filter(state=InvoiceState.PAID)
        .select_related("type")
        .order_by("-paid_at", "-id")
    )


def ended(citizen: Citizen) -> QuerySet[Invoice]:
    """Return the citizen's invoices that were cancelled or handed over to the comptable public."""
    states = (InvoiceState.CANCELLED, InvoiceState.TRANSFERRED)
    return (
        Invoice.objects.of_payer(citizen).filter(state__in=states).select_related("type").order_by("-issued_at", "-id")
    )


def amounts_by_month(citizen: Citizen, *, first: date) -> dict[date, int]:
    """Return what was invoiced to the citizen each month since ``first`` (cents, by first day of month), cancelled ones left out."""
    rows = (
        Invoice.objects.of_payer(citizen)
        .exclude(state=InvoiceState.CANCELLED)
        .filter(issued_at__date__gte=first)
        .annotate(month=TruncMonth("issued_at", tzinfo=PARIS))
        .order_by("month")
        .values("month")
        .annotate(cents=Sum("total_cents"))
    )
    return {row["month"].date(): row["cents"] for row in rows}


def to_list() -> QuerySet[Invoice]:
    """Return what the CRM lists, with what its rows show."""
    return Invoice.objects.select_related("type", "regie", "payer", "dossier").exclude(state=InvoiceState.DRAFT)


def matching(invoices: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    """Keep the invoices whose number, label, period, dossier or payer answers to ``text``."""
    typed = words.clean_line(text).upper()
    wanted = Q(number__startswith=typed) | Q(label__icontains=typed) | Q(period__icontains=typed)
    digits = typed.rsplit("-", 1)[-1].lstrip("0")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        wanted |= Q(sequence=int(digits)) | Q(dossier__number=int(digits))
    by_name = Q()
    for word in words.fold(text).split():
        by_name &= Q(payer__sort_key__regex=rf"\m{word}")
    return invoices.filter(wanted | by_name if by_name else wanted)


def totals(invoices: QuerySet[Invoice]) -> tuple[int, int]:
    """Return what these invoices amount to and what is still due of them, in cents."""
    due = Sum("total_cents", filter=Q(state=InvoiceState.DUE)) - Sum("received_cents", filter=Q(state=InvoiceState.DUE))
    sums = invoices.order_by().aggregate(total=Sum("total_cents"), due=due)
    return sums["total"] or 0, sums["due"] or 0


def late_by_age(invoices: Iterable[Invoice], today: date) -> dict[str, int]:
    """Return what is late, in cents, by how late it is: the picture that a régisseur asks for first."""
    ages = {"0–30": 0, "31–60": 0, "61–90": 0, "> 90": 0}
    for invoice in invoices:
        if invoice.due_date is None or not invoice.is_late(today):
            continue
        late = (today - invoice.due_date).days
        ages["0–30" if late <= 30 else "31–60" if late <= 60 else "61–90" if late <= 90 else "> 90"] += (
            invoice.remaining_cents
        )
    return ages
