"""What a monitor needs to know, and nothing about anybody."""

from datetime import datetime
from typing import Any

from django.db import DatabaseError
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from obole.campaigns import queries as campaigns
from obole.lib import dates
from obole.payments import queries as payments

WORKER_SILENCE_SECONDS = 60
SWEEP_SILENCE_SECONDS = 300


def service_status(*, at: datetime) -> dict[str, Any]:
    """
    Return the state of the service: ``status`` is ``ok`` or ``degraded``; ages in seconds, None when it never happened.

    A bank that is down, and books that differ, are told and degrade nothing: to take the service away helps nobody.
    """
    try:
        return _look(at)
    except DatabaseError:
        return {"status": "degraded", "database": "unreachable"}


def _look(at: datetime) -> dict[str, Any]:
    worker = ProcrastinateWorker.objects.order_by("-last_heartbeat").first()
    swept = payments.last_sweep()
    worker_age = _age(worker.last_heartbeat if worker else None, at)
    sweep_age = _age(swept.at if swept else None, at)
    alive = worker_age is not None and worker_age <= WORKER_SILENCE_SECONDS
    asking = sweep_age is not None and sweep_age <= SWEEP_SILENCE_SECONDS
    books = payments.last_verification()
    return {
        "status": "ok" if alive and asking else "degraded",
        "database": "ok",
        "worker_heartbeat_age": worker_age,
        "last_sweep_age": sweep_age,
        "banks_down": {circuit.regie.code: _age(circuit.down_since, at) for circuit in payments.open_circuits()},
        "banks_refusing": payments.banks_that_refuse(),
        "banks_without_notifications": [regie.code for regie in payments.banks_without_notifications(at)],
        "campaigns_late": [late.name for late in campaigns.late_campaigns(None, today=dates.day_of(at))],
        "receipts_unsent": payments.unsent_receipts(at).count(),
        "books": "not verified yet" if books is None else "right" if books.is_right else "different",
        "last_verification_age": _age(books.at if books else None, at),
        "jobs_waiting": ProcrastinateJob.objects.filter(status="todo").count(),
        "jobs_failed": ProcrastinateJob.objects.filter(status="failed").count(),
    }


def _age(moment: datetime | None, at: datetime) -> int | None:
    return None if moment is None else max(0, round((at - moment).total_seconds()))
