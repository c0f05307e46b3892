"""One address among many that no mail reaches, and mails that come back, true or forged: F54 and F55."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction

from obole.directory.models import Citizen
from obole.lib import texts
from obole.mailing import operations as mailing, rules
from obole.mailing.models import Message, UndeliverableAddress
from obole.mailing.operations import bounces
from obole.mailing.rules import RenderedMail
from obole.payments import operations as payments
from obole.payments.models import Anomaly
from obole.reminders import operations as reminders, queries
from obole.reminders.models import Letter, Reminder
from obole.reminders.tasks import run
from tests.faults.steps import RED
from tests.mailing.mailbox import Letterbox, start_letterbox
from tests.mailing.reports import Report
from tests.mailing.server import PostOffice
from tests.world import NOON, Town, later, make_citizen, make_invoice, run_tasks

pytestmark = pytest.mark.django_db
DUE_IN, MANY, BAD = 20, 60, "personne@example.org"
WORDS = RenderedMail("Objet", "Texte", "<p>Texte</p>")


@pytest.fixture
def box(settings: Any) -> Iterator[Letterbox]:
    with start_letterbox() as box:
        settings.BOUNCES_IMAP_URL = box.address
        yield box


def late(days_late: int) -> datetime:
    return later(days=DUE_IN + days_late)


def f54(office: PostOffice, odd: mailing.Email) -> None:
    """One of many cannot be delivered: the others leave, and a person is asked about that one alone."""
    letters = [
        mailing.Email(cause=f"many:{n}", kind="test", to=f"usager{n}@example.org", rendered=WORDS) for n in range(MANY)
    ]
    letters.insert(MANY // 2, odd)
    with transaction.atomic():
        mailing.queue_many(letters, at=NOON)
    run_tasks()
    assert len(office.got) == MANY
    assert Message.objects.filter(state="sent").count() == MANY
    lost = Message.objects.exclude(state="sent").get()
    assert (lost.cause, lost.state, lost.tries) == (odd.cause, "failed", 1)
    assert payments.open_overdue_tasks(at=later(60)) == 1
    assert Anomaly.objects.get().message == lost


def odd_one(to: str = BAD, subject: str = "Objet") -> mailing.Email:
    return mailing.Email(cause="odd", kind="test", to=to, rendered=replace(WORDS, subject=subject))


def test_f54_one_bad_address_among_many_stops_no_other_and_is_marked_alone(db: None, office: PostOffice) -> None:
    office.refuses.add(BAD)
    f54(office, odd_one())
    assert list(UndeliverableAddress.objects.values_list("address", "fault")) == [(BAD, "mailbox")]


@pytest.mark.parametrize(
    "odd",
    [
        odd_one(subject="Objet\r\nBcc: secret@example.org"),
        odd_one(to="a@b\r\nRCPT TO:<c@d>"),
        odd_one(to="a@" + "x" * 64),
    ],
    ids=["subject with CRLF", "address with CRLF", "label too long"],
)
def test_f54_what_cannot_be_written_as_a_mail_is_told_at_once(db: None, office: PostOffice, odd: mailing.Email) -> None:
    f54(office, odd)
    message = Message.objects.get(cause="odd")
    said = "L’adresse ou l’objet ne peut pas s’écrire dans un courriel."
    assert rules.explain(message.state, message.last_error) == said
    assert not UndeliverableAddress.objects.exists()
    assert {address for got in office.got for address in got.rcpt_tos}.isdisjoint({"secret@example.org", "c@d"})


def test_f54_words_that_hold_a_line_break_make_one_line_of_subject(db: None, office: PostOffice) -> None:
    rendered = rules.render("Bonjour {{ nom }}", "x", {"nom": "Zoé\r\nBcc: secret@example.org"})
    with transaction.atomic():
        mailing.queue(replace(odd_one(), rendered=rendered), at=NOON)
    run_tasks()
    (mail,) = office.mails()
    assert mail["Bcc"] is None
    assert office.got[0].rcpt_tos == [BAD]


def test_neg_f54_without_the_last_word_a_bad_address_is_tried_again(
    db: None, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.refuses.add(BAD)
    monkeypatch.setattr(rules, "is_for_good", lambda error: False)
    with pytest.raises((*RED, OSError)):
        f54(office, odd_one())


def reminded(town: Town, office: PostOffice, days: int = 7) -> Message:
    """Have the payer of an invoice reminded by a mail that the server took."""
    invoice = make_invoice(town)
    reminder = reminders.remind(invoice_id=invoice.pk, at=late(days))
    assert reminder is not None and reminder.message is not None
    run_tasks()
    reminder.message.refresh_from_db()
    assert reminder.message.state == "sent"
    return reminder.message


def live(days_late: int) -> None:
    """Let the worker live that hour: what came back, the reminders, and what waits for a person."""
    with time_machine.travel(late(days_late), tick=False):
        mailing.read_bounces(at=late(days_late))
        run.func(timestamp=0)
        run_tasks()
        payments.open_overdue_tasks(at=late(days_late))


def f55(town: Town, office: PostOffice, box: Letterbox) -> None:
    message = reminded(town, office)
    other = make_invoice(town, citizen=make_citizen("autre@example.org"))
    run_tasks()
    box.receive(Report(message_id=rules.message_id(message.public_id)).written())
    office.got.clear()
    live(8)
    message.refresh_from_db()
    assert message.state == "bounced"
    assert list(UndeliverableAddress.objects.values_list("address", "message")) == [("usager@example.org", message.pk)]
    assert Anomaly.objects.get(kind="mail").message == message
    letter = Letter.objects.get()
    assert (letter.reminder.invoice_id, letter.reminder.step) == (message.about_id, 1)
    read = Reminder.objects.filter(dropped_at=None).order_by("invoice")
    assert list(read.values_list("invoice", "step", "message__to")) == [
        (message.about_id, 1, None),
        (other.pk, 1, "autre@example.org"),
    ]
    assert [got.rcpt_tos for got in office.got] == [["autre@example.org"]]
    live(9)
    live(21)
    # The next step is a letter at once; nobody is asked twice, and no mail is tried.
    assert list(Letter.objects.order_by("id").values_list("reminder__step", flat=True)) == [1, 2]
    assert Anomaly.objects.filter(kind="mail").count() == 1


def test_f55_a_mail_that_comes_back_marks_its_address_asks_a_person_and_goes_on_paper(
    town: Town, office: PostOffice, box: Letterbox
) -> None:
    f55(town, office, box)


def test_neg_f55_without_the_mark_the_next_reminder_is_lost_as_well(
    town: Town, office: PostOffice, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounces, "mark_address", lambda *_message, **_said: None)
    with pytest.raises((*RED, Letter.DoesNotExist)):
        f55(town, office, box)


def test_f55_a_reminder_that_waits_when_the_address_is_marked_becomes_a_letter(
    town: Town, office: PostOffice, box: Letterbox
) -> None:
    first, second = make_invoice(town), make_invoice(town)
    message = reminded(town, office)
    waiting = reminders.remind(invoice_id=first.pk, at=late(7))
    assert waiting is not None
    box.receive(Report(message_id=rules.message_id(message.public_id)).written())
    office.got.clear()
    live(8)
    waiting.refresh_from_db()
    assert waiting.message is not None and waiting.message.state == "dropped"
    assert waiting.message.last_error == rules.UNDELIVERABLE
    live(8)
    assert office.got == []
    on_paper = set(Letter.objects.values_list("reminder__invoice", flat=True))
    assert on_paper == {first.pk, second.pk, message.about_id}


def test_f55_without_a_postal_address_the_page_says_so(town: Town, office: PostOffice, box: Letterbox) -> None:
    Citizen.objects.filter(pk=town.citizen.pk).update(address="")
    message = reminded(town, office)
    box.receive(Report(message_id=rules.message_id(message.public_id)).written())
    live(8)
    assert not Letter.objects.exists()
    reminder = Reminder.objects.get()
    coming = queries.next_reminder(reminder.invoice, today=late(8).date())
    assert coming.obstacle == queries.ReminderObstacle.RETURNED
    refused = queries.refusals([reminder.invoice_id], today=late(9).date())
    assert refused == {reminder.invoice_id: queries.ReminderRefusal.RETURNED}


def test_f55_another_address_is_written_to_and_the_mark_stays_with_the_old_one(
    town: Town, office: PostOffice, box: Letterbox
) -> None:
    message = reminded(town, office)
    box.receive(Report(message_id=rules.message_id(message.public_id)).written())
    Citizen.objects.filter(pk=town.citizen.pk).update(email="neuve@example.org")
    office.got.clear()
    live(8)
    assert [got.rcpt_tos for got in office.got] == [["neuve@example.org"]]
    assert not Letter.objects.exists()
    assert UndeliverableAddress.objects.get().address == "usager@example.org"


def test_f55_what_an_agent_sent_again_is_not_reminded_of_once_more(
    town: Town, office: PostOffice, box: Letterbox
) -> None:
    message = reminded(town, office)
    box.receive(Report(message_id=rules.message_id(message.public_id)).written())
    mailing.read_bounces(at=late(8))
    Citizen.objects.filter(pk=town.citizen.pk).update(email="neuve@example.org")
    payments.resend_message(message_id=message.pk, actor=town.agent.actor, at=late(8))
    office.got.clear()
    live(8)
    assert len(office.got) == 1
    assert Reminder.objects.get().dropped_at is None


def forged(office_of: Message, other: Message) -> list[Report]:
    """Return what somebody writes who knows an address, and perhaps a mail of their own."""
    to = "rfc822; usager@example.org"
    return [
        Report(message_id="", recipient=to),
        Report(message_id=rules.message_id(texts.token()), recipient=to),
        Report(message_id=rules.message_id(office_of.public_id).replace("obole", "ailleurs"), recipient=to),
        Report(message_id=f"<{office_of.pk}@obole>", recipient=to),
        # Their own mail, and another's address.
        Report(message_id=rules.message_id(other.public_id), recipient=to),
        Report(
            message_id=rules.message_id(other.public_id), recipient="rfc822; mechant@example.org, usager@example.org"
        ),
    ]


def f55_forged(town: Town, office: PostOffice, box: Letterbox) -> None:
    message = reminded(town, office)
    make_invoice(town, citizen=make_citizen("mechant@example.org"))
    run_tasks()
    other = Message.objects.filter(to="mechant@example.org").order_by("id")[0]
    for report in forged(message, other):
        box.receive(report.written())
    live(8)
    assert not UndeliverableAddress.objects.exists()
    assert not Message.objects.filter(state="bounced").exists()
    assert not Letter.objects.exists()
    assert box.seen == set(box.mails)


def test_f55_a_forged_return_silences_nobody(town: Town, office: PostOffice, box: Letterbox) -> None:
    f55_forged(town, office, box)


def test_neg_f55_without_the_look_at_whom_it_was_for_a_forged_return_is_believed(
    town: Town, office: PostOffice, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounces, "_was_for", lambda _message, _report: True)
    with pytest.raises(RED):
        f55_forged(town, office, box)
