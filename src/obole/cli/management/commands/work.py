"""`obole work`: the worker, with its schedule; any number of them, on any number of machines."""

import asyncio
import logging
import os
import signal
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import ceil
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from obole.cli.startup_checks import refuse_to_start
from obole.lib.queue import BANK

logger = logging.getLogger(__name__)
REST_SECONDS = 1.0
"""Between two workers; the second then waits half a minute for its database."""


class Command(BaseCommand):
    """Do what the web left to do: ask the bank, make PDFs, deliver mails, remind."""

    help = "Run the worker and its schedule, until a signal stops it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--concurrency",
            type=int,
            default=settings.DATABASE_POOL,
            help="tasks at the same time, each of which may need a connection: OBOLE_DATABASE_POOL at most",
        )
        parser.add_argument("--once", action="store_true", help="stop when nothing is left to do")

    def handle(self, *args: Any, **options: Any) -> None:
        # Whatever is written from now on is for this account alone.
        os.umask(0o077)
        refuse_to_start()
        concurrency = options["concurrency"]
        if not 0 < concurrency <= settings.DATABASE_POOL:
            raise CommandError(
                f"--concurrency={concurrency}: OBOLE_DATABASE_POOL gives {settings.DATABASE_POOL} at most"
            )
        connector: Any = app.connector
        with app.replace_connector(connector.get_worker_connector()) as queue:
            asyncio.run(_work(queue, concurrency=concurrency, wait=not options["once"]))


class _Worker(Worker):
    """A worker that can tell whether it was stopped, or found nothing left to do."""

    was_stopped = False

    def stop(self) -> None:
        self.was_stopped = True
        super().stop()  # type: ignore[no-untyped-call]


async def _work(queue: App, *, concurrency: int, wait: bool) -> None:
    """
    Run the workers, and others whenever the database left them, until a signal comes.

    :raises CommandError: if the database was never there.
    """
    # Tasks run in threads; the loop's own pool has few of them on a small machine, and a slow bank would fill it.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency))
    signalled, opened = _on_signal(), False
    pools = share(concurrency, queues={task.queue for task in queue.tasks.values()}) if wait else [(None, concurrency)]
    while not signalled.is_set():
        workers = [
            _Worker(
                queue,
                queues=queues,
                concurrency=places,
                wait=wait,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
            for queues, places in pools
        ]
        try:
            async with queue.open_async():
                opened = True
                await _run(workers, signalled)
            if not any(worker.was_stopped for worker in workers):
                return
        except (ConnectorException, psycopg.Error) as error:
            if not opened:
                raise CommandError(f"the database does not answer: {error.__cause__ or error}") from error
            logger.error("the worker lost its database: %s", error.__cause__ or error)
        with suppress(TimeoutError):
            await asyncio.wait_for(signalled.wait(), REST_SECONDS)


def _on_signal() -> asyncio.Event:
    """Return what is set once somebody wants the worker to end."""
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    return signalled


def share(concurrency: int, *, queues: Iterable[str]) -> list[tuple[list[str] | None, int]]:
    """
    Share the places out: which queues (None: all of them), and how many tasks of theirs at the same time.

    What asks a bank may wait fifteen seconds, by the hundred: one place in eight is kept from it, so that mails,
    documents and the clock go on. It has a price: of many payments settled at once, the receipts are printed meanwhile
    and not after, and on two cores the settlements are a quarter slower. Of fewer than four places, none can be kept.
    """
    kept = ceil(concurrency / 8) if concurrency >= 4 else 0
    others = sorted({*queues} - {BANK})
    return [(None, concurrency - kept), (others, kept)] if kept else [(None, concurrency)]


async def _run(workers: list[_Worker], signalled: asyncio.Event) -> None:
    """Run them until a signal comes, or one of them ends: the others end with it."""
    running = [asyncio.create_task(worker.run()) for worker in workers]  # type: ignore[no-untyped-call]
    waiting = asyncio.create_task(signalled.wait())
    await asyncio.wait({*running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for worker, task in zip(workers, running, strict=True):
        if not task.done():
            worker.stop()
    waiting.cancel()
    await asyncio.wait(running)
    await asyncio.gather(*running)
