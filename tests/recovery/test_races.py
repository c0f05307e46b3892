"""Several at once: one transmission of an invoice, one number each, no payment begun behind a transmission's back."""

from dataclasses import replace

import pytest

from obole.audit_log.models import Record
from obole.payments import operations as payments
from obole.payments.models import Attempt
from obole.payments.operations import NotPayableOnline
from obole.recovery import operations as recovery
from obole.recovery.models import PesFile, PesPiece, Transmission, TransmissionLine
from obole.regies import operations as regies
from obole.regies.models import Entry
from tests.actors import somebody
from tests.books import check_books
from tests.races.crowd import at_once, eight, given
from tests.recovery.pes import make_file, set_codes
from tests.recovery.steps import LATE, hand_over, remind_all, request
from tests.world import NOON, WHO, Town, later, make_invoice, make_regie, make_town, make_type

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
AT = later(days=LATE)


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


def test_two_transmissions_of_one_invoice_sent_at_once_hand_it_over_once(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    many = [request(town, invoice) for _turn in range(6)]
    sent = at_once(
        *[
            lambda pk=one.pk: recovery.send_transmission(transmission_id=pk, actor=town.regisseur.actor, at=AT)
            for one in many
        ]
    )
    assert sorted(one.sequence or 0 for one in given(sent, Transmission)) == [1, 2, 3, 4, 5, 6]
    lines = list(TransmissionLine.objects.order_by("id").values_list("pk", flat=True))
    done = at_once(*[lambda pk=pk: recovery.send_line(line_id=pk, at=AT) for pk in lines])
    assert sorted(line.state for line in given(done, TransmissionLine)) == ["refused"] * 5 + ["sent"]
    assert Entry.objects.filter(cause_kind="transfer").count() == 1
    check_books()


def test_one_row_sent_by_eight_workers_leaves_once(town: Town) -> None:
    invoice = make_invoice(town)
    remind_all(town)
    one = request(town, invoice)
    recovery.send_transmission(transmission_id=one.pk, actor=town.regisseur.actor, at=AT)
    pk = one.lines.get().pk
    given(eight(lambda: recovery.send_line(line_id=pk, at=AT)), TransmissionLine)
    assert Record.objects.filter(verb="invoice.transfer").count() == 1
    check_books()


def test_a_payment_begun_at_the_same_moment_keeps_its_invoice_or_does_not_begin(town: Town) -> None:
    invoices = [make_invoice(town) for _turn in range(4)]
    remind_all(town)
    one = request(town, *invoices)
    recovery.send_transmission(transmission_id=one.pk, actor=town.regisseur.actor, at=AT)
    acts = []
    for line in one.lines.order_by("id"):
        acts.append(lambda pk=line.pk: recovery.send_line(line_id=pk, at=AT))
        acts.append(
            lambda pk=line.invoice_id: payments.open_attempt(
                invoice_id=pk, email="usager@example.org", request_key=f"k{pk}", actor=somebody("usager"), at=AT
            )
        )
    results = at_once(*acts)
    for row, attempt in zip(results[::2], results[1::2], strict=True):
        assert isinstance(row, TransmissionLine)
        began = not isinstance(attempt, NotPayableOnline)
        assert (row.state, row.obstacle) == (("refused", "paying") if began else ("sent", ""))
    assert Attempt.objects.count() == sum(isinstance(item, tuple) for item in results[1::2])
    check_books()


def test_eight_who_make_a_file_make_one(town: Town) -> None:
    set_codes(town)
    invoice = make_invoice(town)
    remind_all(town)
    [line] = hand_over(town, invoice)
    made = given(eight(lambda: make_file(town, line)), PesFile)
    assert {file.pk for file in made} == {PesFile.objects.get().pk}
    assert PesPiece.objects.count() == 1


def test_transmissions_of_one_budget_written_at_once_take_each_their_number(town: Town) -> None:
    set_codes(town)
    other = replace(town, regie=make_regie("CUL", "Régie Culture"))
    regies.give_mandates(regie_id=other.regie.pk, agent_ids=[town.regisseur.pk], actor=WHO, at=NOON)
    other.type = make_type(other.regie, [town.scheme], name="Concerts")
    set_codes(other, debt_prefix="2")
    invoices = [(side, make_invoice(side)) for side in (town, other) * 3]
    remind_all(town)
    lines = [(side, hand_over(side, invoice)[0]) for side, invoice in invoices]
    made = at_once(*[lambda side=side, line=line: make_file(side, line) for side, line in lines])
    assert sorted(file.bordereau for file in given(made, PesFile)) == [1, 2, 3, 4, 5, 6]
