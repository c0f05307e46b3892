"""How payments are read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.directory.models import Agent, Citizen
from obole.dossiers.models import Dossier
from obole.lib import words
from obole.lib.days import PARIS
from obole.payments import rules
from obole.payments.models import (
    Allocation,
    Anomaly,
    Attempt,
    Circuit,
    Receipt,
    Refund,
    Share,
    Sweep,
    UnknownRings,
    Verification,
)
from obole.payments.refund_states import RefundState
from obole.regies.models import Entry, Regie


def attempts_to_list(agent: Agent) -> QuerySet[Attempt]:
    """Return the attempts on the régies that this agent answers for, with what the rows show."""
    seen = Regie.objects.seen_by(agent)
    return (
        Attempt.objects.filter(regie__in=seen).select_related("invoice__payer", "regie").order_by("-opened_at", "-id")
    )


def attempts_matching(attempts: QuerySet[Attempt], text: str) -> QuerySet[Attempt]:
    """Keep the attempts whose own reference, bank's reference, authorisation, invoice or payer answers to ``text``."""
    typed = words.clean_line(text)
    wanted = (
        Q(reference__istartswith=typed.replace("-", ""))
        | Q(gateway_reference__istartswith=typed)
        | Q(authorisation=typed)
        | Exists(Share.objects.filter(attempt=OuterRef("pk"), invoice__number__istartswith=typed))
    )
    by_name = Q()
    for word in words.fold(text).split():
        by_name &= Q(invoice__payer__sort_key__regex=rf"\m{word}")
    return attempts.filter(wanted | by_name if by_name else wanted)


def with_reference(attempts: QuerySet[Attempt], text: str) -> QuerySet[Attempt]:
    """Keep the attempts whose own reference, bank's reference or authorisation is ``text``, or begins so."""
    typed = words.clean_line(text)
    ours = Q(reference__istartswith=typed.replace("-", ""))
    return attempts.filter(ours | Q(gateway_reference__istartswith=typed) | Q(authorisation=typed))


def attempts_about(dossier: Dossier) -> QuerySet[Attempt]:
    """Return the attempts to pay the invoices of a dossier, newest first."""
    return (
        Attempt.objects.filter(Exists(Share.objects.filter(attempt=OuterRef("pk"), invoice__dossier=dossier)))
        .select_related("invoice__payer", "regie")
        .order_by("-opened_at", "-id")
    )


def attempts_of(invoice: Invoice) -> QuerySet[Attempt]:
    """Return the attempts to pay an invoice, newest first."""
    return Attempt.objects.filter(shares__invoice=invoice).select_related("regie").order_by("-opened_at", "-id")


def open_attempt_of(invoice: Invoice) -> Attempt | None:
    """Return the attempt that keeps the invoice « En cours de paiement », if there is one."""
    return Attempt.objects.open().filter(shares__invoice=invoice).first()


def shares_of(attempt: Attempt) -> QuerySet[Share]:
    """Return what an attempt is to pay of each of its invoices, in their order."""
    return Share.objects.filter(attempt=attempt).select_related("invoice").order_by("invoice_id")


def receipts_of(invoice: Invoice) -> QuerySet[Receipt]:
    """Return what was received for an invoice, or counted for it later, oldest first; ``counted`` is what counts for it now."""
    of_it = Allocation.objects.filter(receipt=OuterRef("pk"), invoice=invoice).order_by().values("receipt")
    return (
        Receipt.objects.filter(Q(invoice=invoice) | Q(allocations__invoice=invoice))
        .distinct()
        .annotate(counted=Coalesce(Subquery(of_it.annotate(sum=Sum("cents")).values("sum")), 0))
        .select_related("attempt", "reversal", "invoice")
        .order_by("received_at", "id")
    )


def what_counts() -> "Prefetch[str, QuerySet[Allocation], str]":
    """Return how to read, with many invoices, what was counted for each when its money came or later: ``counted``."""
    rows = Allocation.objects.filter(cents__gt=0, receipt__invoice__isnull=False, receipt__reversal=None)
    once = rows.select_related("receipt").order_by("invoice_id", "receipt_id").distinct("invoice_id", "receipt_id")
    return Prefetch("allocations", queryset=once, to_attr="counted")


def receipts_from(citizen: Citizen) -> QuerySet[Receipt]:
    """Return what was received for a citizen's invoices, newest first."""
    return (
        Receipt.objects.filter(invoice__payer=citizen)
        .select_related("invoice", "attempt", "reversal")
        .order_by("-received_at", "-id")
    )


