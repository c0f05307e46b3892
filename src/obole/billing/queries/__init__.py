"""How invoices are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from obole.billing import rules
from obole.billing.instalment_states import InstalmentState
from obole.billing.models import (
    BillingPlan,
    CarryOver,
    Invoice,
    InvoiceExplanation,
    InvoiceLine,
    InvoiceQuerySet,
    InvoiceType,
    PlannedInstalment,
    SecurityDeposit,
)
from obole.billing.queries.searching import listed as listed, periods as periods, search as search
from obole.billing.states import InvoiceState, Standing
from obole.catalogue.forms.estimates import AmountEstimate
from obole.catalogue.models import Scheme
from obole.directory.models import Agent, Citizen
from obole.dossiers import queries as dossier_queries
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import sql
from obole.lib.dates import PARIS
from obole.pricing.text.codec import parse_instalment, parse_result
from obole.regies.models import Regie


def types_for(dossier: Dossier) -> QuerySet[InvoiceType]:
    """Return the types de facture that can be used for this dossier."""
    return (
        InvoiceType.objects.filter(enabled=True, schemes=dossier.scheme_id)
        .select_related("regie__act")
        .order_by("name", "id")
    )


def unpaid_invoices(citizen: Citizen) -> QuerySet[Invoice]:
    """Return the citizen's invoices that are to be paid, the most urgent first."""
    return (
        Invoice.objects.of_payer(citizen)
        .filter(state=InvoiceState.DUE)
        .select_related("type", "regie__act")
        .defer("wording")
        .order_by("due_date", "id")
    )


def paid_invoices(citizen: Citizen) -> QuerySet[Invoice]:
    """Return the citizen's invoices that were paid, the latest payment first."""
    return (
        Invoice.objects.of_payer(citizen)
        .filter(state=InvoiceState.PAID)
        .select_related("type")
        .order_by("-paid_at", "-id")
    )


def closed_invoices(citizen: Citizen) -> QuerySet[Invoice]:
    """Return the citizen's invoices that were cancelled or handed over to the comptable public."""
    states = (InvoiceState.CANCELLED, InvoiceState.TRANSFERRED)
    return (
        Invoice.objects.of_payer(citizen).filter(state__in=states).select_related("type").order_by("-issued_at", "-id")
    )


def amounts_by_month(citizen: Citizen, *, first: date) -> dict[date, int]:
    """
    Return what was invoiced to the citizen each month since ``first`` (cents, by first day of month), cancelled ones
    left out.
    """
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


def invoices_to_list(agent: Agent) -> QuerySet[Invoice]:
    """
    Return what the CRM lists to this agent, with what its rows show; ``paid_key``: when each was paid, for a sort that
    an index serves, those that were not before all others.
    """
    rows = Invoice.objects.seen_by(agent).filter(number__isnull=False)
    return rows.annotate(paid_key=sql.never_first("paid_at")).select_related("type", "regie", "payer", "dossier")


def replacement_of(invoice: Invoice) -> Invoice | None:
    """Return the invoice that was issued in place of a cancelled one, for the same payer, if there is one."""
    return Invoice.objects.filter(replaces=invoice, payer=invoice.payer_id).exclude(state=InvoiceState.DRAFT).first()


def drafts_of(dossier: Dossier) -> QuerySet[Invoice]:
    """Return the drafts of a dossier that an agent has still to issue or to give up, oldest first."""
    rows = Invoice.objects.filter(dossier=dossier, state=InvoiceState.DRAFT)
    return rows.select_related("type", "replaces").order_by("id")


def drafts(agent: Agent) -> QuerySet[Invoice]:
    """Return every draft that the agent has still to issue or to give up, oldest first."""
    rows = Invoice.objects.handled_by(agent).filter(state=InvoiceState.DRAFT)
    return rows.select_related("regie", "type", "payer", "dossier", "replaces").order_by("id")


def drafts_to_issue(regie: Regie, agent: Agent) -> QuerySet[Invoice]:
    """Return an agent's drafts of a régie that can be issued together, in the order of their numbers; none of zero."""
    return drafts(agent).filter(regie=regie, total_cents__gt=0)


