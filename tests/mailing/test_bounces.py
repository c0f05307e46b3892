"""Addresses that no mail reaches: marked by what servers say, and written to again when a person says so."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from obole.audit_log.models import Record
from obole.config.env import BadSetting, mailbox
from obole.lib import imap
from obole.mailing import operations as mailing, queries, rules
from obole.mailing.models import Message, UndeliverableAddress
from obole.mailing.operations import bounces
from obole.mailing.rules import delivery_reports
from obole.mailing.tasks import read_bounces
from tests.mailing.mailbox import Letterbox, start_letterbox
from tests.mailing.reports import Report
from tests.mailing.server import PostOffice, start_post_office
from tests.mailing.test_outbox import deliver, queue
from tests.spaces import plain
from tests.world import WHO, later

pytestmark = pytest.mark.django_db
BAD = "usager@example.org"


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    with start_post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.SMTP_URL = "smtp://127.0.0.1"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, 3
        yield office


@pytest.fixture
def box(settings: Any) -> Iterator[Letterbox]:
    with start_letterbox() as box:
        settings.BOUNCES_IMAP_URL = box.address
        yield box


def of(message: Message, **changes: str) -> Report:
    return replace(Report(message_id=rules.message_id(message.public_id)), **changes)


def sent(office: PostOffice, cause: str = "test:1", **values: Any) -> Message:
    message = queue(cause, **values)
    assert deliver(message) == "sent"
    return message


def marks() -> list[tuple[str, str]]:
    return list(UndeliverableAddress.objects.filter(ended_at=None).order_by("id").values_list("address", "fault"))


def test_a_refusal_of_the_mailbox_marks_its_address_and_others_do_not(office: PostOffice) -> None:
    office.refuses.add("Personne@Example.org")
    assert deliver(queue("a", to="Personne@Example.org")) == "failed"
    for said in ("554 5.7.1 looks like spam", "552 5.2.2 full", "552 5.3.4 too big"):
        office.says = said
        assert deliver(queue(said)) == "failed"
    assert marks() == [("personne@example.org", "mailbox")]
    mark = UndeliverableAddress.objects.get()
    assert (mark.since, mark.diagnostic, mark.message.to) == (later(1), "550 no such user", "Personne@Example.org")


def test_the_next_mail_is_not_tried_and_says_why(office: PostOffice) -> None:
    office.refuses.add(BAD)
    deliver(queue("a"))
    office.refuses.clear()
    message = queue("b", to="USAGER@example.org")
    assert deliver(message) == "failed"
    assert (message.tries, message.sent_at, office.got) == (0, None, [])
    said = "Les courriels à cette adresse reviennent : celui-ci n’a pas été envoyé."
    assert plain(rules.explain(message.state, message.last_error)) == said
    assert deliver(queue("c", to="autre@example.org")) == "sent"


def test_who_waits_for_a_code_gets_it_all_the_same(office: PostOffice) -> None:
    office.refuses.add(BAD)
    deliver(queue("a"))
    office.refuses.clear()
    assert deliver(queue("b", confidential=True)) == "sent"


def test_a_person_says_that_it_is_good_and_it_can_be_marked_again(office: PostOffice) -> None:
    office.refuses.add(BAD)
    deliver(queue("a"))
    assert mailing.trust_address(address=BAD.upper(), actor=WHO, at=later(2))
    assert not mailing.trust_address(address=BAD, actor=WHO, at=later(3))
    mark = UndeliverableAddress.objects.get()
    assert (mark.ended_at, mark.ended_by) == (later(2), WHO)
    assert Record.objects.filter(verb="address.trust").count() == 1
    assert deliver(queue("b"), 4) == "failed"
    assert marks() == [(BAD, "mailbox")]


def test_what_came_back_before_a_person_spoke_is_not_held_against_it(office: PostOffice) -> None:
    before, after = sent(office, "a"), sent(office, "b")
    other = sent(office, "c")
    bounces.hear_report(delivery_reports.parse(of(other).written())[0], at=later(2))
    mailing.trust_address(address=BAD, actor=WHO, at=later(3))
    bounces.hear_report(delivery_reports.parse(of(before).written())[0], at=later(4))
    before.refresh_from_db()
    assert (before.state, marks()) == ("bounced", [])
    Message.objects.filter(pk=after.pk).update(sent_at=later(5))
    bounces.hear_report(delivery_reports.parse(of(after).written())[0], at=later(6))
    assert marks() == [(BAD, "mailbox")]


def test_an_address_has_one_mark_and_a_mark_is_never_deleted(office: PostOffice) -> None:
    bounces.hear_report(delivery_reports.parse(of(sent(office)).written())[0], at=later(2))
    mark = UndeliverableAddress.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        UndeliverableAddress.objects.create(address=BAD, fault="closed", since=later(3))
    for change in ({"fault": "unheard"}, {"ended_at": later(3)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            UndeliverableAddress.objects.filter(pk=mark.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        mark.delete()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE mailing_undeliverableaddress")


def test_a_mail_that_comes_back_is_told_once(office: PostOffice, box: Letterbox) -> None:
    message = sent(office)
    box.receive(of(message).written())
    assert mailing.read_bounces(at=later(10)) == 1
    assert mailing.read_bounces(at=later(15)) == 0
    message.refresh_from_db()
    assert (message.state, message.sent_at) == ("bounced", later(1))
    assert rules.explain(message.state, message.last_error) == "L’adresse n’existe pas."
    assert marks() == [(BAD, "mailbox")]
    mark, before = UndeliverableAddress.objects.get(), Record.objects.count()
    box.seen.clear()
    assert mailing.read_bounces(at=later(16)) == 1
    assert Record.objects.count() == before, "heard again, it says nothing new"
    mailing.trust_address(address=BAD, actor=WHO, at=later(17))
    box.seen.clear()
    assert mailing.read_bounces(at=later(20)) == 1
    assert (marks(), Record.objects.count()) == ([], before + 1)
    assert list(UndeliverableAddress.objects.values_list("pk", flat=True)) == [mark.pk]


def test_one_that_may_have_left_and_came_back_had_left(office: PostOffice) -> None:
    message, office.says = queue(at_most_once=True), None
    assert deliver(message) == "doubtful"
    assert bounces.hear_report(delivery_reports.parse(of(message).written())[0], at=later(2))
    message.refresh_from_db()
    assert (message.state, message.sent_at) == ("bounced", None)


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        (
            {"action": "delayed", "status": "4.4.1", "diagnostic": "smtp; 451 4.4.1 later"},
            "sent",
            "Le serveur du destinataire fait attendre ce courriel.",
        ),
        (
            {"status": "4.4.7", "diagnostic": "smtp; 451 4.4.7 expired"},
            "bounced",
            "Le serveur du destinataire ne l’a pas pris à temps.",
        ),
        (
            {"status": "5.7.1", "diagnostic": "smtp; 550 5.7.1 spam"},
            "bounced",
            "Le serveur du destinataire refuse ce courriel.",
        ),
        (
            {"status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 full"},
            "bounced",
            "La boîte du destinataire est pleine, ou le courriel trop lourd pour elle.",
        ),
    ],
)
def test_what_is_for_now_or_about_the_mail_leaves_the_address_alone(
    office: PostOffice, box: Letterbox, changes: dict[str, str], state: str, words: str
) -> None:
    message = sent(office)
    for _twice in range(2):
        box.receive(of(message, **changes).written())
    mailing.read_bounces(at=later(10))
    message.refresh_from_db()
    assert (message.state, rules.explain(message.state, message.last_error), marks()) == (state, words, [])
    assert Record.objects.filter(verb__in=("message.delay", "message.bounce")).count() == 1
    assert deliver(queue("next"), 20) == "sent"


def test_one_that_cannot_be_read_stops_no_other(
    office: PostOffice, box: Letterbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sent(office, "a", to="a@example.org"), sent(office, "b", to="b@example.org")
    box.receive(of(first, recipient="rfc822; a@example.org").written())
    for content in (b"", b"\xff\x00" * 3000, b"Subject: bonjour\r\n\r\n" + b"x" * 3_000_000, deep()):
        box.receive(content)
    box.receive(of(second, recipient="rfc822; b@example.org").written())
    with caplog.at_level(logging.WARNING):
        assert mailing.read_bounces(at=later(10)) == 6
    assert "too many parts" in caplog.text
    assert set(Message.objects.values_list("state", flat=True)) == {"bounced"}
    assert box.seen == set(box.mails)


def deep() -> bytes:
    parts = (f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(6000))
    return "".join(parts).encode()


def test_one_that_cannot_be_written_is_read_again(
    office: PostOffice, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sent(office, "a", to="a@example.org"), sent(office, "b", to="b@example.org")
    for message in (first, second):
        box.receive(of(message, recipient=f"rfc822; {message.to}").written())
    hear = bounces.hear_report
    monkeypatch.setattr(bounces, "hear_report", lambda report, *, at: hear(report, at=at) and 1 // len(marks()[1:]))
    with pytest.raises(ExceptionGroup):
        mailing.read_bounces(at=later(10))
    assert box.seen == {12}
    monkeypatch.undo()
    assert mailing.read_bounces(at=later(15)) == 1
    assert box.seen == {11, 12}
    assert len(marks()) == 2


def test_without_a_mailbox_nothing_is_read(settings: Any) -> None:
    settings.BOUNCES_IMAP_URL = ""
    assert mailing.read_bounces(at=later()) == 0


def test_a_mailbox_that_does_not_answer_is_tried_later(box: Letterbox, settings: Any, office: PostOffice) -> None:
    box.receive(of(sent(office)).written())
    box.password = "another"
    for address in (
        box.address.replace("secr", "wrong"),
        box.address.replace("INBOX", "Ailleurs"),
        f"imaps://retours:secret@127.0.0.1:{box.port}/INBOX",
        f"imap+tls://retours:secret@127.0.0.1:{box.port}/INBOX",
        "imap://retours:secret@127.0.0.1:9/INBOX",
    ):
        settings.BOUNCES_IMAP_URL = address
        with pytest.raises(OSError):
            mailing.read_bounces(at=later(10))
    assert box.seen == set()
    settings.BOUNCES_IMAP_URL = box.address
    box.refuses_to_mark = True
    with pytest.raises(ExceptionGroup):
        mailing.read_bounces(at=later(11))
    assert marks() == [(BAD, "mailbox")]


def test_the_worker_reads_them(box: Letterbox, office: PostOffice) -> None:
    box.receive(of(sent(office)).written())
    read_bounces.func(timestamp=0)
    assert box.asked[-1] == "LOGOUT"
    assert marks() == [(BAD, "mailbox")]


@pytest.mark.parametrize(
    "address",
    [
        "imap://retours:secret@mail.example.org/INBOX",
        "https://retours:secret@mail.example.org/",
        "imaps://mail.example.org/INBOX",
        "imaps://retours@mail.example.org/INBOX",
        "imaps://retours:secr%0D%0Aet@mail.example.org/INBOX",
        "imaps://retours:s%C3%A9cret@mail.example.org/INBOX",
        "imaps://:secret@/",
    ],
)
def test_an_odd_setting_is_refused_without_its_password(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBOLE_TEST_BOX", address)
    with pytest.raises(BadSetting) as refusal:
        mailbox("OBOLE_TEST_BOX", "", "")
    assert "secr" not in str(refusal.value)


def test_a_mailbox_has_its_port_and_its_folder() -> None:
    assert imap.check_address("") == ""
    place = imap._place("imaps://retours%40ville.fr:p%40ss@mail.example.org/Retours")
    assert (place.user, place.password, place.port, place.folder) == ("retours@ville.fr", "p@ss", 993, "Retours")
    assert imap._place("imap+tls://a:b@mail.example.org").folder == "INBOX"


def test_what_does_not_arrive_comes_back_to_its_own_address(office: PostOffice, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Ville <ne-pas-repondre@ville.example>"
    sent(office, "a")
    settings.MAIL_RETURN_TO = "retours@ville.example"
    sent(office, "b")
    assert [got.mail_from for got in office.got] == ["ne-pas-repondre@ville.example", "retours@ville.example"]
    assert [mail["From"] for mail in office.mails()] == ["Ville <ne-pas-repondre@ville.example>"] * 2


def test_addresses_are_told_apart_with_one_query(office: PostOffice, django_assert_num_queries: Any) -> None:
    office.refuses.add(BAD)
    deliver(queue("a"))
    with django_assert_num_queries(1):
        assert queries.usable(["", "USAGER@example.org", "autre@example.org"]) == {"autre@example.org"}
    with django_assert_num_queries(0):
        assert queries.usable(["", ""]) == set()
