"""Where the money of receipts is now, for many at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from obole.payments.models import ACCOUNT_OF, Allocation, Clearing, Receipt, Refund
from obole.payments.refund_states import RefundState
from obole.regies.accounts import Account


@dataclass(frozen=True)
class Whereabouts:
    """Where the money of a receipt is: the account that holds it, and what of it waits, left, or was paid over."""

    account: Account
    free_cents: int
    refunded_cents: int
    remitted: bool
    reversed: bool


def whereabouts_of(receipts: Sequence[Receipt]) -> dict[int, Whereabouts]:
    """Return where the money of each receipt is, by its id, in five queries whatever their number."""
    ids = [receipt.pk for receipt in receipts]
    counted = _sums(Allocation.objects.filter(receipt__in=ids))
    refunds = Refund.objects.filter(receipt__in=ids)
    promised = _sums(refunds.exclude(state=RefundState.GIVEN_UP))
    refunded = _sums(refunds.filter(state=RefundState.DONE))
    credited = set(
        Clearing.objects.filter(receipt__in=ids, undone_by_entry=None).order_by("id").values_list("receipt", flat=True)
    )
    gone = Allocation.objects.filter(receipt__in=ids, entry__remitted__isnull=False).order_by("id")
    remitted = set(gone.values_list("receipt", flat=True))
    return {
        receipt.pk: Whereabouts(
            account=Account.TREASURY_DEPOSIT if receipt.pk in credited else ACCOUNT_OF[Receipt.Means(receipt.means)],
            free_cents=0
            if receipt.is_reversed
            else receipt.cents - counted.get(receipt.pk, 0) - promised.get(receipt.pk, 0),
            refunded_cents=refunded.get(receipt.pk, 0),
            remitted=receipt.pk in remitted,
            reversed=receipt.is_reversed,
        )
        for receipt in receipts
    }


def _sums(rows: QuerySet[Allocation] | QuerySet[Refund]) -> dict[int, int]:
    return dict(rows.order_by("receipt").values_list("receipt").annotate(sum=Sum("cents")))
