"""What the watch over the banks, the books and the mails reads."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from obole.audit_log.models import Record
from obole.lib import actors
from obole.lib.dates import PARIS
from obole.mailing.models import Message
from obole.payments import rules
from obole.payments.models import Anomaly, Attempt, BankExchange, Circuit, Receipt, Sweep, Verification
from obole.payments.states import AttemptState
from obole.regies.models import Regie

ENDED_BY_THE_BANK = (AttemptState.PAID, AttemptState.REFUSED, AttemptState.ABANDONED)
RINGING = ("payfip",)
"""The banks that notify; the sandbox is asked, and says nothing by itself."""
SWEPT_ALONE = 3
"""So many payments of one hour, none of them rung, are no chance."""


def unsent_receipts(at: datetime) -> QuerySet[Receipt]:
    """
    Return the receipts of a month whose mail was not even written, an hour after they came, though their payer has an
    address: their document could not be made, and the worker gave up.
    """
    told = Message.objects.filter(cause=Concat(Value("payment_receipt:"), Cast(OuterRef("pk"), CharField())))
    late = Receipt.objects.filter(received_at__gte=at - timedelta(days=30), received_at__lt=at - timedelta(hours=1))
    known = Q(attempt__isnull=False) | ~Q(invoice__payer__email="")
    return late.filter(known, ~Exists(told), invoice__isnull=False, reversal=None).order_by("id")


def last_sweep() -> Sweep | None:
    """Return the last round of questions to the bank."""
    return Sweep.objects.order_by("-at").first()


def last_verification() -> Verification | None:
    """Return the last recomputation of the books."""
    return Verification.objects.order_by("-at").first()


def open_circuits() -> QuerySet[Circuit]:
    """Return the circuits that are open, with their régies, the longest first."""
    return Circuit.objects.filter(down_since__isnull=False).select_related("regie").order_by("down_since", "id")


def banks_without_notifications(at: datetime) -> list[Regie]:
    """
    Return the régies whose bank does not ring any more: for an hour, several payments ended without a notification, and
    the sweep alone learnt of them. A firewall, or an address that the bank does not know, and every payer waits.
    """
    an_hour_ago = at - timedelta(hours=1)
    opened = Attempt.objects.filter(opened_at__gte=at - timedelta(hours=4), gateway__in=RINGING)
    ended = opened.filter(ended_at__gte=an_hour_ago, state__in=ENDED_BY_THE_BANK)
    found = Record.objects.filter(
        verb__in=("attempt.pay", "attempt.refuse", "attempt.abandon"),
        subject_kind=Attempt._meta.label_lower,
        subject_id=OuterRef("pk"),
        actor__id=actors.WORKER.id,
    )
    swept = ended.filter(Exists(found)).order_by().values("regie").annotate(n=Count("id")).filter(n__gte=SWEPT_ALONE)
    rung = BankExchange.objects.filter(kind=BankExchange.Kind.NOTIFICATION, at__gte=an_hour_ago, attempt__in=opened)
    silent = Regie.objects.filter(pk__in=swept.values("regie")).exclude(pk__in=rung.values("attempt__regie"))
    return list(silent.order_by("code"))


def banks_that_refuse() -> list[str]:
    """Return the codes of the régies whose bank refuses to open payments, as long as nobody said that it is mended."""
    waiting = Anomaly.objects.filter(kind=Anomaly.Kind.NO_START, closed_at=None).order_by("regie__code")
    return list(waiting.values_list("regie__code", flat=True))


def outages(regie_ids: Iterable[int]) -> dict[int, Circuit]:
    """Return the open circuits of these régies, by the régie's id, with one query."""
    return {circuit.regie_id: circuit for circuit in open_circuits().filter(regie__in=set(regie_ids))}


def may_payer_probe(outage: Circuit, *, at: datetime) -> bool:
    """Tell whether a payer's click may be the question to a bank that is down: no worker asks any more."""
    return outage.probed_at is not None and at - outage.probed_at >= rules.WORKER_LOST


def regies_not_payable(today: date) -> list[int]:
    """
    Return the ids of the régies whose bank is down, or was until today: their payers had no whole day to pay online.
    """
    midnight = datetime.combine(today, time(), tzinfo=PARIS)
    waiting = Circuit.objects.filter(Q(down_since__isnull=False) | Q(recovered_at__gte=midnight))
    return list(waiting.order_by("regie").values_list("regie_id", flat=True))
