"""The parts of the measure: each stands alone, and what several need is made once, by the first that wants it."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import cached_property
from statistics import median
from time import perf_counter

from bench import (
    books,
    campaigns,
    long_lists,
    mails,
    measures,
    people,
    pricing,
    reminders,
    remittances,
    stage,
    statements,
    storm,
)
from bench.load import Timing
from obole.billing.models import Invoice
from obole.payments.models import Receipt
from tests.world import Town

Row = tuple[str, str, str]
CLIENTS = "2 web processes, 8 clients"
SETTLED = {"at once": (0, slice(0, 180)), "at 300 ms": (300, slice(180, 360))}
"""How long the bank takes to answer, in ms, and which invoices it is paid for; the others are for the notifications."""
SMALL_TOWN = 10_000
"""Invoices."""


class Bench:
    """What the parts share."""

    def __init__(self, web: str, bank: str, *, entries: int, long: int) -> None:
        self._web, self._bank, self.entries, self.long = web, bank, entries, long
        self.plans: list[str] = []
        """How the database answers what it takes longest for."""
        self._running = ExitStack()

    @cached_property
    def town(self) -> Town:
        return measures.build_town(self._bank)

    @cached_property
    def issued(self) -> tuple[float, list[Invoice]]:
        """How many invoices were issued in a second, one by one, and they."""
        return measures.issue_one_by_one(self.town)

    @property
    def invoices(self) -> list[Invoice]:
        return self.issued[1]

    @cached_property
    def live(self) -> stage.Stage:
        """The real processes; the mails and PDFs of the invoices are made first, for they are not what is measured."""
        _rate, _invoices = self.issued
        running = self._running.enter_context(stage.running(self._web, self._bank))
        measures.wait_for_the_worker()
        return running

    def leave(self) -> None:
        """Stop the real processes."""
        self._running.close()


def measure_pricing(_bench: Bench) -> Iterable[Row]:
    for name in pricing.BILLS:
        figure, count = pricing.lines_per_second(name)
        how = f"one core, bills of {count} lines, answers read and reasons kept"
        yield f"lines priced, {name}", f"{figure:.0f} /s", how


def measure_issuing(bench: Bench) -> Iterable[Row]:
    how = "one process, durable commits"
    yield "dossier to invoice issued, one by one", f"{bench.issued[0]:.0f} /s", how
    yield "drafts issued one by one", f"{measures.issue_alone(bench.town):.0f} /s", how


def measure_documents(bench: Bench) -> Iterable[Row]:
    alone, together = measures.render_pdfs(bench.invoices)
    yield "PDFs of invoices", f"{together:.0f} /s", "one process and its typesetter, fifty together, stored"
    yield "PDFs of invoices, one by one", f"{alone:.0f} /s", "the same, each in its own transaction"


def measure_lists(bench: Bench) -> Iterable[Row]:
    yield "portal, Mes factures", *_timed(measures.portal_list(bench.live), CLIENTS)
    yield "CRM, list of invoices", *_timed(measures.crm_list(bench.live), CLIENTS)


def measure_settlements(bench: Bench) -> Iterable[Row]:
    for name, (latency_ms, some) in SETTLED.items():
        live = bench.live
        measures.wait_for_the_worker()
        figure = measures.settle(live, bench.invoices[some], latency_ms=latency_ms)
        how = "notification to receipt, one worker of 16 threads"
        yield f"settlements, bank {name}", f"{figure:.1f} /s", how


def measure_notifications(bench: Bench) -> Iterable[Row]:
    live = bench.live
    measures.wait_for_the_worker()
    timing, calls = storm.of_strangers(live)
    yield "notifications, unknown or over", *_timed(timing, f"{CLIENTS}, {calls} calls of the bank")
    attempts = [measures.pay_at_the_bank(live, invoice) for invoice in bench.invoices[360:]]
    timing, lost, calls = storm.of_the_same(live, attempts)
    how = f"{CLIENTS}, of {len(attempts)} payments {lost} lost, {calls} calls of the bank"
    yield "notifications, the same again", *_timed(timing, how)


def measure_batch(bench: Bench) -> Iterable[Row]:
    """What it leaves for the worker would be in the way of everything else: so the worker is stopped before."""
    bench.leave()
    yield (
        "drafts issued together",
        f"{measures.issue_together(bench.town):.0f} /s",
        f"{measures.BATCH} in one transaction",
    )


def measure_campaigns(bench: Bench) -> Iterable[Row]:
    bench.leave()
    done = campaigns.bill_a_month(bench.town)
    how = f"one process, {campaigns.MEALS} meals each, memory grown by {done.grown:.0f} MiB in all"
    yield f"campaign of {done.families} families opened", f"{done.opened:.1f} s", "one transaction"
    yield "drafts of a campaign, with their oddities", f"{done.families / done.computed:.0f} /s", how
    yield "drafts of a campaign deposited", f"{done.families / done.deposited:.0f} /s", "lots of 200, durable commits"


def measure_books(bench: Bench) -> Iterable[Row]:
    bench.leave()
    short = books.verify()
    yield "books of this run", "right", f"{short.entries} entries recomputed"
    paid = Receipt.objects.select_related("invoice", "attempt", "entry").filter(invoice__isnull=False)
    books.lengthen(paid.order_by("id")[0], entries=bench.entries)
    books.analyse()
    long = books.verify()
    took = f"{long.seconds:.0f} s, peak {long.peak_mib:.0f} MiB"
    yield f"obole verify, {long.entries} entries", f"{long.entries / long.seconds:.0f} /s", took
    for what, seconds in books.read(books.longest_regie()).items():
        yield f"{what}, {long.entries} entries", f"{seconds * 1000:.0f} ms", "one process, median of five"


def measure_statements(bench: Bench) -> Iterable[Row]:
    """A statement and what it is about, in a régie of their own."""
    bench.leave()
    took = statements.match(bench.town.regisseur)
    how = f"{took.receipts} receipts in instance, of which {took.proposed} lines are recognised"
    yield f"statement of {took.lines} lines imported", f"{took.imported:.1f} s", "one transaction"
    yield f"statement of {took.lines} lines matched", f"{took.found:.1f} s", how
    yield "proposals accepted together", f"{took.accepted:.1f} s", f"{took.settled} lines, entries and trail written"


def measure_remittances(bench: Bench) -> Iterable[Row]:
    bench.leave()
    done = remittances.remit(bench.town)
    how = f"preview {done.preview:.1f} s, signature {done.signature:.1f} s, PDF {done.document:.1f} s"
    took = f"{done.preview + done.signature + done.document:.1f} s"
    yield f"bordereau of {done.vouchers} receipts", took, f"{how}, {done.mebibytes:.0f} MiB"


def measure_long_lists(bench: Bench) -> Iterable[Row]:
    """Two towns of their own, a small one and a large one: a page must not cost more in the second."""
    bench.leave()
    small, large = (long_lists.in_a_town_of(number) for number in (SMALL_TOWN, bench.long))
    yield f"seed of {large.invoices} invoices", f"{large.seeded:.0f} s", "rows, books, trail and mails"
    for kind in dict.fromkeys(page.kind for page in large.pages):
        yield f"{kind}, {large.invoices} invoices", *_growth(small, large, kind)
    for one in large.exports:
        how = f"first byte {one.first * 1000:.0f} ms, {one.size / 1e6:.1f} MB, memory grown by {one.grown:.0f} MiB"
        yield f"export of {min(long_lists.EXPORTED, large.invoices)} invoices, {one.kind}", f"{one.whole:.1f} s", how
    bench.plans.append(large.slowest)


def _growth(small: long_lists.Found, large: long_lists.Found, kind: str) -> tuple[str, str]:
    pages = sorted((page for page in large.pages if page.kind == kind), key=lambda page: page.median)
    medians = [page.median for page in pages]
    was = median(page.median for page in small.pages if page.kind == kind)
    how = (
        f"{len(pages)} pages, longest {max(page.longest for page in pages):.0f} ms, median ×{median(medians) / was:.1f}"
        f" of that with {small.invoices}; at most {max(page.queries for page in pages)} queries,"
        f" {max(page.kilobytes for page in pages):.0f} kB; slowest {pages[-1].path}"
    )
    return f"{median(medians):.0f} ms, at most {medians[-1]:.0f} ms", how


def measure_mails(bench: Bench) -> Iterable[Row]:
    bench.leave()
    done = mails.hand_over(bench.town)
    how = (
        f"one worker, a real SMTP server; the worker killed in the middle: of {done.count}, {done.once} came once,"
        f" {done.more} more than once, {done.doubtful} are in doubt"
    )
    yield "reminders handed over", f"{done.per_second:.0f} /s", how


def measure_reminders(bench: Bench) -> Iterable[Row]:
    bench.leave()
    done = reminders.decide_all(bench.town)
    how = f"{reminders.PROCESSES} processes, their starts included, peak {done.peak:.0f} MiB each"
    yield f"{done.count} late invoices decided", f"{done.took:.1f} s", how


def measure_limits(_bench: Bench) -> Iterable[Row]:
    how = "a statement, meters of their own, then one meter for all"
    for name, others in {"its own meter": 200, "one meter": 1}.items():
        yield f"a use counted, {name}", f"{measures.count_uses(others):.2f} ms", how


def measure_people(bench: Bench) -> Iterable[Row]:
    yield "sign-ins", *_timed(people.sign_ins(bench.live), f"{CLIENTS}, the form and the password")
    bench.leave()
    took, forgotten, grown = people.purge()
    how = f"{forgotten} people in {took:.0f} s, memory grown by {grown:.0f} MiB, the books verified after"
    yield "purge of inactive accounts", f"{forgotten / took:.0f} /s", how


PARTS: dict[str, Callable[[Bench], Iterable[Row]]] = {
    "pricing": measure_pricing,
    "issuing": measure_issuing,
    "documents": measure_documents,
    "lists": measure_lists,
    "settlements": measure_settlements,
    "notifications": measure_notifications,
    "batch": measure_batch,
    "campaigns": measure_campaigns,
    "books": measure_books,
    "remittances": measure_remittances,
    "statements": measure_statements,
    "mails": measure_mails,
    "reminders": measure_reminders,
    "long_lists": measure_long_lists,
    "limits": measure_limits,
    "people": measure_people,
}
"""In the order in which they are measured."""
AFTER = {"notifications": "settlements", "books": "settlements", "remittances": "settlements"}
"""What wants payments has them made by the part that measures them."""


def chosen(names: list[str]) -> list[str]:
    """
    Return the parts to measure: those named and what they need, or all of them.

    :raises ValueError: if there is no such part.
    """
    if unknown := set(names) - set(PARTS):
        raise ValueError(", ".join(sorted(unknown)))
    wanted = {*names, *(AFTER[name] for name in names if name in AFTER)}
    return [name for name in PARTS if name in wanted or not names]


def measured(bench: Bench, names: list[str]) -> tuple[list[Row], dict[str, float]]:
    """Measure the parts; return their figures, and the seconds that each took with what it made for itself."""
    rows, seconds = list[Row](), dict[str, float]()
    try:
        for name in names:
            began = perf_counter()
            rows += PARTS[name](bench)
            seconds[name] = perf_counter() - began
    finally:
        bench.leave()
    return rows, seconds


def _timed(timing: Timing, how: str) -> tuple[str, str]:
    spread = (
        f"p50 {timing.p50_ms:.0f} ms, p95 {timing.p95_ms:.0f} ms, max {timing.max_ms:.0f} ms, {timing.errors} errors"
    )
    return f"{timing.per_second:.0f} /s", f"{how}: {spread}"