@dataclass(frozen=True)
class Sums:
    """What invoices amount to, in cents: those that stand, those that were cancelled, and what is still due."""

    issued: int
    cancelled: int
    due: int


def sums(invoices: QuerySet[Invoice]) -> Sums:
    """Add up invoices."""
    cancelled = Q(state=InvoiceState.CANCELLED)
    found = invoices.order_by().aggregate(
        issued=Sum("total_cents", filter=~cancelled),
        cancelled=Sum("total_cents", filter=cancelled),
        due=Sum("due_cents"),
    )
    return Sums(**{name: value or 0 for name, value in found.items()})


def due_figures(invoices: InvoiceQuerySet, today: date) -> dict[str, int]:
    """Return how many of these are due, how many of them are late, and what is still due of each, in cents."""
    # Nobody is at the bank for them: the list of late ones shows exactly these.
    late = Q(due_date__lt=today, standing=Standing.DUE)
    left = "due_cents"
    sums = (
        invoices.filter(number__isnull=False, standing__in=(Standing.DUE, Standing.IN_PROGRESS))
        .order_by()
        .aggregate(
            count=Count("id"), cents=Sum(left), late_count=Count("id", filter=late), late_cents=Sum(left, filter=late)
        )
    )
    return {name: value or 0 for name, value in sums.items()}


def amounts_by_nature(invoice_ids: Iterable[int]) -> dict[int, list[tuple[str, int]]]:
    """
    Return what invoices are made of, by their ids: (nature, cents) of each line, in their order, then of the VAT that
    no line holds.

    The cents of an invoice come to its total: money received for it is spread over them. What a line takes away is
    taken from the lines of the same nature, the last first: a solde brings each nature what its acompte did not.
    """
    amounts: dict[int, list[tuple[str, int]]] = {}
    added: dict[int, int] = {}
    rows = InvoiceLine.objects.filter(invoice__in=invoice_ids).order_by("invoice_id", "position")
    tax = F("invoice__explanation__added_tax_cents")
    for invoice, nature, cents, tax_cents in rows.values_list("invoice_id", "nature", "amount_cents", tax):
        amounts.setdefault(invoice, []).append((nature, cents))
        added[invoice] = tax_cents or 0
    for invoice, cents in added.items():
        amounts[invoice] = rules.offset_negatives(amounts[invoice])
        if cents:
            amounts[invoice].append((rules.TAX_NATURE, cents))
    return amounts


def explanation_of(invoice: Invoice) -> rules.Explanation | None:
    """Return why an invoice comes to its amount, from what was kept with it; None if no pricing made it."""
    kept = InvoiceExplanation.objects.filter(invoice=invoice).only("result", "part", "carried").first()
    return explained(kept) if kept else None


def explained(kept: InvoiceExplanation) -> rules.Explanation:
    """Return why an invoice comes to its amount, from what was kept with it."""
    part = None if kept.part is None else parse_instalment(kept.part)
    return rules.explain(parse_result(kept.result), part, rules.parse_carry_overs(kept.carried))


@dataclass(frozen=True)
class QuotedEstimate:
    """What an application was estimated at when it was sent, as pages show it."""

    at: datetime
    estimate: AmountEstimate
    bill: rules.Bill

    def gap(self, cents: int) -> int:
        """Return how much more, in cents, an amount is than what was told; 0 where no total was."""
        return 0 if self.estimate.total_cents is None else cents - self.estimate.total_cents


def quoted_estimate(dossier: Dossier) -> QuotedEstimate | None:
    """Return the last estimate of a dossier; None where no pricing made one."""
    kept = dossier_queries.estimate(dossier)
    return None if kept is None else QuotedEstimate(kept.row.at, kept.estimated, rules.bill(kept.estimated.result))


def lines_of(invoice: Invoice, why: rules.Explanation | None) -> list[tuple[InvoiceLine, tuple[str, ...]]]:
    """Return the lines of an invoice, each with the sentences that say why; none where no pricing made them."""
    lines = list(invoice.lines.order_by("position"))
    return list(zip(lines, why.whys if why else [()] * len(lines), strict=True))


