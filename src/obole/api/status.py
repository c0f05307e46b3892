"""What a monitor needs to know, and nothing about anybody."""

from datetime import datetime
from typing import Any

from django.db import DatabaseError
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from obole.payments import queries as payments

WORKER_SILENCE_SECONDS = 60
SWEEP_SILENCE_SECONDS = 300


def look(*, at: datetime) -> dict[str, Any]:
    """
    Return the state of the service: ``status`` is ``ok`` or ``degraded``; ages in seconds, None when it never happened.

    A bank that is down is told, by régie, and degrades nothing: the service is well, and taking it away helps nobody.
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
    right = books is None or books.is_right
    return {
        "status": "ok" if alive and asking and right else "degraded",
        "database": "ok",
        "worker_heartbeat_age": worker_age,
        "last_sweep_age": sweep_age,
        "banks_down": {one.regie.code: _age(one.down_since, at) for one in payments.silent_banks()},
        "books": "not verified yet" if books is None else "right" if right else "different",
        "last_verification_age": _age(books.at if books else None, at),
        "unknown_notifications_24h": payments.unknown_rings(at=at).rings,
        "jobs_waiting": ProcrastinateJob.objects.filter(status="todo").count(),
        "jobs_failed": ProcrastinateJob.objects.filter(status="failed").count(),
    }


def _age(moment: datetime | None, at: datetime) -> int | None:
    return None if moment is None else max(0, round((at - moment).total_seconds()))
