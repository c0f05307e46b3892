"""A year of a big régie: a hundred thousand receipts in instance, and the statement that credits them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any

from django.db import connection, transaction

from obole.bank_statements import operations, queries
from obole.bank_statements.rules.readings import Reading, ReadLine
from obole.books import verification
from obole.directory.models import Agent
from obole.lib import dates
from obole.payments.models import Anomaly, Receipt
from obole.regies import ledger, operations as regies
from obole.regies.accounts import Account
from obole.regies.models import Regie
from tests.world import WHO, make_regie

DAYS, BULK, GROUPS, GROUP, SINGLES, FEES = 360, 164, 4_500, 8, 5_000, 140
"""A bulk credit a day, of so many cards; groups named by their references; single ones; commissions."""
FIRST = date(2025, 12, 1)


@dataclass(frozen=True)
class Took:
    """How long each thing took, in seconds, and how much it was about."""

    lines: int
    receipts: int
    imported: float
    found: float
    accepted: float
    proposed: int
    settled: int


def match(agent: Agent) -> Took:
    """
    Import a statement, look for what its lines are, accept what is sure, and recompute the books.

    :raises obole.books.verification.BooksDiffer: if they are wrong.
    """
    regie = make_regie("REL", "Régie des relevés", at=datetime(2025, 11, 1, tzinfo=UTC))
    regies.give_mandates(regie_id=regie.pk, agent_ids=[agent.pk], actor=WHO, at=dates.now())
    lines, count = _fill(regie)
    _plan_anew()
    days = [line.day for line in lines]
    reading = Reading(form="csv", lines=tuple(lines), first_day=min(days), last_day=max(days))
    source = operations.Source(name="bench.csv", digest="0" * 64)
    who: dict[str, Any] = {"actor": agent.actor, "at": dates.now()}
    began = perf_counter()
    operations.keep_statements(regie_id=regie.pk, kind="account", readings=[reading], source=source, **who)
    kept = perf_counter()
    proposed = operations.propose_matches(regie_id=regie.pk, at=dates.now())
    found = perf_counter()
    seen = queries.summed(queries.sure_lines(regie.pk))
    run = operations.accept_all(regie_id=regie.pk, seen=seen, actor=agent.actor, at=dates.now())
    operations.perform_acceptance(run_id=run.pk, at=dates.now())
    done = perf_counter()
    run.refresh_from_db()
    verification.verify()
    return Took(len(lines), count, kept - began, found - kept, done - found, proposed, run.accepted)


def _fill(regie: Regie) -> tuple[list[ReadLine], int]:
    """Write receipts in recettes à classer, and return the lines that credit them. Nothing here goes by ``take``."""
    amounts, lines = list[tuple[date, int]](), list[ReadLine]()

    def add(day: date, cents: int) -> str:
        amounts.append((day, cents))
        return f"REL-Q-2026-{len(amounts):06d}"

    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        cents = [1000 + (number * 37 + rank * 11) % 9000 for rank in range(BULK)]
        for one in cents:
            add(day, one)
        lines.append(_line(day + timedelta(days=1), sum(cents), "VIR DGFIP PAYFIP"))
    for number in range(GROUPS):
        day = FIRST + timedelta(days=number % DAYS)
        names = [add(day, 2000 + number + rank) for rank in range(GROUP)]
        lines.append(
            _line(day + timedelta(days=2), sum(2000 + number + rank for rank in range(GROUP)), " ".join(names))
        )
    for number in range(SINGLES):
        day = FIRST + timedelta(days=number % DAYS)
        lines.append(_line(day + timedelta(days=2), 3000 + number, f"VIR {add(day, 3000 + number)}"))
    lines += [_line(FIRST + timedelta(days=number), -7 - number, "COMMISSIONS") for number in range(FEES)]
    _write(regie, amounts)
    return lines, len(amounts)


def _line(day: date, cents: int, label: str) -> ReadLine:
    return ReadLine(number=0, day=day, cents=cents, label=label[:500])


def _write(regie: Regie, amounts: list[tuple[date, int]]) -> None:
    for first in range(0, len(amounts), 5_000):
        _write_some(regie, list(enumerate(amounts[first : first + 5_000], start=first + 1)))
        if first <= 5_000:
            _plan_anew()


def _plan_anew() -> None:
    """Let PostgreSQL know how long the tables are: a connection keeps the plans that it made when they were empty."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()


@transaction.atomic
def _write_some(regie: Regie, some: list[tuple[int, tuple[date, int]]]) -> None:
    at = dates.now()
    events = [
        ledger.Event(
            cause=ledger.Cause(kind="receipt", key=f"bench:{number}"),
            postings=ledger.transfer_postings(debit=Account.CARD_CLEARING, credit=Account.SUSPENSE, cents=cents),
            label="bench",
        )
        for number, (_day, cents) in some
    ]
    entries = ledger.post_many(regie_id=regie.pk, events=events, at=at)
    receipts = Receipt.objects.bulk_create(
        Receipt(
            number=f"REL-Q-2026-{number:06d}",
            sequence=number,
            year=2026,
            request_key=f"bench:{number}",
            regie=regie,
            entry=entry,
            means=Receipt.Means.TERMINAL,
            cents=cents,
            received_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            taken_by=WHO,
        )
        for (number, (day, cents)), entry in zip(some, entries, strict=True)
    )
    # Somebody is asked about each: the books want it.
    kind = Anomaly.Kind.UNMATCHED
    Anomaly.objects.bulk_create(
        Anomaly(cause=f"{kind}:receipt:{item.pk}", kind=kind, receipt=item, regie=regie, opened_at=at)
        for item in receipts
    )
