"""Domains that are written to slowly: what comes too early waits its turn, and nothing is lost."""

from typing import Any

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.config import env
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from obole.mailing.rules import RenderedMail
from tests.world import later

pytestmark = pytest.mark.django_db


def queue(to: str, cause: str) -> Message:
    letter = mailing.Email(cause=cause, kind="x", to=to, rendered=RenderedMail("Objet", "Texte", ""))
    with transaction.atomic():
        message = mailing.queue(letter, at=later())
    assert message is not None
    return message


def deliver(message: Message, minutes: float = 1, task: str = "mailing.deliver") -> str:
    mailing.deliver(message_id=message.pk, at=later(minutes), task=task)
    message.refresh_from_db()
    return message.state


def waiting(message: Message) -> list[tuple[str, bool]]:
    jobs = ProcrastinateJob.objects.filter(args__message_id=message.pk, scheduled_at__isnull=False).order_by("id")
    return [(job.task_name, later(1) < job.scheduled_at <= later(6)) for job in jobs]


def test_a_domain_takes_so_many_a_minute_and_the_others_wait(settings: Any) -> None:
    settings.MAIL_PACES = {"lent.example": 2}
    slow = [queue(f"p{n}@LENT.example", f"slow:{n}") for n in range(3)]
    quick = [queue(f"p{n}@example.org", f"quick:{n}") for n in range(3)]
    assert [deliver(message) for message in slow] == ["sent", "sent", "queued"]
    assert [deliver(message) for message in quick] == ["sent"] * 3
    assert (slow[2].tries, waiting(slow[2])) == (0, [("mailing.deliver", True)])
    assert deliver(slow[2], minutes=3) == "sent"


def test_what_waits_comes_again_as_the_task_that_it_was(settings: Any) -> None:
    settings.MAIL_PACES = {"lent.example": 1}
    first, second = queue("a@lent.example", "a"), queue("b@lent.example", "b")
    deliver(first)
    deliver(second, task="reminders.deliver")
    assert waiting(second) == [("reminders.deliver", True)]


def test_how_paces_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBOLE_MAIL_PACES", "Orange.fr=120  free.fr=60")
    assert env.paces("OBOLE_MAIL_PACES", "", "") == {"orange.fr": 120, "free.fr": 60}
    for wrong in ("orange.fr", "orange.fr=0", "=3", "free.fr=beaucoup"):
        monkeypatch.setenv("OBOLE_MAIL_PACES", wrong)
        with pytest.raises(env.BadSetting, match=r"orange\.fr=120"):
            env.paces("OBOLE_MAIL_PACES", "", "")
