"""
Reminders that are cut, repeated or pointless, and mail servers that misbehave: F48, F50 to F53, F58 (F49 is in
test_crowds, F54 and F55 in test_bad_addresses).
"""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Q
from procrastinate.contrib.django import app

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.directory.models import Citizen
from obole.lib import actors, texts
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from obole.mailing.operations import delivering
from obole.mailing.rules import RenderedMail
from obole.payments import operations as payments
from obole.payments.models import Attempt
from obole.reminders import operations as reminders, queries, rules as reminder_rules
from obole.reminders.models import Reminder
from obole.reminders.operations import deciding
from obole.reminders.tasks import run
from tests.actors import somebody
from tests.faults.steps import RED, hear_paid
from tests.mailing.server import PostOffice
from tests.payments.steps import assert_paid_once, pay
from tests.races.processes import act, all_at_once
from tests.world import NOON, WHO, Town, later, make_citizen, make_invoice, run_tasks, steps

pytestmark = pytest.mark.django_db
DUE_IN = 20


def late(days_late: int) -> datetime:
    return later(days=DUE_IN + days_late)


def work(days_late: int) -> list[str]:
    """Let the worker live that hour: the schedule, then what it asked for."""
    with time_machine.travel(late(days_late), tick=False):
        run.func(timestamp=0)
        return run_tasks()


def f48(town: Town, office: PostOffice) -> None:
    """The batch dies after two of five; the next run does the rest."""
    invoices = [make_invoice(town, meals=1) for _n in range(5)]
    run_tasks()
    office.got.clear()
    killed = all_at_once(
        act("reminds_and_dies", invoice_ids=[invoice.pk for invoice in invoices], at=late(7).isoformat(), after=2)
    )
    assert killed[0].signal == 9
    assert Reminder.objects.count() == 2
    for _run in range(3):
        work(7)
    assert sorted(Reminder.objects.values_list("invoice_id", "step")) == sorted((invoice.pk, 1) for invoice in invoices)
    assert len(office.got) == 5
    assert Message.objects.filter(kind="reminder_1", state="sent").count() == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_f48_a_batch_of_reminders_killed_in_the_middle_goes_on_and_writes_to_nobody_twice(
    town: Town, office: PostOffice
) -> None:
    f48(town, office)


def _write_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away both looks at what was sent, and the constraint of the outbox; the reminders' own is the last."""
    queue = mailing.queue_many

    def anew(letters: Sequence[mailing.Email], *, at: datetime) -> dict[str, Message]:
        others = {texts.token(): letter for letter in letters}
        made = queue([mailing.Email(**{**vars(one), "cause": cause}) for cause, one in others.items()], at=at)
        return {others[cause].cause: message for cause, message in made.items()}

    monkeypatch.setattr(
        queries, "candidates", lambda _today, **_hour: Invoice.objects.order_by("id").values_list("pk", flat=True)
    )
    monkeypatch.setattr(deciding, "_rank_due", lambda _invoice, _sent, **_looked_up: 1)
    monkeypatch.setattr(deciding.mailing, "queue_many", anew)


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_neg_f48_without_the_memory_of_what_was_sent_the_next_run_breaks(
    town: Town, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_again(monkeypatch)
    with pytest.raises((*RED, ExceptionGroup)):
        f48(town, office)


def f50(town: Town) -> None:
    InvoiceType.objects.update(reminder_steps=steps(1, 2, 3))
    make_invoice(town)
    for day in (4, 5, 6):
        work(day)
    assert Reminder.objects.count() == 1
    for day in range(7, 30):
        work(day)
    decided = [(item.decided_at - late(0)).days for item in Reminder.objects.order_by("step")]
    assert decided == [4, 9, 14]


def test_f50_after_three_days_down_one_reminder_is_sent_not_three(town: Town) -> None:
    f50(town)


def test_neg_f50_without_the_smallest_gap_they_come_day_after_day(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminder_rules, "SMALLEST_GAP", 0)
    with pytest.raises(RED):
        f50(town)


def f51(town: Town, meanwhile: str) -> None:
    invoice = make_invoice(town)
    reminder = reminders.remind(invoice_id=invoice.pk, at=late(7))
    assert reminder is not None
    if meanwhile == "cancelled":
        billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="x", actor=WHO, at=late(7))
    else:
        attempt = payments.start_payment(
            invoice_id=invoice.pk, email="usager@example.org", request_key="k", actor=somebody("usager"), at=late(7)
        )
        if meanwhile == "paid":
            payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=late(7))
    for _twice in range(2):
        reminders.deliver(message_id=reminder.message_id, at=late(7))
    assert list(Reminder.objects.values_list("step", "message__state")) == [(1, "dropped")]