def receipts_to_list(agent: Agent) -> QuerySet[Receipt]:
    """Return the receipts of the régies that this agent answers for, newest first."""
    seen = Regie.objects.seen_by(agent)
    rows = Receipt.objects.filter(regie__in=seen)
    return rows.select_related("invoice__payer", "attempt__invoice__payer", "regie", "reversal").order_by(
        "-received_at", "-id"
    )


def allocated(receipt: Receipt) -> dict[int, int]:
    """Return what is counted of a receipt, in cents by invoice id, without the invoices that have nothing left of it."""
    rows = Allocation.objects.filter(receipt=receipt).order_by("invoice").values("invoice").annotate(sum=Sum("cents"))
    return {row["invoice"]: row["sum"] for row in rows if row["sum"]}


def free_cents(receipt: Receipt) -> int:
    """Return what of a receipt waits in recettes à classer and is not promised to a refund, in cents."""
    if hasattr(receipt, "reversal"):
        return 0
    refunds = Refund.objects.filter(receipt=receipt).exclude(state=RefundState.GIVEN_UP)
    promised = refunds.aggregate(sum=Sum("cents"))["sum"] or 0
    return receipt.cents - sum(allocated(receipt).values()) - promised


def free_by_receipt(receipt_ids: Iterable[int]) -> dict[int, int]:
    """Return what ``free_cents`` says of each receipt, with one query."""
    of_it = {"receipt": OuterRef("pk")}
    counted = Allocation.objects.filter(**of_it).order_by().values("receipt").annotate(sum=Sum("cents")).values("sum")
    refunds = Refund.objects.filter(**of_it).exclude(state=RefundState.GIVEN_UP).order_by().values("receipt")
    promised = refunds.annotate(sum=Sum("cents")).values("sum")
    rows = Receipt.objects.filter(pk__in=set(receipt_ids), reversal=None).order_by("id")
    free = F("cents") - Coalesce(Subquery(counted), 0) - Coalesce(Subquery(promised), 0)
    return dict(rows.annotate(free=free).values_list("pk", "free"))


def invoices_paid_by(receipt: Receipt) -> set[int]:
    """Return the ids of the invoices that a receipt was sent for, or ever counted for."""
    counted = set(Allocation.objects.filter(receipt=receipt).order_by().values_list("invoice", flat=True))
    if receipt.attempt is not None:
        return counted | set(shares_of(receipt.attempt).values_list("invoice", flat=True))
    return counted | {receipt.invoice_id} if receipt.invoice_id else counted


def paid_at_once(receipt: Receipt) -> list[tuple[str, int]]:
    """Return the number of each invoice that a receipt paid when it came, and the cents that it counted for it."""
    rows = Allocation.objects.filter(receipt=receipt, entry=receipt.entry_id).order_by("invoice_id")
    return [(number or "", cents) for number, cents in rows.values_list("invoice__number", "cents")]


def in_vain(receipt: Receipt) -> list[str]:
    """Return the numbers of the invoices that a payment online was for, and that it does not count for, or not whole."""
    if receipt.attempt is None:
        return []
    counts = allocated(receipt)
    return [one.invoice.number or "" for one in shares_of(receipt.attempt) if counts.get(one.invoice_id, 0) < one.cents]


def payer_id_of(receipt: Receipt) -> int | None:
    """Return who paid, when it is known: the payer of the invoice that the money was sent for."""
    invoice = receipt.attempt.invoice if receipt.attempt else receipt.invoice
    return invoice.payer_id if invoice else None


def invoices_to_count(receipt: Receipt, *, text: str = "") -> QuerySet[Invoice]:
    """
    Return the due invoices that money of a receipt may be counted for, the most urgent first.

    Where nobody knows who paid, those of the régie that answer to ``text``.
    """
    due = Invoice.objects.filter(regie=receipt.regie_id, state=InvoiceState.DUE, received_cents__lt=F("total_cents"))
    rows = due.select_related("payer").order_by("due_date", "id")
    payer = payer_id_of(receipt)
    if payer is not None:
        return rows.filter(payer=payer)
    return billing.matching(rows, text) if text.strip() else rows.none()


def invoice_to_do_again(receipt: Receipt, invoice: Invoice | None) -> Invoice | None:
    """Return the cancelled invoice that was paid all the same and was not done again, if that is the case."""
    sent_for = invoice or (receipt.attempt.invoice if receipt.attempt else receipt.invoice)
    if sent_for is None or sent_for.state != InvoiceState.CANCELLED or sent_for.payer_id != payer_id_of(receipt):
        return None
    again = Invoice.objects.filter(replaces=sent_for).exclude(state=InvoiceState.DRAFT)
    return None if again.exists() else sent_for


