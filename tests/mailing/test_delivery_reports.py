"""What servers write when a mail does not arrive: read where it is sane, believed only where it quotes ours."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.mailing.rules import delivery_reports, fault_of, message_id
from obole.mailing.rules.delivery_reports import Outcome, Unreadable, parse
from tests.mailing.reports import Report

TOKEN = "AAAAAAAAAA_-aaaaaaaaaa"
BASIC = Report(message_id=message_id(TOKEN))


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822", "TEXT/RFC822-HEADERS; charset=bogus-9"])
def test_a_report_is_read(returned: str, ends: str) -> None:
    (found,) = parse(replace(BASIC, returned=returned).written(ends=ends))
    assert found.public_id == TOKEN
    assert found.recipients == {"usager@example.org"}
    assert found.outcome is Outcome.FAILED
    assert found.said == "550 5.1.1 <usager@example.org>: Recipient address rejected: User unknown"
    assert found.fault == "mailbox"


@pytest.mark.parametrize(
    ("changes", "outcome", "fault"),
    [
        ({"status": "5.1.2", "diagnostic": "smtp; 550 5.1.2 bad domain"}, Outcome.FAILED, "domain"),
        ({"status": "5.4.4", "diagnostic": "X-Postfix; Host or domain name not found"}, Outcome.FAILED, "domain"),
        ({"status": "5.2.1", "diagnostic": "smtp; 550 5.2.1 disabled"}, Outcome.FAILED, "closed"),
        ({"status": "5.1.10", "diagnostic": "smtp;550 5.1.10 RecipientNotFound"}, Outcome.FAILED, "mailbox"),
        ({"status": "5.1.1", "diagnostic": "smtp; 550-5.1.1 No such\n 550 5.1.1 user"}, Outcome.FAILED, "mailbox"),
        ({"status": "5.0.0", "diagnostic": "smtp; 550 No such user here"}, Outcome.FAILED, "mailbox"),
        ({"status": "5.1.1", "diagnostic": ""}, Outcome.FAILED, "mailbox"),
        ({"status": "5.1.1 (unknown user)", "diagnostic": "smtp; 550 unknown"}, Outcome.FAILED, "mailbox"),
        ({"action": "FAILED", "status": "5.1.1"}, Outcome.FAILED, "mailbox"),
        ({"status": "5.7.1", "diagnostic": "smtp; 550 5.7.1 spam, no such user"}, Outcome.FAILED, None),
        ({"status": "5.1.1", "diagnostic": "smtp; 550 5.7.1 blocked"}, Outcome.FAILED, None),
        ({"status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 full"}, Outcome.FAILED, None),
        ({"status": "5.3.4", "diagnostic": "smtp; 552 5.3.4 too big"}, Outcome.FAILED, None),
        ({"status": "5.0.0", "diagnostic": "smtp; 550 blocked by 5.1.1.7"}, Outcome.FAILED, None),
        ({"status": "4.4.1", "diagnostic": "smtp; 550 5.1.1 no such user"}, Outcome.FAILED, None),
        ({"action": "delayed", "status": "4.4.1", "diagnostic": "smtp; 451 later"}, Outcome.DELAYED, None),
        ({"action": "delayed", "status": "5.1.1"}, Outcome.DELAYED, None),
    ],
)
def test_what_is_said_of_the_mailbox_marks_and_nothing_else_does(
    changes: dict[str, Any], outcome: Outcome, fault: str | None
) -> None:
    (found,) = parse(replace(BASIC, **changes).written())
    assert (found.outcome, found.fault) == (outcome, fault)


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "delivered", "status": "2.0.0"},
        {"action": "relayed"},
        {"action": ""},
        {"status": "2.1.5"},
        {"status": "5.1"},
        {"status": ""},
        {"recipient": ""},
        {"recipient": "usager@example.org"},
        {"recipient": "rfc822; usager@example.org, autre@example.org"},
        {"recipient": "rfc822; usager@example.org autre@example.org"},
        {"recipient": "rfc822; <usager@example.org>,<autre@example.org>"},
        {"recipient": "x400; usager@example.org"},
        {"message_id": ""},
        {"message_id": f"<{TOKEN}@elsewhere>"},
        {"message_id": f"<{TOKEN}x@obole>"},
        {"message_id": f"<{TOKEN}@oboleXfr>"},
        {"message_id": f"<{TOKEN}@obole> <{TOKEN}@obole>"},
        {"message_id": f"<{TOKEN}@obole>\nMessage-ID: <{'b' * 22}@obole>"},
        {"returned": "text/plain"},
        {"returned": "image/png"},
    ],
    ids=repr,
)
def test_what_names_nobody_or_no_mail_of_ours_says_nothing(changes: dict[str, str]) -> None:
    assert parse(replace(BASIC, **changes).written()) == []


def test_the_address_that_was_written_to_counts_where_another_refused() -> None:
    forwarded = replace(
        BASIC, recipient="rfc822; Ailleurs@Example.NET", more="Original-Recipient: rfc822;USAGER@example.org"
    )
    (found,) = parse(forwarded.written())
    assert found.recipients == {"ailleurs@example.net", "usager@example.org"}


def test_each_recipient_is_read_so_many_at_most() -> None:
    other = "\nFinal-Recipient: rfc822; autre{n}@example.org\nAction: failed\nStatus: 5.1.1\n"
    written = replace(BASIC, more="".join(other.format(n=n) for n in range(100))).written()
    assert len(parse(written)) == delivery_reports.MOST_RECIPIENTS


def _nested(levels: int) -> bytes:
    heads = [f'Content-Type: multipart/report; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(levels)]
    return "".join(heads).encode()


WRITTEN = BASIC.written()
GARBAGE = [
    b"",
    b"\r\n",
    b"\x00" * 5000,
    bytes(range(256)) * 50,
    b"From: a\r\n\r\nplus de " + BASIC.message_id.encode(),
    WRITTEN.replace(b"multipart/report", b"multipart/mixed"),
    WRITTEN.replace(b'boundary="frontiere"', b"boundary="),
    WRITTEN.replace(b"--frontiere\r\n", b""),
    WRITTEN.replace(b"message/delivery-status", b"text/plain"),
    WRITTEN[: WRITTEN.index(b"Final-Recipient")],
    WRITTEN.replace(
        b"Content-Type: text/rfc822-headers\r\n",
        b"Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n",
    ),
    WRITTEN.replace(
        b"Content-Type: message/delivery-status\r\n",
        b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n",
    ).replace(b"Final-Recipient", b"Final"),
    b"Content-Type: " + b"multipart/report;" * 20_000,
    b"Content-Type: multipart/report; boundary*=bogus''%ff%fe\r\n\r\n--\xff\xfe\r\n",
    _nested(300),
    _nested(6000),
]


@pytest.mark.parametrize("content", GARBAGE, ids=lambda content: repr(content[:30]))
def test_garbage_says_nothing_and_costs_nothing(content: bytes) -> None:
    began = time.monotonic()
    assert _read(content) == []
    assert time.monotonic() - began < 3


def _read(content: bytes) -> list[delivery_reports.DeliveryReport]:
    try:
        return parse(content)
    except Unreadable:
        return []


def test_a_huge_mail_is_read_as_far_as_its_bound() -> None:
    began = time.monotonic()
    assert len(parse(WRITTEN + b"x" * 20_000_000)) == 1
    far = WRITTEN.replace(b"Message-ID: ", b"Message-ID:" + b" " * delivery_reports.MOST_BYTES)
    assert _read(far) == []
    assert time.monotonic() - began < 3


def test_words_in_any_bytes_become_one_short_line() -> None:
    odd = WRITTEN.replace(b"User unknown", b"inconnu \xe9\xff\x00\x1b[31m =?bogus?Q?=ff?= " + b"x" * 5000)
    (found,) = parse(odd)
    assert len(found.said) <= delivery_reports.LONGEST_SAID
    assert found.said.isprintable()


@given(content=st.binary(max_size=400), place=st.integers(0, len(WRITTEN)), cut=st.integers(0, 200))
def test_whatever_is_damaged_is_read_or_left(content: bytes, place: int, cut: int) -> None:
    for report in _read(WRITTEN[:place] + content + WRITTEN[place + cut :]):
        assert report.public_id == TOKEN or len(report.public_id) == 22
        assert all("@" in address and "," not in address for address in report.recipients)
        assert len(report.said) <= delivery_reports.LONGEST_SAID


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("550 5.1.1 No such user", "mailbox"),
        ("550 no such user", "mailbox"),
        ("553 5.1.3 bad syntax", "mailbox"),
        ("550 5.1.2 bad domain", "domain"),
        ("550 5.2.1 disabled", "closed"),
        ("550 mailbox unavailable", None),
        ("550 no", None),
        ("554 5.7.1 no such user", None),
        ("552 5.2.2 full", None),
        ("452 no such user", None),
        ("450 5.1.1 later", None),
        ("550 relay of 5.1.1.2 refused", None),
        ("550 5.1.1.2 refused", None),
        ("timed out", None),
        ("", None),
    ],
)
def test_what_is_said_when_a_mail_is_given_marks_the_same(said: str, fault: str | None) -> None:
    assert fault_of(said) == fault
