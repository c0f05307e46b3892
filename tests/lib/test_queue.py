"""A task is queued with what decides it, in the web and in the worker alike."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.lib.queue import defer, defer_once

WAYS = [
    lambda: defer("billing.render", invoice_id=1),
    lambda: defer_once("payments.resolve", key="x", attempt_id=1, actor="x"),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("queue_it", WAYS, ids=["defer", "defer once"])
def test_inside_the_worker_too_a_rollback_leaves_nothing(queue_it: Callable[[], object]) -> None:
    def work() -> list[int]:
        try:
            with contextlib.suppress(ZeroDivisionError), transaction.atomic():
                queue_it()
                raise ZeroDivisionError
            after_rollback = ProcrastinateJob.objects.count()
            with transaction.atomic():
                queue_it()
            return [after_rollback, ProcrastinateJob.objects.count()]
        finally:
            connection.close()

    async def worker() -> list[int]:
        async with app.open_async():
            return await asyncio.to_thread(work)

    with app.replace_connector(app.connector.get_worker_connector()):
        assert asyncio.run(worker()) == [0, 1]
