"""How payments are read."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import CharField, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from obole.audit_log.models import Record
from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.directory.models import Agent, Citizen
from obole.dossiers.models import Dossier
from obole.lib import actors, texts, typed_numbers
from obole.lib.dates import PARIS
from obole.lib.typed_numbers import NumberKind
from obole.mailing.models import Message
from obole.payments import rules
from obole.payments.models import (
    ACCOUNT_OF,
    Allocation,
    Anomaly,
    Attempt,
    AttemptLine,
    BankExchange,
    Circuit,
    Clearing,
    Receipt,
    Refund,
    Regularisation,
    Reversal,
    Sweep,
    Verification,
)
from obole.payments.queries.hands import agents_for_regies, agents_to_give
from obole.payments.queries.searching import (
    attempts_matching as attempts_matching,
    receipts_numbered as receipts_numbered,
    search_invoices as search_invoices,
    with_reference as with_reference,
)
from obole.payments.queries.seen import attempts_seen_by, listed
from obole.payments.queries.watch import (
    banks_that_refuse,
    banks_without_notifications,
    last_sweep,
    last_verification,
    may_payer_probe,
    open_circuits,
    outages,
    regies_not_payable,
    unsent_receipts,
)
from obole.payments.queries.whereabouts import Whereabouts, whereabouts_of
from obole.payments.refund_states import RefundState
from obole.payments.states import AttemptState
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie

IN_INSTANCE = frozenset({Account.CARD_CLEARING, Account.DEBIT_CLEARING, Account.CHEQUES})
"""Accounts of money that is received and that the bank has still to credit."""
MEANS_IN_INSTANCE = tuple(means for means, account in ACCOUNT_OF.items() if account in IN_INSTANCE)


def attempts_to_list(agent: Agent) -> QuerySet[Attempt]:
    """Return the attempts on the régies that this agent answers for, with what the rows show."""
    seen = Regie.objects.seen_by(agent)
    return listed(Attempt.objects.filter(regie__in=seen))


def attempts_about(dossier: Dossier) -> QuerySet[Attempt]:
    """Return the attempts to pay the invoices of a dossier, newest first."""
    return listed(
        Attempt.objects.filter(Exists(AttemptLine.objects.filter(attempt=OuterRef("pk"), invoice__dossier=dossier)))
    )


def attempts_of(invoice: Invoice) -> QuerySet[Attempt]:
    """Return the attempts to pay an invoice, newest first."""
    return listed(Attempt.objects.filter(shares__invoice=invoice))


def open_attempt_of(invoice: Invoice) -> Attempt | None:
    """Return the attempt that keeps the invoice « En cours de paiement », if there is one."""
    return Attempt.objects.open().filter(shares__invoice=invoice).first()


def money_waits() -> Q:
    """
    Keep the invoices of a query for which money waits until a person decides: it was sent for them, or for those that
    they do again. Until then nobody asks their payers for more.
    """
    invoice = OuterRef("pk")
    asked = Anomaly.objects.filter(receipt=OuterRef("receipt"), closed_at=None, receipt__reversal=None)
    sent = AttemptLine.objects.annotate(receipt=F("attempt__receipt")).filter(Exists(asked))
    counted = Allocation.objects.filter(Exists(asked), invoice__replacement=invoice)
    again = sent.filter(invoice__replacement=invoice)
    return Q(Exists(sent.filter(invoice=invoice))) | Q(Exists(again)) | Q(Exists(counted))


def waiting_cents(invoice: Invoice) -> int:
    """Return what of the money that ``money_waits`` tells of is free, in cents."""
    whole = Q(attempt__shares__invoice=invoice)
    again = Q(attempt__shares__invoice__replacement=invoice) | Q(allocations__invoice__replacement=invoice)
    rows = Receipt.objects.filter(whole | again, reversal=None, anomalies__closed_at=None, anomalies__isnull=False)
    return sum(free_by_receipt(rows.values_list("pk", flat=True)).values())


def shares_of(attempt: Attempt) -> QuerySet[AttemptLine]:
    """Return what an attempt is to pay of each of its invoices, in their order."""
    return AttemptLine.objects.filter(attempt=attempt).select_related("invoice").order_by("invoice_id")


def receipts_of(invoice: Invoice) -> QuerySet[Receipt]:
    """
    Return what was received for an invoice, sent for it or counted for it later, oldest first; ``counted`` is what
    counts for it now.
    """
    of_it = Allocation.objects.filter(receipt=OuterRef("pk"), invoice=invoice).order_by().values("receipt")
    sent = Q(attempt__shares__invoice=invoice)
    return (
        Receipt.objects.filter(Q(invoice=invoice) | Q(allocations__invoice=invoice) | sent)
        .distinct()
        .annotate(counted=Coalesce(Subquery(of_it.annotate(sum=Sum("cents")).values("sum")), 0))
        .select_related("attempt", "reversal", "invoice")
        .order_by("received_at", "id")
    )


def counted_by_invoice() -> "Prefetch[str, QuerySet[Allocation], str]":
    """Return how to read, with many invoices, what was counted for each when its money came or later: ``counted``."""
    rows = Allocation.objects.filter(cents__gt=0, receipt__invoice__isnull=False, receipt__reversal=None)
    once = rows.select_related("receipt").order_by("invoice_id", "receipt_id").distinct("invoice_id", "receipt_id")
    return Prefetch("allocations", queryset=once, to_attr="counted")


def receipts_from(citizen: Citizen) -> QuerySet[Receipt]:
    """
    Return what was received for a citizen's invoices, newest first; ``others``: how many invoices each paid beside the
    first when it came.
    """
    paid = Allocation.objects.filter(receipt=OuterRef("pk"), entry=OuterRef("entry")).order_by().values("receipt")
    return (
        Receipt.objects.filter(invoice__payer=citizen)
        .annotate(others=Coalesce(Subquery(paid.annotate(n=Count("id")).values("n")), 1) - 1)
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


def cents_by_invoice(receipt: Receipt) -> dict[int, int]:
    """
    Return what is counted of a receipt, in cents by invoice id, without the invoices that have nothing left of it.
    """
    rows = Allocation.objects.filter(receipt=receipt).order_by("invoice").values("invoice").annotate(sum=Sum("cents"))
    return {row["invoice"]: row["sum"] for row in rows if row["sum"]}


def remitted_by_invoice(receipt: Receipt) -> dict[int, int]:
    """
    Return what was paid over to the comptable of what a receipt counted for each invoice, in cents by invoice id, less
    what was taken back of it since.
    """
    gone = Sum(F("cents") + F("from_remitted_cents"), filter=Q(entry__remitted__isnull=False))
    rows = Allocation.objects.filter(receipt=receipt).order_by("invoice").values("invoice")
    summed = rows.annotate(gone=Coalesce(gone, 0), back=Sum("from_remitted_cents"))
    return {row["invoice"]: max(0, row["gone"] - row["back"]) for row in summed}


def owed_by_receipt(regie_id: int, *, receipt_ids: Iterable[int] | None = None) -> dict[int, int]:
    """
    Return what the comptable owes of each receipt of a régie, in cents by its id, with one query: taken back after it
    was paid over, and neither given back since nor settled by a refund that they paid.
    """
    of_it = {"receipt": OuterRef("pk")}
    back = Allocation.objects.filter(**of_it).order_by().values("receipt").annotate(sum=Sum("from_remitted_cents"))
    given = Regularisation.objects.filter(**of_it).order_by().values("receipt").annotate(sum=Sum("cents"))
    paid = Refund.objects.filter(**of_it).order_by().values("receipt").annotate(sum=Sum("settled_cents"))
    touched = Allocation.objects.filter(receipt__regie=regie_id, from_remitted_cents__gt=0).values("receipt")
    rows = Receipt.objects.filter(regie=regie_id, pk__in=touched).order_by("id")
    if receipt_ids is not None:
        rows = rows.filter(pk__in=set(receipt_ids))
    owed = Subquery(back.values("sum")) - Coalesce(Subquery(given.values("sum")), 0)
    summed = rows.annotate(owed=owed - Coalesce(Subquery(paid.values("sum")), 0))
    return dict(summed.filter(owed__gt=0).values_list("pk", "owed"))


def free_cents(receipt: Receipt) -> int:
    """Return what of a receipt waits in recettes à classer and is not promised to a refund, in cents."""
    if hasattr(receipt, "reversal"):
        return 0
    refunds = Refund.objects.filter(receipt=receipt).exclude(state=RefundState.GIVEN_UP)
    promised = refunds.aggregate(sum=Sum("cents"))["sum"] or 0
    return receipt.cents - sum(cents_by_invoice(receipt).values()) - promised


def refunded_cents(receipt: Receipt) -> int:
    """Return what the comptable has given back of a receipt, in cents."""
    done = Refund.objects.filter(receipt=receipt, state=RefundState.DONE)
    return done.aggregate(sum=Sum("cents"))["sum"] or 0


def pending_refunds(receipt: Receipt) -> QuerySet[Refund]:
    """Return the refunds of a receipt that are under way: asked for or approved, and not paid yet."""
    under_way = (RefundState.REQUESTED, RefundState.APPROVED)
    return Refund.objects.filter(receipt=receipt, state__in=under_way).order_by("id")


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


def came_for_the_comptable(receipt: Receipt) -> bool:
    """Tell whether money came for an invoice that is with the comptable, whom it is then owed to."""
    sent_for = invoices_paid_by(receipt)
    return Invoice.objects.filter(pk__in=sent_for, state=InvoiceState.TRANSFERRED).exists()


def numbers_paid(receipt: Receipt) -> list[tuple[str, int]]:
    """Return the number of each invoice that a receipt paid when it came, and the cents that it counted for it."""
    rows = Allocation.objects.filter(receipt=receipt, entry=receipt.entry_id).order_by("invoice_id")
    return [(number or "", cents) for number, cents in rows.values_list("invoice__number", "cents")]


def numbers_not_paid(receipt: Receipt) -> list[str]:
    """
    Return the numbers of the invoices that a payment online was for, and that it does not count for, or not whole.
    """
    if receipt.attempt is None:
        return []
    counts = cents_by_invoice(receipt)
    return [
        share.invoice.number or ""
        for share in shares_of(receipt.attempt)
        if counts.get(share.invoice_id, 0) < share.cents
    ]


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
    return billing.search(rows, text) if text.strip() else rows.none()


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
    return [item for item in waiting if free_cents(item)]


def given_back(receipts: Q = Q()) -> QuerySet[Allocation]:  # noqa: B008 - a condition never changes
    """
    Return what was freed from invoices and then given back by the comptable: the invoices of these allocations are
    « Remboursées » once they are cancelled.

    Where one payment paid several that were cancelled, a refund is of the one whose cents it has, or of them all.

    :param receipts: which allocations, if not all.
    """
    freed = Allocation.objects.filter(receipt=OuterRef("receipt"), cents__lt=0)
    all_cents = freed.order_by().values("receipt").annotate(sum=Sum("cents")).values("sum")
    done = Refund.objects.filter(receipt=OuterRef("receipt"), state=RefundState.DONE, done_at__gte=OuterRef("at"))
    alone = ~Exists(freed.exclude(invoice=OuterRef("invoice")))
    rows = Allocation.objects.filter(receipts, cents__lt=0).annotate(of_all=Subquery(all_cents))
    whose = Q(cents=-OuterRef("cents")) | Q(cents__gte=-OuterRef("of_all"))
    return rows.filter(Exists(done.filter(whose)) | Q(Exists(done) & alone)).order_by("id")


def reversed_by_reason(regies: Iterable[Regie], *, since: datetime) -> dict[str, int]:
    """Return what was taken back since an instant, in cents, by kind and by what the bank says: ``rejected.funds``."""
    rows = Reversal.objects.filter(entry__regie__in=list(regies), entry__booked_at__gte=since).order_by("kind", "code")
    summed = rows.values("kind", "code").annotate(cents=Sum("receipt__cents"))
    return {f"{row['kind']}.{row['code']}": row["cents"] for row in summed}


def refunds(agent: Agent) -> QuerySet[Refund]:
    """Return the refunds on this agent's régies, newest first."""
    seen = Regie.objects.seen_by(agent)
    rows = Refund.objects.filter(regie__in=seen).select_related(
        "receipt__invoice__payer", "receipt__attempt__invoice__payer", "regie"
    )
    return rows.order_by("-requested_at", "-id")