def scheme_pricing(draft: Invoice) -> Scheme | None:
    """
    Return the dispositif whose pricing may make the lines of a draft anew; None if they are not of a price: what was
    kept of a caution.
    """
    if draft.dossier is None or SecurityDeposit.objects.filter(invoice=draft).exists():
        return None
    return draft.dossier.scheme


def late_by_age(invoices: InvoiceQuerySet, today: date) -> dict[str, int]:
    """Return what is late, in cents, by how many days: the picture that a régisseur asks for first."""
    since = {"0–30": (0, 30), "31–60": (31, 60), "61–90": (61, 90), "> 90": (91, 40_000)}
    spans = {
        age: Q(due_date__lte=today - timedelta(days=first), due_date__gte=today - timedelta(days=last))
        for age, (first, last) in since.items()
    }
    names = {f"age_{rank}": age for rank, age in enumerate(spans)}
    sums = (
        invoices.filter(number__isnull=False, standing=Standing.DUE, due_date__lt=today)
        .order_by()
        .aggregate(**{name: Sum("due_cents", filter=spans[age]) for name, age in names.items()})
    )
    return {age: sums[name] or 0 for name, age in names.items()}


FARTHEST_DAYS = 3 * 365
"""A part is billed within so many days."""
BILLED_ALONE = frozenset({DossierState.IN_REVIEW, DossierState.ACCEPTED})
"""Where a dossier stands while its parts are billed on their days; of one that is closed, only by hand."""


@dataclass(frozen=True)
class InstalmentRow:
    """A part of a price as the screens show it."""

    part: PlannedInstalment
    title: str
    invoice: Invoice | None
    """What stands for it: its invoice, or the one that was made in its place."""
    due_on: date
    held: str
    """Why it will not be billed on its day, as a sentence for the agent."""


@dataclass(frozen=True)
class Schedule:
    """An échéancier as the screens show it."""

    plan: BillingPlan
    parts: list[InstalmentRow]


def schedules_of(dossier: Dossier) -> list[Schedule]:
    """Return the échéanciers of a dossier, the latest first, with what became of their parts."""
    rows = BillingPlan.objects.filter(dossier=dossier).select_related("type__regie").prefetch_related("parts")
    plans = list(rows.order_by("-created_at", "-id"))
    replacements = replacements_by_invoice(dossier) if plans else {}
    found = []
    for plan in plans:
        plan.dossier = dossier
        shown = []
        for part in sorted(plan.parts.all(), key=lambda part: part.rank):
            part.plan = plan
            shown.append(_scheduled(part, replacements))
        found.append(Schedule(plan, shown))
    return found


def instalment_row(part: PlannedInstalment) -> InstalmentRow:
    """Return one part as the screens show it."""
    return _scheduled(part, replacements_by_invoice(part.plan.dossier))


def _scheduled(part: PlannedInstalment, replacements: Mapping[int, Invoice]) -> InstalmentRow:
    invoice = replacements.get(part.invoice_id or 0)
    due = part.issue_on + timedelta(days=part.plan.type.payment_term)
    if invoice is not None and invoice.due_date is not None:
        due = invoice.due_date
    why = reason_for_hold(part, replacements) if part.state == InstalmentState.PLANNED else ""
    return InstalmentRow(part, rules.instalment_title(parse_instalment(part.share)), invoice, due, why)


def replacements_by_invoice(dossier: Dossier) -> dict[int, Invoice]:
    """
    Return, by the id of each invoice of a dossier, the one that stands for it: itself, or what was issued in its place.
    """
    invoices = {item.pk: item for item in Invoice.objects.filter(dossier=dossier).order_by("id")}
    successor = {invoice.replaces_id: invoice for invoice in invoices.values() if invoice.state != InvoiceState.DRAFT}
    return {pk: _last(invoice, successor) for pk, invoice in invoices.items()}


def _last(invoice: Invoice, successor: Mapping[int | None, Invoice]) -> Invoice:
    while invoice.pk in successor:
        invoice = successor[invoice.pk]
    return invoice


