"""How payments are read."""

from collections.abc import Iterable
from datetime import date, datetime, time

from django.db.models import Q, QuerySet

from obole.billing.models import Invoice
from obole.directory.models import Agent, Citizen
from obole.dossiers.models import Dossier
from obole.lib import words
from obole.lib.days import PARIS
from obole.payments import rules
from obole.payments.models import Anomaly, Attempt, Circuit, Receipt, Sweep, Verification
from obole.regies.models import Entry, Regie
from obole.regies.queries import entries_of_causes


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
        | Q(invoice__number__istartswith=typed)
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
        Attempt.objects.filter(invoice__dossier=dossier)
        .select_related("invoice__payer", "regie")
        .order_by("-opened_at", "-id")
    )


def attempts_of(invoice: Invoice) -> QuerySet[Attempt]:
    """Return the attempts to pay an invoice, newest first."""
    return Attempt.objects.filter(invoice=invoice).select_related("regie").order_by("-opened_at", "-id")


def open_attempt_of(invoice: Invoice) -> Attempt | None:
    """Return the attempt that keeps the invoice « En cours de paiement », if there is one."""
    return Attempt.objects.open().filter(invoice=invoice).first()


def receipts_of(invoice: Invoice) -> QuerySet[Receipt]:
    """Return what was received for an invoice, oldest first."""
    return Receipt.objects.filter(invoice=invoice).select_related("attempt").order_by("received_at", "id")


def receipts_from(citizen: Citizen) -> QuerySet[Receipt]:
    """Return what was received for a citizen's invoices, newest first."""
    return (
        Receipt.objects.filter(invoice__payer=citizen)
        .select_related("invoice", "attempt")
        .order_by("-received_at", "-id")
    )


def anomalies(agent: Agent) -> QuerySet[Anomaly]:
    """Return all that ever waited for a person on this agent's régies."""
    seen = Regie.objects.seen_by(agent)
    return Anomaly.objects.filter(regie__in=seen).select_related("attempt__invoice__payer", "regie")


def open_anomalies(agent: Agent) -> QuerySet[Anomaly]:
    """Return what waits for a person on this agent's régies, oldest first."""
    return anomalies(agent).filter(closed_at=None).order_by("opened_at", "id")


def entries_of(invoice: Invoice) -> QuerySet[Entry]:
    """Return the entries of the ledger that an invoice and its payments made, oldest first."""
    causes = [(kind, str(invoice.pk)) for kind in ("invoice", "cancellation", "transfer")]
    attempts = Attempt.objects.filter(invoice=invoice).values_list("pk", flat=True)
    return entries_of_causes([*causes, *(("receipt", f"attempt:{pk}") for pk in attempts)])


def last_sweep() -> Sweep | None:
    """Return the last round of questions to the bank."""
    return Sweep.objects.order_by("-at").first()


def last_verification() -> Verification | None:
    """Return the last recomputation of the books."""
    return Verification.objects.order_by("-at").first()


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