def refunds_to_pay(regie: Regie) -> QuerySet[Refund]:
    """Return what was approved to be given back to payers of a régie and waits to be paid, the oldest first."""
    waiting = Refund.objects.filter(regie=regie, state=RefundState.APPROVED, payee=Refund.Payee.PAYER)
    return waiting.select_related("receipt").order_by("decided_at", "id")


def anomalies(agent: Agent) -> QuerySet[Anomaly]:
    """Return all that ever waited for a person on this agent's régies."""
    seen = Regie.objects.seen_by(agent)
    rows = Anomaly.objects.filter(Q(regie__in=seen) | Q(regie=None))
    return rows.select_related(
        "attempt",
        "invoice__payer",
        "regie",
        "receipt__regie",
        "receipt__attempt__invoice__payer",
        "receipt__invoice__payer",
        "refund__receipt__attempt__invoice__payer",
        "refund__receipt__invoice__payer",
        "message",
        "assignee",
    )


def open_anomalies(agent: Agent) -> QuerySet[Anomaly]:
    """Return what waits for a person on this agent's régies, oldest first."""
    return anomalies(agent).filter(closed_at=None).order_by("opened_at", "id")


def entries_of(invoice: Invoice) -> QuerySet[Entry]:
    """Return the entries of the ledger that an invoice and its payments made, oldest first."""
    own = Q(cause_kind__in=("invoice", "cancellation", "transfer"), cause_key=str(invoice.pk))
    own |= Q(cause_kind__in=("transfer", "transfer_return"), cause_key__startswith=f"{invoice.pk}:")
    counted = Q(pk__in=Allocation.objects.filter(invoice=invoice).order_by().values("entry"))
    sent = Q(pk__in=Receipt.objects.filter(attempt__shares__invoice=invoice).order_by().values("entry"))
    return Entry.objects.filter(own | counted | sent).prefetch_related("lines").order_by("booked_at", "id")


