"""Recorded answers of PayFiP, replayed over HTTP."""

from datetime import timedelta

import pytest

from obole.gateways.base import GatewayError, Outcome, Status, Unreachable, differences
from tests.gateways.payfip.bank import IDOP, Bank, Reply, an_order, payfip, recording


def ask(bank: Bank, name: str, status: int = 200) -> Outcome:
    bank.says(name, status)
    return payfip(bank).ask(IDOP)


def compare(bank: Bank, outcome: Outcome) -> tuple[str, ...]:
    sent = {**payfip(bank).sent_facts(an_order()), "gateway_reference": IDOP}
    return differences(sent, outcome.facts)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("paid.xml", Status.PAID_BY_CARD, "P"),
        ("debit.xml", Status.PAID_BY_DEBIT, "V"),
        ("refused.xml", Status.REFUSED, "R"),
        ("debit_refused.xml", Status.REFUSED, "Z"),
        ("abandoned.xml", Status.ABANDONED, "A"),
        ("unknown_letter.xml", Status.UNKNOWN, "Y"),
        ("no_letter.xml", Status.UNKNOWN, ""),
        ("empty_letter.xml", Status.UNKNOWN, ""),
        ("shuffled.xml", Status.PAID_BY_CARD, "P"),
        ("lower_idop.xml", Status.PAID_BY_CARD, "P"),
        ("padded_amount.xml", Status.PAID_BY_CARD, "P"),
        ("short_year.xml", Status.PAID_BY_CARD, "P"),
        ("odd_date.xml", Status.PAID_BY_CARD, "P"),
    ],
)
def test_a_result_that_echoes_what_was_sent(bank: Bank, name: str, status: Status, said: str) -> None:
    outcome = ask(bank, name)

    assert (outcome.status, outcome.said, outcome.amount_cents) == (status, said, 4250)
    assert compare(bank, outcome) == ()
    assert outcome.exchange.response == recording(name).decode()
    assert f"<idOp>{IDOP}</idOp>" in outcome.exchange.request


@pytest.mark.parametrize("http_status", [200, 500])
@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("p5.xml", Status.PENDING, "P5"),
        ("p1.xml", Status.MISSING, "P1"),
        ("t2.xml", Status.UNKNOWN, "T2"),
        ("functional_without_code.xml", Status.UNKNOWN, ""),
    ],
)
def test_a_functional_error_tells_of_the_payment(
    bank: Bank, name: str, status: Status, said: str, http_status: int
) -> None:
    outcome = ask(bank, name, http_status)

    assert (outcome.status, outcome.said, outcome.amount_cents) == (status, said, None)
    assert outcome.facts == {}


@pytest.mark.parametrize(
    ("name", "code"), [("unavailable.xml", "998"), ("malfunction.xml", "999"), ("protocol.xml", "997")]
)
def test_a_technical_error_tells_nothing(bank: Bank, name: str, code: str) -> None:
    with pytest.raises(Unreachable) as caught:
        ask(bank, name, 500)

    assert caught.value.code == code
    assert caught.value.exchange.response == recording(name).decode()


def test_everything_the_bank_says_is_kept(bank: Bank) -> None:
    outcome = ask(bank, "debit.xml")

    assert outcome.authorisation == "112233445566-tip"
    assert outcome.bank_time_raw == "14032026 1735"
    assert outcome.bank_time is not None
    assert outcome.bank_time.isoformat() == "2026-03-14T17:35:00+01:00"
    assert outcome.facts == {
        "reference": "CANTINE2026001",
        "amount": "4250",
        "client": "006382",
        "year": "26",
        "mode": "T",
        "gateway_reference": IDOP,
    }


def test_a_date_that_does_not_exist_is_kept_as_written(bank: Bank) -> None:
    outcome = ask(bank, "odd_date.xml")

    assert (outcome.bank_time, outcome.bank_time_raw) == (None, "31022026 2561")


def test_the_hour_that_happens_twice_is_the_first_one(bank: Bank) -> None:
    body = recording("paid.xml").replace(b"14032026", b"25102026").replace(b"1735", b"0230")
    bank.reply = Reply(body)

    moment = payfip(bank).ask(IDOP).bank_time

    assert moment is not None
    assert moment.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    ("element", "value", "fact"),
    [
        ("montant", "4251", "amount"),
        ("refdet", "CANTINE2026002", "reference"),
        ("numcli", "6382", "client"),
        ("exer", "2025", "year"),
        ("exer", "1926", "year"),
        ("exer", "", "year"),
        ("saisie", "W", "mode"),
        ("saisie", "", "mode"),
        ("refdet", "", "reference"),
        ("idOp", "", "gateway_reference"),
    ],
)
def test_each_altered_fact_is_a_difference(bank: Bank, element: str, value: str, fact: str) -> None:
    start, end = f"<{element}>".encode(), f"</{element}>".encode()
    head, _, rest = recording("paid.xml").partition(start)
    bank.reply = Reply(head + start + value.encode() + end + rest.partition(end)[2])

    outcome = payfip(bank).ask(IDOP)

    assert compare(bank, outcome) == (fact,)