@pytest.mark.parametrize("meanwhile", ["paid", "cancelled", "paying"])
def test_f51_a_reminder_that_lost_its_reason_before_it_left_is_dropped(town: Town, meanwhile: str) -> None:
    f51(town, meanwhile)


@pytest.mark.parametrize("meanwhile", ["paid", "cancelled", "paying"])
def test_neg_f51_without_the_last_look_a_payer_is_dunned(
    town: Town, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    monkeypatch.setattr(deciding, "_still_due", lambda invoices, **_today: {one.pk for one in invoices})
    with pytest.raises(RED):
        f51(town, meanwhile)


def queue(cause: str, *, at_most_once: bool = False) -> Message:
    letter = mailing.Email(
        cause=cause,
        kind="test",
        to="usager@example.org",
        rendered=RenderedMail("Objet", "Texte", ""),
        at_most_once=at_most_once,
    )
    with transaction.atomic():
        message = mailing.queue(letter, at=NOON)
    assert message is not None
    return message


def deliver(message: Message, minutes: float = 1) -> str:
    mailing.deliver(message_id=message.pk, at=later(minutes))
    message.refresh_from_db()
    return message.state


def f52(office: PostOffice, says: str | None) -> None:
    """The server refuses for ever: eight tries, each of them later, then a person."""
    message, office.says = queue("test:1"), says
    for minute in range(1, 8):
        with pytest.raises(OSError):
            deliver(message, minute)
        message.refresh_from_db()
        assert (message.state, message.tries, message.sent_at) == ("queued", minute, None)
    assert deliver(message, 9) == "failed"
    assert deliver(message, 10) == "failed"
    assert len(office.got) == 8


@pytest.mark.parametrize("says", ["451 later", "421 busy", None])
def test_f52_a_server_that_takes_nothing_is_tried_eight_times_then_a_person_is_called(
    db: None, office: PostOffice, says: str | None
) -> None:
    f52(office, says)


def test_f52_what_is_refused_for_good_calls_a_person_at_once(db: None, office: PostOffice) -> None:
    message, office.says = queue("test:1"), "550 no"
    assert (deliver(message), message.tries, len(office.got)) == ("failed", 1, 1)


@pytest.mark.parametrize("says", ["451 later", None])
def test_f52_a_server_that_is_well_again_gets_the_mail(db: None, office: PostOffice, says: str | None) -> None:
    message, office.says = queue("test:1"), says
    with pytest.raises(OSError):
        deliver(message)
    office.says = "250 OK"
    assert deliver(message, 2) == "sent"


def test_f52_mails_wait_apart_and_longer_each_time() -> None:
    """A slow mail server holds no question to the bank, and no mail is tried for ever."""
    assert {app.tasks[name].queue for name in ("mailing.deliver", "reminders.deliver")} == {"mail"}
    assert app.tasks["payments.resolve"].queue == "bank"
    strategy: Any = app.tasks["mailing.deliver"].retry_strategy
    assert (strategy.max_attempts, strategy.exponential_wait) == (8, 4)


@contextmanager
def a_server_that_says_nothing() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []
        thread = threading.Thread(target=lambda: kept.append(server.accept()[0]), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)
        for item in kept:
            item.close()


def test_f52_a_server_that_hangs_is_left_in_time(town: Town, settings: Any) -> None:
    assert django_settings.EMAIL_TIMEOUT <= 10
    with a_server_that_says_nothing() as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.SMTP_URL, settings.EMAIL_HOST, settings.EMAIL_PORT = "smtp://x", "127.0.0.1", port
        settings.EMAIL_TIMEOUT = 0.4
        message = queue("test:1", at_most_once=True)
        with pytest.raises(OSError):
            deliver(message)
    message.refresh_from_db()
    assert message.state == "queued", "nothing left, so nothing can arrive twice"


def test_neg_f52_without_the_bound_it_is_tried_for_ever(
    db: None, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "MOST_TRIES", 10_000)
    with pytest.raises((*RED, OSError)):
        f52(office, "451 later")


def f53(office: PostOffice) -> None:
    """A reminder that may have left is never sent again; a receipt is, and may arrive twice."""
    reminder, receipt, office.says = queue("r", at_most_once=True), queue("p"), None
    assert deliver(reminder) == "doubtful"
    with pytest.raises(OSError):
        deliver(receipt)
    office.says = "250 OK"
    assert (deliver(reminder, 2), deliver(receipt, 2)) == ("doubtful", "sent")
    assert [mail["Message-ID"] for mail in office.mails()].count(f"<{reminder.public_id}@obole>") == 1
    assert [mail["Message-ID"] for mail in office.mails()].count(f"<{receipt.public_id}@obole>") == 2


def test_f53_a_connection_dropped_after_the_mail_doubles_a_receipt_and_never_a_reminder(
    db: None, office: PostOffice
) -> None:
    f53(office)


def test_neg_f53_without_the_doubt_a_reminder_is_sent_twice(
    db: None, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over = delivering._hand_over

    def without_doubt(message: Message) -> None:
        try:
            hand_over(message)
        except mailing.DeliveryUnknown as error:
            raise OSError from error

    monkeypatch.setattr(delivering, "_hand_over", without_doubt)
    with pytest.raises((*RED, OSError)):
        f53(office)


def test_f53_reminders_are_of_the_kind_that_is_sent_at_most_once(town: Town) -> None:
    reminder = reminders.remind(invoice_id=make_invoice(town).pk, at=late(7))
    assert reminder is not None and reminder.message.at_most_once
    attempt = pay(make_invoice(town))
    hear_paid(attempt)
    run_tasks()
    assert not Message.objects.get(kind="payment_receipt").at_most_once
    assert_paid_once(Invoice.objects.get(pk=attempt.invoice_id), Attempt.objects.get(pk=attempt.pk))


MOMENTS = [(day, moment) for day in (7, 21, 35) for moment in ("before", "between", "after")]


def f58(town: Town, office: PostOffice) -> None:
    """
    Cancel by the dozen at each moment of a plan of three reminders, by mail and on paper: before a reminder is decided,
    between its decision and its departure, after.
    """
    paper = make_citizen("papier@example.org", last_name="Courrier")
    Citizen.objects.filter(pk=paper.pk).update(email="", address="3 rue Basse\n99999 Valbourg")
    kept = [make_invoice(town, meals=1, citizen=payer) for payer in (town.citizen, paper)]
    ends: dict[tuple[int, str], list[Invoice]] = {
        moment: [make_invoice(town, meals=1, citizen=payer) for payer in (town.citizen, paper)] for moment in MOMENTS
    }
    run_tasks()
    left: dict[int, int] = {}

    def end(day: int, moment: str) -> None:
        for invoice in ends[day, moment]:
            billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="x", actor=WHO, at=late(day))
            left[invoice.pk] = read(invoice)

    for day in (7, 21, 35):
        end(day, "before")
        with time_machine.travel(late(day), tick=False):
            run.func(timestamp=0)
            end(day, "between")
            run_tasks()
        reminders.make_batch(regie_id=town.regie.pk, actor=town.agent.actor, at=late(day))
        end(day, "after")
    work(60)
    reminders.make_batch(regie_id=town.regie.pk, actor=town.agent.actor, at=late(60))
    assert {invoice.pk: read(invoice) for invoices in ends.values() for invoice in invoices} == left
    assert [read(invoice) for invoice in kept] == [3, 3], "the others are reminded"
    assert sorted(left.values()) == [0] * 4 + [1] * 6 + [2] * 6 + [3] * 2


def read(invoice: Invoice) -> int:
    """Return how many reminders of an invoice left: handed to the mail server, or printed."""
    gone = Q(message__state="sent") | Q(letter__batch__isnull=False)
    return Reminder.objects.filter(gone, invoice=invoice).count()


def test_f58_who_is_cancelled_at_any_moment_is_never_reminded_again(town: Town, office: PostOffice) -> None:
    f58(town, office)


def test_neg_f58_without_the_last_look_what_is_cancelled_is_reminded(
    town: Town, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "_still_due", lambda invoices, **_today: {one.pk for one in invoices})
    with pytest.raises(RED):
        f58(town, office)