def entries_of_receipt(receipt: Receipt) -> QuerySet[Entry]:
    """Return the entries of the ledger that a receipt made, oldest first."""
    of_it = (
        Q(receipt=receipt)
        | Q(allocations__receipt=receipt)
        | Q(reversal__receipt=receipt)
        | Q(refund__receipt=receipt)
        | Q(clearings__receipt=receipt)
        | Q(undone_clearings__receipt=receipt)
        | Q(regularisations__receipt=receipt)
    )
    return Entry.objects.filter(of_it).distinct().prefetch_related("lines").order_by("booked_at", "id")


def in_instance(regie_id: int) -> QuerySet[Receipt]:
    """Return the receipts of a régie that go through a bank, stand, and that it has not credited yet."""
    credited = Exists(Clearing.objects.filter(receipt=OuterRef("pk"), undone_by_entry=None))
    return Receipt.objects.filter(regie=regie_id, means__in=MEANS_IN_INSTANCE, reversal=None).exclude(credited)


def account_of(receipt: Receipt) -> Account:
    """Return where the money of a receipt stands: compte DFT once the bank has credited it."""
    credited = Clearing.objects.filter(receipt=receipt, undone_by_entry=None).exists()
    return Account.TREASURY_DEPOSIT if credited else ACCOUNT_OF[Receipt.Means(receipt.means)]
