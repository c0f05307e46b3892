"""Drafts that can be issued together, régie by régie, as the screens show them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import QueryDict

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.crm.rail import sees_money
from obole.directory.access import AgentRequest
from obole.regies.models import Regie

MOST_AT_ONCE = 1000
"""Drafts issued by one press of the button: a few seconds, while the agent waits."""


MOST_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Drafts of one régie: ``count`` of them can be issued together, ``cents`` in all; ``left`` could be issued after these."""

    regie_id: int
    name: str
    drafts: Sequence[Invoice]
    count: int
    cents: int
    left: int = 0

    @property
    def until(self) -> int:
        """The id of the last one: a draft that is made later is not issued unseen."""
        return self.drafts[-1].pk

    @property
    def not_shown(self) -> int:
        """How many more there are than the page shows."""
        return self.count - sum(bool(one.total_cents) for one in self.drafts)

    def is_what_was_shown(self, post: QueryDict) -> bool:
        """Tell whether the form that was sent speaks of these drafts, and of these amounts."""
        return (post.get("count"), post.get("cents")) == (str(self.count), str(self.cents))


def all_batches(request: AgentRequest) -> list[Batch]:
    """Return every draft, by régie, with the first of each: two queries, however many there are."""
    known = billing.drafts().order_by("regie__name", "regie", "id").values_list("regie", "pk", "total_cents")
    by_regie = {regie: list(rows) for regie, rows in groupby(known, key=lambda row: row[0])}
    first = [pk for rows in by_regie.values() for _regie, pk, _cents in rows[:MOST_SHOWN]]
    shown = defaultdict(list)
    for one in billing.drafts().filter(pk__in=first):
        shown[one.regie_id].append(one)
    return [
        Batch(
            regie_id=regie, name=_name(request, shown[regie]), drafts=shown[regie],
            count=sum(bool(cents) for _regie, _pk, cents in rows), cents=sum(cents for _regie, _pk, cents in rows),
        )
        for regie, rows in by_regie.items() if regie in shown
    ]  # fmt: skip


def batch_to_issue(request: AgentRequest, regie: Regie, *, until: int | None = None) -> Batch | None:
    """Return what would be issued for a régie now, none of it made after the draft ``until``; None if there is nothing."""
    rows = billing.drafts_to_issue(regie)
    seen = rows if until is None else rows.filter(pk__lte=until)
    some = list(seen[:MOST_AT_ONCE])
    if not some:
        return None
    return Batch(
        regie_id=regie.pk, name=_name(request, some), drafts=some, count=len(some), cents=sum(one.total_cents for one in some),
        left=rows.count() - len(some),
    )  # fmt: skip


def _name(request: AgentRequest, drafts: Sequence[Invoice]) -> str:
    """Régies are named to those only who see the money; the others know what is invoiced."""
    if sees_money(request.agent):
        return drafts[0].regie.name
    return ", ".join(sorted({one.type.name for one in drafts}))