def test_another_amount_is_told_as_it_is(bank: Bank) -> None:
    outcome = ask(bank, "altered_amount.xml")

    assert outcome.status is Status.PAID_BY_CARD
    assert outcome.amount_cents == 4251


@pytest.mark.parametrize("name", ["no_amount.xml", "odd_amount.xml"])
def test_no_result_is_believed_without_its_amount(bank: Bank, name: str) -> None:
    outcome = ask(bank, name)

    assert (outcome.status, outcome.said, outcome.amount_cents) == (Status.UNKNOWN, "P", None)
    assert "amount" in compare(bank, outcome)


@pytest.mark.parametrize("amount", ["+4250", "4_250", " 4250", "٤٢٥٠", "-1", "4250.0", "9" * 12, "9" * 5000])
def test_an_amount_is_ascii_digits(bank: Bank, amount: str) -> None:
    bank.reply = Reply(recording("paid.xml").replace(b"4250<", amount.encode() + b"<"))

    outcome = payfip(bank).ask(IDOP)

    assert (outcome.status, outcome.amount_cents) == (Status.UNKNOWN, None)


def test_long_values_are_cut_to_fit_where_they_are_kept(bank: Bank) -> None:
    bank.reply = Reply(recording("paid.xml").replace(b"112233445566-tip", b"9" * 5000))

    assert len(payfip(bank).ask(IDOP).authorisation) == 250


@pytest.mark.parametrize(
    "name",
    [
        "other_idop.xml",
        "twice_letter.xml",
        "malformed.xml",
        "laughs.xml",
        "attribute_laughs.xml",
        "entity.xml",
        "doctype.xml",
        "other_envelope.xml",
        "proxy.html",
        "no_body.xml",
        "bare_fault.xml",
        "undeclared_fault.xml",
        "created.xml",
        "client.xml",
    ],
)
@pytest.mark.parametrize("http_status", [200, 500, 502])
def test_what_is_not_an_answer_is_no_answer(bank: Bank, name: str, http_status: int) -> None:
    with pytest.raises(Unreachable) as caught:
        ask(bank, name, http_status)

    assert caught.value.exchange.response == recording(name).decode()


@pytest.mark.parametrize("body", [b"", b" ", b"\x00\xff\xfe", b"{}", b"<a/>", b"<!DOCTYPE html>"])
@pytest.mark.parametrize("http_status", [200, 204, 404, 500, 503])
def test_other_bodies_are_no_answer(bank: Bank, body: bytes, http_status: int) -> None:
    bank.reply = Reply(b"" if http_status == 204 else body, http_status)

    with pytest.raises(Unreachable) as caught:
        payfip(bank).ask(IDOP)

    assert "\x00" not in caught.value.exchange.response


@pytest.mark.parametrize("element", [b"return", b"ns2:recupererDetailPaiementSecuriseResponse"])
def test_two_results_are_no_answer(bank: Bank, element: bytes) -> None:
    before, start, rest = recording("paid.xml").partition(b"<" + element)
    result, end, after = rest.partition(b"</" + element + b">")
    bank.reply = Reply(before + 2 * (start + result + end) + after)

    with pytest.raises(Unreachable):
        payfip(bank).ask(IDOP)


def test_comments_do_not_count(bank: Bank) -> None:
    body = recording("paid.xml").replace(b"<return>", b"<!-- a --><return>").replace(b">4250<", b">42<!-- b -->50<")
    bank.reply = Reply(body)

    assert payfip(bank).ask(IDOP).amount_cents == 4250


def test_laughs_in_another_encoding_are_refused_too(bank: Bank) -> None:
    bank.reply = Reply(recording("laughs.xml").decode().replace("UTF-8", "UTF-16").encode("utf-16"))

    with pytest.raises(Unreachable):
        payfip(bank).ask(IDOP)


@pytest.mark.parametrize("reference", ["", "x", "\x00", IDOP + "\n", IDOP.replace("-", ""), "<idOp/>", "é" * 36])
def test_only_a_reference_of_payfip_is_asked_about(bank: Bank, reference: str) -> None:
    with pytest.raises(GatewayError):
        payfip(bank).ask(reference)

    assert bank.asked == []
