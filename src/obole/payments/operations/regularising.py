"""What the comptable gives back of money that was taken back after it had been paid over to them."""

from collections.abc import Sequence
from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.lib import texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import queries
from obole.payments.models import Receipt, Regularisation
from obole.regies import ledger
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie


class NothingOwed(ValueError):
    """The comptable owes nothing of one of these receipts, or somebody wrote meanwhile that they gave it back."""


class ReferenceMissing(ValueError):
    """What the comptable gives back has a reference."""


@atomic_with_retry
def regularise_receipts(
    *, regie_id: int, receipt_ids: Sequence[int], reference: str, actor: Actor, at: datetime
) -> Entry:
    """
    Write that the comptable gave back all that they owe of these receipts: compte DFT against dépenses à régulariser.

    :param reference: of their transfer or mandat.
    :raises ReferenceMissing: without one.
    :raises NothingOwed: if nothing is owed of one of them.
    """
    said = texts.clean_line(reference)[:60]
    if not said:
        raise ReferenceMissing
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    wanted = sorted(set(receipt_ids))
    locked = Receipt.objects.filter(regie=regie_id, pk__in=wanted).select_for_update(of=("self",), no_key=True)
    receipts = [receipt.pk for receipt in locked.order_by("id")]
    Regie.objects.locked().get(pk=regie_id)
    owed = queries.owed_by_receipt(regie_id, receipt_ids=receipts)
    if not wanted or list(owed) != wanted:
        raise NothingOwed
    count = Regularisation.objects.filter(receipt=wanted[0]).count()
    entry = ledger.post(
        regie_id=regie_id,
        cause=ledger.Cause(kind="regularisation", key=f"{wanted[0]}:{count + 1}"),
        postings=ledger.transfer_postings(
            debit=Account.TREASURY_DEPOSIT, credit=Account.FEES, cents=sum(owed.values())
        ),
        label=said,
        at=at,
    )
    Regularisation.objects.bulk_create(
        Regularisation(regie_id=regie_id, receipt_id=pk, entry=entry, cents=cents, reference=said, at=at, actor=actor)
        for pk, cents in owed.items()
    )
    audit_log.log_event(
        "receipts.regularise", subject=entry, actor=actor, at=at, cents=sum(owed.values()), reference=said
    )
    return entry
