"""How invoices are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.functions import TruncMonth

from obole.billing import rules
from obole.billing.models import Invoice, InvoiceExplanation, InvoiceLine, InvoiceQuerySet, InvoiceType
from obole.billing.states import InvoiceState
from obole.catalogue.forms.estimating import Estimated
from obole.catalogue.models import Product
from obole.catalogue.rules import parse_result
from obole.directory.models import Citizen
from obole.dossiers import queries as dossier_queries
from obole.dossiers.models import Dossier
from obole.dossiers.rules import Priced
from obole.lib import words
from obole.lib.days import PARIS
from obole.regies.models import Regie


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


def replacement_of(invoice: Invoice) -> Invoice | None:
    """Return the invoice that was issued in place of a cancelled one, for the same payer, if there is one."""
    return Invoice.objects.filter(replaces=invoice, payer=invoice.payer_id).exclude(state=InvoiceState.DRAFT).first()


def drafts_of(dossier: Dossier) -> QuerySet[Invoice]:
    """Return the drafts of a dossier that an agent has still to issue or to give up, oldest first."""
    rows = Invoice.objects.filter(dossier=dossier, state=InvoiceState.DRAFT)
    return rows.select_related("type", "replaces").order_by("id")


def drafts() -> QuerySet[Invoice]:
    """Return every draft that an agent has still to issue or to give up, oldest first."""
    rows = Invoice.objects.filter(state=InvoiceState.DRAFT)
    return rows.select_related("regie", "type", "payer", "dossier", "replaces").order_by("id")


def drafts_to_issue(regie: Regie) -> QuerySet[Invoice]:
    """Return the drafts of a régie that can be issued together, in the order of their numbers to come: not those of zero."""
    return drafts().filter(regie=regie, total_cents__gt=0)


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


def due_figures(today: date) -> dict[str, int]:
    """Return how many invoices are due, how many of them are late, and what is still due of each, in cents."""
    late = Q(due_date__lt=today)
    left = F("total_cents") - F("received_cents")
    sums = (
        Invoice.objects.filter(state=InvoiceState.DUE)
        .order_by()
        .aggregate(
            count=Count("id"), cents=Sum(left), late_count=Count("id", filter=late), late_cents=Sum(left, filter=late)
        )
    )
    return {name: value or 0 for name, value in sums.items()}


def with_remaining(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Add ``remaining``, to sort by what ``remaining_cents`` says."""
    due = When(state=InvoiceState.DUE, then=F("total_cents") - F("received_cents"))
    return invoices.annotate(remaining=Case(due, default=0, output_field=BigIntegerField()))


def priced_with(dossier: Dossier, quantities: Mapping[int, Decimal]) -> list[Priced]:
    """Return what an invoice of the dossier would bill with these quantities (by product id, the agent's only)."""
    return [
        replace(one, quantity=quantities[one.product.pk]) if is_agents(one) and one.product.pk in quantities else one
        for one in dossier_queries.items(dossier)
    ]


def amounts_by_nature(invoice_ids: Iterable[int]) -> dict[int, list[tuple[str, int]]]:
    """
    Return what invoices are made of, by their ids: (nature, cents) of each line, in their order, then of the VAT that no line holds.

    The cents of an invoice come to its total: money received for it is spread over them.
    """
    amounts: dict[int, list[tuple[str, int]]] = {}
    added: dict[int, int] = {}
    rows = InvoiceLine.objects.filter(invoice__in=invoice_ids).order_by("invoice_id", "position")
    tax = F("invoice__explanation__added_tax_cents")
    for invoice, nature, cents, tax_cents in rows.values_list("invoice_id", "nature", "amount_cents", tax):
        amounts.setdefault(invoice, []).append((nature, cents))
        added[invoice] = tax_cents or 0
    for invoice, cents in added.items():
        if cents:
            amounts[invoice].append((rules.TAX_NATURE, cents))
    return amounts


def explained(invoice: Invoice) -> rules.Explained | None:
    """Return why an invoice comes to its amount, from what was kept with it; None if no pricing made it."""
    kept = InvoiceExplanation.objects.filter(invoice=invoice).values_list("result", flat=True).first()
    return None if kept is None else rules.explain(parse_result(kept))


@dataclass(frozen=True)
class Quoted:
    """What an application was estimated at when it was sent, as pages show it."""

    at: datetime
    estimate: Estimated
    bill: rules.Bill

    def gap(self, cents: int) -> int:
        """Return how much more, in cents, an amount is than what was told; 0 where no total was."""
        return 0 if self.estimate.total_cents is None else cents - self.estimate.total_cents


def quoted(dossier: Dossier) -> Quoted | None:
    """Return the last estimate of a dossier; None where no pricing made one."""
    kept = dossier_queries.estimate(dossier)
    return None if kept is None else Quoted(kept.row.at, kept.estimated, rules.bill(kept.estimated.result))


def lines_of(invoice: Invoice, why: rules.Explained | None) -> list[tuple[InvoiceLine, tuple[str, ...]]]:
    """Return the lines of an invoice, each with the sentences that say why; none where no pricing made them."""
    lines = list(invoice.lines.order_by("position"))
    return list(zip(lines, why.whys if why else [()] * len(lines), strict=True))


def is_agents(priced: Priced) -> bool:
    """Tell whether the quantity is the agent's to give."""
    return priced.product.entered_by == Product.EnteredBy.AGENT


def late_by_age(invoices: InvoiceQuerySet, today: date) -> dict[str, int]:
    """Return what is late, in cents, by how many days: the picture that a régisseur asks for first."""
    since = {"0–30": (0, 30), "31–60": (31, 60), "61–90": (61, 90), "> 90": (91, 40_000)}
    spans = {
        age: Q(due_date__lte=today - timedelta(days=first), due_date__gte=today - timedelta(days=last))
        for age, (first, last) in since.items()
    }
    left = F("total_cents") - F("received_cents")
    names = {f"age_{rank}": age for rank, age in enumerate(spans)}
    sums = (
        invoices.late(today).order_by().aggregate(**{name: Sum(left, filter=spans[age]) for name, age in names.items()})
    )
    return {age: sums[name] or 0 for name, age in names.items()}
