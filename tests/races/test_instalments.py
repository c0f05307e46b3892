"""
The day of a part comes for eight workers at once, what was carried over is billed by eight invoices at once: once.
"""

from datetime import timedelta

import pytest

from obole.billing import operations as billing
from obole.billing.models import Invoice, PlannedInstalment
from tests.billing.priced import COPIES, HALL_ASKED, answered, bill, publish
from tests.books import check_books
from tests.pricing.dispositifs import HALL
from tests.races.processes import Act, act, all_at_once, gave
from tests.world import NOON, WHO, Town, make_dossier, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
EIGHT = 8


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


@pytest.fixture
def solde(town: Town) -> PlannedInstalment:
    bill(town, publish(town, HALL), HALL_ASKED, later=[NOON.date() + timedelta(days=1)])
    return PlannedInstalment.objects.get(kind="balance")


def test_eight_workers_issue_one_invoice_of_a_part(solde: PlannedInstalment) -> None:
    told = gave(all_at_once(*[act("bill_part", part_id=solde.pk, days_later=1)] * EIGHT))

    assert told == [2] * EIGHT
    assert Invoice.objects.count() == 2
    check_books()


def test_neg_without_locks_the_database_still_refuses_a_second_invoice(solde: PlannedInstalment) -> None:
    told = all_at_once(*[act("bill_part", part_id=solde.pk, days_later=1)] * EIGHT, mutant="no_locks")

    assert {item.raised for item in told} >= {"IntegrityError"}, "nobody came in: the crowd shows nothing"
    assert Invoice.objects.filter(part=solde).count() == 1
    assert Invoice.objects.filter(total_cents=36820).count() == 1


def test_a_part_is_billed_or_abandoned_never_both(solde: PlannedInstalment) -> None:
    all_at_once(*[act("bill_part", part_id=solde.pk, days_later=1)] * 4, *[act("abandon_part", part_id=solde.pk)] * 4)

    solde.refresh_from_db()
    assert (solde.state, Invoice.objects.count()) in {("billed", 2), ("abandoned", 1)}
    check_books()


def test_a_solde_and_the_avoir_of_its_acompte_at_once(solde: PlannedInstalment) -> None:
    acompte = Invoice.objects.get()
    told = all_at_once(*[act("bill_part", part_id=solde.pk, days_later=1)] * 4, act("cancel", invoice_id=acompte.pk))

    solde.refresh_from_db()
    if told[4].gave == "cancelled":
        assert (solde.state == "billed") == (Invoice.objects.count() == 2)
    else:
        # The solde came first, and deducts the acompte.
        assert (told[4].raised, solde.state, Invoice.objects.count()) == ("NotBillable", "billed", 2)
    check_books()


def billing_at_once(town: Town) -> list[Act]:
    """Carry 4,20 € over, and return eight invoices of eight dossiers of the same payer that would bill it."""
    version = publish(town, COPIES)
    billing.carry_price(
        dossier_id=make_dossier(town).pk,
        type_id=town.type.pk,
        answered=answered(version, {"pages": "21"}),
        period="",
        request_key="c",
        actor=WHO,
        at=NOON,
    )
    return [
        act("bill_copies", dossier_id=make_dossier(town).pk, type_id=town.type.pk, version_id=version.pk)
        for _ in range(EIGHT)
    ]


def test_what_was_carried_over_is_billed_by_one_invoice_of_eight(town: Town) -> None:
    assert sorted(gave(all_at_once(*billing_at_once(town)))) == [2000] * 7 + [2420]
    check_books()


def test_neg_without_locks_what_was_carried_over_is_billed_twice(town: Town) -> None:
    told = all_at_once(*billing_at_once(town), mutant="no_locks")
    assert [item.gave for item in told].count(2420) > 1
