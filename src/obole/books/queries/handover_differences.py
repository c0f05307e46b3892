"""What each remise de service said of the ledger, recomputed from the entries up to the one that it names."""

from collections.abc import Iterator

from django.db.models import F, Sum

from obole.books.models import Handover
from obole.books.states import HandoverState
from obole.regies.accounts import Account
from obole.regies.models import Entry, Line


def differences() -> Iterator[str]:
    """Yield what a remise de service says that the entries do not."""
    for handover in Handover.objects.select_related("regie").order_by("id"):
        where = f"régie {handover.regie.code}, remise de service of {handover.day}"
        last = Entry.objects.filter(regie=handover.regie, number=handover.entry_number)
        if (last.values_list("hash", flat=True).first() or "") != handover.entry_hash:
            yield f"{where}: its last entry is not the one of the ledger"
        if handover.holdings["balances"] != _balances(handover):
            yield f"{where}: its balances are not the sums of the entries"
        if handover.state == HandoverState.DONE and handover.left_by.is_same_as(handover.arriving):
            yield f"{where}: one person signed twice"


def _balances(handover: Handover) -> dict[str, int]:
    lines = Line.objects.filter(entry__regie=handover.regie, entry__number__lte=handover.entry_number)
    rows = lines.order_by("account").values("account").annotate(cents=Sum(F("debit") - F("credit")))
    sums = {row["account"]: row["cents"] for row in rows}
    return {account.value: sums.get(account.value, 0) * (1 if account.is_debit else -1) for account in Account}
