"""`obole work`: the worker, with its schedule; any number of them, on any number of machines."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from procrastinate.contrib.django import app


class Command(BaseCommand):
    """Do what the web left to do: ask the bank, make PDFs, deliver mails, remind."""

    help = "Run the worker and its schedule."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--concurrency", type=int, default=16, help="tasks at the same time; most of them wait for a bank"
        )
        parser.add_argument("--once", action="store_true", help="stop when nothing is left to do")

    def handle(self, *args: Any, **options: Any) -> None:
        connector: Any = app.connector
        with app.replace_connector(connector.get_worker_connector()):
            asyncio.run(_work(concurrency=options["concurrency"], wait=not options["once"]))


async def _work(*, concurrency: int, wait: bool) -> None:
    # Tasks run in threads; the loop's own pool has few of them on a small machine, and a slow bank would fill it.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency))
    async with app.open_async():
        await app.run_worker_async(concurrency=concurrency, wait=wait, delete_jobs="successful")
