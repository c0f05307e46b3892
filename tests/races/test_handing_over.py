"""Signing a remise de service at once with another, and with money that arrives."""

import pytest

from obole.books.models import Handover
from obole.regies.models import Entry, Mandate
from tests.books import check_books
from tests.handovers.steps import Change, make_change, mandate, sign, today
from tests.races.processes import act, all_at_once
from tests.world import make_fixed_invoice

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
CROWD = 8


@pytest.fixture
def change(transactional_db: None) -> Change:
    return make_change()


def test_eight_second_signatures_at_once_are_one(change: Change) -> None:
    handover, agent = sign(change), change.arriving.actor.as_json()
    told = all_at_once(*[act("countersign", handover_id=handover.pk, agent=agent) for _each in range(CROWD)])
    assert {item.gave for item in told} == {"done"}
    assert mandate(change, change.leaving).ends_on == today()
    check_books()


def test_eight_first_signatures_at_once_are_one(change: Change) -> None:
    people = [(change.leaving, change.arriving, "departure"), (change.substitute, change.arriving, "absence")]
    told = all_at_once(
        *[
            act(
                "sign_handover",
                regie_id=change.desk.regie.pk,
                arriving_id=people[n % 2][1].pk,
                kind=people[n % 2][2],
                agent=people[n % 2][0].actor.as_json(),
            )
            for n in range(CROWD)
        ]
    )
    assert sorted(item.raised for item in told) == ["", *["CannotHandOver"] * (CROWD - 1)]
    assert Handover.objects.count() == 1
    check_books()


@pytest.mark.parametrize("turn", range(3))
def test_money_that_arrives_is_before_or_after_and_never_between(change: Change, turn: int) -> None:
    invoices = [make_fixed_invoice(change.desk.town, 10_00 + n, name=f"Forfait {turn} {n}") for n in range(4)]
    handover = sign(change)
    all_at_once(
        act("countersign", handover_id=handover.pk, agent=change.arriving.actor.as_json()),
        *[act("take_transfer", invoice_id=invoice.pk) for invoice in invoices],
    )
    handover.refresh_from_db()
    ended = Mandate.objects.filter(regie=change.desk.regie, ends_on__isnull=False).exists()
    assert (handover.state == "done") == ended and handover.state in ("done", "cancelled")
    assert Entry.objects.filter(regie=change.desk.regie, cause_kind="receipt").count() == 3 + len(invoices)
    if handover.state == "cancelled":
        assert "recettes à verser" in handover.reason
    check_books()