def free_money_of(payer: Citizen, regie: Regie) -> list[Receipt]:
    """Return the receipts of a payer that hold money in recettes à classer of a régie, oldest first."""
    theirs = Q(invoice__payer=payer) | Q(attempt__invoice__payer=payer)
    rows = Receipt.objects.filter(theirs, regie=regie, reversal=None).annotate(
        counted=Coalesce(Sum("allocations__cents"), 0)
    )
    waiting = rows.filter(counted__lt=F("cents")).select_related("reversal").order_by("received_at", "id")
    return [one for one in waiting if free_cents(one)]


def refunds(agent: Agent) -> QuerySet[Refund]:
    """Return the refunds on this agent's régies, newest first."""
    seen = Regie.objects.seen_by(agent)
    rows = Refund.objects.filter(regie__in=seen).select_related(
        "receipt__invoice__payer", "receipt__attempt__invoice__payer", "regie"
    )
    return rows.order_by("-requested_at", "-id")


def anomalies(agent: Agent) -> QuerySet[Anomaly]:
    """Return all that ever waited for a person on this agent's régies."""
    seen = Regie.objects.seen_by(agent)
    rows = Anomaly.objects.filter(Q(regie__in=seen) | Q(regie=None))
    return rows.select_related(
        "attempt", "invoice__payer", "regie", "receipt__regie", "receipt__attempt__invoice__payer", "receipt__invoice__payer",
        "refund__receipt__attempt__invoice__payer", "refund__receipt__invoice__payer", "message",
    )  # fmt: skip


def open_anomalies(agent: Agent) -> QuerySet[Anomaly]:
    """Return what waits for a person on this agent's régies, oldest first."""
    return anomalies(agent).filter(closed_at=None).order_by("opened_at", "id")


def entries_of(invoice: Invoice) -> QuerySet[Entry]:
    """Return the entries of the ledger that an invoice and its payments made, oldest first."""
    own = Q(cause_kind__in=("invoice", "cancellation", "transfer"), cause_key=str(invoice.pk))
    counted = Q(pk__in=Allocation.objects.filter(invoice=invoice).order_by().values("entry"))
    sent = Q(pk__in=Receipt.objects.filter(attempt__shares__invoice=invoice).order_by().values("entry"))
    return Entry.objects.filter(own | counted | sent).prefetch_related("lines").order_by("booked_at", "id")


def entries_of_receipt(receipt: Receipt) -> QuerySet[Entry]:
    """Return the entries of the ledger that a receipt made, oldest first."""
    of_it = (
        Q(receipt=receipt) | Q(allocations__receipt=receipt) | Q(reversal__receipt=receipt) | Q(refund__receipt=receipt)
    )
    return Entry.objects.filter(of_it).distinct().prefetch_related("lines").order_by("booked_at", "id")


def last_sweep() -> Sweep | None:
    """Return the last round of questions to the bank."""
    return Sweep.objects.order_by("-at").first()


def last_verification() -> Verification | None:
    """Return the last recomputation of the books."""
    return Verification.objects.order_by("-at").first()


@dataclass(frozen=True)
class Rings:
    """Notifications of payments that nobody knows, and how many of them came from addresses that insist."""

    rings: int
    insistent: int


def unknown_rings(*, at: datetime) -> Rings:
    """Return those of the last 24 hours, to the hour."""
    recent = UnknownRings.objects.filter(hour__gt=at - timedelta(hours=25), hour__lte=at)
    seen = recent.aggregate(rings=Sum("rings", default=0), insistent=Sum("insistent", default=0))
    return Rings(rings=int(seen["rings"]), insistent=int(seen["insistent"]))


def silent_banks() -> QuerySet[Circuit]:
    """Return the circuits that are open, with their régies, the longest first."""
    return Circuit.objects.filter(down_since__isnull=False).select_related("regie").order_by("down_since", "id")


def outages(regie_ids: Iterable[int]) -> dict[int, Circuit]:
    """Return the open circuits of these régies, by the régie's id, with one query."""
    return {one.regie_id: one for one in silent_banks().filter(regie__in=set(regie_ids))}


def lets_a_payer_try(outage: Circuit, *, at: datetime) -> bool:
    """Tell whether a payer's click may be the question to a bank that is down: no worker asks any more."""
    return outage.probed_at is not None and at - outage.probed_at >= rules.WORKER_LOST


def regies_not_payable(today: date) -> list[int]:
    """Return the ids of the régies whose bank is down, or was until today: their payers had no whole day to pay online."""
    midnight = datetime.combine(today, time(), tzinfo=PARIS)
    waiting = Circuit.objects.filter(Q(down_since__isnull=False) | Q(recovered_at__gte=midnight))
    return list(waiting.order_by("regie").values_list("regie_id", flat=True))
