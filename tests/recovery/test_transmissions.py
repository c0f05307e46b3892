"""Unpaid invoices handed over: chosen, sent by who may, one by one, numbered; what was refused says why."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from obole.audit_log.models import Record
from obole.billing.models import Invoice, InvoiceType, Letter, LetterBatch
from obole.directory.rules import NotAllowed, Profile
from obole.lib import actors
from obole.lib.states import ForbiddenTransition
from obole.mailing import operations as mailing
from obole.mailing.models import Message, UndeliverableAddress
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.payments.operations import MoneyNotTaken, NotPayableOnline
from obole.recovery import operations as recovery, queries
from obole.recovery.models import Transmission, TransmissionLine
from obole.recovery.tasks import resume
from obole.regies import operations as regies
from obole.reminders import operations as reminders, queries as reminder_queries
from tests.actors import somebody
from tests.books import check_books
from tests.payments.steps import held
from tests.recovery.steps import LATE, hand_over, remind_all, request, send, states_of, want_two
from tests.world import WHO, Town, handed, later, make_agent, make_invoice, make_town, run_tasks, steps

pytestmark = pytest.mark.django_db
TODAY = later(days=LATE).date()


@pytest.fixture
def town() -> Town:
    return make_town()


def numbers(rows: Any) -> list[str]:
    return [invoice.number for invoice in rows]


def take(invoice: Invoice, cents: int, *, days: int = 1) -> Receipt:
    money = handed(cents, Receipt.Means.CHEQUE)
    return payments.take_money(
        invoice_id=invoice.pk, money=money, request_key=f"{invoice.pk}:{cents}:{days}", actor=WHO, at=later(days=days)
    )


def test_what_is_late_and_reminded_is_proposed(town: Town) -> None:
    late, paid, partly = make_invoice(town), make_invoice(town), make_invoice(town)
    take(paid, 5200)
    take(partly, 1200)
    remind_all(town)
    make_invoice(town, at=later(days=90))
    assert numbers(queries.proposals(town.regie, TODAY)) == numbers([late, partly])
    assert [row.rest for row in queries.proposals(town.regie, TODAY)] == [5200, 4000]


def test_nobody_is_handed_over_before_the_day_that_the_document_says(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    invoice.refresh_from_db()
    assert invoice.payable_until == later(days=80).date()
    assert not queries.proposals(town.regie, later(days=80).date()).exists()
    assert queries.proposals(town.regie, later(days=81).date()).exists()


def test_a_late_reminder_puts_the_transmission_off(town: Town) -> None:
    invoice = make_invoice(town)
    for days in (90, 96, 102):
        assert reminders.remind(invoice_id=invoice.pk, at=later(days=days))
    invoice.refresh_from_db()
    assert invoice.payable_until == later(days=117).date()
    last = Message.objects.filter(kind="reminder_3").get()
    assert "au plus tard le 22 mars 2027" in last.text
    assert numbers(queries.proposals(town.regie, later(days=117).date())) == []
    assert numbers(queries.proposals(town.regie, later(days=118).date())) == [invoice.number]


def test_who_was_not_reminded_as_the_type_says_waits_but_who_has_no_address(town: Town) -> None:
    reminded, silent = make_invoice(town), make_invoice(town)
    assert numbers(queries.proposals(town.regie, TODAY)) == []
    assert queries.held_back(town.regie, TODAY) == {"not_reminded": 2}
    town.citizen.__class__.objects.filter(pk=town.citizen.pk).update(email="", address="")
    assert numbers(queries.proposals(town.regie, TODAY)) == numbers([reminded, silent])


def test_who_reads_no_mail_since_they_come_back_is_not_waited_for(town: Town) -> None:
    invoice = make_invoice(town)
    town.citizen.__class__.objects.filter(pk=town.citizen.pk).update(address="")
    mark = UndeliverableAddress(address=town.citizen.email.lower(), fault="mailbox", since=later())
    mark.save()
    assert numbers(queries.proposals(town.regie, TODAY)) == [invoice.number]
    mailing.trust_address(address=mark.address, actor=WHO, at=later(1))
    assert queries.held_back(town.regie, TODAY) == {"not_reminded": 1}


def test_who_is_reminded_on_paper_waits_until_the_letters_are_printed(town: Town) -> None:
    invoice = make_invoice(town)
    town.citizen.__class__.objects.filter(pk=town.citizen.pk).update(email="", address="1 rue X\n99999 Valbourg")
    remind_all(town)
    assert queries.held_back(town.regie, TODAY) == {"not_reminded": 1}
    batch = LetterBatch.objects.create(regie=town.regie, made_at=later(days=58), made_by=WHO, count=3)
    Letter.objects.filter(invoice=invoice, kind="reminder").update(batch=batch)
    assert numbers(queries.proposals(town.regie, TODAY)) == [invoice.number]


def test_what_is_contested_waits_for_an_answer_unreminded(town: Town) -> None:
    invoice = make_invoice(town)
    dispute = recovery.open_dispute(
        invoice_id=invoice.pk, reason="Mon enfant était absent", actor=WHO, at=later(days=1)
    )
    with pytest.raises(recovery.AlreadyDisputed):
        recovery.open_dispute(invoice_id=invoice.pk, reason="Encore", actor=WHO, at=later(days=1))
    with pytest.raises(recovery.AnswerMissing):
        recovery.close_dispute(dispute_id=dispute.pk, answer=" ", actor=WHO, at=later(days=1))
    remind_all(town)
    assert not list(reminder_queries.candidates(TODAY))
    assert reminders.remind(invoice_id=invoice.pk, at=later(days=60)) is None
    assert queries.held_back(town.regie, TODAY) == {"disputed": 1}
    for _twice in range(2):
        recovery.close_dispute(dispute_id=dispute.pk, answer="Absence non signalée", actor=WHO, at=later(days=65))
    assert list(reminder_queries.candidates(TODAY)) == [invoice.pk]
    assert Record.objects.filter(verb__startswith="dispute.").count() == 2


def test_a_transmission_leaves_whole(town: Town) -> None:
    one, two = make_invoice(town), make_invoice(town, meals=4)
    take(two, 300)
    remind_all(town)
    transmission = send(town, request(town, one, two))

    assert (transmission.number, transmission.state) == ("ENF-T-2027-000001", "sent")
    assert states_of(list(transmission.lines.all())) == [("sent", ""), ("sent", "")]
    assert [line.cents for line in transmission.lines.all()] == [5200, 1000]
    assert set(Invoice.objects.values_list("state", flat=True)) == {"transferred"}
    assert held(town.regie, "receivable", "claims") == (0, 0)
    told = Message.objects.filter(kind="invoice_transferred").order_by("id")
    assert len(told) == 2 and "52,00" in told[0].text.replace("\u202f", "")
    check_books()


def test_nothing_at_the_regie_any_more(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    hand_over(town, invoice)
    at = later(days=LATE + 30)
    with pytest.raises(NotPayableOnline):
        payments.start_payment(
            invoice_id=invoice.pk, email="usager@example.org", request_key="k", actor=somebody("usager"), at=at
        )
    with pytest.raises(MoneyNotTaken):
        take(invoice, 100, days=LATE + 30)
    InvoiceType.objects.update(reminder_steps=steps(1, 2, 3, 4, 5, 6))
    assert not list(reminder_queries.candidates(at.date()))
    assert reminders.remind(invoice_id=invoice.pk, at=at) is None


def test_a_refused_row_stops_no_other_and_says_why(town: Town) -> None:
    rows = {name: make_invoice(town) for name in ("good", "paid", "paying", "disputed", "soon")}
    remind_all(town)
    transmission = request(town, *rows.values())
    take(rows["paid"], 5200, days=LATE)
    payments.open_attempt(
        invoice_id=rows["paying"].pk, email="usager@example.org", request_key="k", actor=WHO, at=later(days=LATE)
    )
    recovery.open_dispute(invoice_id=rows["disputed"].pk, reason="Non", actor=WHO, at=later(days=LATE))
    Invoice.objects.filter(pk=rows["soon"].pk).update(payable_until=TODAY)
    send(town, transmission)
    assert states_of(list(transmission.lines.all())) == [
        ("sent", ""),
        ("refused", "not_due"),
        ("refused", "paying"),
        ("refused", "disputed"),
        ("refused", "too_soon"),
    ]
    assert transmission.state == "sent"
    check_books()


def test_two_people_where_the_regie_wants_it(town: Town) -> None:
    want_two(town)
    other = make_agent(Profile.REGISSEUR, email="second@valbourg.example")
    regies.give_mandates(regie_id=town.regie.pk, agent_ids=[town.regisseur.pk, other.pk], actor=WHO, at=later())
    invoice = make_invoice(town)
    remind_all(town)
    transmission = request(town, invoice)
    with pytest.raises(recovery.SamePerson):
        send(town, transmission)
    with pytest.raises(IntegrityError), transaction.atomic():
        transmission.state, transmission.number, transmission.year, transmission.sequence = "sending", "X", 2027, 1
        transmission.sent_by, transmission.sent_at = transmission.requested_by, later(days=LATE)
        transmission.save()
    transmission.refresh_from_db()
    assert send(town, transmission, by=other).state == "sent"
    check_books()


def test_the_setting_of_the_day_when_it_is_sent_counts_too(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    transmission = request(town, invoice)
    want_two(town)
    with pytest.raises(recovery.SamePerson):
        send(town, transmission)


def test_the_same_form_twice_is_one_transmission(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    assert request(town, invoice, key="k") == request(town, invoice, key="k")
    assert Transmission.objects.count() == 1
    assert not queries.proposals(town.regie, TODAY).exists(), "it waits in a transmission already"


def test_nothing_due_makes_no_transmission(town: Town) -> None:
    invoice = make_invoice(town)
    take(invoice, 5200)
    with pytest.raises(recovery.NothingToHandOver):
        request(town, invoice)
    assert not Transmission.objects.exists()


def test_two_transmissions_of_one_invoice_hand_it_over_once(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    first, second = request(town, invoice), request(town, invoice)
    send(town, first)
    send(town, second)
    assert [(x.state, x.obstacle) for x in TransmissionLine.objects.order_by("id")] == [
        ("sent", ""),
        ("refused", "not_due"),
    ]
    assert Message.objects.filter(kind="invoice_transferred").count() == 1
    line = TransmissionLine.objects.earliest("id")
    with pytest.raises(IntegrityError), transaction.atomic():
        TransmissionLine.objects.filter(transmission=second).update(
            state="sent", obstacle="", entry=None, decided_at=line.decided_at
        )
    check_books()


def test_what_is_given_up_leaves_no_gap(town: Town) -> None:
    one, two = make_invoice(town), make_invoice(town)
    remind_all(town)
    dropped = request(town, one)
    who = {"actor": town.regisseur.actor, "at": later(days=LATE)}
    recovery.give_up_transmission(transmission_id=dropped.pk, reason="Attendre", **who)
    with pytest.raises(ForbiddenTransition):
        recovery.send_transmission(transmission_id=dropped.pk, **who)
    assert [hand_over(town, item)[0].transmission.sequence for item in (one, two)] == [1, 2]
    check_books()


def test_the_worker_that_died_takes_it_up_again(town: Town, time_machine: Any) -> None:
    one, two = make_invoice(town), make_invoice(town)
    remind_all(town)
    transmission = request(town, one, two)
    at = later(days=LATE)
    recovery.send_transmission(transmission_id=transmission.pk, actor=town.regisseur.actor, at=at)
    first = transmission.lines.earliest("id")
    for _again in range(2):
        recovery.send_line(line_id=first.pk, at=at)
    assert recovery.finish_transmission(transmission_id=transmission.pk, at=at).state == "sending"
    time_machine.move_to(at, tick=False)
    resume.func(timestamp=0)
    run_tasks()
    transmission.refresh_from_db()
    assert (transmission.state, Record.objects.filter(verb="invoice.transfer").count()) == ("sent", 2)
    check_books()


def test_a_mandate_that_ends_on_the_way_stops_the_rest(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    transmission = request(town, invoice)
    recovery.send_transmission(transmission_id=transmission.pk, actor=town.regisseur.actor, at=later(days=LATE))
    terms = {town.regie.pk: regies.MandateTerms(ends_on=TODAY)}
    regies.configure_mandates(agent_id=town.regisseur.pk, terms=terms, actor=actors.OPERATOR, at=later(days=LATE))
    recovery.send_line(line_id=transmission.lines.get().pk, at=later(days=LATE + 1))
    assert states_of(list(transmission.lines.all())) == [("refused", "mandate")]
    assert held(town.regie, "receivable") == (5200,)


def test_without_a_mandate_nobody_hands_over(town: Town) -> None:
    one, two = make_invoice(town), make_invoice(town)
    remind_all(town)
    waiting = request(town, two)
    [line] = hand_over(town, one)
    due = later(days=LATE + 40).date()
    doors = {
        "request": lambda **who: recovery.request_transmission(
            regie_id=town.regie.pk, invoice_ids=[two.pk], request_key="x", **who
        ),
        "send": lambda **who: recovery.send_transmission(transmission_id=waiting.pk, **who),
        "give up": lambda **who: recovery.give_up_transmission(transmission_id=waiting.pk, reason="r", **who),
        "titres": lambda **who: recovery.record_titres(
            transmission_id=line.transmission_id, titres={line.pk: (2027, "12")}, **who
        ),
        "return": lambda **who: recovery.return_line(line_id=line.pk, due_date=due, reason="r", reference="r", **who),
    }
    for name, act in doors.items():
        for actor in (town.admin.actor, town.agent.actor, town.citizen.actor, actors.PAYER_RETURN):
            with pytest.raises(NotAllowed):
                act(actor=actor, at=later(days=LATE))
                raise AssertionError(name)
    check_books()