def reason_for_hold(part: PlannedInstalment, replacements: Mapping[int, Invoice] | None = None) -> str:
    """Return why a planned part is not billed on its day by itself, as a sentence for the agent; empty where it is."""
    replacements = replacements_by_invoice(part.plan.dossier) if replacements is None else replacements
    why = obstacle_to_instalment(part, replacements)
    if why:
        return why
    dossier = part.plan.dossier
    if dossier.state not in BILLED_ALONE:
        state = DossierState(dossier.state).label
        return _("Le dossier est « %(state)s » : émettez cette part vous-même, ou abandonnez-la.") % {"state": state}
    gone = _gone_before(part, replacements)
    if gone is not None:
        return _("La facture %(number)s est annulée : émettez cette part vous-même, ou abandonnez-la.") % {
            "number": gone.number
        }
    return ""


def obstacle_to_instalment(part: PlannedInstalment, replacements: Mapping[int, Invoice] | None = None) -> str:
    """Return why a planned part cannot be billed at all, as a sentence for the agent; empty where it can."""
    dossier, regie = part.plan.dossier, part.plan.type.regie
    if dossier.state not in BILLED_ALONE | {DossierState.CLOSED}:
        state = DossierState(dossier.state).label
        return _(
            "Le dossier est « %(state)s » : cette part ne se facture pas. Abandonnez-la si elle n’est plus due."
        ) % {"state": state}
    if regie is None or not regie.enabled:
        return _("La régie de ce type de facture est désactivée : aucune facture ne peut être émise.")
    replacements = replacements_by_invoice(dossier) if replacements is None else replacements
    gone = _gone_before(part, replacements) if part.kind == PlannedInstalment.Kind.BALANCE else None
    return "" if gone is None else acompte_cancelled(gone)


def acompte_cancelled(acompte: Invoice) -> str:
    """Say that a solde has no acompte to take away any more."""
    return _(
        "L’acompte, facture %(number)s, est annulé : refaites-le avant d’émettre le solde, ou abandonnez le solde et"
        " facturez de nouveau."
    ) % {"number": acompte.number}


def is_cancelled_for_good(invoice: Invoice) -> bool:
    """Tell whether an invoice was cancelled, and nothing stands for it."""
    return invoice.state == InvoiceState.CANCELLED


def _gone_before(part: PlannedInstalment, replacements: Mapping[int, Invoice]) -> Invoice | None:
    """Return an invoice of a part before this one that was cancelled, if nothing stands for it."""
    before = (
        replacements[item.invoice_id] for item in part.plan.parts.all() if item.rank < part.rank and item.invoice_id
    )
    return next((item for item in before if is_cancelled_for_good(item)), None)


def instalments_to_bill(today: date) -> QuerySet[PlannedInstalment]:
    """Return the planned parts whose day has come, those that are held too, oldest first."""
    return PlannedInstalment.objects.filter(state=InstalmentState.PLANNED, issue_on__lte=today).order_by(
        "issue_on", "id"
    )


def overdue_instalments(today: date, agent: Agent) -> QuerySet[PlannedInstalment]:
    """Return the agent's planned parts whose day is over: the clock held them, and somebody must look. Oldest first."""
    rows = PlannedInstalment.objects.filter(
        state=InstalmentState.PLANNED, issue_on__lt=today, plan__dossier__in=Dossier.objects.handled_by(agent)
    ).order_by("issue_on", "id")
    return rows.select_related("plan__type", "plan__payer", "plan__dossier")


def carry_overs_to_bill(dossier: Dossier, invoice_type: InvoiceType) -> QuerySet[CarryOver]:
    """Return what waits for the payer's next invoice of this type, oldest first."""
    rows = CarryOver.objects.waiting().filter(payer=dossier.citizen_id, type=invoice_type)
    return rows.select_related("dossier").order_by("id")


def carry_overs_of(dossier: Dossier) -> QuerySet[CarryOver]:
    """Return what was carried over from a dossier, billed since or not, oldest first."""
    return CarryOver.objects.filter(dossier=dossier).select_related("type", "invoice").order_by("id")


def security_deposits_of(dossier: Dossier) -> QuerySet[SecurityDeposit]:
    """Return the cautions that were asked beside the price of a dossier, as they were asked."""
    return SecurityDeposit.objects.filter(dossier=dossier).select_related("regie", "invoice").order_by("id")
