"""
Counting, in one statement each: two requests at once are counted one after the other, on whatever machine they are.

No transaction is opened: what was tried stays counted when the request that tried it fails.
"""

from datetime import datetime, timedelta

from obole.lib import sql
from obole.limits.models import Meter
from obole.limits.rules import Patience, Quota, TooMany, key_of

_USE = """
    INSERT INTO limits_meter AS meter (key, tries, free_at, forget_at)
    VALUES (%(key)s, 0, %(at)s, %(at)s + %(cost)s)
    ON CONFLICT (key) DO UPDATE SET forget_at = greatest(meter.forget_at, %(at)s) + %(cost)s
    WHERE greatest(meter.forget_at, %(at)s) + %(cost)s <= %(at)s + %(per)s
    RETURNING forget_at
"""
_TRY = """
    INSERT INTO limits_meter AS meter (key, tries, free_at, forget_at)
    VALUES (
        %(key)s, 1, CASE WHEN %(tries)s <= 1 THEN %(at)s + %(first)s ELSE %(at)s END, %(at)s + %(memory)s
    )
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN meter.forget_at <= %(at)s THEN 1 ELSE meter.tries + 1 END,
        free_at = CASE
            WHEN meter.forget_at <= %(at)s THEN excluded.free_at
            WHEN meter.tries + 1 < %(tries)s THEN %(at)s
            ELSE %(at)s + least(%(longest)s, %(first)s * power(2, least(meter.tries + 1 - %(tries)s, 20)))
        END,
        forget_at = %(at)s + %(memory)s
    WHERE meter.free_at <= %(at)s OR meter.forget_at <= %(at)s
    RETURNING tries
"""


def use(quota: Quota, *whom: object, at: datetime, cost: int = 1) -> None:
    """
    Count ``cost`` of what somebody may do.

    :raises TooMany: if there is not so much left; nothing is counted.
    """
    key, unit = key_of(quota, *whom), quota.per / quota.most
    spent = quota.per * min(cost, quota.most + 1) / quota.most
    if cost > quota.most or not sql.execute(_USE, key=key, at=at, cost=spent, per=quota.per):
        full = Meter.objects.filter(key=key).values_list("forget_at", flat=True).first() or at
        raise TooMany(quota.name, min(max(full + spent - quota.per - at, unit), quota.per))


def give_back(quota: Quota, *whom: object, at: datetime) -> None:
    """Count one less: what was counted before its end was known did no harm."""
    unit = quota.per / quota.most
    sql.execute(
        "UPDATE limits_meter SET forget_at = forget_at - %(unit)s WHERE key = %(key)s AND forget_at > %(at)s",
        key=key_of(quota, *whom),
        unit=unit,
        at=at,
    )


def try_once(patience: Patience, *whom: object, at: datetime) -> None:
    """
    Count a try.

    :raises TooMany: if it comes before its time; it is not counted.
    """
    key = key_of(patience, *whom)
    values = {"tries": patience.tries, "first": patience.first_wait, "longest": patience.longest_wait}
    if not sql.execute(_TRY, key=key, at=at, memory=patience.forgotten_after, **values):
        free = Meter.objects.filter(key=key).values_list("free_at", flat=True).first() or at
        raise TooMany(patience.name, max(free - at, timedelta(seconds=1)))


def forgive(*counted: tuple[Quota | Patience, *tuple[object, ...]]) -> None:
    """Forget what was counted: each limit with whom it counted."""
    Meter.objects.filter(key__in=sorted(key_of(limit, *whom) for limit, *whom in counted)).delete()


def purge(*, at: datetime) -> int:
    """Drop the meters that are empty; return how many they were."""
    return Meter.objects.filter(forget_at__lte=at).delete()[0]
