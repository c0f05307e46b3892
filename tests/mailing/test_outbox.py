"""The outbox: decided once, delivered by a real server, tried again, never sent twice where that would harm."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.audit_log.models import Record
from obole.lib import files
from obole.lib.queue import resume_interrupted
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from obole.mailing.operations import delivering
from obole.mailing.rules import RenderedMail, render
from tests.mailing.server import PostOffice, start_post_office
from tests.world import NOON, later, run_tasks

pytestmark = pytest.mark.django_db
WORDS = RenderedMail("Objet", "Texte", "<p>Texte</p>")


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    with start_post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.SMTP_URL = "smtp://127.0.0.1"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, 3
        yield office


def queue(
    cause: str = "test:1", *, to: str = "usager@example.org", rendered: RenderedMail = WORDS, **values: Any
) -> Message:
    letter = mailing.Email(cause=cause, kind="test", to=to, rendered=rendered, **values)
    with transaction.atomic():
        message = mailing.queue(letter, at=NOON)
    assert message is not None
    return message


def deliver(message: Message, minutes: float = 1) -> str:
    mailing.deliver(message_id=message.pk, at=later(minutes))
    message.refresh_from_db()
    return message.state


def test_a_mail_reaches_the_server_with_its_attachment(office: PostOffice) -> None:
    attachment = {"name": "recu-é.pdf", "type": "application/pdf", "digest": files.put(b"%PDF-1.7")}
    message = queue(attachments=[attachment])

    assert deliver(message) == "sent"

    (mail,) = office.mails()
    assert (mail["To"], mail["Subject"], mail["Message-ID"]) == (
        "usager@example.org",
        "Objet",
        f"<{message.public_id}@obole>",
    )
    kinds = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/pdf"]
    assert (message.sent_at, message.tries, message.last_error) == (later(1), 1, "")


def test_a_mail_that_was_sent_is_left_alone(office: PostOffice) -> None:
    message = queue()
    deliver(message)
    before = Record.objects.count()
    assert deliver(message, 2) == "sent"
    assert (len(office.got), Record.objects.count()) == (1, before)


def test_the_same_cause_makes_one_mail(office: PostOffice) -> None:
    queue()
    with transaction.atomic():
        again = mailing.queue(mailing.Email(cause="test:1", kind="test", to="b@example.org", rendered=WORDS), at=NOON)
        assert Message.objects.count() == 1, "the transaction around is still usable"
    assert again is None
    assert run_tasks() == ["mailing.deliver"]
    assert len(office.got) == 1


def test_a_mail_dies_with_its_transaction_and_is_refused_outside(office: PostOffice) -> None:
    letter = mailing.Email(cause="test:1", kind="test", to="a@example.org", rendered=WORDS)
    with pytest.raises(RuntimeError, match="outside a transaction"):
        mailing.queue(letter, at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        mailing.queue(letter, at=NOON)
        raise IntegrityError
    assert not Message.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_one_bad_address_does_not_stop_the_others(office: PostOffice) -> None:
    office.refuses.add("bad@example.org")
    bad, good = queue("a", to="bad@example.org"), queue("b")
    assert deliver(bad) == "failed"
    assert deliver(good) == "sent"


def test_a_server_that_is_not_there(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.SMTP_URL, settings.EMAIL_HOST, settings.EMAIL_PORT = "smtp://127.0.0.1", "127.0.0.1", 9
    for once in (False, True):
        message = queue(f"test:{once}", at_most_once=once)
        with pytest.raises(OSError):
            deliver(message)
        message.refresh_from_db()
        assert message.state == "queued", "nothing left, so nothing can arrive twice"


def test_a_reminder_that_the_server_refused_is_sent_again(office: PostOffice) -> None:
    message, office.says = queue(at_most_once=True), "451 later"
    with pytest.raises(OSError):
        deliver(message)
    office.says = "250 OK"
    assert deliver(message, 2) == "sent"


def test_without_a_mail_server_mails_are_kept_to_be_read(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.SMTP_URL, settings.EMAIL_PORT = "", 9
    message = queue()
    assert deliver(message) == "kept"
    assert message.sent_at == later(1)


def test_a_subject_cannot_add_a_header(office: PostOffice) -> None:
    from_rules = render("Bonjour {{ nom }}", "x", {"nom": "a\r\nBcc: secret@example.org"})
    deliver(queue(rendered=from_rules))
    (mail,) = office.mails()
    assert mail["Bcc"] is None
    assert office.got[0].rcpt_tos == ["usager@example.org"]


def _dies_while_sending(message: Message) -> None:
    delivering._claim(message_id=message.pk, at=later(1))


def test_a_receipt_whose_worker_died_is_sent_again_and_a_reminder_is_not(office: PostOffice) -> None:
    receipt, reminder = queue("receipt"), queue("reminder", at_most_once=True)
    ProcrastinateJob.objects.all()._raw_delete("default")
    for message in (receipt, reminder):
        _dies_while_sending(message)

    assert mailing.recover_abandoned(at=later(5)) == 0, "its worker may still be at it"
    assert mailing.recover_abandoned(at=later(12)) == 2
    assert mailing.recover_abandoned(at=later(13)) == 0
    assert run_tasks() == ["mailing.deliver"]

    receipt.refresh_from_db()
    reminder.refresh_from_db()
    assert (receipt.state, reminder.state, len(office.got)) == ("sent", "doubtful", 1)


def test_a_mail_that_kills_every_worker_ends_up_with_a_person(office: PostOffice) -> None:
    message = queue()
    for turn in range(8):
        message.refresh_from_db()
        assert message.state == "queued"
        delivering._claim(message_id=message.pk, at=later(20 * turn))
        mailing.recover_abandoned(at=later(20 * turn + 11))
    message.refresh_from_db()
    assert (message.state, message.tries, office.got) == ("failed", 8, [])


def test_a_mail_that_became_pointless_is_dropped_unless_it_left(office: PostOffice) -> None:
    pointless, gone = queue("a"), queue("b")
    deliver(gone)
    for message in (pointless, gone):
        mailing.cancel(message_id=message.pk, reason="payée", at=later(2))
        mailing.cancel(message_id=message.pk, reason="payée", at=later(3))
    pointless.refresh_from_db()
    gone.refresh_from_db()
    assert (pointless.state, pointless.last_error, gone.state) == ("dropped", "payée", "sent")
    assert deliver(pointless, 4) == "dropped"


def test_nothing_was_interrupted_when_nothing_was(office: PostOffice) -> None:
    queue()
    assert resume_interrupted(at=later(60)) == 0
    assert ProcrastinateJob.objects.get().status == "todo"
